//! A session over WebRTC: pictures and sound are tracks, messages have two data channels.

use std::time::{Duration, Instant};

use cosmos_encoder::AudioPacket;
use str0m::{
    Candidate, Event, IceConnectionState, Input, Rtc, RtcError, bwe::Bitrate, channel::ChannelId,
    stats::PeerStats,
};

use super::{
    Datagram,
    backlog::Backlog,
    link::{Link, LinkOutput, Packed},
    outbox::Outbox,
    rest::Rest,
    rtc::{Offered, Tracks},
    seek::Seek,
};

/// One peer connection.
pub(super) struct Peer {
    rtc: Rtc,
    tracks: Tracks,
    control: Option<ChannelId>,
    outbox: Outbox,
    backlog: Backlog,
    rest: Rest,
    seek: Seek,
    estimate_kbps: u32,
    /// Frame times count from here.
    start: Instant,
    /// The latest time that the connection was told, at most [`AHEAD`] of the clock.
    told: Instant,
    closed: Option<&'static str>,
    /// How many addresses the page told after its offer.
    found: usize,
    /// When an unconnected session is given up.
    give_up: Option<Instant>,
    sent_bytes: u64,
}

/// What is due within this time is done at once: the pacer below would have itself woken for every single packet, which
/// no timer of this process does on time. Browsers pace in bursts of that length as well.
const AHEAD: Duration = Duration::from_millis(5);
/// The most that is done at once.
const MOST_AHEAD: usize = 256;
/// Addresses that a page may tell after its offer: each is asked for an answer.
const MOST_FOUND: usize = 32;
/// How long a session may be without a connection.
const PATIENCE: Duration = Duration::from_secs(10);

impl Peer {
    pub(super) fn new(offered: Offered, now: Instant) -> Self {
        Self {
            rtc: offered.rtc,
            tracks: offered.tracks,
            control: None,
            outbox: Outbox::default(),
            backlog: Backlog::default(),
            rest: Rest::new(now),
            seek: Seek::new(now),
            estimate_kbps: 0,
            start: now,
            told: now,
            closed: None,
            found: 0,
            give_up: Some(now + PATIENCE),
            sent_bytes: 0,
        }
    }

    /// Tells the connection the time, which never goes back.
    fn advance(&mut self, to: Instant) {
        self.told = self.told.max(to);
        let result = self.rtc.handle_input(Input::Timeout(self.told));
        self.check(result);
    }

    fn wait(&self, at: Instant, now: Instant) -> LinkOutput {
        match self.closed {
            Some(reason) => LinkOutput::Closed(reason),
            None => {
                LinkOutput::Wait(self.rest.lengthen(self.give_up.map_or(at, |give_up| at.min(give_up)), now))
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) -> Option<LinkOutput> {
        match event {
            Event::MediaAdded(added) => self.tracks.added(&mut self.rtc, &added),
            Event::IceConnectionStateChange(state) => self.ice(state, now),
            Event::ChannelOpen(id, label) if label == "control" => {
                self.control = Some(id);
                return Some(LinkOutput::Open);
            }
            Event::ChannelData(data) => return Some(LinkOutput::Said(data.data)),
            Event::ChannelBufferedAmountLow(_) => self.flush(),
            Event::ChannelClose(_) => self.close("the page closed it"),
            Event::KeyframeRequest(_) => return Some(LinkOutput::Keyframe),
            // The estimate of the statistics is the newest; the one told by an event of its own is seconds behind.
            Event::PeerStats(PeerStats { bwe_tx: Some(estimate), .. }) => {
                self.estimate_kbps = (estimate.as_u64() / 1000) as u32;
                tracing::debug!(kbps = self.estimate_kbps, "the network is thought to carry");
                return Some(LinkOutput::Estimate);
            }
            Event::Closed => self.close("the page closed it"),
            _ => {}
        }
        None
    }

    fn ice(&mut self, state: IceConnectionState, now: Instant) {
        self.give_up = match state {
            IceConnectionState::Connected | IceConnectionState::Completed => None,
            _ => self.give_up.or(Some(now + PATIENCE)),
        };
    }

    fn flush(&mut self) {
        let Some(id) = self.control else { return };
        let Some(mut channel) = self.rtc.channel(id) else { return };
        let result = self.outbox.drain(|message| channel.write(true, message));
        self.check(result);
    }

    fn check(&mut self, result: Result<(), RtcError>) {
        if let Err(error) = result {
            tracing::warn!(%error, "a session ends");
            self.close("protocol error");
        }
    }
}

impl Link for Peer {
    fn is_open(&self) -> bool {
        self.control.is_some()
    }

    fn estimate_kbps(&self) -> u32 {
        self.estimate_kbps
    }

    fn admits(&mut self, now: Instant, kbps: u32, keyframe: bool) -> bool {
        self.backlog.admits(now, kbps, keyframe)
    }

    fn video(&mut self, frame: &Packed<'_>, kbps: u32, now: Instant) {
        if self.tracks.video.is_none() {
            return;
        }
        let frame = frame.frame();
        self.backlog.add(frame.data.len());
        self.rest.disturb(now, frame.data.len(), kbps);
        let result = self.tracks.write_video(&mut self.rtc, frame, self.start);
        self.check(result);
    }

    fn audio(&mut self, packet: &AudioPacket, now: Instant) {
        let result = self.tracks.write_audio(&mut self.rtc, packet, now);
        self.check(result);
    }

    fn push(&mut self, message: Vec<u8>) {
        self.outbox.push(message);
    }

    fn forget_clipboard(&mut self) {
        self.outbox.forget_clipboard();
    }

    fn desire(&mut self, kbps: u32) {
        self.rest.desire(kbps);
    }

    fn take_sent(&mut self) -> u64 {
        std::mem::take(&mut self.sent_bytes)
    }

    fn tick(&mut self, now: Instant) {
        self.rest.woken(now);
        self.advance(now);
        if self.give_up.is_some_and(|at| at <= now) {
            self.close("no connection");
        }
    }

    fn accepts(&self, datagram: &Datagram<'_>, now: Instant) -> bool {
        datagram.receive().is_some_and(|receive| self.rtc.accepts(&Input::Receive(now, receive)))
    }

    fn receive(&mut self, datagram: &Datagram<'_>, now: Instant) {
        if let Some(receive) = datagram.receive() {
            let result = self.rtc.handle_input(Input::Receive(now, receive));
            self.check(result);
            self.told = self.told.max(now);
        }
    }

    fn found(&mut self, candidates: Vec<Candidate>) {
        let room = MOST_FOUND.saturating_sub(self.found);
        for candidate in candidates.into_iter().take(room) {
            self.found += 1;
            self.rtc.add_remote_candidate(candidate);
        }
    }

    fn goodbye(&mut self) {
        let result = self.rtc.close();
        self.check(result);
    }

    fn close(&mut self, reason: &'static str) {
        self.closed.get_or_insert(reason);
    }

    fn poll(&mut self, now: Instant) -> LinkOutput {
        if let Some(reason) = self.closed {
            return LinkOutput::Closed(reason);
        }
        self.flush();
        if let Some(kbps) = self.rest.wanted(now, |kbps| self.seek.asked(kbps, self.estimate_kbps, now)) {
            self.rtc.bwe().set_bitrate(Bitrate::ZERO, Bitrate::kbps(kbps.into()));
        }
        for _ in 0..MOST_AHEAD {
            let told = match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) if at > now + AHEAD => return self.wait(at - AHEAD, now),
                Ok(str0m::Output::Timeout(at)) => {
                    self.advance(at);
                    None
                }
                Ok(str0m::Output::Transmit(transmit)) => {
                    self.sent_bytes += transmit.contents.len() as u64;
                    return LinkOutput::Send(transmit);
                }
                Ok(str0m::Output::Event(event)) => self.event(event, now),
                Err(error) => {
                    self.check(Err(error));
                    return LinkOutput::Closed("protocol error");
                }
            };
            if let Some(told) = told {
                return told;
            }
        }
        self.wait(now + AHEAD, now)
    }
}
