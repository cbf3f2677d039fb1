//! The thread of the second encode, and what the video thread does for it.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cosmos_desktop::Frame;
use cosmos_encoder::{Capabilities, Choice, Codec, EncodeError, EncoderConfig, VideoEncoder};
use tokio::sync::mpsc;

use super::{
    Tier,
    picture::{Changes, Picture},
};
use crate::{demand::DemandCell, error_text, hub::Event};

/// The second encode, as the video thread sees it.
#[derive(Default)]
pub(crate) struct Second {
    worker: Option<Worker>,
    /// The thread of the one before, which ends with the picture it is at.
    ending: Option<JoinHandle<()>>,
    changes: Changes,
    halved: bool,
    due: Option<Instant>,
    config: Arc<EncoderConfig>,
}

/// What goes to the thread: a picture, and what it is to become.
struct Work {
    picture: Picture,
    config: Arc<EncoderConfig>,
}

/// The thread. It ends when there is nobody to give it anything.
struct Worker {
    work: SyncSender<Work>,
    /// The one picture that there is, while the thread has nothing to do.
    spare: Receiver<Picture>,
    thread: Option<JoinHandle<()>>,
}

const NONE: &str = "there is no second encode for slow viewers";
/// A pixel that gets fewer bits a second, in thousandths, is better one of four that are shown as one.
const SHARP: u64 = 750;

impl Second {
    /// Hands over the frame, if anybody needs the second encode of it; `choice` and `codec` are those of the first.
    pub(crate) fn follow(
        &mut self,
        frame: &Frame<'_>,
        (choice, codec): (&Choice, Codec),
        capabilities: &Capabilities,
        demand: &Arc<DemandCell>,
        events: &mpsc::Sender<Event>,
    ) {
        let second = demand.second();
        if !second.is_wanted() {
            return self.rest();
        }
        if self.ending.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        self.ending = None;
        let now = Instant::now();
        let worker = self.worker.get_or_insert_with(|| {
            self.changes.all();
            Worker::start(capabilities.clone(), demand.clone(), events.clone(), now)
        });
        self.changes.add(frame.damage);
        if self.due.is_some_and(|due| now < due) && !second.wants_keyframe() {
            return;
        }
        let mut picture = match worker.spare.try_recv() {
            Ok(picture) => picture,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => return self.rest(),
        };
        let interval = Duration::from_secs(1) / second.fps().max(1);
        self.due = Some(now + interval * 3 / 4);
        self.halved = is_halved(self.halved, second.rate(), frame.size.area());
        picture.follow(frame, &mut self.changes, self.halved);
        if self.config.choice != *choice || self.config.codecs != [codec] {
            // One thread: the others are for the first encode.
            // Where little is sent, brightness is what counts: colours are at 4:2:0.
            let (choice, codecs, full) = (choice.clone(), vec![codec], Vec::new());
            let config = EncoderConfig { choice, codecs, full, threads: Some(1) };
            self.config = Arc::new(config);
        }
        let _ended = worker.work.send(Work { picture, config: self.config.clone() });
    }

    /// Nobody needs it. Its thread is not waited for.
    pub(crate) fn rest(&mut self) {
        let ended = self.worker.take().and_then(|worker| worker.thread);
        self.ending = ended.or_else(|| self.ending.take());
        (self.changes, self.halved, self.due) = (Changes::default(), false, None);
    }
}

/// Whether the picture is to be halved. It stays as it is until the rate says clearly otherwise.
fn is_halved(halved: bool, kbps: u32, area: usize) -> bool {
    let per_pixel = u64::from(kbps) * 1_000_000 / (area as u64).max(1);
    per_pixel < if halved { 2 * SHARP } else { SHARP }
}

impl Worker {
    fn start(
        capabilities: Capabilities,
        demand: Arc<DemandCell>,
        events: mpsc::Sender<Event>,
        now: Instant,
    ) -> Self {
        let (work, todo) = sync_channel(1);
        let (back, spare) = channel();
        let _there = back.send(Picture::new(now));
        let (without, told) = (demand.clone(), events.clone());
        let mut encoding = Encoding { capabilities, demand, events, encoder: None };
        let thread = thread::Builder::new().name("second".into()).spawn(move || encoding.run(&todo, &back));
        let thread = thread.inspect_err(|error| {
            without.second().forget();
            // Who hears nothing of it asks for the second encode again.
            drop(told.try_send(Event::NoSecond(format!("{NONE}: {error}"))));
        });
        Self { work, spare, thread: thread.ok() }
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        self.rest();
        // It takes as long as one picture, a second at most, and ends before what it encodes with.
        self.ending.take().map(JoinHandle::join);
    }
}

/// What the thread works with.
struct Encoding {
    capabilities: Capabilities,
    demand: Arc<DemandCell>,
    events: mpsc::Sender<Event>,
    encoder: Option<(Arc<EncoderConfig>, Box<dyn VideoEncoder>)>,
}

impl Encoding {
    fn run(&mut self, todo: &Receiver<Work>, back: &Sender<Picture>) {
        while let Ok(Work { picture, config }) = todo.recv() {
            if let Err(error) = self.encode(&picture, config) {
                let text = format!("{NONE}: {}", error_text(&error));
                self.demand.second().forget();
                let _ended = self.events.blocking_send(Event::NoSecond(text));
                return;
            }
            if back.send(picture).is_err() {
                return;
            }
            if self.demand.second().wants_keyframe() {
                self.demand.wake_frames();
            }
        }
    }

    fn encode(&mut self, picture: &Picture, config: Arc<EncoderConfig>) -> Result<(), EncodeError> {
        let (frame, wanted) = (picture.frame(), self.demand.second().take());
        if self.encoder.as_ref().is_none_or(|(of, _)| *of != config) {
            self.encoder = None;
            let encoder = cosmos_encoder::open(&config, &self.capabilities, frame.size, wanted)?;
            tracing::info!(element = encoder.info().element, size = %frame.size, "a second encode, for slow viewers");
            self.encoder = Some((config, encoder));
        }
        let (_, encoder) = self.encoder.as_mut().expect("it was opened just now");
        if let Some(encoded) = encoder.encode(&frame, wanted)?
            && self.events.try_send(Event::Frame(Tier::Second, Arc::new(encoded))).is_err()
        {
            self.demand.second().ask_keyframe();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_halved_where_its_rate_makes_no_sharp_one() {
        let full_hd = 1920 * 1080;
        for (halved, kbps, area, expected) in [
            (false, 1500, full_hd, true),
            (false, 1600, full_hd, false),
            (true, 1600, full_hd, true),
            (true, 3200, full_hd, false),
            (false, 150, 320 * 240, false),
            (false, 300, 1280 * 720, true),
        ] {
            assert_eq!(is_halved(halved, kbps, area), expected, "{halved} {kbps} {area}");
        }
    }

    const SIZE: cosmos_desktop::Size = cosmos_desktop::Size::new(640, 480);

    /// Hands over frames until the thread says something, which is waited for as long as a test may take.
    fn first_event(capabilities: &Capabilities, kbps: u32) -> Event {
        let demand = Arc::new(DemandCell::default());
        demand.second().set(true, kbps, 100);
        demand.second().ask_keyframe();
        let (events, mut told) = mpsc::channel(16);
        let (mut second, bgrx) = (Second::default(), vec![90; 4 * SIZE.area()]);
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            let captured = Instant::now();
            let frame = Frame { size: SIZE, stride: 2560, bgrx: &bgrx, damage: &[SIZE.rect()], captured };
            second.follow(&frame, (&Choice::Auto, Codec::H264), capabilities, &demand, &events);
            if let Ok(event) = told.try_recv() {
                return event;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the thread says nothing");
    }

    #[test]
    fn a_second_encode_begins_with_a_keyframe_and_is_halved_where_need_be() {
        let capabilities = Capabilities::installed().expect("GStreamer starts");
        if !capabilities.works.iter().any(|working| working.codec == Codec::H264) {
            eprintln!("SKIPPED a second encode: no encoder of H.264 is installed");
            return;
        }
        for (kbps, width) in [(150, 320), (2000, 640)] {
            let Event::Frame(Tier::Second, frame) = first_event(&capabilities, kbps) else {
                panic!("there is no picture of {kbps} kbit/s");
            };
            assert_eq!((frame.keyframe, frame.size.width), (true, width), "{kbps}");
        }
    }

    #[test]
    fn that_there_is_no_encoder_for_it_is_told() {
        let Event::NoSecond(why) = first_event(&Capabilities::default(), 1000) else {
            panic!("there is one");
        };
        assert!(why.contains("there is no second encode"), "{why}");
    }
}
