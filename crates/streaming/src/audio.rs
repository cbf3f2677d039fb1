//! The sound threads: they capture while somebody listens, and come back when the sound server does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

use cosmos_encoder::{AudioCapture, AudioConfig, AudioError};
use cosmos_protocol::Level;
use tokio::sync::mpsc::Sender;

use crate::{
    demand::{DemandCell, Flag},
    error_text,
    hub::Event,
    rfb::Sound,
};

const NAP: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sound that somebody may listen to.
struct Ear<'a> {
    /// Whether somebody does.
    wanted: &'a Flag,
    start: &'a dyn Fn(mpsc::Sender<AudioError>) -> Result<AudioCapture, AudioError>,
}

/// Captures packets for the pages until `stop` is set.
pub(crate) fn run(config: &AudioConfig, demand: &DemandCell, events: &Sender<Event>, stop: &Arc<AtomicBool>) {
    let start = |end: mpsc::Sender<AudioError>| {
        let packets = events.clone();
        // A full queue means that the network thread stands still; sound that old is of no use.
        let on_packet = move |packet| drop(packets.try_send(Event::Audio(packet)));
        AudioCapture::start(config, on_packet, move |error| drop(end.send(error)))
    };
    capture(&Ear { wanted: demand.audio(), start: &start }, events, stop);
}

/// Captures plain samples for viewers of RFB until `stop` is set.
pub(crate) fn run_plain(
    config: &AudioConfig,
    sound: &Arc<Sound>,
    events: &Sender<Event>,
    stop: &Arc<AtomicBool>,
) {
    let start = |end: mpsc::Sender<AudioError>| {
        let sound = sound.clone();
        let on_samples = move |samples: &[u8]| sound.play(samples);
        AudioCapture::start_plain(config, on_samples, move |error| drop(end.send(error)))
    };
    capture(&Ear { wanted: sound.wanted(), start: &start }, events, stop);
}

fn capture(ear: &Ear<'_>, events: &Sender<Event>, stop: &AtomicBool) {
    let mut pause = NAP;
    while !stop.load(Relaxed) {
        if !ear.wanted.wait(true, NAP) {
            continue;
        }
        match listen(ear, stop) {
            Ok(()) => pause = NAP,
            Err(error) => {
                let text = format!("no sound: {}; it is tried again", error_text(&error));
                tracing::warn!("{text}");
                let _ended = events.blocking_send(Event::Notice(Level::Warning, text));
                std::thread::sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Captures until nobody listens any more.
fn listen(ear: &Ear<'_>, stop: &AtomicBool) -> Result<(), AudioError> {
    let (end, ended) = mpsc::channel();
    let capture = (ear.start)(end)?;
    while ear.wanted.is_on() && !stop.load(Relaxed) {
        if let Ok(error) = ended.recv_timeout(NAP) {
            return Err(error);
        }
    }
    drop(capture);
    Ok(())
}
