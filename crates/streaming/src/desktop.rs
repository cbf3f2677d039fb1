//! The desktop's threads: picture, input, and what is around the picture. They end together when the desktop is lost,
//! and begin again when it is back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::{Desktop, DesktopControl, DesktopError, InputEvent, InputSink, OpenDesktop};
use cosmos_protocol::{DesktopState, Level};
use tokio::sync::mpsc::Sender;

use crate::{demand::DemandCell, error_text, hub::Event, video::Video};

/// How long a lost desktop is looked for before the server gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long any thread waits at most before it looks whether it shall end.
const NAP: Duration = Duration::from_millis(500);

/// What the desktop's threads work with.
pub(crate) struct DesktopThreads {
    pub(crate) open: OpenDesktop,
    pub(crate) demand: Arc<DemandCell>,
    pub(crate) events: Sender<Event>,
    pub(crate) input: Receiver<InputEvent>,
    pub(crate) video: Video,
    pub(crate) stop: Arc<AtomicBool>,
}

impl DesktopThreads {
    /// Runs until `stop` is set.
    ///
    /// # Errors
    /// [`DesktopError`] of the last attempt when a lost desktop has not come back within a minute.
    pub(crate) fn run(mut self, first: Desktop) -> Result<(), DesktopError> {
        let mut desktop = first;
        loop {
            self.tell(DesktopState::Up, String::new());
            let lost = self.attend(desktop);
            if self.stop.load(Relaxed) {
                return Ok(());
            }
            tracing::warn!(error = error_text(&lost), "the desktop is lost");
            self.tell(DesktopState::Lost, error_text(&lost));
            desktop = match self.reopen(lost)? {
                Some(desktop) => desktop,
                None => return Ok(()),
            };
            tracing::info!("the desktop is back");
        }
    }

    fn reopen(&mut self, lost: DesktopError) -> Result<Option<Desktop>, DesktopError> {
        let give_up = Instant::now() + PATIENCE;
        let mut last = lost;
        while Instant::now() < give_up {
            if self.stop.load(Relaxed) {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(250));
            match (self.open)() {
                Ok(desktop) => return Ok(Some(desktop)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Runs the three threads until one of them has lost the desktop; returns what that one met.
    fn attend(&mut self, desktop: Desktop) -> DesktopError {
        let Desktop { mut input, mut frames, mut control } = desktop;
        let (wake_frames, wake_control) = (frames.waker(), control.waker());
        self.demand.attach(wake_frames.clone(), wake_control.clone());
        let over = AtomicBool::new(false);
        let ended = |result: Result<(), DesktopError>| {
            over.store(true, Relaxed);
            wake_frames();
            wake_control();
            self.demand.video().set(self.demand.video().is_on());
            result
        };
        let done = || over.load(Relaxed) || self.stop.load(Relaxed);
        let (video, demand, events, keys) = (&mut self.video, &self.demand, &self.events, &mut self.input);
        let results = thread::scope(|scope| {
            let picture = scope.spawn(|| ended(video.run(frames.as_mut(), demand, events, &done)));
            let around = scope.spawn(|| ended(run_control(control.as_mut(), demand, events, &done)));
            let typing = run_input(input.as_mut(), keys, &done);
            let typing = ended(typing);
            [picture.join(), around.join()].into_iter().flatten().chain([typing]).find_map(Result::err)
        });
        results.unwrap_or_else(|| DesktopError::lost("stream the desktop", "a thread of the desktop ended"))
    }

    fn tell(&self, state: DesktopState, message: String) {
        if self.events.blocking_send(Event::State(state, message)).is_err() {
            self.stop.store(true, Relaxed);
        }
    }
}

fn run_input(
    sink: &mut dyn InputSink,
    events: &Receiver<InputEvent>,
    done: &dyn Fn() -> bool,
) -> Result<(), DesktopError> {
    while !done() {
        match events.recv_timeout(NAP) {
            Ok(event) => sink.send(&event)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

fn run_control(
    control: &mut dyn DesktopControl,
    demand: &DemandCell,
    events: &Sender<Event>,
    done: &dyn Fn() -> bool,
) -> Result<(), DesktopError> {
    while !done() {
        let (clipboard, size) = demand.take_wanted();
        if let Some(text) = clipboard {
            control.set_clipboard(text)?;
        }
        if let Some(size) = size {
            match control.resize(size) {
                Err(DesktopError::Refused { what }) => notice(events, what),
                other => drop(other?),
            }
        }
        if let Some(event) = control.next_event(Instant::now() + 10 * NAP)? {
            let _ended = events.blocking_send(Event::Desktop(event));
        }
    }
    Ok(())
}

fn notice(events: &Sender<Event>, text: String) {
    tracing::warn!("{text}");
    let _ended = events.blocking_send(Event::Notice(Level::Warning, text));
}
