//! The hub with ten pages behind WebSockets, a virtual clock, and lines of a known rate, one of them bad.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, sync_channel},
};

use cosmos_auth::{Rights, Role};
use cosmos_encoder::Sampling;
use cosmos_protocol::ClientMessage;

use super::*;
use crate::session::Codecs;

/// One way.
const DELAY: Duration = Duration::from_millis(10);
/// What a lost packet costs on a stream that keeps its order.
const STALL: Duration = Duration::from_millis(250);
const FPS: u32 = 30;
/// What the machine has.
const ENCODERS: [(&str, Codec); 3] =
    [("x264enc", Codec::H264), ("vp8enc", Codec::Vp8), ("vp9enc", Codec::Vp9)];

/// A page, and the line to it.
struct Page {
    id: u64,
    outgoing: mpsc::Receiver<Bytes>,
    line_kbps: u64,
    loss_percent: u64,
    /// When the line is free again.
    free: Instant,
    on_the_way: VecDeque<(Instant, Bytes)>,
    acknowledged: VecDeque<(Instant, u32)>,
    received: u32,
    pictures: usize,
    heard: Vec<ServerMessage>,
}

struct World {
    now: Instant,
    hub: Hub,
    demand: Arc<DemandCell>,
    input: Receiver<InputEvent>,
    pages: Vec<Page>,
    seed: u64,
    keyframes: usize,
    /// Pictures of the second encode.
    seconds: usize,
}

impl World {
    fn new() -> Self {
        let (input, keys) = sync_channel(64);
        let demand = Arc::new(DemandCell::default());
        let config = HubConfig {
            reach: Reach::new(Vec::new()),
            codecs: vec![Codec::H264, Codec::Vp8],
            full: false,
            encoders: ENCODERS.map(|(element, codec)| (element.to_owned(), codec)).to_vec(),
            audio: false,
            fps: 60,
            max_kbps: 8000,
            adapts: true,
            audit: Audit::default(),
            happened: broadcast::channel(1).0,
            keyframe_every: None,
            policy: Policy::default(),
            chosen: Choices::default(),
            waits_for: None,
        };
        let rfb = Rfb::new(
            crate::RfbConfig::default(),
            (Policy::default(), true, false),
            demand.clone(),
            input.clone(),
            None,
            mpsc::channel(1).0,
        );
        let hub = Hub::new(config, demand.clone(), input, Arc::new(rfb));
        let (now, pages, keyframes, seconds) = (Instant::now(), Vec::new(), 0, 0);
        Self { now, hub, demand, input: keys, pages, seed: 42, keyframes, seconds }
    }

    fn enter(&mut self, user: &str, role: Role, line_kbps: u64, loss_percent: u64) -> usize {
        self.enter_with(Codecs::ALL, user, role, line_kbps, loss_percent)
    }

    fn enter_with(
        &mut self,
        decodes: Codecs,
        user: &str,
        role: Role,
        line_kbps: u64,
        loss_percent: u64,
    ) -> usize {
        let (outgoing, messages) = mpsc::channel(4096);
        let (reply, mut admitted) = oneshot::channel();
        let viewer = Viewer { user: user.into(), rights: Rights::of(role), link: None, ends: None };
        self.handle(Event::Socket(Box::new(SocketOffer { viewer, decodes, outgoing, reply })));
        let id = admitted.try_recv().unwrap().unwrap();
        let (on_the_way, acknowledged, heard) = Default::default();
        self.pages.push(Page {
            id,
            outgoing: messages,
            line_kbps,
            loss_percent,
            free: self.now,
            on_the_way,
            acknowledged,
            received: 0,
            pictures: 0,
            heard,
        });
        self.pages.len() - 1
    }

    fn handle(&mut self, event: Event) {
        self.hub.handle(event, self.now, &mut |_| panic!("there is nobody to send datagrams to"));
    }

    fn say(&mut self, page: usize, message: &ClientMessage) {
        let id = self.pages[page].id;
        self.handle(Event::Said { id, message: message.encode() });
    }

    /// One millisecond.
    fn step(&mut self) {
        self.now += Duration::from_millis(1);
        if self.hub.deadline().is_some_and(|at| at <= self.now) {
            self.hub.tick(self.now, &mut |_| panic!("there is nobody to send datagrams to"));
        }
        for at in 0..self.pages.len() {
            let said = self.pages[at].step(self.now, &mut self.seed);
            said.iter().for_each(|message| self.say(at, message));
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    /// Films for so long; the mean rate that was asked for, in kbit/s, and how many pictures there were.
    fn film(&mut self, time: Duration) -> (u64, usize) {
        let frames = time.as_millis() as usize * FPS as usize / 1000;
        let mut rates = 0;
        for frame in 0..frames {
            let wanted = self.demand.take();
            self.keyframes += usize::from(wanted.keyframe);
            rates += u64::from(wanted.bitrate_kbps);
            let share = wanted.bitrate_kbps as usize * 1000 / 8 / FPS as usize;
            self.publish(wanted.keyframe, if wanted.keyframe { 4 * share } else { share });
            self.film_second(frame);
            self.run(Duration::from_secs(1) / FPS);
        }
        (rates / frames as u64, frames)
    }

    /// Every other picture, while somebody needs it.
    fn film_second(&mut self, frame: usize) {
        if !self.demand.second().is_wanted()
            || (!frame.is_multiple_of(2) && !self.demand.second().wants_keyframe())
        {
            return;
        }
        let wanted = self.demand.second().take();
        let share = wanted.bitrate_kbps as usize * 1000 / 8 / (FPS as usize / 2);
        let bytes = if wanted.keyframe { 4 * share } else { share };
        self.seconds += 1;
        self.publish_as(Tier::Second, Codec::H264, wanted.keyframe, bytes);
    }

    fn publish(&mut self, keyframe: bool, bytes: usize) {
        self.publish_of(Codec::H264, keyframe, bytes);
    }

    fn publish_of(&mut self, codec: Codec, keyframe: bool, bytes: usize) {
        self.publish_as(Tier::First, codec, keyframe, bytes);
    }

    fn publish_as(&mut self, tier: Tier, codec: Codec, keyframe: bool, bytes: usize) {
        self.publish_sampled(tier, (codec, Sampling::Half), keyframe, bytes);
    }

    fn publish_sampled(
        &mut self,
        tier: Tier,
        (codec, sampling): (Codec, Sampling),
        keyframe: bool,
        bytes: usize,
    ) {
        let (convert, encode) = Default::default();
        let data = Arc::from(vec![7; bytes.max(1)]);
        let size = Size::new(64, 64);
        let frame =
            EncodedFrame { codec, sampling, keyframe, size, data, captured: self.now, convert, encode };
        self.handle(Event::Frame(tier, Arc::new(frame)));
    }
}

impl Page {
    /// What the page says until now.
    fn step(&mut self, now: Instant, seed: &mut u64) -> Vec<ClientMessage> {
        while let Ok(message) = self.outgoing.try_recv() {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let stall = if (*seed >> 33) % 100 < self.loss_percent { STALL } else { Duration::ZERO };
            let time = Duration::from_micros(message.len() as u64 * 8000 / self.line_kbps);
            self.free = self.free.max(now) + time + stall;
            self.on_the_way.push_back((self.free + DELAY, message));
        }
        while self.on_the_way.front().is_some_and(|(at, _)| *at <= now) {
            let (_, message) = self.on_the_way.pop_front().unwrap();
            self.received = self.received.wrapping_add(message.len() as u32);
            if message.len() >= 1000 {
                self.acknowledged.push_back((now + DELAY, self.received));
            }
            match ServerMessage::decode(&message).unwrap() {
                ServerMessage::Video { .. } => self.pictures += 1,
                // Each second: the page pings.
                ServerMessage::Stats(_) => self.acknowledged.push_back((now + DELAY, self.received)),
                other => self.heard.push(other),
            }
        }
        let mut said = Vec::new();
        while self.acknowledged.front().is_some_and(|(at, _)| *at <= now) {
            said.push(ClientMessage::Received(self.acknowledged.pop_front().unwrap().1));
        }
        said
    }
}

mod codecs;
mod tiers;

#[test]
fn one_of_ten_on_a_bad_line_harms_none_of_the_others() {
    let mut world = World::new();
    for n in 0..9 {
        world.enter(&format!("good {n}"), Role::Viewer, 30_000, 0);
    }
    let bad = world.enter("bad", Role::Viewer, 400, 5);
    world.film(Duration::from_secs(20));
    world.pages.iter_mut().for_each(|page| page.pictures = 0);
    world.keyframes = 0;
    let (kbps, frames) = world.film(Duration::from_secs(40));
    world.run(Duration::from_millis(200));
    for page in &world.pages[..bad] {
        assert!(page.pictures * 100 >= frames * 99, "{} of {frames} pictures", page.pictures);
    }
    assert!(kbps > 6000, "{kbps} kbit/s is what the others get");
    assert!(world.keyframes <= 12, "{} keyframes in 40 s cost all the others", world.keyframes);
    let page = &world.pages[bad];
    assert!((5..=frames / 2).contains(&page.pictures), "{} pictures came over the bad line", page.pictures);
    let waiting: usize = page.on_the_way.iter().map(|(_, message)| message.len()).sum();
    assert!(waiting < 1 << 20, "{waiting} bytes wait for the bad line");
}

#[test]
fn the_encoder_follows_the_line_unless_its_rate_is_fixed() {
    for (adapts, least, most) in [(true, 800, 2000), (false, 8000, 8000)] {
        let mut world = World::new();
        world.hub.config.adapts = adapts;
        world.enter("ada", Role::Owner, 2000, 0);
        world.film(Duration::from_secs(5));
        let (kbps, _) = world.film(Duration::from_secs(10));
        assert!((least..=most).contains(&kbps), "adapts {adapts}: {kbps} kbit/s");
    }
}

#[test]
fn people_are_told_of_each_other_and_drive_when_they_are_let() {
    let mut world = World::new();
    let (ada, eve) =
        (world.enter("ada", Role::Owner, 30_000, 0), world.enter("eve", Role::Viewer, 30_000, 0));
    world.run(Duration::from_millis(300));
    let people = |world: &World, page: usize| -> Vec<String> {
        let told = world.pages[page].heard.iter().rev().find_map(|message| match message {
            ServerMessage::People(people) => Some(people.clone()),
            _ => None,
        });
        let shown = |person: cosmos_protocol::Person| {
            let marks = [(person.you, 'y'), (person.drives, 'd'), (person.holds, 'h'), (person.asks, 'a')];
            let marks: String = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
            format!("{} {marks}", person.name)
        };
        told.unwrap_or_default().into_iter().map(shown).collect()
    };
    assert_eq!(people(&world, ada), ["ada yd", "eve "]);
    let key = InputEvent::Key { keysym: cosmos_desktop::Keysym(0x61), pressed: true };
    world.say(eve, &ClientMessage::Input(key.clone()));
    world.say(eve, &ClientMessage::TakeControl);
    world.say(eve, &ClientMessage::AskControl(true));
    world.run(Duration::from_millis(300));
    assert_eq!(people(&world, ada), ["ada yd", "eve a"]);
    assert!(world.input.try_recv().is_err(), "a viewer's key is not listened to");

    let id = world.pages[eve].id as u32;
    world.say(ada, &ClientMessage::GiveControl(id));
    world.run(Duration::from_millis(300));
    assert_eq!(people(&world, eve), ["ada ", "eve ydh"]);
    assert!(world.pages[eve].heard.contains(&ServerMessage::Control(true)));
    assert!(world.pages[ada].heard.contains(&ServerMessage::Control(false)));
    assert_eq!(world.input.try_recv().unwrap(), InputEvent::ReleaseAll, "what ada held down is let go of");
    world.say(ada, &ClientMessage::Input(key.clone()));
    assert!(world.input.try_recv().is_err(), "ada does not drive now");
    world.say(eve, &ClientMessage::Input(key.clone()));
    assert_eq!(world.input.try_recv().unwrap(), key);

    world.say(ada, &ClientMessage::TakeControl);
    world.say(eve, &ClientMessage::Input(key));
    assert_eq!(world.input.try_recv().unwrap(), InputEvent::ReleaseAll);
    assert!(world.input.try_recv().is_err(), "what is taken back is taken back at once");
    let id = world.pages[ada].id;
    world.handle(Event::Gone { id });
    world.run(Duration::from_millis(300));
    assert_eq!(people(&world, eve), ["eve y"]);
}

#[test]
fn those_who_look_by_vnc_are_among_the_people() {
    let mut world = World::new();
    let rfb = world.hub.rfb.clone();
    let bob = rfb.guests.enter("bob", Role::Controller);
    world.handle(Event::Guests);
    let ada = world.enter("ada", Role::Owner, 30_000, 0);
    world.run(Duration::from_millis(300));
    let driving = |world: &World| -> Vec<(String, bool)> {
        let told = world.pages[ada].heard.iter().rev().find_map(|message| match message {
            ServerMessage::People(people) => Some(people.clone()),
            _ => None,
        });
        told.unwrap_or_default().into_iter().map(|person| (person.name, person.drives)).collect()
    };
    let two = |ada, bob| vec![("ada".to_owned(), ada), ("bob (VNC)".to_owned(), bob)];
    assert_eq!(driving(&world), two(true, true));
    world.say(ada, &ClientMessage::TakeControl);
    world.run(Duration::from_millis(300));
    assert_eq!(driving(&world), two(true, false));
    assert!(!bob.drives() && world.input.try_recv() == Ok(InputEvent::ReleaseAll));
    let guest = rfb.guests.list()[0].id as u32;
    world.say(ada, &ClientMessage::GiveControl(guest));
    world.run(Duration::from_millis(300));
    assert_eq!(driving(&world), two(false, true));
    // Nothing tells the hub: it looks by itself.
    drop(bob);
    world.run(Duration::from_millis(1500));
    assert_eq!(driving(&world), [("ada".to_owned(), true)]);
}

#[test]
fn those_who_watch_by_vnc_have_their_share_in_what_is_encoded() {
    let mut world = World::new();
    let rfb = world.hub.rfb.clone();
    world.run(Duration::from_millis(300));
    assert!(!world.demand.encoded_is_wanted());
    let watch = rfb.watch();
    world.handle(Event::Film);
    assert!(world.demand.encoded_is_wanted() && world.demand.wants_keyframe());
    assert!(rfb.film.wants_keyframe());
    drop(watch);
    world.handle(Event::Film);
    assert!(!world.demand.encoded_is_wanted() && !rfb.film.wants_keyframe());
}

#[test]
fn pointers_are_shown_to_the_others_and_not_too_often() {
    let mut world = World::new();
    let (ada, eve) =
        (world.enter("ada", Role::Owner, 30_000, 0), world.enter("eve", Role::Viewer, 30_000, 0));
    world.run(Duration::from_millis(300));
    for x in 0..1000 {
        for page in [ada, eve] {
            world.say(
                page,
                &ClientMessage::Input(InputEvent::PointerTo(cosmos_desktop::Point { x, y: page as u16 })),
            );
        }
        world.step();
    }
    world.run(Duration::from_millis(300));
    for (page, other) in [(ada, eve), (eve, ada)] {
        let id = world.pages[other].id as u32;
        let told: Vec<_> = world.pages[page]
            .heard
            .iter()
            .filter_map(|message| match message {
                ServerMessage::Pointer { id, at } => Some((*id, *at)),
                _ => None,
            })
            .collect();
        assert!((8..=13).contains(&told.len()), "{} times in a second", told.len());
        assert_eq!(told.last(), Some(&(id, cosmos_desktop::Point { x: 999, y: other as u16 })));
    }
    let moved = world
        .input
        .try_iter()
        .filter(|event| matches!(event, InputEvent::PointerTo(to) if to.y != ada as u16));
    assert_eq!(moved.count(), 0, "who does not drive moves no pointer of the desktop");
}
