//! The video thread: waits for the screen to change, keeps the pace, encodes, publishes. It never waits for a viewer,
//! and does nothing while nobody looks or nothing changes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Change, DesktopError, FrameSource, Size};
use cosmos_encoder::{Capabilities, Demand, EncodeError, EncoderConfig, VideoEncoder};
use cosmos_protocol::Level;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::{demand::DemandCell, error_text, hub::Event};

/// The encoder, and what it is opened with.
pub(crate) struct Video {
    config: EncoderConfig,
    capabilities: Capabilities,
    encoder: Option<Box<dyn VideoEncoder>>,
    pace: Pace,
}

/// Pictures of a still screen that are sent after the last change, each better than the one before.
const REFINEMENTS: u32 = 10;
/// The time from one of them to the next.
const REFINE_EVERY: Duration = Duration::from_millis(50);
/// A refinement this small had nothing left to refine.
const REFINED_BYTES: usize = 600;
/// How long to wait before an encoder that failed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// How long to wait for a change before looking whether to end.
const NAP: Duration = Duration::from_millis(500);

impl Video {
    pub(crate) fn new(config: EncoderConfig, capabilities: Capabilities) -> Self {
        Self { config, capabilities, encoder: None, pace: Pace::default() }
    }

    /// Streams until `done`.
    ///
    /// # Errors
    /// [`DesktopError`] when the desktop is lost.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn FrameSource,
        demand: &DemandCell,
        events: &Sender<Event>,
        done: &dyn Fn() -> bool,
    ) -> Result<(), DesktopError> {
        // What is on the screen of a new desktop has nothing to do with what was on the old one's.
        self.encoder = None;
        while !done() {
            if !demand.video().wait(true, NAP) {
                self.encoder = None;
                continue;
            }
            let now = Instant::now();
            let changed = match source.wait(self.pace.look_again(now))? {
                Change::Changed(at) => Some(at),
                Change::Nothing => None,
            };
            let Some(reason) = self.pace.reason(changed, demand.wants_keyframe(), Instant::now()) else {
                continue;
            };
            if let Some(due) = self.pace.due(Instant::now()).filter(|_| reason == Reason::Changed) {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            self.step(source, demand, events, reason)?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        source: &mut dyn FrameSource,
        demand: &DemandCell,
        events: &Sender<Event>,
        reason: Reason,
    ) -> Result<(), DesktopError> {
        let frame = source.grab()?;
        let wanted = demand.take();
        self.pace.begin(Instant::now(), wanted.fps);
        let encoded =
            self.encoder(frame.size, wanted, events).and_then(|encoder| encoder.encode(&frame, wanted));
        match encoded {
            Ok(Some(encoded)) => {
                self.pace.encoded(reason, encoded.data.len(), Instant::now());
                publish(Arc::new(encoded), demand, events);
            }
            Ok(None) => {}
            Err(error) => self.failed(&error, demand, events),
        }
        Ok(())
    }

    fn encoder(
        &mut self,
        size: Size,
        wanted: Demand,
        events: &Sender<Event>,
    ) -> Result<&mut Box<dyn VideoEncoder>, EncodeError> {
        if self.encoder.is_none() {
            let encoder = cosmos_encoder::open(&self.config, &self.capabilities, size, wanted)?;
            let _ended = events.blocking_send(Event::Encoder(encoder.info().clone()));
            self.encoder = Some(encoder);
        }
        Ok(self.encoder.as_mut().expect("it was opened just now"))
    }

    fn failed(&mut self, error: &EncodeError, demand: &DemandCell, events: &Sender<Event>) {
        let text = format!("the encoder failed and is started again: {}", error_text(error));
        tracing::error!("{text}");
        let _ended = events.blocking_send(Event::Notice(Level::Error, text));
        self.encoder = None;
        std::thread::sleep(REOPEN_AFTER);
        demand.ask_keyframe();
    }
}

fn publish(frame: Arc<cosmos_encoder::EncodedFrame>, demand: &DemandCell, events: &Sender<Event>) {
    if let Err(TrySendError::Full(_)) = events.try_send(Event::Frame(frame)) {
        tracing::warn!("the network thread is behind: a frame was dropped");
        demand.ask_keyframe();
    }
}

/// Why a picture is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Changed,
    Keyframe,
    Refine,
}

/// When the next picture is due.
#[derive(Default)]
struct Pace {
    next: Option<Instant>,
    interval: Duration,
    refine: Option<Instant>,
    refinements: u32,
}

impl Pace {
    /// Until when to wait for a change.
    fn look_again(&self, now: Instant) -> Instant {
        self.refine.unwrap_or(now + NAP)
    }

    fn reason(&self, changed: Option<Instant>, keyframe: bool, now: Instant) -> Option<Reason> {
        match changed {
            Some(_) => Some(Reason::Changed),
            None if keyframe => Some(Reason::Keyframe),
            None => self.refine.filter(|at| *at <= now).map(|_| Reason::Refine),
        }
    }

    /// When the next picture may be taken, unless it may be taken at once. A quarter of an interval early is on time,
    /// or a screen that changes at the very pace would lose every other picture to jitter.
    fn due(&self, now: Instant) -> Option<Instant> {
        self.next.map(|next| next - self.interval / 4).filter(|due| *due > now)
    }

    fn begin(&mut self, now: Instant, fps: u32) {
        self.interval = Duration::from_secs(1) / fps.max(1);
        self.next = Some(self.next.map_or(now, |next| next.max(now)) + self.interval);
    }

    fn encoded(&mut self, reason: Reason, bytes: usize, now: Instant) {
        match reason {
            Reason::Changed | Reason::Keyframe => self.refinements = REFINEMENTS,
            Reason::Refine if bytes < REFINED_BYTES => self.refinements = 0,
            Reason::Refine => self.refinements = self.refinements.saturating_sub(1),
        }
        self.refine = (self.refinements > 0).then(|| now + REFINE_EVERY.max(self.interval));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_kept_with_a_quarter_of_tolerance() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::default();
        assert_eq!(pace.due(at(0)), None);
        pace.begin(at(0), 25);
        assert_eq!(pace.due(at(10)), Some(at(30)));
        assert_eq!(pace.due(at(30)), None);
        pace.begin(at(30), 25);
        assert_eq!(pace.due(at(31)), Some(at(70)), "what came early does not raise the rate");
        pace.begin(at(500), 25);
        assert_eq!(pace.due(at(501)), Some(at(530)), "a pause earns no burst");
    }

    #[test]
    fn a_still_screen_is_refined_and_then_left_alone() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.begin(start, 25);
        pace.encoded(Reason::Changed, 9000, start);
        let later = start + Duration::from_secs(1);
        let mut sent = 0;
        while pace.reason(None, false, later) == Some(Reason::Refine) {
            pace.encoded(Reason::Refine, 5000, start);
            sent += 1;
        }
        assert_eq!(sent, REFINEMENTS);
        pace.encoded(Reason::Changed, 9000, start);
        pace.encoded(Reason::Refine, 100, start);
        assert_eq!(pace.reason(None, false, later), None, "nothing was left to refine");
        assert_eq!(pace.reason(None, true, later), Some(Reason::Keyframe));
    }
}
