//! One viewer, without I/O: datagrams, frames, messages and the time go in; [`Output`] comes out.
//!
//! The contract is the one of the WebRTC library beneath: after every call that changes something, [`Session::poll`]
//! is called until it answers [`Output::Wait`].

mod backlog;
mod codecs;
mod formats;
mod gate;
mod link;
mod outbox;
mod pace;
mod peer;
mod reach;
mod rest;
mod rtc;
mod seek;
mod socket;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cosmos_auth::{Grants, LinkId, Rights};
use cosmos_desktop::{InputEvent, Point, Size};
use cosmos_encoder::AudioPacket;
use cosmos_protocol::{Assembler, ClientMessage, MAX_CLIPBOARD, ServerMessage, Stats, parts};
use str0m::{
    Candidate,
    net::{Protocol, Receive, Transmit},
};

pub use crate::control::ControlRequest;

use self::{
    link::{Link, LinkOutput},
    peer::Peer,
    socket::Socket,
};

pub use self::{
    codecs::Codecs,
    link::Packed,
    reach::Reach,
    rtc::{Answer, OfferError, Offered, answer, install_crypto},
};

pub(crate) use self::rtc::answer_at;

/// What a session wants.
pub enum Output {
    /// This datagram is to be sent.
    Send(Transmit),
    /// This message is to be sent, over the WebSocket.
    Message(Bytes),
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
    /// The person points there, without driving.
    Pointed(Point),
    /// The person wants something with the control.
    Control(ControlRequest),
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
    pub rights: Rights,
    /// The link by which the viewer came in, where it was one.
    pub link: Option<LinkId>,
    /// When the session ends by itself.
    pub ends: Option<Instant>,
}

/// One viewer.
pub struct Session {
    viewer: Viewer,
    /// Whether its keys and pointer are for the desktop.
    drives: bool,
    link: Box<dyn Link>,
    incoming: Assembler,
    wish: Wish,
    decodes: Codecs,
    /// Why it is not shown the picture; `None` when it is.
    unseen: Option<String>,
    person_kbps: u32,
    /// Whether the rate follows what the network carries.
    adapts: bool,
    skipped: u32,
    /// When the newest picture that it was sent was captured.
    newest: Option<Instant>,
}

impl Session {
    /// A session over the connection that [`answer`] prepared.
    pub fn new(offered: Offered, viewer: Viewer, now: Instant) -> Self {
        let (decodes, adapts) = (offered.decodes(), offered.adapts);
        Self::over(Box::new(Peer::new(offered, now)), viewer, decodes, adapts)
    }

    /// A session over a WebSocket, which carries each [`Output::Message`] to the page and tells
    /// [`said`](Self::said) what comes back. The page decodes these codecs.
    /// The rate follows the network where it `adapts`.
    pub fn over_socket(viewer: Viewer, decodes: Codecs, adapts: bool, now: Instant) -> Self {
        Self::over(Box::new(Socket::new(now)), viewer, decodes, adapts)
    }

    fn over(link: Box<dyn Link>, viewer: Viewer, decodes: Codecs, adapts: bool) -> Self {
        let video = viewer.rights.grants.has(Grants::PICTURE);
        let max_kbps = if adapts { rtc::START_KBPS } else { u32::MAX };
        let wish = Wish { video, max_kbps, ..Wish::default() };
        let drives = viewer.rights.role.may_control();
        let incoming = Assembler::default();
        let (unseen, person_kbps, skipped, newest) = (None, u32::MAX, 0, None);
        Self { viewer, drives, link, incoming, wish, decodes, unseen, person_kbps, adapts, skipped, newest }
    }

    /// The viewer's name and rights.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Whether the page can be spoken to.
    pub fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// Whether the viewer's keys and pointer are for the desktop.
    pub fn drives(&self) -> bool {
        self.drives
    }

    /// Lets the viewer drive, or no longer, and says so to the page. Tells whether it was otherwise before.
    pub fn let_drive(&mut self, drives: bool) -> bool {
        let changed = std::mem::replace(&mut self.drives, drives) != drives;
        if changed {
            self.say(&ServerMessage::Control(drives));
        }
        changed
    }

    /// Lets the viewer do this from now on.
    pub fn change_rights(&mut self, rights: Rights) {
        let saw = self.viewer.rights.grants.has(Grants::PICTURE);
        let sees = rights.grants.has(Grants::PICTURE);
        self.viewer.rights = rights;
        self.wish.video = sees && (self.wish.video || !saw);
        self.wish.keyframe |= sees && !saw;
        self.wish.audio &= rights.grants.has(Grants::SOUND);
    }

    /// Which codecs the page decodes.
    pub fn decodes(&self) -> Codecs {
        self.decodes
    }

    /// Shows the picture from now on, or no longer for a reason that the page is told. Tells whether that is news.
    pub fn show(&mut self, unseen: Option<String>) -> bool {
        if self.unseen == unseen {
            return false;
        }
        self.wish.keyframe |= unseen.is_none();
        self.say(&ServerMessage::Unseen(unseen.clone().unwrap_or_default()));
        self.unseen = unseen;
        true
    }

    /// What the viewer asks of the encoder; nothing before the page can be spoken to. A keyframe is asked for once
    /// there is room for it.
    pub fn wish(&mut self, now: Instant) -> Wish {
        if !self.link.is_open() {
            return Wish::default();
        }
        let video = self.looks();
        let keyframe = video && self.wish.keyframe && self.link.admits(now, self.wish.max_kbps, true);
        Wish { video, keyframe, ..self.wish }
    }

    /// What the network and the person allow, in kbit/s, where the picture is looked at.
    pub fn takes(&self) -> Option<u32> {
        (self.link.is_open() && self.looks()).then_some(self.wish.max_kbps)
    }

    /// Whether it waits for a keyframe, for which there may not be room yet.
    pub fn waits(&self) -> bool {
        self.link.is_open() && self.looks() && self.wish.keyframe
    }

    /// Another encode of the picture comes from now on, which begins with a keyframe.
    pub fn begin_anew(&mut self) {
        self.wish.keyframe = true;
    }

    fn looks(&self) -> bool {
        self.wish.video && self.unseen.is_none()
    }

    /// Whether a datagram is for this session.
    pub fn accepts(&self, datagram: &Datagram<'_>, now: Instant) -> bool {
        self.link.accepts(datagram, now)
    }

    /// A datagram arrived.
    pub fn receive(&mut self, datagram: &Datagram<'_>, now: Instant) {
        self.link.receive(datagram, now);
    }

    /// The page found these addresses of itself after its offer.
    pub fn found(&mut self, candidates: Vec<Candidate>) {
        self.link.found(candidates);
    }

    /// A message arrived over the WebSocket.
    pub fn said(&mut self, message: Vec<u8>, now: Instant) {
        self.link.said(message, now);
    }

    /// The time that [`Output::Wait`] told has come.
    pub fn tick(&mut self, now: Instant) {
        self.link.tick(now);
    }

    /// The next picture. A viewer that cannot keep up is passed over until the next keyframe.
    pub fn video(&mut self, packed: &Packed<'_>, now: Instant) {
        // What was encoded before the codec changed may still be on its way.
        if !self.link.is_open() || !self.looks() || !self.decodes.take(packed.frame()) {
            return;
        }
        let (keyframe, captured) = (packed.frame().keyframe, packed.frame().captured);
        // Of two encodes one may be behind the other, and time does not go back for a page.
        if self.wish.keyframe && self.newest.is_some_and(|newest| captured < newest) {
            self.skipped += 1;
            return;
        }
        if keyframe {
            self.wish.keyframe = false;
        } else if self.wish.keyframe {
            self.skipped += 1;
            return;
        }
        if !self.link.admits(now, self.wish.max_kbps, keyframe) {
            self.skipped += 1;
            self.wish.keyframe = true;
            return;
        }
        self.newest = Some(captured);
        self.link.video(packed, self.wish.max_kbps, now);
    }

    /// The next packet of sound.
    pub fn audio(&mut self, packet: &AudioPacket, now: Instant) {
        if self.wish.audio {
            self.link.audio(packet, now);
        }
    }

    /// Says something to the page, once it can be spoken to.
    pub fn say(&mut self, message: &ServerMessage) {
        if self.link.is_open() {
            self.link.push(message.encode());
        }
    }

    /// Tells the page what was copied on the desktop. A text that is still on its way is superseded.
    pub fn copy(&mut self, text: &str) {
        if self.viewer.rights.grants.has(Grants::CLIPBOARD_OUT) && text.len() <= MAX_CLIPBOARD {
            self.link.forget_clipboard();
            self.say(&ServerMessage::ClipboardBegin(text.len() as u32));
            parts(text).for_each(|part| self.say(&ServerMessage::ClipboardPart(part.to_vec())));
        }
    }

    /// Pictures that it was not sent, as it was too slow.
    pub fn skipped(&self) -> u32 {
        self.skipped
    }

    /// Fills in what only the session knows, and starts counting anew. Tells how many bytes it was sent meanwhile.
    pub fn statistics(&mut self, stats: &mut Stats, elapsed: Duration) -> u64 {
        let sent = self.link.take_sent();
        stats.sent_kbps = (sent * 8 / (elapsed.as_millis() as u64).max(1)) as u32;
        stats.estimate_kbps = self.link.estimate_kbps();
        stats.skipped = self.skipped;
        sent
    }

    /// How much bandwidth the encoder could use, so that the network is probed that far.
    pub fn desire(&mut self, kbps: u32) {
        self.link.desire(kbps);
    }

    /// Tells the page that this is the end. What is to be sent comes out of [`poll`](Self::poll) as ever.
    pub fn goodbye(&mut self) {
        self.link.goodbye();
    }

    /// Ends it: [`SessionEvent::Closed`] is what comes out next.
    pub fn close(&mut self, reason: &'static str) {
        self.link.close(reason);
    }

    /// What comes next. To be called until it answers [`Output::Wait`].
    pub fn poll(&mut self, now: Instant) -> Output {
        loop {
            let event = match self.link.poll(now) {
                LinkOutput::Send(transmit) => return Output::Send(transmit),
                LinkOutput::Message(message) => return Output::Message(message),
                LinkOutput::Wait(at) => return Output::Wait(at),
                LinkOutput::Open => {
                    self.wish.keyframe = true;
                    Some(SessionEvent::Ready)
                }
                LinkOutput::Said(message) => self.message(&message, now),
                LinkOutput::Keyframe => {
                    self.wish.keyframe = true;
                    Some(SessionEvent::DemandChanged)
                }
                LinkOutput::Estimate => self.limit(),
                LinkOutput::Closed(reason) => Some(SessionEvent::Closed(reason)),
            };
            if let Some(event) = event {
                return Output::Event(event);
            }
        }
    }

    fn message(&mut self, bytes: &[u8], now: Instant) -> Option<SessionEvent> {
        let message = match ClientMessage::decode(bytes) {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(user = self.viewer.user, %error, "a message was dropped");
                return None;
            }
        };
        if !gate::permits(self.viewer.rights, self.drives, &message) {
            return None;
        }
        match message {
            ClientMessage::Input(InputEvent::PointerTo(point)) if !self.drives => {
                Some(SessionEvent::Pointed(point))
            }
            ClientMessage::Input(event) => Some(SessionEvent::Input(event)),
            ClientMessage::AskControl(asks) => Some(SessionEvent::Control(ControlRequest::Ask(asks))),
            ClientMessage::GiveControl(to) => Some(SessionEvent::Control(ControlRequest::Give(to.into()))),
            ClientMessage::TakeControl => Some(SessionEvent::Control(ControlRequest::Take)),
            ClientMessage::ReleaseControl => Some(SessionEvent::Control(ControlRequest::Release)),
            ClientMessage::Resize(size) => Some(SessionEvent::Resize(size)),
            ClientMessage::ClipboardBegin(total) => self.incoming.begin(total).map(SessionEvent::Clipboard),
            ClientMessage::ClipboardPart(bytes) => self.incoming.part(&bytes).map(SessionEvent::Clipboard),
            ClientMessage::Ping(number) => {
                self.say(&ServerMessage::Pong { number, server_us: crate::clock::unix_us() });
                None
            }
            ClientMessage::Received(total) => {
                self.link.received(total, now);
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
        let network = match self.link.estimate_kbps() {
            _ if !self.adapts => u32::MAX,
            0 => rtc::START_KBPS,
            kbps => kbps / 10 * 9,
        };
        let max_kbps = network.min(self.person_kbps);
        let changed = std::mem::replace(&mut self.wish.max_kbps, max_kbps) != max_kbps;
        changed.then_some(SessionEvent::DemandChanged)
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
mod socket_tests;
#[cfg(test)]
mod tests;
