//! The video thread: waits for the screen to change, keeps the pace, encodes, publishes. It never waits for a viewer,
//! and does nothing while nobody looks or nothing changes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Change, DesktopError, FrameSource, Size};
use cosmos_encoder::{Capabilities, Choice, Codec, Demand, EncodeError, EncoderConfig, VideoEncoder};
use cosmos_protocol::Level;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use self::pace::{Pace, Reason, Rhythm};
use crate::{
    VideoConfig,
    demand::{Agreed, DemandCell},
    error_text,
    hub::Event,
    rfb::Screen,
    tier::{Second, Tier},
};

mod pace;

/// The encoder, and what it is opened with.
pub(crate) struct Video {
    config: EncoderConfig,
    capabilities: Capabilities,
    encoder: Option<Box<dyn VideoEncoder>>,
    /// The choice that it was opened for.
    choice: Option<Choice>,
    /// What it makes at 4:4:4, if it can.
    full: Vec<Codec>,
    /// How often the viewers had agreed when that was last looked at.
    agreements: u32,
    pace: Pace,
    rhythm: Rhythm,
    /// Where the pictures themselves are shown.
    screen: Arc<Screen>,
    /// The most pictures per second.
    fps: u32,
    second: Second,
}

/// How long to wait before an encoder that failed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// How long to wait for a change before looking whether to end.
const NAP: Duration = Duration::from_millis(500);

impl Video {
    pub(crate) fn new(config: &VideoConfig, screen: Arc<Screen>) -> Self {
        let VideoConfig { encoder, capabilities, fps, .. } = config;
        let (config, capabilities) = (encoder.clone(), capabilities.clone());
        let (encoder, choice, full, agreements, pace, rhythm, second) = Default::default();
        Self {
            config,
            capabilities,
            encoder,
            choice,
            full,
            agreements,
            pace,
            rhythm,
            screen,
            fps: *fps,
            second,
        }
    }

    /// Streams until `done`.
    ///
    /// # Errors
    /// [`DesktopError`] when the desktop is lost.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn FrameSource,
        demand: &Arc<DemandCell>,
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
            let keyframe = demand.wants_keyframe() || demand.second().wants_keyframe();
            let asked = keyframe || (demand.pictures_are_wanted() && self.screen.is_stale());
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
        demand: &Arc<DemandCell>,
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
        let (wanted, now) = (demand.take(), Instant::now());
        self.pace.begin(now, wanted.fps);
        let wanted = self.rhythm.share(reason, wanted, now);
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
        // Behind the first, which nothing holds up.
        if let Some(encoder) = &self.encoder {
            let choice = self.choice.as_ref().unwrap_or(&self.config.choice);
            let first = (choice, encoder.info().codec);
            self.second.follow(&frame, first, &self.capabilities, demand, events);
        }
        Ok(())
    }

    /// Nobody looks at what the encoder makes.
    fn rest(&mut self) {
        self.encoder = None;
        self.second.rest();
        self.pace.rest();
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
                (self.encoder, self.choice, self.full) = (Some(encoder), agreed.choice, agreed.full);
            }
        }
        Ok(self.encoder.as_mut().expect("it was opened just now"))
    }

    /// Whether the encoder that is open is the one to be open.
    fn fits(&self, agreed: &Agreed) -> bool {
        self.encoder.as_deref().is_some_and(|encoder| {
            let (codec, running) = (agreed.codecs.first(), encoder.info().codec);
            self.choice == agreed.choice
                && codec.is_none_or(|codec| *codec == running)
                && self.full.contains(&running) == agreed.full.contains(&running)
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
        let Agreed { choice, codecs, full } = agreed.clone();
        let chosen = choice.is_some();
        let choice = choice.unwrap_or_else(|| self.config.choice.clone());
        let config = EncoderConfig { choice, codecs, full, ..self.config.clone() };
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
    if let Err(TrySendError::Full(_)) = events.try_send(Event::Frame(Tier::First, frame)) {
        tracing::warn!("the network thread is behind: a frame was dropped");
        demand.ask_keyframe();
    }
}
