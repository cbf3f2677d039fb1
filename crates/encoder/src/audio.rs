//! What a PulseAudio source plays, as Opus packets of 10 ms or as plain samples.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;

use crate::{AudioError, properties};

/// What is to be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    /// The PulseAudio source, for example `cosmos.monitor` or `@DEFAULT_MONITOR@`.
    pub device: String,
    /// The address of the PulseAudio server; the one of the environment when absent.
    pub server: Option<String>,
    /// Bits per second, 6000 to 510000.
    pub bitrate: u32,
    /// Channels, 1 or 2.
    pub channels: u8,
}

/// One Opus packet (RFC 6716), of one or two channels.
#[derive(Clone, Debug)]
pub struct AudioPacket {
    /// The packet.
    pub data: Arc<[u8]>,
    /// Samples at 48 kHz from the first packet to this one.
    pub pts: u64,
    /// How long it plays.
    pub duration: Duration,
}

/// A running capture; it stops when it is dropped.
pub struct AudioCapture {
    pipeline: gst::Pipeline,
    ending: Ending,
}

impl AudioCapture {
    /// Starts capturing. `on_packet` gets each packet and must not block; `on_end` is called once when the capture
    /// ends by itself, and not when it is dropped. Both are called on a thread of the capture, which must not drop it.
    ///
    /// # Errors
    /// [`AudioError`] when the server cannot be reached or has no such source. Takes at most five seconds.
    pub fn start(
        config: &AudioConfig,
        on_packet: impl FnMut(AudioPacket) + Send + 'static,
        on_end: impl FnOnce(AudioError) + Send + 'static,
    ) -> Result<Self, AudioError> {
        gst::init().map_err(AudioError::Start)?;
        let sink = packets(on_packet);
        let filter = filter(config, &format!("audio/x-raw,rate=48000,channels={}", config.channels))?;
        Self::begin(config, &[&source(config)?, &filter, &encoder(config)?, sink.upcast_ref()], on_end)
    }

    /// The same without an encoder: `on_samples` gets what is played, 10 ms or so at a time, at 48 kHz as 16 bits with
    /// a sign, the least significant byte first, left and right in turns.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_plain(
        config: &AudioConfig,
        on_samples: impl FnMut(&[u8]) + Send + 'static,
        on_end: impl FnOnce(AudioError) + Send + 'static,
    ) -> Result<Self, AudioError> {
        gst::init().map_err(AudioError::Start)?;
        let sink = samples_sink(on_samples);
        let filter = filter(config, "audio/x-raw,format=S16LE,rate=48000,channels=2")?;
        Self::begin(config, &[&source(config)?, &filter, sink.upcast_ref()], on_end)
    }

    /// Starts a pipeline that begins with the source.
    fn begin(
        config: &AudioConfig,
        chain: &[&gst::Element],
        on_end: impl FnOnce(AudioError) + Send + 'static,
    ) -> Result<Self, AudioError> {
        let (sender, begun) = mpsc::channel();
        signal_flow(chain[0], sender.clone());
        let pipeline = gst::Pipeline::new();
        pipeline
            .add_many(chain)
            .and_then(|()| gst::Element::link_many(chain))
            .map_err(|error| bad(config, &error.to_string()))?;
        let ending = Ending::new(sender);
        let bus = pipeline.bus().expect("a pipeline has a bus");
        let ended = ending.clone();
        bus.set_sync_handler(move |_, message| ended.hear(message));
        play(&pipeline, &ending, &begun, on_end)?;
        Ok(Self { pipeline, ending })
    }
}

impl Drop for AudioCapture {
    fn drop(&mut self) {
        self.ending.set(State::Over);
        stop(self.pipeline.clone());
    }
}

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Samples in a packet. The buffer of the first one says less, by what a decoder throws away before it plays.
const PACKET: u64 = 480;

/// A jump of the source's time by more than this is taken over; less is jitter.
const JUMP: u64 = 48 * 40;

/// Who is told of the end, shared with the threads of the pipeline.
#[derive(Clone)]
struct Ending(Arc<Mutex<State>>);

enum State {
    /// The pipeline is being started.
    Starting(Sender<Result<(), AudioError>>),
    /// Sound flows.
    Running(Box<dyn FnOnce(AudioError) + Send>),
    /// It ended, or nobody wants to know.
    Over,
}

impl Ending {
    fn new(sender: Sender<Result<(), AudioError>>) -> Self {
        Self(Arc::new(Mutex::new(State::Starting(sender))))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.lock() = state;
    }

    /// Whether the pipeline still runs, and then who is told when it no longer does.
    fn run(&self, on_end: impl FnOnce(AudioError) + Send + 'static) -> bool {
        let mut state = self.lock();
        let starting = matches!(*state, State::Starting(_));
        if starting {
            *state = State::Running(Box::new(on_end));
        }
        starting
    }

    fn hear(&self, message: &gst::Message) -> gst::BusSyncReply {
        match message.view() {
            gst::MessageView::Error(error) => self.end(posted(error)),
            gst::MessageView::Eos(_) => self.end(AudioError::Ended),
            _ => (),
        }
        gst::BusSyncReply::Drop
    }

    fn end(&self, error: AudioError) {
        let state = std::mem::replace(&mut *self.lock(), State::Over);
        match state {
            State::Starting(sender) => drop(sender.send(Err(error))),
            State::Running(on_end) => on_end(error),
            State::Over => (),
        }
    }
}

/// Tells when the first sound comes.
fn signal_flow(source: &gst::Element, sender: Sender<Result<(), AudioError>>) {
    let pad = source.static_pad("src").expect("a source has a pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let _ = sender.send(Ok(()));
        gst::PadProbeReturn::Remove
    });
}

/// Starts the pipeline in a thread of its own, since a server that accepts and says nothing holds up whoever waits,
/// and waits for sound: a source that is not there is found out late.
fn play(
    pipeline: &gst::Pipeline,
    ending: &Ending,
    begun: &Receiver<Result<(), AudioError>>,
    on_end: impl FnOnce(AudioError) + Send + 'static,
) -> Result<(), AudioError> {
    let starting = pipeline.clone();
    thread::spawn(move || starting.set_state(gst::State::Playing));
    let outcome = begun.recv_timeout(PATIENCE).unwrap_or(Err(AudioError::Timeout(PATIENCE)));
    if outcome.is_ok() && ending.run(on_end) {
        return Ok(());
    }
    ending.set(State::Over);
    stop(pipeline.clone());
    outcome.and(Err(AudioError::Ended))
}

/// Stops a pipeline; one that hangs in a call to the server is left to its thread.
fn stop(pipeline: gst::Pipeline) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(pipeline.set_state(gst::State::Null).is_ok()));
    let _ = receiver.recv_timeout(PATIENCE);
}

fn source(config: &AudioConfig) -> Result<gst::Element, AudioError> {
    let source = make(
        "pulsesrc",
        "gstreamer1.0-pulseaudio",
        config,
        &[
            ("device", &config.device),
            ("client-name", "cosmos"),
            ("buffer-time", "20000"),
            ("latency-time", "10000"),
            ("provide-clock", "false"),
            ("do-timestamp", "false"),
        ],
    )?;
    if let Some(server) = &config.server {
        set(&source, config, "server", server)?;
    }
    Ok(source)
}

fn filter(config: &AudioConfig, caps: &str) -> Result<gst::Element, AudioError> {
    make("capsfilter", "libgstreamer1.0-0", config, &[("caps", caps)])
}

fn encoder(config: &AudioConfig) -> Result<gst::Element, AudioError> {
    make(
        "opusenc",
        "gstreamer1.0-plugins-base",
        config,
        &[
            ("bitrate", &config.bitrate.to_string()),
            ("audio-type", "restricted-lowdelay"),
            ("frame-size", "10"),
            ("dtx", "true"),
        ],
    )
}

fn make(
    element: &'static str,
    package: &'static str,
    config: &AudioConfig,
    settings: &[(&str, &str)],
) -> Result<gst::Element, AudioError> {
    let missing = |_| AudioError::NotInstalled { element, package };
    let made = gst::ElementFactory::make(element).build().map_err(missing)?;
    settings.iter().try_for_each(|(name, value)| set(&made, config, name, value))?;
    Ok(made)
}

fn set(element: &gst::Element, config: &AudioConfig, name: &str, value: &str) -> Result<(), AudioError> {
    properties::set(element, name, value).map_err(|reason| bad(config, &format!("{name}={value}: {reason}")))
}

fn bad(config: &AudioConfig, reason: &str) -> AudioError {
    AudioError::Config { device: config.device.clone(), bitrate: config.bitrate, reason: reason.into() }
}

/// A sink that hands every packet on, in the thread of the pipeline.
fn packets(mut on_packet: impl FnMut(AudioPacket) + Send + 'static) -> gst_app::AppSink {
    let mut clock = SampleClock::default();
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
        let data = buffer.map_readable().map_err(|_| gst::FlowError::Error)?;
        let pts = clock.next(buffer.pts().map_or(0, samples), PACKET);
        on_packet(AudioPacket { data: Arc::from(data.as_slice()), pts, duration: duration(PACKET) });
        Ok(gst::FlowSuccess::Ok)
    });
    gst_app::AppSink::builder().sync(false).callbacks(callbacks.build()).build()
}

/// A sink that hands the samples themselves on, in the thread of the pipeline.
fn samples_sink(mut on_samples: impl FnMut(&[u8]) + Send + 'static) -> gst_app::AppSink {
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
        on_samples(&buffer.map_readable().map_err(|_| gst::FlowError::Error)?);
        Ok(gst::FlowSuccess::Ok)
    });
    gst_app::AppSink::builder().sync(false).callbacks(callbacks.build()).build()
}

/// Counts samples, and follows the time of the source where it jumps.
#[derive(Default)]
struct SampleClock {
    first: Option<u64>,
    next: u64,
}

impl SampleClock {
    fn next(&mut self, time: u64, samples: u64) -> u64 {
        let elapsed = time.saturating_sub(*self.first.get_or_insert(time));
        let pts = if elapsed > self.next + JUMP { elapsed } else { self.next };
        self.next = pts + samples;
        pts
    }
}

/// Whole samples at 48 kHz, rounded.
fn samples(time: gst::ClockTime) -> u64 {
    (time.nseconds() * 6 + 62_500) / 125_000
}

fn duration(samples: u64) -> Duration {
    Duration::from_nanos(samples * 125_000 / 6)
}

fn posted(error: &gst::message::Error) -> AudioError {
    AudioError::Element {
        element: error.src().map_or_else(|| "the pipeline".into(), |source| source.name().into()),
        reason: error.debug().map_or_else(|| "it gave no reason".into(), String::from),
        source: error.error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_count_samples_and_follow_jumps() {
        let mut clock = SampleClock::default();
        let times = [1000, 1480, 1970, 2430, 2430 + 48_000, 2430 + 48_480];
        assert_eq!(times.map(|time| clock.next(time, 480)), [0, 480, 960, 1440, 49_430, 49_910]);
    }

    #[test]
    fn times_are_whole_samples() {
        assert_eq!(samples(gst::ClockTime::from_mseconds(10)), 480);
        assert_eq!(samples(gst::ClockTime::from_nseconds(6_499_999_999)), 312_000);
        assert_eq!(duration(480), Duration::from_millis(10));
    }
}
