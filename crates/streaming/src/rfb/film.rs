//! What the video encoder makes for the pages, for viewers that understand it (Open H.264): one encode for all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use cosmos_encoder::{Codec, EncodedFrame, Sampling};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc, watch,
    },
    time::Instant,
};

use super::Rfb;
use crate::hub::{Event, KEYFRAME_FOR_SLOW_EVERY};

/// So many frames wait for a task that is behind.
const WAITING: usize = 16;
/// How long the first frame is waited for, before the picture is written in another way.
const PATIENCE: Duration = Duration::from_secs(3);

/// The frames, and those who watch them.
pub(crate) struct Film {
    frames: broadcast::Sender<Arc<EncodedFrame>>,
    /// Whether what is encoded is H.264.
    offered: watch::Sender<bool>,
    watchers: AtomicUsize,
    wants_keyframe: AtomicBool,
    /// Whether a circuit of the GPU encodes.
    circuit: AtomicBool,
    /// Hears when that changes.
    hub: mpsc::Sender<Event>,
}

impl Film {
    pub(super) fn new(hub: mpsc::Sender<Event>) -> Self {
        Self {
            frames: broadcast::Sender::new(WAITING),
            offered: watch::Sender::new(false),
            watchers: AtomicUsize::new(0),
            wants_keyframe: AtomicBool::new(false),
            circuit: AtomicBool::new(false),
            hub,
        }
    }

    /// Whether a circuit of the GPU encodes from now on, or would if somebody watched.
    pub(crate) fn encoded_by_circuit(&self, circuit: bool) {
        self.circuit.store(circuit, Relaxed);
    }

    pub(super) fn is_by_circuit(&self) -> bool {
        self.circuit.load(Relaxed)
    }

    /// Tells what is encoded, or would be if somebody watched; `None` while nothing is shown that they decode.
    pub(crate) fn offer(&self, codec: Option<Codec>) {
        let is_h264 = codec == Some(Codec::H264);
        self.offered.send_if_modified(|offered| std::mem::replace(offered, is_h264) != is_h264);
    }

    /// A picture was encoded.
    pub(crate) fn show(&self, frame: &Arc<EncodedFrame>) {
        if frame.codec == Codec::H264 && frame.sampling == Sampling::Half && self.is_watched() {
            if frame.keyframe {
                self.wants_keyframe.store(false, Relaxed);
            }
            // Whoever left since then does not miss it.
            drop(self.frames.send(frame.clone()));
        }
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watchers.load(Relaxed) > 0
    }

    /// Whether somebody cannot go on without a keyframe.
    pub(crate) fn wants_keyframe(&self) -> bool {
        self.is_watched() && self.wants_keyframe.load(Relaxed)
    }

    /// Tells when another codec is encoded.
    pub(crate) fn offered(&self) -> watch::Receiver<bool> {
        self.offered.subscribe()
    }

    /// The hub looks by itself with each frame, and whoever sees none in time sees the picture in another way.
    fn tell(&self) {
        drop(self.hub.try_send(Event::Film));
    }
}

/// One who watches, until this is dropped.
pub(super) struct Watch<'a> {
    film: &'a Film,
    frames: broadcast::Receiver<Arc<EncodedFrame>>,
    opened: Instant,
    /// When a keyframe was asked for last.
    asked: Instant,
    /// Whether a frame has come yet.
    begun: bool,
}

impl<'a> Watch<'a> {
    /// Watches from the next keyframe on, which is asked for.
    pub(super) fn open(rfb: &'a Rfb) -> Self {
        let film = &rfb.film;
        let frames = film.frames.subscribe();
        film.watchers.fetch_add(1, Relaxed);
        film.wants_keyframe.store(true, Relaxed);
        film.tell();
        let now = Instant::now();
        Self { film, frames, opened: now, asked: now, begun: false }
    }

    /// Asks for a keyframe: at once, or not so soon after the last time where this one is `slow`.
    pub(super) fn ask_keyframe(&mut self, slow: bool) {
        let late = self.asked.elapsed() >= KEYFRAME_FOR_SLOW_EVERY;
        if late || (!slow && !self.film.wants_keyframe()) {
            self.asked = Instant::now();
            self.film.wants_keyframe.store(true, Relaxed);
            self.film.tell();
        }
    }

    /// When it is time to give up, or to ask again where one has just been asked for.
    pub(super) fn deadline(&self, asks: bool) -> Option<Instant> {
        match (self.begun, asks) {
            (false, _) => Some(self.opened + PATIENCE),
            (true, true) => Some(self.asked + KEYFRAME_FOR_SLOW_EVERY),
            (true, false) => None,
        }
    }

    /// Whether it is time to give up: no frame has come.
    pub(super) fn is_in_vain(&self) -> bool {
        !self.begun && self.opened.elapsed() >= PATIENCE
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.film.watchers.fetch_sub(1, Relaxed);
        self.film.tell();
    }
}

/// The next frame; `None` where some were missed.
pub(super) async fn next(watch: &mut Option<Watch<'_>>) -> Option<Arc<EncodedFrame>> {
    let Some(watch) = watch else { return std::future::pending().await };
    match watch.frames.recv().await {
        Ok(frame) => {
            watch.begun = true;
            Some(frame)
        }
        Err(RecvError::Lagged(_)) => None,
        Err(RecvError::Closed) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use cosmos_desktop::Size;

    use super::*;
    use crate::{Policy, RfbConfig, demand::DemandCell};

    fn rfb() -> (Rfb, mpsc::Receiver<Event>) {
        let (hub, news) = mpsc::channel(8);
        let (input, demand) = (std::sync::mpsc::sync_channel(1).0, Arc::new(DemandCell::default()));
        (Rfb::new(RfbConfig::default(), (Policy::default(), true, false), demand, input, None, hub), news)
    }

    fn frame(codec: Codec, keyframe: bool) -> Arc<EncodedFrame> {
        sampled(codec, Sampling::Half, keyframe)
    }

    fn sampled(codec: Codec, sampling: Sampling, keyframe: bool) -> Arc<EncodedFrame> {
        let (size, data, captured) = (Size::new(2, 2), Arc::new([1]), std::time::Instant::now());
        let (convert, encode) = (Duration::ZERO, Duration::ZERO);
        Arc::new(EncodedFrame { codec, sampling, keyframe, size, data, captured, convert, encode })
    }

    #[tokio::test]
    async fn whoever_watches_is_shown_h264_and_asks_for_keyframes() {
        let (rfb, mut news) = rfb();
        let mut watch = Some(Watch::open(&rfb));
        let film = &rfb.film;
        assert!(matches!(news.try_recv(), Ok(Event::Film)) && film.wants_keyframe());
        film.show(&frame(Codec::Vp8, true));
        film.show(&sampled(Codec::H264, Sampling::Full, true));
        assert!(film.wants_keyframe(), "that was none of H.264, or not for everybody");
        film.show(&frame(Codec::H264, true));
        assert!(!film.wants_keyframe());
        assert!(next(&mut watch).await.is_some_and(|frame| frame.codec == Codec::H264));
        watch.as_mut().unwrap().ask_keyframe(true);
        assert!(!film.wants_keyframe(), "it was too slow just now");
        watch.as_mut().unwrap().asked -= KEYFRAME_FOR_SLOW_EVERY;
        watch.as_mut().unwrap().ask_keyframe(true);
        assert!(film.wants_keyframe());
        for _ in 0..=WAITING {
            film.show(&frame(Codec::H264, false));
        }
        assert!(next(&mut watch).await.is_none(), "some were missed");
        drop(watch);
        assert!(!film.is_watched() && !film.wants_keyframe());
    }

    #[tokio::test]
    async fn who_sees_nothing_in_time_gives_up() {
        let (rfb, _news) = rfb();
        let mut watch = Some(Watch::open(&rfb));
        let opened = watch.as_ref().unwrap().opened;
        assert_eq!(watch.as_ref().unwrap().deadline(true), Some(opened + PATIENCE));
        assert!(!watch.as_ref().unwrap().is_in_vain());
        watch.as_mut().unwrap().opened -= PATIENCE;
        assert!(watch.as_ref().unwrap().is_in_vain());
        rfb.film.show(&frame(Codec::H264, true));
        next(&mut watch).await;
        assert!(!watch.as_ref().unwrap().is_in_vain());
        assert_eq!(watch.as_ref().unwrap().deadline(false), None);
        assert_eq!(watch.as_ref().unwrap().deadline(true), Some(opened + KEYFRAME_FOR_SLOW_EVERY));
    }

    #[tokio::test]
    async fn the_processor_is_not_made_to_encode_for_few() {
        let (rfb, _news) = rfb();
        assert!(rfb.is_dear_to_film());
        rfb.demand.want_encoded(true);
        assert!(!rfb.is_dear_to_film(), "it encodes for others anyway");
        rfb.demand.want_encoded(false);
        let seats: Vec<_> = (0..3).map(|_| rfb.guests.enter("ada", cosmos_auth::Role::Viewer)).collect();
        assert!(!rfb.is_dear_to_film(), "JPEG for all of them would be dearer");
        drop(seats);
        rfb.film.encoded_by_circuit(true);
        assert!(!rfb.is_dear_to_film());
    }
}
