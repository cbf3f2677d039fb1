//! A page behind a WebSocket, a virtual clock, and a line of a known rate with a queue: what a proxy and TCP make of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::VecDeque, sync::Arc};

use cosmos_auth::Role;
use cosmos_desktop::{InputEvent, Keysym};
use cosmos_encoder::{Codec, EncodedFrame, Sampling};

use super::{pace::TOLD, *};

const DELAY: Duration = Duration::from_millis(10);

struct World {
    now: Instant,
    session: Session,
    /// What the line carries, in kbit/s.
    line_kbps: u64,
    /// When the line is free again.
    free: Instant,
    to_page: VecDeque<(Instant, Bytes)>,
    to_server: VecDeque<(Instant, ClientMessage)>,
    received: u32,
    wake: Instant,
    heard: Vec<(Duration, ServerMessage)>,
    events: Vec<SessionEvent>,
    start: Instant,
    deaf: bool,
}

impl World {
    fn new(role: Role, line_kbps: u64) -> Self {
        Self::which(true, role, line_kbps)
    }

    fn which(adapts: bool, role: Role, line_kbps: u64) -> Self {
        let now = Instant::now();
        let session = Session::over_socket(
            Viewer { user: "ada".into(), rights: Rights::of(role), link: None, ends: None },
            Codecs::ALL,
            adapts,
            now,
        );
        let (to_page, to_server, heard, events) = Default::default();
        let mut world = Self {
            now,
            session,
            line_kbps,
            free: now,
            to_page,
            to_server,
            received: 0,
            wake: now,
            heard,
            events,
            start: now,
            deaf: false,
        };
        world.session.desire(16_000);
        world.drain();
        world
    }

    fn say(&mut self, message: ClientMessage) {
        self.to_server.push_back((self.now + DELAY, message));
    }

    /// One millisecond.
    fn step(&mut self) {
        self.now += Duration::from_millis(1);
        while self.to_page.front().is_some_and(|(at, _)| *at <= self.now) && !self.deaf {
            let (_, message) = self.to_page.pop_front().unwrap();
            self.received = self.received.wrapping_add(message.len() as u32);
            if message.len() >= TOLD {
                self.say(ClientMessage::Received(self.received));
            }
            self.heard.push((self.now - self.start, ServerMessage::decode(&message).unwrap()));
        }
        while self.to_server.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, message) = self.to_server.pop_front().unwrap();
            self.session.said(message.encode(), self.now);
            self.drain();
        }
        if self.wake <= self.now {
            self.session.tick(self.now);
            self.drain();
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    fn drain(&mut self) {
        loop {
            match self.session.poll(self.now) {
                Output::Send(_) => panic!("there is nobody to send datagrams to"),
                Output::Message(message) => {
                    self.free = self.free.max(self.now)
                        + Duration::from_micros(message.len() as u64 * 8000 / self.line_kbps);
                    self.to_page.push_back((self.free + DELAY, message));
                }
                Output::Wait(at) => {
                    self.wake = at;
                    return;
                }
                Output::Event(event) => {
                    let over = matches!(event, SessionEvent::Closed(_));
                    self.events.push(event);
                    if over {
                        self.wake = self.now + Duration::from_secs(3600);
                        return;
                    }
                }
            }
        }
    }

    fn frame(&mut self, keyframe: bool, bytes: usize) {
        self.frame_of(self.now, keyframe, bytes);
    }

    fn frame_of(&mut self, captured: Instant, keyframe: bool, bytes: usize) {
        let (convert, encode) = Default::default();
        let data = Arc::from(vec![7; bytes]);
        let size = Size::new(64, 64);
        let frame = EncodedFrame {
            codec: Codec::H264,
            sampling: Sampling::Half,
            keyframe,
            size,
            data,
            captured,
            convert,
            encode,
        };
        self.session.video(&Packed::new(&frame), self.now);
        self.drain();
    }

    /// Thirty frames a second, each as large as the rate allows; how long the last one waits for the line, and the
    /// mean rate in kbit/s.
    fn watch(&mut self, time: Duration) -> (Duration, u64) {
        let end = self.now + time;
        let (mut frames, mut rates) = (0, 0);
        while self.now < end {
            let wish = self.session.wish(self.now);
            frames += 1;
            rates += u64::from(wish.max_kbps);
            self.frame(wish.keyframe, (wish.max_kbps as usize * 1000 / 8 / 30).max(1));
            self.run(Duration::from_millis(33));
        }
        (self.free.saturating_duration_since(self.now), rates / frames)
    }

    fn videos(&self) -> usize {
        self.heard.iter().filter(|(_, message)| matches!(message, ServerMessage::Video { .. })).count()
    }
}

#[test]
fn pictures_sound_and_messages_arrive_in_order() {
    let mut world = World::new(Role::Owner, 100_000);
    assert!(matches!(world.events[..], [SessionEvent::Ready]));
    assert!(world.session.wish(world.now).keyframe, "a new page cannot begin with a delta");
    world.frame(false, 1000);
    world.frame(true, 5000);
    world.session.audio(&sound(480), world.now);
    world.say(ClientMessage::Audio(true));
    world.say(ClientMessage::Ping(3));
    world.run(Duration::from_millis(50));
    world.session.audio(&sound(960), world.now);
    world.drain();
    world.run(Duration::from_millis(50));
    let kinds: Vec<_> = world.heard.iter().map(|(_, message)| message).collect();
    assert!(
        matches!(
            kinds[..],
            [
                ServerMessage::Video { keyframe: true, .. },
                ServerMessage::Pong { number: 3, .. },
                ServerMessage::Audio { pts: 960, .. }
            ]
        ),
        "{kinds:?}"
    );
}

fn sound(pts: u64) -> AudioPacket {
    AudioPacket { data: Arc::from([1, 2, 3]), pts, duration: Duration::from_millis(10) }
}

#[test]
fn the_rate_finds_what_the_line_carries() {
    for (line, least, most) in
        [(500, 250, 500), (2000, 1000, 2000), (12_000, 6000, 12_000), (100_000, 14_000, 16_000)]
    {
        let mut world = World::new(Role::Owner, line);
        world.watch(Duration::from_secs(10));
        let (late, rate) = world.watch(Duration::from_secs(10));
        assert!((least..=most).contains(&rate), "{rate} kbit/s over a line of {line}");
        assert!(late < Duration::from_millis(250), "{late:?} over a line of {line}");
        assert!(world.videos() > 400, "{} pictures over a line of {line}", world.videos());
    }
}

#[test]
fn a_line_that_narrows_and_widens_is_followed() {
    let mut world = World::new(Role::Owner, 20_000);
    world.watch(Duration::from_secs(5));
    world.line_kbps = 1000;
    world.watch(Duration::from_secs(5));
    let narrow = world.session.wish(world.now).max_kbps;
    assert!((400..=1000).contains(&narrow), "{narrow}");
    world.line_kbps = 20_000;
    world.watch(Duration::from_secs(10));
    assert!(world.session.wish(world.now).max_kbps > 6000, "{}", world.session.wish(world.now).max_kbps);
}

/// Pictures that a narrow line has no room for are passed over, as each comes as large as it was set.
#[test]
fn a_fixed_rate_follows_nothing_but_the_person() {
    let mut world = World::which(false, Role::Owner, 1000);
    world.say(ClientMessage::Quality { max_kbps: 6000, max_fps: 0 });
    world.run(Duration::from_millis(50));
    let (late, rate) = world.watch(Duration::from_secs(10));
    assert_eq!(rate, 6000);
    assert!(world.session.skipped() > 100, "{} pictures were passed over", world.session.skipped());
    assert!(late < Duration::from_secs(2), "{late:?} of pictures wait for the line");
}

#[test]
fn a_page_that_takes_nothing_is_passed_over_and_given_up() {
    let mut world = World::new(Role::Owner, 100_000);
    world.deaf = true;
    world.frame(true, 5000);
    for _ in 0..30 {
        world.run(Duration::from_millis(33));
        world.frame(false, 5000);
        world.session.copy(&"x".repeat(1 << 20));
        world.drain();
    }
    let waiting: usize = world.to_page.iter().map(|(_, message)| message.len()).sum();
    assert!(waiting < 200_000, "{waiting} bytes wait for a page that reads nothing");
    let mut stats = Stats::default();
    world.session.statistics(&mut stats, Duration::from_secs(1));
    assert!(stats.skipped > 15, "{stats:?}");
    world.run(Duration::from_secs(12));
    assert!(matches!(world.events.last(), Some(SessionEvent::Closed("the page fell silent"))));
}

#[test]
fn a_long_text_does_not_hold_back_the_picture() {
    let mut world = World::new(Role::Owner, 4000);
    world.watch(Duration::from_secs(3));
    world.session.copy(&"x".repeat(1 << 20));
    let (late, _) = world.watch(Duration::from_secs(1));
    assert!(late < Duration::from_millis(250), "{late:?}");
    world.run(Duration::from_secs(10));
    let parts =
        world.heard.iter().filter(|(_, message)| matches!(message, ServerMessage::ClipboardPart(_))).count();
    assert_eq!(parts, 64);
}

#[test]
fn the_rights_of_a_viewer_hold_here_too() {
    for (role, heard) in [(Role::Owner, true), (Role::Viewer, false)] {
        let mut world = World::new(role, 100_000);
        world.say(ClientMessage::Input(InputEvent::Key { keysym: Keysym(0x61), pressed: true }));
        world.run(Duration::from_millis(30));
        assert_eq!(world.events.iter().any(|event| matches!(event, SessionEvent::Input(_))), heard, "{role}");
    }
}

#[test]
fn no_number_that_a_page_tells_harms() {
    for total in [1, 999_999, u32::MAX, 0x8000_0000] {
        let mut world = World::new(Role::Owner, 100_000);
        world.frame(true, 5000);
        world.say(ClientMessage::Received(total));
        world.run(Duration::from_millis(100));
        world.frame(false, 5000);
        world.run(Duration::from_millis(100));
        assert_eq!(world.videos(), 2);
    }
}

#[test]
fn another_encode_begins_with_a_keyframe_that_is_no_older_than_what_was_shown() {
    let mut world = World::new(Role::Viewer, 100_000);
    world.frame(true, 5000);
    let shown = world.now;
    world.run(Duration::from_millis(50));
    world.session.begin_anew();
    assert!(world.session.wish(world.now).keyframe);
    world.frame(false, 1000);
    world.frame_of(shown - Duration::from_millis(30), true, 5000);
    world.run(Duration::from_millis(50));
    assert_eq!((world.videos(), world.session.wish(world.now).keyframe), (1, true));
    world.frame(true, 5000);
    world.frame(false, 1000);
    world.run(Duration::from_millis(50));
    assert_eq!((world.videos(), world.session.wish(world.now).keyframe), (3, false));
}
