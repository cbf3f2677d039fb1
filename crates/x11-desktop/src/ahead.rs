//! The picture of the next frame is fetched while the one before it is still being encoded.
//!
//! Where fetching and encoding a large picture together take longer than the screen takes to change, a second capture of
//! the same screen, with a connection, damage and memory of its own, works in turn with the first: each tells what has
//! changed since its own last picture, which is all that has changed since the other's, and more. It begins so that it is
//! done just when the picture is asked for, as a picture that waits grows old.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::{Change, DesktopError, Frame, FrameSource, Waker};

use crate::{
    alarm::{Alarm, Woken},
    capture::Capture,
};

/// The screen of one display, captured by one or by two in turn.
pub(crate) struct Ahead {
    alarm: Alarm,
    current: Box<Capture>,
    second: Second,
    /// Whose picture was fetched ahead and has not been asked for yet, and since when it waits.
    waiting: Option<Instant>,
    load: Load,
    open: Box<dyn Fn() -> Result<Capture, DesktopError> + Send>,
}

/// Where the second capture is.
enum Second {
    /// It has not been needed.
    Unopened,
    /// There can be none.
    None,
    Here(Box<Capture>, Helper),
    Away(Helper),
}

/// The thread in which the second capture works.
struct Helper {
    orders: Sender<Order>,
    done: Receiver<Done>,
    /// Rings when there is something.
    bell: Alarm,
}

struct Order {
    capture: Box<Capture>,
    begin: Instant,
}

struct Done {
    capture: Box<Capture>,
    /// Whether something had changed, and is in its picture now.
    changed: Result<bool, DesktopError>,
    /// When it was looked at.
    at: Instant,
}

/// How long the second capture waits for a change.
const PATIENCE: Duration = Duration::from_millis(50);
/// A picture that was fetched so long ago is brought up to date.
const OLD: Duration = Duration::from_millis(50);

impl Ahead {
    /// `open` opens a capture of the screen; it is called once now, and once more if a second one is of use.
    pub(crate) fn open(
        open: impl Fn() -> Result<Capture, DesktopError> + Send + 'static,
    ) -> Result<Self, DesktopError> {
        let alarm =
            Alarm::new().map_err(|error| DesktopError::lost("make a waker for the picture", error))?;
        let current = Box::new(open()?);
        let (second, load) = (Second::Unopened, Load::default());
        Ok(Self { alarm, current, second, waiting: None, load, open: Box::new(open) })
    }

    /// Waits until the second capture is back, as long as nobody rings; whether it is.
    fn await_second(&mut self, deadline: Instant) -> Result<bool, DesktopError> {
        while let Second::Away(helper) = &self.second {
            match helper.done.try_recv() {
                Ok(done) => self.take_back(done)?,
                Err(TryRecvError::Empty) => {
                    let woken = self.alarm.wait(&helper.bell, deadline);
                    if woken.map_err(|error| DesktopError::lost("wait for the picture", error))?
                        != Woken::Readable
                    {
                        return Ok(false);
                    }
                    helper.bell.hush();
                }
                Err(TryRecvError::Disconnected) => return Err(ended()),
            }
        }
        Ok(true)
    }

    /// Waits for the second capture, and takes it back.
    fn join(&mut self, deadline: Instant) -> Result<(), DesktopError> {
        let Second::Away(helper) = &self.second else { return Ok(()) };
        let left = deadline.saturating_duration_since(Instant::now());
        match helper.done.recv_timeout(left) {
            Ok(done) => self.take_back(done),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
        }
    }

    fn take_back(&mut self, done: Done) -> Result<(), DesktopError> {
        let Second::Away(helper) = std::mem::replace(&mut self.second, Second::None) else {
            unreachable!("only a capture that is away comes back")
        };
        self.second = Second::Here(done.capture, helper);
        if done.changed? {
            self.waiting = Some(done.at);
        }
        Ok(())
    }

    /// Makes the picture that was fetched ahead the current one.
    fn turn(&mut self) -> Option<Instant> {
        let since = self.waiting.take()?;
        let Second::Here(second, _) = &mut self.second else { unreachable!("what waits is here") };
        std::mem::swap(second, &mut self.current);
        Some(since)
    }

    /// Sends the second capture to fetch the next picture, if that is of use.
    fn send_ahead(&mut self, now: Instant) {
        let Some(begin) = self.load.ahead(now) else { return };
        if matches!(self.second, Second::Unopened) {
            self.second = match (self.open)().and_then(|capture| Ok((capture, Helper::start()?))) {
                Ok((capture, helper)) => Second::Here(Box::new(capture), helper),
                Err(error) => {
                    tracing::debug!(?error, "pictures cannot be fetched ahead");
                    Second::None
                }
            };
        }
        // One may still be away, which took longer than whoever asked has waited.
        if !matches!(self.second, Second::Here(..)) {
            return;
        }
        let Second::Here(capture, helper) = std::mem::replace(&mut self.second, Second::None) else { return };
        // A thread that ended is found out when its answer is awaited.
        let _ended = helper.orders.send(Order { capture, begin });
        self.second = Second::Away(helper);
    }
}

fn ended() -> DesktopError {
    DesktopError::lost("fetch the picture", "the thread that fetches it ended")
}

impl FrameSource for Ahead {
    fn wait(&mut self, deadline: Instant) -> Result<Change, DesktopError> {
        self.load.asked(Instant::now());
        if !self.await_second(deadline)? {
            return Ok(Change::Nothing);
        }
        match self.waiting {
            Some(_) => {
                let Second::Here(second, _) = &self.second else { unreachable!("what waits is here") };
                Ok(Change::Changed(second.captured()))
            }
            None => self.current.wait(&self.alarm, deadline),
        }
    }

    fn grab(&mut self) -> Result<Frame<'_>, DesktopError> {
        self.load.asked(Instant::now());
        self.join(Instant::now() + PATIENCE + OLD)?;
        let begun = Instant::now();
        if self.turn().is_none_or(|since| since.elapsed() > OLD) {
            self.current.fetch()?;
            self.load.fetched(begun.elapsed());
        }
        let now = Instant::now();
        self.load.given(begun, now);
        self.send_ahead(now);
        Ok(self.current.give())
    }

    fn waker(&self) -> Waker {
        self.alarm.waker()
    }
}

impl Helper {
    fn start() -> Result<Self, DesktopError> {
        let lost = |error| DesktopError::lost("start the thread that fetches pictures", error);
        // Nobody rings this one: the wait is short.
        let alarm = Alarm::new().map_err(lost)?;
        let (orders, received) = channel::<Order>();
        let (answer, done) = channel();
        let bell = Alarm::new().map_err(lost)?;
        let ring = bell.waker();
        let work = move || {
            for Order { mut capture, begin } in received {
                thread::sleep(begin.saturating_duration_since(Instant::now()));
                let mut at = begin;
                let changed = capture.wait(&alarm, begin + PATIENCE).and_then(|change| {
                    at = Instant::now();
                    let changed = change != Change::Nothing;
                    if changed { capture.fetch().map(|()| true) } else { Ok(false) }
                });
                if answer.send(Done { capture, changed, at }).is_err() {
                    return;
                }
                ring();
            }
        };
        thread::Builder::new().name("ahead".into()).spawn(work).map_err(lost)?;
        Ok(Self { orders, done, bell })
    }
}

/// Whether whoever uses the pictures is held up by their fetching.
#[derive(Debug, Default)]
struct Load {
    /// How long the last fetch took.
    fetch: Duration,
    /// When the last picture was given.
    given: Option<Instant>,
    /// When the next one was asked for.
    asked: Option<Instant>,
    /// How long the last picture was in use, and the one before.
    busy: [Duration; 2],
    /// So many pictures more were asked for late than in time.
    late: u32,
    ahead: bool,
}

/// What takes less to fetch is not fetched ahead.
const WORTH: Duration = Duration::from_millis(3);
/// A picture is late when less than this part of the time between two of them was left over.
const LEFT: u32 = 8;
/// So many pictures decide.
const DECIDE: u32 = 16;
/// Fetching is to be done so much before the picture is asked for.
const MARGIN: Duration = Duration::from_millis(1);

impl Load {
    /// The next picture is waited for.
    fn asked(&mut self, now: Instant) {
        self.asked.get_or_insert(now);
    }

    fn fetched(&mut self, took: Duration) {
        self.fetch = took;
    }

    /// The next picture is there; nothing else was to be waited for since `begun`.
    fn given(&mut self, begun: Instant, now: Instant) {
        let (given, asked) = (self.given.replace(now), self.asked.take());
        let (Some(given), Some(asked)) = (given, asked) else { return };
        let (busy, idle) = (asked.saturating_duration_since(given), begun.saturating_duration_since(asked));
        self.busy = [busy, self.busy[0]];
        let is_late = self.fetch >= WORTH && idle < (busy + self.fetch) / LEFT;
        self.late = if is_late { (self.late + 1).min(DECIDE) } else { self.late.saturating_sub(2) };
        self.ahead = self.late == DECIDE || (self.ahead && self.late > 0);
    }

    /// When to begin to fetch the next picture, if that is to be done ahead.
    fn ahead(&self, now: Instant) -> Option<Instant> {
        // Whoever asks again only after long does not tell how soon the next picture is asked for.
        let busy = self.busy[0].min(self.busy[1]).min(PATIENCE);
        self.ahead.then(|| now + busy.saturating_sub(self.fetch + MARGIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Pictures that take so many milliseconds to fetch where they are not fetched ahead, are used for `busy` and then not
    /// asked for during `idle`; returns how many of them were fetched ahead.
    fn ahead(load: &mut Load, pictures: u32, fetch: u32, busy: u32, idle: u32) -> u32 {
        let mut now = load.given.unwrap_or_else(Instant::now);
        let mut count = 0;
        for _ in 0..pictures {
            now += MS * busy;
            load.asked(now);
            now += MS * idle;
            load.asked(now);
            let begun = now;
            if load.ahead {
                count += 1;
            } else {
                now += MS * fetch;
                load.fetched(MS * fetch);
            }
            load.given(begun, now);
        }
        count
    }

    #[test]
    fn only_those_that_are_held_up_by_the_fetching_have_it_done_ahead() {
        for (fetch, busy, idle, expected) in
            [(7, 18, 0, true), (7, 18, 2, true), (7, 18, 5, false), (2, 30, 0, false), (3, 3, 0, true)]
        {
            let count = ahead(&mut Load::default(), 100, fetch, busy, idle);
            assert_eq!(count > 0, expected, "{fetch} {busy} {idle}");
            assert!(count < 100 - DECIDE, "not at once");
        }
        let mut load = Load::default();
        assert!(ahead(&mut load, 100, 7, 18, 0) > 80);
        assert!(ahead(&mut load, 100, 7, 18, 6) < 10, "until there is time again");
    }

    #[test]
    fn it_is_done_just_when_the_picture_is_asked_for() {
        let mut load = Load::default();
        ahead(&mut load, 100, 7, 18, 0);
        let now = Instant::now();
        assert_eq!(load.ahead(now), Some(now + MS * 10));
        ahead(&mut load, 1, 7, 5, 0);
        assert_eq!(load.ahead(now), Some(now), "what is used for a shorter time is asked for sooner");
    }
}
