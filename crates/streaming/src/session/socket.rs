//! A session over a WebSocket: pictures and sound are messages like all others.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cosmos_encoder::AudioPacket;
use cosmos_protocol::audio_message;

use super::{
    link::{Link, LinkOutput, Packed},
    outbox::Outbox,
    pace::Pace,
    rtc::START_KBPS,
};

/// One WebSocket.
pub(super) struct Socket {
    open: bool,
    said: VecDeque<Vec<u8>>,
    media: VecDeque<Bytes>,
    outbox: Outbox,
    pace: Pace,
    told_kbps: u32,
    heard: Instant,
    sent_bytes: u64,
    closed: Option<&'static str>,
}

/// A page pings every second. One that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);

impl Socket {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            open: false,
            said: VecDeque::new(),
            media: VecDeque::new(),
            outbox: Outbox::default(),
            pace: Pace::new(START_KBPS, now),
            told_kbps: START_KBPS,
            heard: now,
            sent_bytes: 0,
            closed: None,
        }
    }

    fn next_message(&mut self) -> Option<Bytes> {
        let waiting = || self.pace.has_room().then(|| self.outbox.pop().map(Bytes::from)).flatten();
        self.media.pop_front().or_else(waiting)
    }
}

impl Link for Socket {
    fn is_open(&self) -> bool {
        self.open
    }

    fn estimate_kbps(&self) -> u32 {
        self.pace.estimate_kbps()
    }

    fn admits(&mut self, now: Instant, _kbps: u32, keyframe: bool) -> bool {
        self.pace.admits(now, keyframe)
    }

    fn video(&mut self, frame: &Packed<'_>, _kbps: u32, _now: Instant) {
        self.media.push_back(frame.message());
    }

    fn audio(&mut self, packet: &AudioPacket, now: Instant) {
        if self.pace.admits(now, false) {
            self.media.push_back(audio_message(packet.pts, &packet.data).into());
        }
    }

    fn push(&mut self, message: Vec<u8>) {
        self.outbox.push(message);
    }

    fn forget_clipboard(&mut self) {
        self.outbox.forget_clipboard();
    }

    fn received(&mut self, total: u32, now: Instant) {
        self.pace.received(total, now);
    }

    fn desire(&mut self, kbps: u32) {
        self.pace.desire(kbps);
    }

    fn take_sent(&mut self) -> u64 {
        std::mem::take(&mut self.sent_bytes)
    }

    fn tick(&mut self, now: Instant) {
        if now >= self.heard + SILENCE {
            self.close("the page fell silent");
        }
    }

    fn said(&mut self, message: Vec<u8>, now: Instant) {
        self.heard = now;
        self.said.push_back(message);
    }

    fn goodbye(&mut self) {}

    fn close(&mut self, reason: &'static str) {
        self.closed.get_or_insert(reason);
    }

    fn poll(&mut self, now: Instant) -> LinkOutput {
        if let Some(reason) = self.closed {
            return LinkOutput::Closed(reason);
        }
        if !std::mem::replace(&mut self.open, true) {
            return LinkOutput::Open;
        }
        if let Some(message) = self.said.pop_front() {
            return LinkOutput::Said(message);
        }
        if let Some(message) = self.next_message() {
            self.sent_bytes += message.len() as u64;
            self.pace.sent(message.len(), now);
            return LinkOutput::Message(message);
        }
        let estimate = self.pace.estimate_kbps();
        if std::mem::replace(&mut self.told_kbps, estimate) != estimate {
            return LinkOutput::Estimate;
        }
        LinkOutput::Wait(self.heard + SILENCE)
    }
}
