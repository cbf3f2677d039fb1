//! One viewer, without I/O: datagrams, frames, messages and the time go in; [`Output`] comes out.
//!
//! The contract is the one of the WebRTC library beneath: after every call that changes something, [`Session::poll`]
//! is called until it answers [`Output::Wait`].

mod backlog;
mod outbox;
mod rest;
mod rtc;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use cosmos_auth::Role;
use cosmos_desktop::{InputEvent, Size};
use cosmos_encoder::{AudioPacket, EncodedFrame};
use cosmos_protocol::{Assembler, ClientMessage, MAX_CLIPBOARD, ServerMessage, Stats, parts};
use str0m::{
    Event, IceConnectionState, Input, Rtc, RtcError,
    bwe::Bitrate,
    channel::ChannelId,
    net::{Protocol, Receive, Transmit},
    stats::PeerStats,
};

use self::{backlog::Backlog, outbox::Outbox, rest::Rest, rtc::Tracks};

pub use self::rtc::{Answer, OfferError, Offered, answer, install_crypto};

/// What a session wants.
pub enum Output {
    /// This datagram is to be sent.
    Send(Transmit),
    /// This happened.
    Event(SessionEvent),
    /// Nothing until this time, unless something goes in.
    Wait(Instant),
}

/// What happened in a session.
#[derive(Debug)]
pub enum SessionEvent {
    /// The page can be spoken to.
    Ready,
    /// The person did something.
    Input(InputEvent),
    /// The person copied this.
    Clipboard(String),
    /// The picture's place in the page has this size.
    Resize(Size),
    /// What the session wants from the encoder may have changed.
    DemandChanged,
    /// It is over.
    Closed(&'static str),
}

/// What one viewer asks of the one encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Whether the picture is looked at.
    pub video: bool,
    /// Whether the sound is listened to.
    pub audio: bool,
    /// Whether it cannot go on without a keyframe.
    pub keyframe: bool,
    /// The most that its network and its person allow, in kbit/s.
    pub max_kbps: u32,
    /// The most frames per second that its person allows; 0 for no limit.
    pub max_fps: u8,
}

/// The rights and the name of a viewer.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The name that was used to log in.
    pub user: String,
    /// What the viewer may do.
    pub role: Role,
}

/// One viewer.
pub struct Session {
    rtc: Rtc,
    viewer: Viewer,
    tracks: Tracks,
    control: Option<ChannelId>,
    outbox: Outbox,
    incoming: Assembler,
    backlog: Backlog,
    rest: Rest,
    wish: Wish,
    person_kbps: u32,
    estimate_kbps: u32,
    /// Frame times count from here.
    start: Instant,
    /// The latest time that the connection was told, at most [`AHEAD`] of the clock.
    told: Instant,
    closed: Option<&'static str>,
    /// When an unconnected session is given up.
    give_up: Option<Instant>,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    sent_bytes: u64,
    skipped: u32,
}

/// What is due within this time is done at once: the pacer below would have itself woken for every single packet, which
/// no timer of this process does on time. Browsers pace in bursts of that length as well.
const AHEAD: Duration = Duration::from_millis(5);
/// The most that is done at once.
const MOST_AHEAD: usize = 256;
/// How long a session may be without a connection.
const PATIENCE: Duration = Duration::from_secs(10);

impl Session {
    /// A session over the connection that [`answer`] prepared.
    pub fn new(offered: Offered, viewer: Viewer, now: Instant) -> Self {
        Self {
            rtc: offered.rtc,
            viewer,
            tracks: offered.tracks,
            control: None,
            outbox: Outbox::default(),
            incoming: Assembler::default(),
            backlog: Backlog::default(),
            rest: Rest::new(now),
            wish: Wish { video: true, max_kbps: rtc::START_KBPS, ..Wish::default() },
            person_kbps: u32::MAX,
            estimate_kbps: 0,
            start: now,
            told: now,
            closed: None,
            give_up: Some(now + PATIENCE),
            counters: Counters::default(),
        }
    }

    /// The viewer's name and rights.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// What the viewer asks of the encoder; nothing before the page can be spoken to. A keyframe is asked for once
    /// there is room for it.
    pub fn wish(&mut self, now: Instant) -> Wish {
        if self.control.is_none() {
            return Wish::default();
        }
        let keyframe = self.wish.keyframe && self.backlog.admits(now, self.wish.max_kbps, true);
        Wish { keyframe, ..self.wish }
    }

    /// Whether it waits for a keyframe, for which there may not be room yet.
    pub fn waits(&self) -> bool {
        self.control.is_some() && self.wish.video && self.wish.keyframe
    }

    /// Whether a datagram is for this session.
    pub fn accepts(&self, datagram: &Datagram<'_>, now: Instant) -> bool {
        datagram.receive().is_some_and(|receive| self.rtc.accepts(&Input::Receive(now, receive)))
    }

    /// A datagram arrived.
    pub fn receive(&mut self, datagram: &Datagram<'_>, now: Instant) {
        if let Some(receive) = datagram.receive() {
            let result = self.rtc.handle_input(Input::Receive(now, receive));
            self.check(result);
            self.told = self.told.max(now);
        }
    }

    /// The time that [`Output::Wait`] told has come.
    pub fn tick(&mut self, now: Instant) {
        self.rest.woken(now);
        self.advance(now);
        if self.give_up.is_some_and(|at| at <= now) {
            self.close("no connection");
        }
    }

    /// The next picture. A viewer that cannot keep up is passed over until the next keyframe.
    pub fn video(&mut self, frame: &EncodedFrame, now: Instant) {
        if self.control.is_none() || !self.wish.video || self.tracks.video.is_none() {
            return;
        }
        if frame.keyframe {
            self.wish.keyframe = false;
        } else if self.wish.keyframe {
            self.counters.skipped += 1;
            return;
        }
        if !self.backlog.admits(now, self.wish.max_kbps, frame.keyframe) {
            self.counters.skipped += 1;
            self.wish.keyframe = true;
            return;
        }
        self.backlog.add(frame.data.len());
        self.rest.disturb(now, frame.data.len(), self.wish.max_kbps);
        let result = self.tracks.write_video(&mut self.rtc, frame, self.start);
        self.check(result);
    }

    /// The next packet of sound.
    pub fn audio(&mut self, packet: &AudioPacket, now: Instant) {
        if self.wish.audio && self.tracks.audio.is_some() {
            let result = self.tracks.write_audio(&mut self.rtc, packet, now);
            self.check(result);
        }
    }

    /// Says something to the page, once it can be spoken to.
    pub fn say(&mut self, message: &ServerMessage) {
        if self.control.is_some() {
            self.outbox.push(message.encode());
        }
    }

    /// Tells the page what was copied on the desktop. A text that is still on its way is superseded.
    pub fn copy(&mut self, text: &str) {
        if self.viewer.role.may_use_clipboard() && text.len() <= MAX_CLIPBOARD {
            self.outbox.forget_clipboard();
            self.say(&ServerMessage::ClipboardBegin(text.len() as u32));
            parts(text).for_each(|part| self.say(&ServerMessage::ClipboardPart(part.to_vec())));
        }
    }

    /// Fills in what only the session knows, and starts counting anew.
    pub fn statistics(&mut self, stats: &mut Stats, elapsed: Duration) {
        let bits = std::mem::take(&mut self.counters.sent_bytes) * 8;
        stats.sent_kbps = (bits / (elapsed.as_millis() as u64).max(1)) as u32;
        stats.estimate_kbps = self.estimate_kbps;
        stats.skipped = self.counters.skipped;
    }

    /// How much bandwidth the encoder could use, so that the network is probed that far.
    pub fn desire(&mut self, kbps: u32) {
        self.rest.desire(kbps);
    }

    /// Tells the page that this is the end. What is to be sent comes out of [`poll`](Self::poll) as ever.
    pub fn goodbye(&mut self) {
        let result = self.rtc.close();
        self.check(result);
    }

    /// What comes next. To be called until it answers [`Output::Wait`].
    pub fn poll(&mut self, now: Instant) -> Output {
        if let Some(reason) = self.closed {
            return Output::Event(SessionEvent::Closed(reason));
        }
        self.flush();
        if let Some(kbps) = self.rest.wanted(now) {
            self.rtc.bwe().set_bitrate(Bitrate::ZERO, Bitrate::kbps(kbps.into()));
        }
        for _ in 0..MOST_AHEAD {
            let event = match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) if at > now + AHEAD => return self.wait(at - AHEAD, now),
                Ok(str0m::Output::Timeout(at)) => {
                    self.advance(at);
                    None
                }
                Ok(str0m::Output::Transmit(transmit)) => {
                    self.counters.sent_bytes += transmit.contents.len() as u64;
                    return Output::Send(transmit);
                }
                Ok(str0m::Output::Event(event)) => self.event(event, now),
                Err(error) => {
                    self.fail(&error);
                    return Output::Event(SessionEvent::Closed("protocol error"));
                }
            };
            if let Some(event) = event {
                return Output::Event(event);
            }
        }
        self.wait(now + AHEAD, now)
    }

    /// Tells the connection the time, which never goes back.
    fn advance(&mut self, to: Instant) {
        self.told = self.told.max(to);
        let result = self.rtc.handle_input(Input::Timeout(self.told));
        self.check(result);
    }

    fn wait(&self, at: Instant, now: Instant) -> Output {
        match self.closed {
            Some(reason) => Output::Event(SessionEvent::Closed(reason)),
            None => Output::Wait(self.rest.lengthen(self.give_up.map_or(at, |give_up| at.min(give_up)), now)),
        }
    }

    fn event(&mut self, event: Event, now: Instant) -> Option<SessionEvent> {
        match event {
            Event::MediaAdded(added) => self.tracks.added(&mut self.rtc, &added),
            Event::IceConnectionStateChange(state) => self.ice(state, now),
            Event::ChannelOpen(id, label) if label == "control" => {
                self.control = Some(id);
                self.wish.keyframe = true;
                return Some(SessionEvent::Ready);
            }
            Event::ChannelData(data) => return self.message(&data.data),
            Event::ChannelBufferedAmountLow(_) => self.flush(),
            Event::ChannelClose(_) => self.close("the page closed it"),
            Event::KeyframeRequest(_) => {
                self.wish.keyframe = true;
                return Some(SessionEvent::DemandChanged);
            }
            // The estimate of the statistics is the newest; the one told by an event of its own is seconds behind.
            Event::PeerStats(PeerStats { bwe_tx: Some(estimate), .. }) => {
                self.estimate_kbps = (estimate.as_u64() / 1000) as u32;
                tracing::debug!(kbps = self.estimate_kbps, "the network is thought to carry");
                return self.limit();
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

    fn message(&mut self, bytes: &[u8]) -> Option<SessionEvent> {
        let message = match ClientMessage::decode(bytes) {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(user = self.viewer.user, %error, "a message was dropped");
                return None;
            }
        };
        let role = self.viewer.role;
        match message {
            ClientMessage::Input(event) => role.may_control().then_some(SessionEvent::Input(event)),
            ClientMessage::Resize(size) => role.may_resize().then_some(SessionEvent::Resize(size)),
            ClientMessage::ClipboardBegin(_) | ClientMessage::ClipboardPart(_)
                if !role.may_use_clipboard() =>
            {
                None
            }
            ClientMessage::ClipboardBegin(total) => self.incoming.begin(total).map(SessionEvent::Clipboard),
            ClientMessage::ClipboardPart(bytes) => self.incoming.part(&bytes).map(SessionEvent::Clipboard),
            ClientMessage::Ping(number) => {
                self.say(&ServerMessage::Pong { number, server_us: crate::clock::unix_us() });
                self.flush();
                None
            }
            ClientMessage::Video(wanted) => {
                self.wish.keyframe |= wanted;
                self.wish.video = wanted;
                Some(SessionEvent::DemandChanged)
            }
            ClientMessage::Audio(wanted) => {
                self.wish.audio = wanted;
                Some(SessionEvent::DemandChanged)
            }
            ClientMessage::Quality { max_kbps, max_fps } => {
                self.person_kbps = if max_kbps == 0 { u32::MAX } else { max_kbps };
                self.wish.max_fps = max_fps;
                self.limit().or(Some(SessionEvent::DemandChanged))
            }
        }
    }

    fn limit(&mut self) -> Option<SessionEvent> {
        // A tenth is left for sound, retransmissions and the error of the estimate.
        let network = if self.estimate_kbps == 0 { rtc::START_KBPS } else { self.estimate_kbps / 10 * 9 };
        let max_kbps = network.min(self.person_kbps);
        let changed = std::mem::replace(&mut self.wish.max_kbps, max_kbps) != max_kbps;
        changed.then_some(SessionEvent::DemandChanged)
    }

    fn flush(&mut self) {
        let Some(id) = self.control else { return };
        let Some(mut channel) = self.rtc.channel(id) else { return };
        let result = self.outbox.drain(|message| channel.write(true, message));
        self.check(result);
    }

    fn check(&mut self, result: Result<(), RtcError>) {
        if let Err(error) = result {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &RtcError) {
        tracing::warn!(user = self.viewer.user, %error, "a session ends");
        self.close("protocol error");
    }

    fn close(&mut self, reason: &'static str) {
        self.closed.get_or_insert(reason);
    }
}

/// One datagram, or one frame of a TCP stream (RFC 4571).
pub struct Datagram<'a> {
    /// Whether it came over TCP.
    pub tcp: bool,
    /// Who sent it.
    pub from: SocketAddr,
    /// Our address that it was sent to, never a wildcard.
    pub to: SocketAddr,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Datagram<'_> {
    fn receive(&self) -> Option<Receive<'_>> {
        let proto = if self.tcp { Protocol::Tcp } else { Protocol::Udp };
        Receive::new(proto, self.from, self.to, self.bytes).ok()
    }
}

#[cfg(test)]
mod tests;
