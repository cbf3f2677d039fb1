//! One download under way: the loop between the network and the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::Progress;
use super::cache::{Folder, failed};
use super::client::{Answer, Client};
use super::course::{Course, Then};
use super::error::FetchError;
use super::pace::{Meter, Pace};
use crate::RunFileName;

pub(super) struct Transfer<'a> {
    pub client: &'a dyn Client,
    pub folder: &'a Folder,
    pub file: File,
    pub course: Course,
    pub limits: Limits<'a>,
    pub progress: &'a mut dyn FnMut(Progress),
}

/// How patient a download is.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    /// After each failure.
    pub pause: Duration,
    pub pace: Pace,
    pub stopped: &'a dyn Fn() -> bool,
}

/// How a body was received.
enum Received {
    Until(Then),
    Stopped,
}

impl Transfer<'_> {
    pub fn run(&mut self, name: &RunFileName, sha256: Option<&str>) -> Result<PathBuf, FetchError> {
        while let Some(request) = self.course.request() {
            let cancelled = || FetchError::Cancelled { name: name.to_string() };
            if (self.limits.stopped)() {
                return Err(cancelled());
            }
            let mut then = match self.client.get(&request) {
                Ok(answer) => match self.take(answer)? {
                    Received::Until(then) => then,
                    Received::Stopped => return Err(cancelled()),
                },
                Err(error) => self.course.unanswered(error),
            };
            if then == Then::Verify {
                match self.folder.finish(name, sha256)? {
                    Ok(path) => return Ok(path),
                    Err(problem) => then = self.course.spoiled(problem),
                }
            }
            if then == Then::AskLater {
                thread::sleep(self.limits.pause);
            }
        }
        let failures = std::mem::take(&mut self.course.failures);
        Err(FetchError::Nowhere { name: name.to_string(), failures })
    }

    fn take(&mut self, mut answer: Answer) -> Result<Received, FetchError> {
        let then = self.course.answered(&answer.head);
        if then != Then::Write {
            return Ok(Received::Until(then));
        }
        let part = self.course.part();
        let failed = || failed(&self.folder.part());
        // Cut first: a note beside bytes that it does not speak of would spoil the next run.
        self.file.set_len(part.done).map_err(failed())?;
        self.file.seek(SeekFrom::Start(part.done)).map_err(failed())?;
        self.folder.save(part)?;
        self.copy(&mut answer.body)
    }

    fn copy(&mut self, body: &mut dyn Read) -> Result<Received, FetchError> {
        let mut buffer = vec![0; BUFFER];
        let mut meter = Meter::new(self.limits.pace);
        loop {
            let asked = Instant::now();
            let length = match body.read(&mut buffer) {
                Ok(0) => return Ok(Received::Until(self.course.ended(None))),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Received::Until(self.course.ended(Some(error)))),
            };
            let fast_enough = meter.fast_enough(length, asked.elapsed());
            if let Some(then) = self.write(&buffer[..length])? {
                return Ok(Received::Until(then));
            }
            if (self.limits.stopped)() {
                return Ok(Received::Stopped);
            }
            if !fast_enough {
                return Ok(Received::Until(self.course.too_slow(self.limits.pace)));
            }
        }
    }

    /// Writes what has arrived, unless it is too much.
    fn write(&mut self, bytes: &[u8]) -> Result<Option<Then>, FetchError> {
        if let Some(then) = self.course.received(bytes.len()) {
            return Ok(Some(then));
        }
        self.file.write_all(bytes).map_err(failed(&self.folder.part()))?;
        let part = self.course.part();
        (self.progress)(Progress { done: part.done, total: part.total });
        Ok(None)
    }
}

const BUFFER: usize = 64 * 1024;
