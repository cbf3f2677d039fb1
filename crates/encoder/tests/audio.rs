//! Sound through a PulseAudio server of our own.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use cosmos_encoder::{AudioCapture, AudioConfig, AudioError, AudioPacket};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_tone_arrives_and_the_death_of_the_server_is_told_once() {
    let Some(mut server) = Server::start() else { return };
    let _tone = server.play(440);
    let (sender, packets) = mpsc::channel();
    let (end_sender, ends) = mpsc::channel();
    let on_packet = move |packet| drop(sender.send(packet));
    let on_end = move |error| drop(end_sender.send(error));
    let capture = AudioCapture::start(&server.config(), on_packet, on_end).unwrap();
    let packets = loud(&packets);
    let steps = packets.windows(2).map(|pair| pair[1].pts - pair[0].pts).collect::<Vec<_>>();
    assert!(steps.iter().all(|step| *step >= 480), "{steps:?}");
    let exact = steps.iter().filter(|step| **step == 480).count();
    assert!(exact > 150, "samples are counted, where the machine lost none: {steps:?}");
    assert!(packets.iter().all(|packet| packet.duration == Duration::from_millis(10)));
    let samples = decode(&packets);
    let (tone, other) = (power(&samples, 440.0), power(&samples, 1000.0));
    assert!(tone > 0.01 && tone > 100.0 * other, "440 Hz {tone}, 1000 Hz {other}");
    server.child.kill().unwrap();
    let end = ends.recv_timeout(PATIENCE).unwrap();
    assert!(
        matches!(&end, AudioError::Element { element, .. } if element.starts_with("pulsesrc")),
        "{end:?}"
    );
    drop(capture);
    assert!(ends.recv_timeout(PATIENCE).is_err(), "told once");
}

/// A packet says in its first byte whether it has two channels (RFC 6716, section 3.1).
#[test]
fn packets_have_as_many_channels_as_are_asked_for() {
    let Some(server) = Server::start() else { return };
    let _tone = server.play(440);
    for channels in [1, 2] {
        let (sender, packets) = mpsc::channel();
        let config = AudioConfig { channels, ..server.config() };
        let _capture = AudioCapture::start(&config, move |packet| drop(sender.send(packet)), drop).unwrap();
        let packets = loud(&packets);
        assert!(packets.iter().all(|packet| (packet.data[0] & 4 != 0) == (channels == 2)), "{channels}");
    }
}

#[test]
fn plain_samples_are_what_is_played() {
    let Some(server) = Server::start() else { return };
    let _tone = server.play(440);
    let (sender, parts) = mpsc::channel();
    // Of one channel, two are made.
    let config = AudioConfig { channels: 1, ..server.config() };
    let _capture =
        AudioCapture::start_plain(&config, move |part| drop(sender.send(part.to_vec())), drop).unwrap();
    let (ends, mut samples) = (Instant::now() + PATIENCE, Vec::new());
    while samples.len() < 96_000 {
        let part: Vec<u8> = parts.recv_timeout(ends.saturating_duration_since(Instant::now())).unwrap();
        assert!(part.len() <= 4 * 960, "10 ms or so: {} bytes", part.len());
        let frames = part.as_chunks::<4>().0.iter();
        let frames = frames.map(|[a, b, c, d]| [i16::from_le_bytes([*a, *b]), i16::from_le_bytes([*c, *d])]);
        let begins = samples.is_empty();
        let loud = frames.skip_while(|frame| begins && frame[0] == 0);
        samples.extend(loud.map(|[left, right]| {
            assert_eq!(left, right);
            f32::from(left) / 32_768.0
        }));
    }
    let (tone, other) = (power(&samples, 440.0), power(&samples, 1000.0));
    assert!(tone > 0.01 && tone > 100.0 * other, "440 Hz {tone}, 1000 Hz {other}");
}

#[test]
fn a_capture_that_is_dropped_ends_silently() {
    let Some(server) = Server::start() else { return };
    let (end_sender, ends) = mpsc::channel();
    let (sender, packets) = mpsc::channel();
    let on_end = move |error| drop(end_sender.send(error));
    let capture =
        AudioCapture::start(&server.config(), move |packet| drop(sender.send(packet)), on_end).unwrap();
    packets.recv_timeout(PATIENCE).unwrap();
    drop(capture);
    assert!(ends.recv_timeout(PATIENCE).is_err());
    while packets.recv_timeout(PATIENCE).is_ok() {}
}

#[test]
fn what_cannot_start_says_why() {
    let nowhere = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let server = format!("unix:{}", nowhere.path().join("native").display());
    let refusal =
        start(&AudioConfig { device: "x".into(), server: Some(server), bitrate: 96_000, channels: 2 });
    assert!(matches!(&refusal, AudioError::Element { .. } | AudioError::NotInstalled { .. }), "{refusal:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let refusal = start(&AudioConfig { device: "x".into(), server: None, bitrate: 1, channels: 2 });
    assert!(matches!(&refusal, AudioError::Config { bitrate: 1, .. }), "{refusal:?}");
    let Some(server) = Server::start() else { return };
    let refusal = start(&AudioConfig { device: "no-such-source".into(), ..server.config() });
    assert!(matches!(&refusal, AudioError::Element { .. }), "{refusal:?}");
}

fn start(config: &AudioConfig) -> AudioError {
    AudioCapture::start(config, |_| (), |_| ()).err().unwrap()
}

/// Two seconds of packets, from the first that is not silence.
fn loud(packets: &Receiver<AudioPacket>) -> Vec<AudioPacket> {
    let ends = Instant::now() + PATIENCE;
    let mut kept = Vec::new();
    while kept.len() < 200 {
        let packet = packets.recv_timeout(ends.saturating_duration_since(Instant::now())).unwrap();
        if !kept.is_empty() || packet.data.len() > 20 {
            kept.push(packet);
        }
    }
    kept
}

/// The left channel.
fn decode(packets: &[AudioPacket]) -> Vec<f32> {
    let launch = "appsrc name=in format=time caps=audio/x-opus,channel-mapping-family=0,channels=2,rate=48000 \
                  ! opusdec ! audioconvert ! audio/x-raw,format=F32LE,channels=2,rate=48000 ! appsink name=out sync=false";
    let pipeline = gst::parse::launch(launch).unwrap().downcast::<gst::Pipeline>().unwrap();
    let input = pipeline.by_name("in").unwrap().downcast::<gst_app::AppSrc>().unwrap();
    let output = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    for packet in packets {
        let mut buffer = gst::Buffer::from_slice(packet.data.to_vec());
        buffer.get_mut().unwrap().set_pts(gst::ClockTime::from_nseconds(packet.pts * 125_000 / 6));
        input.push_buffer(buffer).unwrap();
    }
    input.end_of_stream().unwrap();
    let mut samples = Vec::new();
    while let Some(sample) = output.try_pull_sample(gst::ClockTime::from_seconds(20)) {
        let map = sample.buffer().unwrap().map_readable().unwrap();
        samples
            .extend(map.chunks_exact(8).map(|pair| f32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]])));
    }
    pipeline.set_state(gst::State::Null).unwrap();
    samples
}

/// The power at one frequency (Goertzel), 0.25 for a full sine.
fn power(samples: &[f32], frequency: f64) -> f64 {
    let factor = 2.0 * (std::f64::consts::TAU * frequency / 48_000.0).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (f64::from(*sample) + factor * one - two, one);
    }
    (one * one + two * two - factor * one * two) / (samples.len() as f64).powi(2)
}

/// A PulseAudio server with a null sink, in a directory of its own.
struct Server {
    child: Child,
    home: TempDir,
}

impl Server {
    fn start() -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let socket = format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket(home.path()));
        let mut command = Command::new("pulseaudio");
        command.args([
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disable-shm=yes",
            "--use-pid-file=no",
        ]);
        command.args(["-L", &socket, "-L", "module-null-sink sink_name=cosmos rate=48000 channels=2"]);
        command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path()).env_remove("PULSE_SERVER");
        let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            eprintln!("SKIPPED sound: pulseaudio is not installed");
            return None;
        };
        let server = Self { child, home };
        let ends = Instant::now() + PATIENCE;
        while !server.answers() {
            assert!(Instant::now() < ends, "PulseAudio does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    /// Whether the sink can be captured: the socket is there before the sink is.
    fn answers(&self) -> bool {
        Path::new(&socket(self.home.path())).exists()
            && AudioCapture::start(&self.config(), |_| (), |_| ()).is_ok()
    }

    fn address(&self) -> String {
        format!("unix:{}", socket(self.home.path()))
    }

    fn config(&self) -> AudioConfig {
        AudioConfig {
            device: "cosmos.monitor".into(),
            server: Some(self.address()),
            bitrate: 96_000,
            channels: 2,
        }
    }

    /// Plays a tone until it is dropped.
    fn play(&self, frequency: u32) -> Tone {
        gst::init().unwrap();
        let launch = format!(
            "audiotestsrc freq={frequency} volume=0.5 ! audio/x-raw,rate=48000,channels=2 ! pulsesink server={} device=cosmos",
            self.address()
        );
        let pipeline = gst::parse::launch(&launch).unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        Tone(pipeline)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Tone(gst::Element);

impl Drop for Tone {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}

fn socket(home: &Path) -> String {
    home.join("native").display().to_string()
}
