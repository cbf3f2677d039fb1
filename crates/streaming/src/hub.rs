//! The owner of all sessions: one closed enum of everything that can happen, one place that decides what follows.

mod arrivals;
mod asked;
mod bounds;
mod codec;
mod figures;
mod messages;
mod people;
mod tiers;
mod wishes;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, mpsc::SyncSender},
    time::{Duration, Instant},
};

use bytes::Bytes;
use cosmos_auth::LinkId;
use cosmos_desktop::{CursorImage, DesktopEvent, InputEvent, Size};
use cosmos_encoder::{AudioPacket, Codec, EncodedFrame, EncoderInfo};
use cosmos_protocol::{DesktopState, Level, ServerMessage, VERSION};
use serde_json::json;
use str0m::{Candidate, net::Transmit};
use tokio::sync::{broadcast, mpsc, oneshot};

pub(crate) use self::{
    arrivals::{Offer, Refusal, SocketOffer},
    asked::Ask,
    wishes::KEYFRAME_FOR_SLOW_EVERY,
};
use self::{
    codec::Encoding,
    messages::{cursor_message, encoder_message},
    people::People,
    tiers::{Standing, Tiers},
};
use crate::{
    Policy,
    audit::Audit,
    choices::Choices,
    demand::DemandCell,
    metrics::Totals,
    rfb::Rfb,
    session::{Datagram, Output, Packed, Reach, Session, SessionEvent, Viewer, Wish},
    site::Happened,
    stats::{Means, Snapshot},
    tier::Tier,
};

/// Everything that reaches the hub but datagrams of UDP, which are borrowed.
pub(crate) enum Event {
    /// A page wants to connect.
    Offer(Box<Offer>),
    /// A page wants to connect over a WebSocket.
    Socket(Box<SocketOffer>),
    /// A message came over the WebSocket of this session.
    Said { id: u64, message: Vec<u8> },
    /// The WebSocket of this session is closed.
    Gone { id: u64 },
    /// This user's page found these addresses of itself after the offer of this session.
    Found { id: u64, user: String, candidates: Vec<Candidate> },
    /// A frame of a TCP stream (RFC 4571).
    Tcp { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    /// A TURN server lends us this address, over `base` of ours.
    Lent { address: SocketAddr, base: SocketAddr },
    /// It does so no more.
    GivenBack { address: SocketAddr },
    /// A datagram came by way of a TURN server.
    Relayed { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    /// A picture was encoded.
    Frame(Tier, Arc<EncodedFrame>),
    /// There is no second encode, for this reason.
    NoSecond(String),
    /// Sound was encoded.
    Audio(AudioPacket),
    /// Something happened around the picture.
    Desktop(DesktopEvent),
    /// The desktop came or went.
    State(DesktopState, String),
    /// An encoder was opened, or took over, when the viewers had agreed so often.
    Encoder(EncoderInfo, u32),
    /// Everyone should know.
    Notice(Level, String),
    /// These links let nobody in any more.
    Revoked(Vec<LinkId>),
    /// A script asks something.
    Ask(Box<Ask>),
    /// A person chose this for everybody.
    Chosen(Choices),
    /// The application that the desktop is for says that it is ready.
    AppReady,
    /// A VNC viewer came or went.
    Guests,
    /// VNC viewers begin to watch what is encoded, or no longer do, or need a keyframe.
    Film,
    /// How things stand is asked.
    Snapshot(oneshot::Sender<Snapshot>),
}

/// What does not change while the server runs.
pub(crate) struct HubConfig {
    pub(crate) reach: Reach,
    /// What the encoder makes that was set, and what else it may be changed for, best first.
    pub(crate) codecs: Vec<Codec>,
    /// Whether colours are to be coded at 4:4:4 where all decode that.
    pub(crate) full: bool,
    /// All encoders that work, by their names, with what they make.
    pub(crate) encoders: Vec<(String, Codec)>,
    pub(crate) audio: bool,
    pub(crate) fps: u32,
    pub(crate) max_kbps: u32,
    /// Whether the rate follows what the network carries.
    pub(crate) adapts: bool,
    pub(crate) audit: Audit,
    /// Takes what happens, for whoever follows it.
    pub(crate) happened: broadcast::Sender<Happened>,
    /// The longest time between two keyframes.
    pub(crate) keyframe_every: Option<Duration>,
    pub(crate) policy: Policy,
    /// What a person chose, which wins over what is above.
    pub(crate) chosen: Choices,
    /// What to tell while the application is not ready; `None` where nobody waits for it.
    pub(crate) waits_for: Option<String>,
}

const SECOND: Duration = Duration::from_secs(1);

/// The owner of all sessions.
pub(crate) struct Hub {
    config: HubConfig,
    demand: Arc<DemandCell>,
    rfb: Arc<Rfb>,
    input: SyncSender<InputEvent>,
    sessions: Vec<Live>,
    by_source: HashMap<(bool, SocketAddr), u64>,
    next_id: u64,
    last_keyframe: Option<Instant>,
    /// When the next keyframe is due although nobody needs one.
    keyframe_due: Option<Instant>,
    /// When the demand is to be computed again although nothing happened.
    reconsider: Option<Instant>,
    /// The room that the wishes are collected in.
    wishes: Vec<(Tier, Wish)>,
    tiers: Tiers,
    report: Option<Instant>,
    means: Means,
    totals: Totals,
    known: Known,
    encoding: Encoding,
    people: People,
    audit: Audit,
    /// Whether VNC viewers watched what is encoded when that was last looked at.
    filmed: bool,
}

struct Live {
    id: u64,
    session: Session,
    /// Where its messages go, over a WebSocket.
    outgoing: Option<mpsc::Sender<Bytes>>,
    wake: Instant,
    standing: Standing,
}

/// What a page that comes later has to be told.
struct Known {
    state: (DesktopState, String),
    size: Option<Size>,
    cursor: Option<CursorImage>,
    encoder: Option<EncoderInfo>,
}

impl Hub {
    pub(crate) fn new(
        config: HubConfig,
        demand: Arc<DemandCell>,
        input: SyncSender<InputEvent>,
        rfb: Arc<Rfb>,
    ) -> Self {
        let state = (DesktopState::Lost, "the desktop is starting".to_owned());
        let known = Known { state, size: None, cursor: None, encoder: None };
        let hub = Self {
            audit: config.audit.clone(),
            filmed: false,
            people: People::default(),
            encoding: Encoding::new(&config),
            config,
            demand,
            rfb,
            input,
            sessions: Vec::new(),
            by_source: HashMap::new(),
            next_id: 0,
            last_keyframe: None,
            keyframe_due: None,
            reconsider: None,
            wishes: Vec::new(),
            tiers: Tiers::default(),
            report: None,
            means: Means::default(),
            totals: Totals::default(),
            known,
        };
        hub.offer_film();
        hub
    }

    /// Where browsers may find us.
    pub(crate) fn reach(&mut self) -> &mut Reach {
        &mut self.config.reach
    }

    /// When [`tick`](Self::tick) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let sessions = self.sessions.iter().map(|live| live.wake);
        let people = self.people.deadline();
        let deadlines = sessions.chain(self.reconsider).chain(self.report).chain(self.keyframe_due);
        deadlines.chain(people).min()
    }

    /// The time has come.
    pub(crate) fn tick(&mut self, now: Instant, send: &mut dyn FnMut(Transmit)) {
        self.each_due(now, send, |live| live.wake <= now, |session| session.tick(now));
        if self.reconsider.is_some_and(|at| at <= now) {
            self.update_demand(now);
        }
        if self.keyframe_due.is_some_and(|at| at <= now) {
            self.expect_keyframe(now);
            self.demand.second().ask_keyframe();
            self.demand.ask_keyframe();
        }
        if self.report.is_some_and(|at| at <= now) {
            self.report_statistics(now, send);
            self.expel("its time is over", |viewer| viewer.ends.is_some_and(|ends| ends <= now), now, send);
        }
        self.tell_people(now, send);
    }

    /// A datagram arrived. Returns whether it belongs to a session.
    pub(crate) fn datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        send: &mut dyn FnMut(Transmit),
    ) -> bool {
        let source = (datagram.tcp, datagram.from);
        let known = self.by_source.get(&source).copied();
        let accepts = |live: &&Live| live.session.accepts(datagram, now);
        let owner = self.sessions.iter().filter(|live| Some(live.id) == known).find(accepts);
        let owner = owner.or_else(|| self.sessions.iter().find(accepts));
        let Some(id) = owner.map(|live| live.id) else { return false };
        if known != Some(id) {
            self.by_source.insert(source, id);
        }
        self.with(id, now, send, |session| session.receive(datagram, now));
        true
    }

    /// Something happened.
    pub(crate) fn handle(&mut self, event: Event, now: Instant, send: &mut dyn FnMut(Transmit)) {
        match event {
            Event::Offer(offer) => self.offer(*offer, now),
            Event::Socket(offer) => self.socket(*offer, now, send),
            Event::Said { id, message } => self.with(id, now, send, |session| session.said(message, now)),
            Event::Gone { id } => self.with(id, now, send, |session| session.close("the page closed it")),
            Event::Found { id, user, candidates } => {
                if self.find(id).is_some_and(|live| live.session.viewer().user == user) {
                    self.with(id, now, send, |session| session.found(candidates));
                }
            }
            Event::Tcp { from, to, bytes } => {
                self.datagram(&Datagram { tcp: true, from, to, bytes: &bytes }, now, send);
            }
            Event::Lent { address, base } => self.reach().lent(address, base),
            Event::GivenBack { address } => self.reach().given_back(address),
            Event::Relayed { from, to, bytes } => {
                self.datagram(&Datagram { tcp: false, from, to, bytes: &bytes }, now, send);
            }
            Event::Frame(tier, frame) => self.publish(tier, &frame, now, send),
            Event::NoSecond(why) => self.no_second(&why, now),
            Event::Audio(packet) => self.each(now, send, |session| session.audio(&packet, now)),
            Event::Desktop(event) => self.around(event, now, send),
            Event::State(state, text) => {
                self.totals.losses += u64::from(state == DesktopState::Lost);
                let up = state == DesktopState::Up;
                self.happen("desktop", || json!({ "up": up, "message": text }));
                self.known.state = (state, text);
                self.say(&self.desktop_message(), now, send);
            }
            Event::AppReady => self.app_ready(now, send),
            Event::Encoder(info, agreements) => {
                self.opened(info.codec, agreements, now);
                self.rfb.film.encoded_by_circuit(info.hardware);
                self.known.encoder = Some(info.clone());
                self.say(&encoder_message(&info), now, send);
            }
            Event::Notice(level, text) => {
                self.totals.notices += u64::from(level != Level::Info);
                self.happen("notice", || json!({ "level": level as u8, "text": text }));
                self.say(&ServerMessage::Notice { level, text }, now, send);
            }
            Event::Revoked(links) => {
                let revoked = |viewer: &Viewer| viewer.link.is_some_and(|link| links.contains(&link));
                self.expel("its link was revoked", revoked, now, send);
            }
            Event::Ask(ask) => self.asked(*ask, now, send),
            Event::Chosen(choices) => self.chosen(choices, now, send),
            Event::Guests => self.look_at_guests(now),
            Event::Film => {
                self.keep_first(now);
                self.update_demand(now);
            }
            Event::Snapshot(reply) => drop(reply.send(self.snapshot())),
        }
    }

    /// Says goodbye to every page.
    pub(crate) fn dismiss(&mut self, reason: &str, now: Instant, send: &mut dyn FnMut(Transmit)) {
        self.each(now, send, Session::goodbye);
        while let Some(live) = self.sessions.last() {
            self.leave(live.id, reason, now);
        }
    }

    fn publish(
        &mut self,
        tier: Tier,
        frame: &Arc<EncodedFrame>,
        now: Instant,
        send: &mut dyn FnMut(Transmit),
    ) {
        if frame.keyframe && tier == Tier::First {
            self.last_keyframe = Some(now);
            if self.keyframe_due.is_some() {
                self.expect_keyframe(now);
            }
        }
        self.tiers.encoded(tier, frame.data.len(), frame.keyframe, now);
        let capture = self.means.frame(tier, frame, now);
        self.totals.frame(frame, capture);
        let packed = Packed::new(frame);
        let is_for = |live: &Live| live.standing.tier == tier;
        self.each_due(now, send, is_for, |session| session.video(&packed, now));
        if tier == Tier::First {
            self.rfb.film.show(frame);
        }
        if self.awaits_keyframe() || self.filmed != self.rfb.film.is_watched() {
            self.update_demand(now);
        }
    }

    fn say(&mut self, message: &ServerMessage, now: Instant, send: &mut dyn FnMut(Transmit)) {
        self.each(now, send, |session| session.say(message));
    }

    fn each(&mut self, now: Instant, send: &mut dyn FnMut(Transmit), change: impl FnMut(&mut Session)) {
        self.each_due(now, send, |_| true, change);
    }

    fn each_due(
        &mut self,
        now: Instant,
        send: &mut dyn FnMut(Transmit),
        due: impl Fn(&Live) -> bool,
        mut change: impl FnMut(&mut Session),
    ) {
        let mut at = 0;
        while let Some(live) = self.sessions.get(at) {
            let id = live.id;
            if due(live) {
                self.with(id, now, send, &mut change);
            }
            // A session that ended has been replaced here by one whose turn has not come yet.
            at += usize::from(self.sessions.get(at).is_some_and(|live| live.id == id));
        }
    }

    fn find(&mut self, id: u64) -> Option<&mut Live> {
        self.sessions.iter_mut().find(|live| live.id == id)
    }

    /// Changes one session and sees to everything that follows from it.
    fn with(
        &mut self,
        id: u64,
        now: Instant,
        send: &mut dyn FnMut(Transmit),
        change: impl FnOnce(&mut Session),
    ) {
        let Some(live) = self.find(id) else { return };
        change(&mut live.session);
        loop {
            let Some(live) = self.find(id) else { return };
            match live.session.poll(now) {
                Output::Send(transmit) => send(transmit),
                Output::Message(message) => {
                    if live.outgoing.as_ref().is_none_or(|outgoing| outgoing.try_send(message).is_err()) {
                        live.session.close("the page takes nothing");
                    }
                }
                Output::Wait(at) => {
                    live.wake = at;
                    return;
                }
                Output::Event(event) => self.session_event(id, event, now),
            }
        }
    }

    fn session_event(&mut self, id: u64, event: SessionEvent, now: Instant) {
        if !self.lets(&event) {
            return;
        }
        match event {
            SessionEvent::Ready => {
                self.welcome(id);
                self.agree(now);
                self.people.changed(now);
                self.update_demand(now);
            }
            SessionEvent::Input(event) => {
                if let InputEvent::PointerTo(point) = event {
                    self.pointed(id, point, now);
                }
                self.input(event);
            }
            SessionEvent::Pointed(point) => self.pointed(id, point, now),
            SessionEvent::Control(request) => self.control(id, request, now),
            SessionEvent::Clipboard(text) => self.demand.want(|wanted| wanted.clipboard = Some(text.into())),
            SessionEvent::Resize(size) => self.demand.want(|wanted| wanted.size = Some(size)),
            SessionEvent::DemandChanged => self.update_demand(now),
            SessionEvent::Closed(reason) => self.leave(id, reason, now),
        }
    }

    fn welcome(&mut self, id: u64) {
        let Some(at) = self.sessions.iter().position(|live| live.id == id) else { return };
        let (desktop, desired) = (self.desktop_message(), self.desired());
        let session = &mut self.sessions[at].session;
        let viewer = session.viewer().clone();
        tracing::info!(user = viewer.user, rights = %viewer.rights, "a page is connected");
        session.say(&ServerMessage::Hello {
            version: VERSION,
            control: session.drives(),
            audio: self.config.audio,
            user: viewer.user,
        });
        let known = [
            self.known.size.map(ServerMessage::Resized),
            self.known.encoder.as_ref().map(encoder_message),
            Some(desktop),
            self.known.cursor.as_ref().map(cursor_message),
        ];
        known.iter().flatten().for_each(|message| session.say(message));
        session.desire(desired);
    }

    fn leave(&mut self, id: u64, reason: &str, now: Instant) {
        let Some(at) = self.sessions.iter().position(|live| live.id == id) else { return };
        let live = self.sessions.swap_remove(at);
        self.totals.skipped += u64::from(live.session.skipped());
        self.by_source.retain(|_, owner| *owner != id);
        tracing::info!(user = live.session.viewer().user, reason, "a page has left");
        // Whatever this person held down is let go of.
        if live.session.drives() {
            self.input(InputEvent::ReleaseAll);
        }
        self.people.left(id, now);
        self.settle();
        self.agree(now);
        if self.sessions.is_empty() {
            self.report = None;
        }
        self.keep_first(now);
        self.update_demand(now);
    }
}

#[cfg(test)]
mod tests;
