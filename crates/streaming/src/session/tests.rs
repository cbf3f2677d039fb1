//! Two peers, a virtual clock and a seeded lossy link: hours of network in milliseconds.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use cosmos_auth::Role;
use cosmos_desktop::{InputEvent, Keysym};
use cosmos_encoder::{Codec, EncodedFrame, Sampling};
use str0m::{
    Candidate, Event, Input, Rtc,
    change::SdpPendingOffer,
    channel::ChannelId,
    media::{Direction, MediaKind, Mid},
};

use str0m::change::SdpOffer;

use super::*;

mod fixed;

const SERVER: &str = "10.0.0.1:8080";
const PAGE: &str = "10.0.0.2:5000";
const DELAY: Duration = Duration::from_millis(10);

/// A page, as far as the server can tell.
struct Page {
    rtc: Rtc,
    video: Mid,
    control: Option<ChannelId>,
    input: Option<ChannelId>,
    wake: Instant,
    frames: Vec<Vec<u8>>,
    /// What each of them is, as the page is told.
    codecs: Vec<String>,
    heard: usize,
    messages: Vec<ServerMessage>,
}

impl Page {
    fn new(now: Instant) -> (Self, SdpOffer, SdpPendingOffer) {
        let mut config = Rtc::builder();
        formats::add_full(config.codec_config(), Codecs::ALL_IN_FULL);
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(PAGE.parse().unwrap(), "udp").unwrap());
        let mut changes = rtc.sdp_api();
        let video = changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let input = Some(changes.add_channel("input".into()));
        let control = Some(changes.add_channel("control".into()));
        let (offer, pending) = changes.apply().unwrap();
        let (frames, codecs, messages, heard) = Default::default();
        (Self { rtc, video, control, input, wake: now, frames, codecs, messages, heard }, offer, pending)
    }

    fn say(&mut self, channel: Option<ChannelId>, message: &ClientMessage) {
        let mut channel = self.rtc.channel(channel.unwrap()).expect("the channel is open");
        assert!(channel.write(true, &message.encode()).unwrap());
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::ChannelData(data) => self.messages.push(ServerMessage::decode(&data.data).unwrap()),
            Event::MediaData(data) if data.mid == self.video => {
                self.frames.push(data.data.to_vec());
                let spec = data.params.spec();
                self.codecs.push(format!("{} of profile {}", spec.codec, profile(&spec.format)));
            }
            Event::MediaData(_) => self.heard += 1,
            _ => {}
        }
    }
}

/// The profile that a format tells, of whichever codec.
fn profile(format: &str0m::format::FormatParams) -> u32 {
    let h264 = format.profile_level_id.map(|id| id >> 16);
    h264.or(format.profile_id).or(format.profile.map(u32::from)).unwrap_or(0)
}

/// The server's session, a page, and the link between them.
struct World {
    now: Instant,
    session: Session,
    page: Page,
    /// Packets on their way: arrival, whether to the server, content.
    link: VecDeque<(Instant, bool, Vec<u8>)>,
    loss_percent: u64,
    seed: u64,
    events: Vec<SessionEvent>,
    wake: Instant,
}

impl World {
    fn new(role: Role) -> Self {
        Self::with(true, role, Codec::Vp8.into())
    }

    fn which(adapts: bool, role: Role) -> Self {
        Self::with(adapts, role, Codec::Vp8.into())
    }

    fn with(adapts: bool, role: Role, codecs: Codecs) -> Self {
        install_crypto();
        let now = Instant::now();
        let (mut page, offer, pending) = Page::new(now);
        let reach = Reach::new(vec![SERVER.parse().unwrap()]);
        let (offered, reply) = answer_at(offer, &reach, codecs, adapts, now).unwrap();
        page.rtc.sdp_api().accept_answer(pending, reply).unwrap();
        let session = Session::new(
            offered,
            Viewer { user: "ada".into(), rights: Rights::of(role), link: None, ends: None },
            now,
        );
        let (link, events) = Default::default();
        Self { now, session, page, link, loss_percent: 0, seed: 42, events, wake: now }
    }

    fn connected(role: Role) -> Self {
        Self::new(role).ready()
    }

    fn ready(self) -> Self {
        let mut world = self;
        world.until("the page to be ready", |world| {
            world.events.iter().any(|event| matches!(event, SessionEvent::Ready))
        });
        // Until the page knows as well that its channels are open.
        world.run(Duration::from_millis(200));
        world
    }

    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let limit = self.now + Duration::from_secs(40);
        while !done(self) {
            assert!(self.now < limit, "waited in vain for {what}; events: {:?}", self.events);
            self.step();
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    /// One millisecond.
    fn step(&mut self) {
        self.now += Duration::from_millis(1);
        while self.link.front().is_some_and(|(at, ..)| *at <= self.now) {
            let (_, to_server, bytes) = self.link.pop_front().unwrap();
            self.deliver(to_server, &bytes);
        }
        if self.wake <= self.now {
            self.session.tick(self.now);
        }
        self.drain_session();
        if self.page.wake <= self.now {
            self.page.rtc.handle_input(Input::Timeout(self.now)).unwrap();
        }
        self.drain_page();
    }

    fn deliver(&mut self, to_server: bool, bytes: &[u8]) {
        let (server, page) = (SERVER.parse().unwrap(), PAGE.parse::<SocketAddr>().unwrap());
        if to_server {
            let datagram = Datagram { tcp: false, from: page, to: server, bytes };
            assert!(self.session.accepts(&datagram, self.now));
            self.session.receive(&datagram, self.now);
            self.drain_session();
        } else {
            let receive = Receive::new(Protocol::Udp, server, page, bytes).unwrap();
            self.page.rtc.handle_input(Input::Receive(self.now, receive)).unwrap();
            self.drain_page();
        }
    }

    fn drain_session(&mut self) {
        loop {
            match self.session.poll(self.now) {
                Output::Send(transmit) => self.send(false, transmit),
                Output::Message(_) => panic!("no message goes over WebRTC"),
                Output::Wait(at) => {
                    self.wake = at;
                    return;
                }
                Output::Event(event @ SessionEvent::Closed(_)) => {
                    self.events.push(event);
                    return;
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    fn drain_page(&mut self) {
        loop {
            match self.page.rtc.poll_output().unwrap() {
                str0m::Output::Transmit(transmit) => self.send(true, transmit),
                str0m::Output::Event(event) => self.page.event(event),
                str0m::Output::Timeout(at) => {
                    self.page.wake = at;
                    return;
                }
            }
        }
    }

    fn send(&mut self, to_server: bool, transmit: Transmit) {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if (self.seed >> 33) % 100 >= self.loss_percent {
            self.link.push_back((self.now + DELAY, to_server, transmit.contents.into()));
        }
    }

    fn frame(&mut self, keyframe: bool, bytes: usize) {
        self.frame_of(Codec::Vp8, keyframe, vp8(keyframe, bytes));
    }

    fn frame_of(&mut self, codec: Codec, keyframe: bool, data: Vec<u8>) {
        self.frame_sampled(codec, Sampling::Half, keyframe, data);
    }

    fn frame_sampled(&mut self, codec: Codec, sampling: Sampling, keyframe: bool, data: Vec<u8>) {
        let frame = EncodedFrame {
            codec,
            sampling,
            keyframe,
            size: Size::new(64, 64),
            data: Arc::from(data),
            captured: self.now,
            convert: Duration::ZERO,
            encode: Duration::ZERO,
        };
        self.session.video(&Packed::new(&frame), self.now);
        self.drain_session();
    }

    fn closed(&self) -> Option<&'static str> {
        self.events.iter().find_map(|event| match event {
            SessionEvent::Closed(reason) => Some(*reason),
            _ => None,
        })
    }
}

/// What a depacketiser takes for a VP8 frame (RFC 6386, section 9.1): the lowest bit is clear in keyframes.
fn vp8(keyframe: bool, bytes: usize) -> Vec<u8> {
    let mut data = vec![7; bytes];
    data[0] = if keyframe { 0x10 } else { 0x11 };
    data[3..6].copy_from_slice(&[0x9d, 0x01, 0x2a]);
    data
}

#[test]
fn pictures_and_sound_arrive() {
    let mut world = World::connected(Role::Owner);
    assert!(world.session.wish(world.now).keyframe, "a new page cannot begin with a delta");
    world.frame(false, 1000);
    world.frame(true, 5000);
    world.run(Duration::from_millis(200));
    world.frame(false, 1000);
    let now = world.now;
    let packet = AudioPacket { data: Arc::from([1, 2, 3]), pts: 480, duration: Duration::from_millis(10) };
    world.session.audio(&packet, now);
    world.drain_session();
    world.run(Duration::from_millis(200));
    assert_eq!(
        world.page.frames,
        [vp8(true, 5000), vp8(false, 1000)],
        "the delta before the keyframe is passed over"
    );
    assert_eq!(world.page.heard, 0, "sound was not asked for");
    let control = world.page.control;
    world.page.say(control, &ClientMessage::Audio(true));
    world.run(Duration::from_millis(100));
    assert!(world.session.wish(world.now).audio);
    let packet = AudioPacket { pts: 960, ..packet };
    let now = world.now;
    world.session.audio(&packet, now);
    world.drain_session();
    world.run(Duration::from_millis(200));
    assert_eq!(world.page.heard, 1);
}

#[test]
fn what_a_lossy_link_drops_is_sent_again() {
    let mut world = World::connected(Role::Owner);
    world.loss_percent = 5;
    world.frame(true, 5000);
    let mut sent = 1;
    for _ in 0..150 {
        world.run(Duration::from_millis(33));
        let keyframe = world.session.wish(world.now).keyframe;
        world.frame(keyframe, 3000);
        sent += usize::from(!world.session.waits());
    }
    world.loss_percent = 0;
    world.run(Duration::from_secs(2));
    let arrived = world.page.frames.len();
    assert!(sent > 100 && arrived >= sent - 2, "{arrived} of {sent} frames arrived");
}

#[test]
fn a_page_that_falls_behind_waits_for_a_keyframe_and_is_counted() {
    let mut world = World::connected(Role::Owner);
    world.frame(true, 5000);
    // Ten times what the link is believed to carry.
    for _ in 0..12 {
        world.run(Duration::from_millis(10));
        world.frame(false, 100_000);
    }
    let mut stats = Stats::default();
    world.session.statistics(&mut stats, Duration::from_secs(1));
    assert!(stats.skipped >= 10, "{stats:?}");
    assert!(world.session.waits());
    assert!(!world.session.wish(world.now).keyframe, "a keyframe now would make it worse");
    world.run(Duration::from_secs(3));
    assert!(world.session.wish(world.now).keyframe, "there is room for it again");
}

#[test]
fn a_picture_that_is_not_looked_at_is_not_sent() {
    let mut world = World::connected(Role::Owner);
    let control = world.page.control;
    world.page.say(control, &ClientMessage::Video(false));
    world.run(Duration::from_millis(100));
    world.frame(true, 5000);
    world.run(Duration::from_millis(200));
    assert!(world.page.frames.is_empty() && !world.session.wish(world.now).video);
    world.page.say(control, &ClientMessage::Video(true));
    world.run(Duration::from_millis(100));
    let wish = world.session.wish(world.now);
    assert!(wish.video && wish.keyframe);
}

#[test]
fn only_who_may_control_is_listened_to() {
    let key = InputEvent::Key { keysym: Keysym(0x61), pressed: true };
    for (role, heard) in [(Role::Owner, 3), (Role::Controller, 3), (Role::Viewer, 0)] {
        let mut world = World::connected(role);
        let (control, input) = (world.page.control, world.page.input);
        world.page.say(input, &ClientMessage::Input(key.clone()));
        world.page.say(control, &ClientMessage::Resize(Size::new(800, 600)));
        world.page.say(control, &ClientMessage::ClipboardBegin(2));
        world.page.say(control, &ClientMessage::ClipboardPart(b"hi".to_vec()));
        world.run(Duration::from_millis(200));
        let caused = world.events.iter().filter(|event| {
            matches!(event, SessionEvent::Input(_) | SessionEvent::Resize(_) | SessionEvent::Clipboard(_))
        });
        assert_eq!(caused.count(), heard, "{role}");
        world.session.copy("secret");
        world.run(Duration::from_millis(200));
        let told =
            world.page.messages.iter().any(|message| matches!(message, ServerMessage::ClipboardPart(_)));
        assert_eq!(told, heard > 0, "{role}");
    }
}

#[test]
fn a_megabyte_is_copied_both_ways_while_a_key_passes() {
    let mut world = World::connected(Role::Owner);
    let text = "0123456789abcdef".repeat(65_536);
    world.session.copy(&text);
    world.session.say(&ServerMessage::Resized(Size::new(2, 2)));
    world.until("the text to arrive", |world| {
        world.page.messages.contains(&ServerMessage::Resized(Size::new(2, 2)))
    });
    let mut assembler = Assembler::default();
    let arrived = world.page.messages.iter().find_map(|message| match message {
        ServerMessage::ClipboardBegin(total) => assembler.begin(*total),
        ServerMessage::ClipboardPart(part) => assembler.part(part),
        _ => None,
    });
    assert_eq!(arrived.as_deref(), Some(text.as_str()));

    let (control, input) = (world.page.control, world.page.input);
    world.page.say(control, &ClientMessage::ClipboardBegin(text.len() as u32));
    for part in parts(&text) {
        world.until("room in the channel", |_| true);
        while !world
            .page
            .rtc
            .channel(control.unwrap())
            .unwrap()
            .write(true, &ClientMessage::ClipboardPart(part.to_vec()).encode())
            .unwrap()
        {
            world.step();
        }
    }
    world.page.say(input, &ClientMessage::Input(InputEvent::ReleaseAll));
    world.until("the text to arrive", |world| {
        world.events.iter().any(|event| matches!(event, SessionEvent::Clipboard(arrived) if *arrived == text))
    });
    assert!(world.events.iter().any(|event| matches!(event, SessionEvent::Input(InputEvent::ReleaseAll))));
}

#[test]
fn the_rate_follows_the_network_and_the_person() {
    let mut world = World::connected(Role::Owner);
    world.session.desire(8000);
    world.frame(true, 5000);
    for _ in 0..600 {
        world.run(Duration::from_millis(16));
        let bytes = world.session.wish(world.now).max_kbps as usize * 2;
        world.frame(false, bytes.max(10));
    }
    let rate = world.session.wish(world.now).max_kbps;
    assert!(rate > 6000, "a link without limits was believed to carry {rate} kbit/s");
    let control = world.page.control;
    world.page.say(control, &ClientMessage::Quality { max_kbps: 1000, max_fps: 15 });
    world.run(Duration::from_millis(100));
    let wish = world.session.wish(world.now);
    assert_eq!((wish.max_kbps, wish.max_fps), (1000, 15));
}

#[test]
fn garbage_harms_nobody() {
    let mut world = World::connected(Role::Owner);
    let channel = world.page.control;
    for bytes in [&[0xff; 100][..], &[0x01], &[0x10, 0, 0, 0, 0]] {
        let mut channel = world.page.rtc.channel(channel.unwrap()).unwrap();
        assert!(channel.write(true, bytes).unwrap());
        world.run(Duration::from_millis(30));
    }
    world.page.say(channel, &ClientMessage::Ping(7));
    world.run(Duration::from_millis(100));
    let pong = |message: &ServerMessage| matches!(message, ServerMessage::Pong { number: 7, .. });
    assert!(world.page.messages.iter().any(pong));
    for bytes in [&[][..], b"GET / HTTP/1.1", &[0; 2000]] {
        let datagram =
            Datagram { tcp: false, from: PAGE.parse().unwrap(), to: SERVER.parse().unwrap(), bytes };
        let now = world.now;
        world.session.receive(&datagram, now);
        world.drain_session();
    }
    assert_eq!(world.closed(), None);
}

#[test]
fn a_page_that_vanishes_is_given_up() {
    let mut world = World::connected(Role::Owner);
    world.loss_percent = 100;
    world.until("the end", |world| world.closed().is_some());
    assert_eq!(world.closed(), Some("no connection"));

    let mut never = World::new(Role::Owner);
    never.loss_percent = 100;
    never.until("the end", |world| world.closed().is_some());
}

#[test]
fn a_page_that_says_goodbye_is_gone_at_once() {
    let mut world = World::connected(Role::Owner);
    let before = world.now;
    world.page.rtc.close().unwrap();
    world.until("the end", |world| world.closed().is_some());
    assert!(world.now - before < Duration::from_secs(1));
}

mod codecs;
