//! How far an installation is.

use std::io::{self, Read};

/// How far an installation is: reading takes nearly all of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes of the `.run` file were read and unpacked so far.
    pub read: u64,
}

/// A reader that tells how far it is: at every MiB and at the end.
pub(super) struct Metered<'p, R> {
    inner: R,
    read: u64,
    told: u64,
    progress: &'p mut dyn FnMut(Progress),
}

impl<'p, R> Metered<'p, R> {
    pub fn new(inner: R, progress: &'p mut dyn FnMut(Progress)) -> Self {
        Self { inner, read: 0, told: 0, progress }
    }

    fn tell(&mut self) {
        if self.told != self.read {
            self.told = self.read;
            (self.progress)(Progress { read: self.read });
        }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read += length as u64;
        if length == 0 || self.read - self.told >= STEP {
            self.tell();
        }
        Ok(length)
    }
}

/// A reader that ends with an error once nobody wants more.
pub(super) struct Watched<'w, R> {
    pub inner: R,
    pub may_go_on: &'w dyn Fn() -> bool,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (self.may_go_on)() {
            true => self.inner.read(buffer),
            false => Err(io::Error::other("nobody wants more")),
        }
    }
}

const STEP: u64 = 1 << 20;
