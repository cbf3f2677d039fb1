//! The sound thread: captures while somebody listens, and comes back when the sound server does.

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

use crate::{demand::DemandCell, error_text, hub::Event};

const NAP: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Runs until `stop` is set.
pub(crate) fn run(config: &AudioConfig, demand: &DemandCell, events: &Sender<Event>, stop: &Arc<AtomicBool>) {
    let mut pause = NAP;
    while !stop.load(Relaxed) {
        if !demand.audio().wait(true, NAP) {
            continue;
        }
        match listen(config, demand, events, stop) {
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
fn listen(
    config: &AudioConfig,
    demand: &DemandCell,
    events: &Sender<Event>,
    stop: &AtomicBool,
) -> Result<(), AudioError> {
    let (end, ended) = mpsc::channel();
    let packets = events.clone();
    // A full queue means that the network thread stands still; sound that old is of no use.
    let on_packet = move |packet| drop(packets.try_send(Event::Audio(packet)));
    let capture = AudioCapture::start(config, on_packet, move |error| drop(end.send(error)))?;
    while demand.audio().is_on() && !stop.load(Relaxed) {
        if let Ok(error) = ended.recv_timeout(NAP) {
            return Err(error);
        }
    }
    drop(capture);
    Ok(())
}
