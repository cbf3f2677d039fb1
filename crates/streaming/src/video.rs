//! The video thread: waits for the screen to change, keeps the pace, encodes, publishes. It never waits for a viewer,
//! and does nothing while nobody looks or nothing changes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Change, DesktopError, FrameSource, Size};
use cosmos_encoder::{Capabilities, Choice, Demand, EncodeError, EncoderConfig, VideoEncoder};
use cosmos_protocol::Level;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::{
    VideoConfig,
    demand::{Agreed, DemandCell},
    error_text,
    hub::Event,
    rfb::Screen,
};

/// The encoder, and what it is opened with.
pub(crate) struct Video {
    config: EncoderConfig,
    capabilities: Capabilities,
    encoder: Option<Box<dyn VideoEncoder>>,
    /// The choice that it was opened for.
    choice: Option<Choice>,
    /// How often the viewers had agreed when that was last looked at.
    agreements: u32,
    pace: Pace,
    /// Where the pictures themselves are shown.
    screen: Arc<Screen>,
    /// The most pictures per second.
    fps: u32,
}

/// The most pictures of a still screen that are sent in a row after the last change, each better than the one before.
const REFINEMENTS: u32 = 80;
/// The time from one of them to the next.
const REFINE_EVERY: Duration = Duration::from_millis(50);
/// A refinement this small had nothing left to refine, or nothing to refine it with.
const REFINED_BYTES: usize = 600;
/// So many such refinements in a row tell the two apart: by then an encoder has made up for a picture that was far
/// larger than its share.
const REFINED_AFTER: u32 = 16;
/// How often a still screen is sent again when nothing is left to refine. Browsers that decode nothing for three
/// seconds take that for a loss, and the keyframe that they ask for costs far more.
const REMIND_EVERY: Duration = Duration::from_secs(2);
/// How long to wait before an encoder that failed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// How long to wait for a change before looking whether to end.
const NAP: Duration = Duration::from_millis(500);

impl Video {
    pub(crate) fn new(config: &VideoConfig, screen: Arc<Screen>) -> Self {
        let VideoConfig { encoder, capabilities, fps, .. } = config;
        let (config, capabilities) = (encoder.clone(), capabilities.clone());
        let (encoder, choice, agreements) = Default::default();
        Self { config, capabilities, encoder, choice, agreements, pace: Pace::default(), screen, fps: *fps }
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
        self.rest();
        while !done() {
            if !demand.video().wait(true, NAP) || !demand.encoded_is_wanted() {
                self.rest();
            }
            if !demand.video().is_on() {
                if demand.wants_picture() {
                    demand.photograph(&source.grab()?);
                }
                continue;
            }
            let now = Instant::now();
            let changed = match source.wait(self.pace.look_again(now))? {
                Change::Changed(at) => Some(at),
                Change::Nothing => None,
            };
            let asked = demand.wants_keyframe() || (demand.pictures_are_wanted() && self.screen.is_stale());
            let reason = self.pace.reason(changed, asked, Instant::now());
            let reason = reason.or_else(|| demand.wants_picture().then_some(Reason::Refine));
            // Whoever looked may have gone during the wait.
            let Some(reason) = reason.filter(|_| demand.video().is_on()) else {
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
        if demand.wants_picture() {
            demand.photograph(&frame);
        }
        match demand.pictures_are_wanted() {
            true => self.screen.show(&frame),
            false => self.screen.pass(),
        }
        if !demand.encoded_is_wanted() {
            self.pace.begin(Instant::now(), self.fps);
            return Ok(());
        }
        let wanted = demand.take();
        self.pace.begin(Instant::now(), wanted.fps);
        let wanted = reason.share(wanted);
        let encoded = self
            .encoder(frame.size, wanted, demand, events)
            .and_then(|encoder| encoder.encode(&frame, wanted));
        match encoded {
            Ok(Some(encoded)) => {
                self.tell_of_another(events);
                self.pace.encoded(reason, encoded.data.len(), Instant::now());
                publish(Arc::new(encoded), demand, events);
            }
            Ok(None) => {}
            Err(error) => self.failed(&error, demand, events),
        }
        Ok(())
    }

    /// Nobody looks at what the encoder makes.
    fn rest(&mut self) {
        self.encoder = None;
        self.pace.refine = None;
    }

    fn encoder(
        &mut self,
        size: Size,
        wanted: Demand,
        demand: &DemandCell,
        events: &Sender<Event>,
    ) -> Result<&mut Box<dyn VideoEncoder>, EncodeError> {
        let agreements = demand.agreements();
        if self.encoder.is_none() || self.agreements != agreements {
            self.agreements = agreements;
            let agreed = demand.agreed();
            if !self.fits(&agreed) {
                // Some circuits have room for one of them only.
                self.encoder = None;
                let encoder = self.open(&agreed, size, wanted, events)?;
                let _ended = events.blocking_send(Event::Encoder(encoder.info().clone(), agreements));
                (self.encoder, self.choice) = (Some(encoder), agreed.choice);
            }
        }
        Ok(self.encoder.as_mut().expect("it was opened just now"))
    }

    /// Whether the encoder that is open is the one to be open.
    fn fits(&self, agreed: &Agreed) -> bool {
        self.encoder.as_deref().is_some_and(|encoder| {
            let codec = agreed.codecs.first();
            self.choice == agreed.choice && codec.is_none_or(|codec| *codec == encoder.info().codec)
        })
    }

    /// Opens an encoder. What a person chose in the page and does not work is no reason to show nothing.
    fn open(
        &self,
        agreed: &Agreed,
        size: Size,
        wanted: Demand,
        events: &Sender<Event>,
    ) -> Result<Box<dyn VideoEncoder>, EncodeError> {
        let Agreed { choice, codecs } = agreed.clone();
        let chosen = choice.is_some();
        let choice = choice.unwrap_or_else(|| self.config.choice.clone());
        let config = EncoderConfig { choice, codecs, ..self.config.clone() };
        let opened = cosmos_encoder::open(&config, &self.capabilities, size, wanted);
        let Err(error) = opened else { return opened };
        if !chosen || config.choice == Choice::Auto {
            return Err(error);
        }
        let text = format!("the encoder that was chosen cannot be opened: {}", error_text(&error));
        tracing::warn!("{text}");
        let _ended = events.blocking_send(Event::Notice(Level::Warning, text));
        let config = EncoderConfig { choice: Choice::Auto, ..config };
        cosmos_encoder::open(&config, &self.capabilities, size, wanted)
    }

    /// Says that another encoder took over, before anybody sees its first picture.
    fn tell_of_another(&mut self, events: &Sender<Event>) {
        let Some(encoder) = &mut self.encoder else { return };
        let Some(switch) = encoder.switched() else { return };
        tracing::warn!("{switch}");
        let level = if switch.failure.is_some() { Level::Warning } else { Level::Info };
        let _ended = events.blocking_send(Event::Encoder(encoder.info().clone(), self.agreements));
        let _ended = events.blocking_send(Event::Notice(level, switch.to_string()));
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

impl Reason {
    /// Refinements are few, so each may take a larger share of the bitrate.
    fn share(self, wanted: Demand) -> Demand {
        let few = (1000 / REFINE_EVERY.as_millis()) as u32;
        if self == Self::Refine { Demand { fps: wanted.fps.min(few), ..wanted } } else { wanted }
    }
}

/// When the next picture is due.
#[derive(Default)]
struct Pace {
    next: Option<Instant>,
    interval: Duration,
    refine: Option<Instant>,
    refinements: u32,
    small: u32,
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
        self.small = if bytes < REFINED_BYTES { self.small + 1 } else { 0 };
        self.refinements = match reason {
            Reason::Changed | Reason::Keyframe => REFINEMENTS,
            Reason::Refine if self.small >= REFINED_AFTER => 0,
            Reason::Refine => self.refinements.saturating_sub(1),
        };
        if reason != Reason::Refine {
            self.small = 0;
        }
        let pause = if self.refinements > 0 { REFINE_EVERY.max(self.interval) } else { REMIND_EVERY };
        self.refine = Some(now + pause);
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

    /// When the refinements after a change are sent, as milliseconds, until `end` milliseconds.
    fn refinements(bytes: impl Fn(u64) -> usize, end: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.begin(start, 25);
        pace.encoded(Reason::Changed, 9000, start);
        let mut sent = Vec::new();
        for ms in (0..end).step_by(10) {
            let now = start + Duration::from_millis(ms);
            if pace.reason(None, false, now) == Some(Reason::Refine) {
                pace.encoded(Reason::Refine, bytes(ms), now);
                sent.push(ms);
            }
        }
        sent
    }

    #[test]
    fn a_still_screen_is_refined_and_then_only_reminded_of() {
        for (name, bytes, most) in [
            ("never small", (|_| 5000) as fn(u64) -> usize, u64::from(REFINEMENTS)),
            ("nothing left at once", |_| 100, u64::from(REFINED_AFTER)),
            ("starved, then refined", |ms| if (400..2000).contains(&ms) { 5000 } else { 100 }, 39 + 16),
        ] {
            let sent = refinements(bytes, 20_000);
            let last = 50 * most;
            let quick = sent.iter().filter(|ms| **ms <= last).count() as u64;
            assert_eq!(quick, most, "{name}");
            let reminders: Vec<u64> = sent.into_iter().filter(|ms| *ms > last).collect();
            assert_eq!(reminders[0], last + 2000, "{name}");
            assert!(reminders.is_sorted_by(|a, b| b - a == 2000), "{name}: {reminders:?}");
        }
    }

    #[test]
    fn a_change_begins_anew() {
        let start = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..=REFINED_AFTER {
            pace.encoded(Reason::Refine, 100, start);
        }
        let soon = start + Duration::from_millis(100);
        assert_eq!(pace.reason(None, false, soon), None);
        assert_eq!(pace.reason(None, true, soon), Some(Reason::Keyframe));
        pace.encoded(Reason::Changed, 100, start);
        assert_eq!(pace.reason(None, false, soon), Some(Reason::Refine));
    }
}
