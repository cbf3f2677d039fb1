#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_auth::Secret;
use turn_server_proto::{
    api::{SocketAllocateError, TurnServerApi as _, TurnServerPollRet},
    server::TurnServer,
};

use super::*;
use crate::turn::take;

const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
const CHANNEL_BIND: u16 = 0x0009;
const CHANNEL_NUMBER: u16 = 0x000c;
const LIFETIME: u16 = 0x000d;
/// The longest that one of each holds (RFC 8656, sections 3.2, 9 and 12), as asked for.
const LOAN: Duration = Duration::from_secs(1800);
const CHANNEL: Duration = Duration::from_secs(600);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Us, the server, what it lends, and somebody else.
const V4: [&str; 4] = ["192.0.2.9:40000", "192.0.2.1:3478", "192.0.2.1:50000", "203.0.113.5:5000"];
const V6: [&str; 4] =
    ["[2001:db8::9]:40000", "[2001:db8::1]:3478", "[2001:db8::1]:50000", "[2001:db8::5]:5000"];

/// A talk with a server of another make, by a clock that goes when it is told to.
struct World {
    talk: Talk,
    server: TurnServer,
    now: Time,
    ours: SocketAddr,
    place: SocketAddr,
    lends: SocketAddr,
    other: SocketAddr,
    is_stream: bool,
    has_room: bool,
    /// What was written to a server on a stream and is no whole message yet.
    written: Vec<u8>,
    /// How many bytes of a stream arrive at once.
    piece: usize,
    /// What the server was asked, and when.
    asked: Vec<(Time, Vec<u8>)>,
    /// The codes with which it refused.
    refused: Vec<u16>,
    /// What reached the other, and what that one sent to us.
    reached: Vec<Vec<u8>>,
    arrived: Vec<Datagram>,
    over: Option<End>,
}

fn login(password: &str) -> TurnLogin {
    TurnLogin { username: "ann".into(), password: Secret::new(password) }
}

fn server(place: SocketAddr) -> TurnServer {
    let mut server = TurnServer::new(TransportType::Udp, place, "cosmos".into());
    server.add_user("ann".into(), "north".into());
    server
}

impl World {
    fn at(places: [&str; 4], is_stream: bool, password: &str) -> Self {
        let [ours, place, lends, other] = places.map(|place| place.parse().unwrap());
        Self {
            talk: Talk::begin(is_stream, ours, place, &login(password)),
            server: server(place),
            now: Time::ZERO,
            ours,
            place,
            lends,
            other,
            is_stream,
            has_room: true,
            written: Vec::new(),
            piece: usize::MAX,
            asked: Vec::new(),
            refused: Vec::new(),
            reached: Vec::new(),
            arrived: Vec::new(),
            over: None,
        }
    }

    /// One in which an address is lent.
    fn lent(is_stream: bool) -> Self {
        let mut world = Self::at(V4, is_stream, "north");
        world.run(MINUTE);
        assert_eq!((world.talk.lent(), world.over), (Some(world.lends), None));
        world
    }

    /// One in which the other may be spoken to as well.
    fn spoken(is_stream: bool) -> Self {
        let mut world = Self::lent(is_stream);
        world.say(b"hello?");
        assert!(world.reached.is_empty(), "before the channel is there, it is lost");
        world.run(Duration::from_secs(1));
        world
    }

    /// Lets time go by: nobody looks before it is due.
    fn run(&mut self, long: Duration) {
        let until = self.now + long;
        while self.over.is_none() && self.now < until {
            match self.talk.poll(self.now) {
                Next::Send(bytes) => self.carry(&bytes),
                Next::Wait(at) if at >= until => break,
                Next::Wait(at) => self.now = at.max(self.now + Duration::from_millis(1)),
                Next::Over(end) => self.over = Some(end),
            }
        }
        self.now = until;
    }

    /// Sends to the other.
    fn say(&mut self, bytes: &[u8]) {
        let mut batch = Vec::new();
        self.talk.wrap(self.other, bytes.to_vec(), self.now, &mut batch);
        if !batch.is_empty() {
            self.carry(&batch);
        }
    }

    /// The other sends to us.
    fn hear(&mut self, bytes: &[u8]) {
        let sent = Transmit::new(bytes.to_vec(), TransportType::Udp, self.other, self.lends);
        let sent = self.server.recv(sent, self.now).map(|sent| (sent.from, sent.to, sent.data.build()));
        sent.into_iter().for_each(|sent| self.route(sent));
    }

    fn carry(&mut self, bytes: &[u8]) {
        if !self.is_stream {
            return self.serve(bytes);
        }
        self.written.extend_from_slice(bytes);
        while let Some(message) = take(&mut self.written).unwrap() {
            self.serve(&message);
        }
        assert!(self.written.is_empty(), "whole messages are written");
    }

    fn serve(&mut self, message: &[u8]) {
        self.asked.push((self.now, message.to_vec()));
        let sent = Transmit::new(message, TransportType::Udp, self.ours, self.place);
        let sent = self.server.recv(sent, self.now).map(|sent| (sent.from, sent.to, sent.data.build()));
        sent.into_iter().for_each(|sent| self.route(sent));
        while let TurnServerPollRet::AllocateSocket {
            transport,
            listen_addr,
            client_addr,
            allocation_transport,
            family,
            ..
        } = self.server.poll(self.now)
        {
            let lends = self.has_room.then_some(self.lends).ok_or(SocketAllocateError::InsufficientCapacity);
            let now = self.now;
            self.server.allocated_socket(
                transport,
                listen_addr,
                client_addr,
                allocation_transport,
                family,
                lends,
                now,
            );
        }
        while let Some(sent) = self.server.poll_transmit(self.now) {
            self.route((sent.from, sent.to, sent.data));
        }
    }

    fn route(&mut self, (from, to, mut bytes): (SocketAddr, SocketAddr, Vec<u8>)) {
        if from != self.place {
            assert_eq!((from, to), (self.lends, self.other));
            return self.reached.push(bytes);
        }
        self.refused.extend(error_code(&bytes).filter(|_| is_stun(&bytes)));
        if self.is_stream {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        for piece in bytes.chunks(self.piece) {
            self.arrived.extend(self.talk.receive(piece, self.now).unwrap());
        }
    }

    /// When it was asked for this.
    fn times(&self, kind: u16) -> Vec<Time> {
        let asked = self.asked.iter().filter(|(_, message)| message[..2] == kind.to_be_bytes());
        asked.map(|(at, _)| *at).collect()
    }

    fn heard(&self) -> Vec<&[u8]> {
        self.arrived.iter().map(|(_, bytes)| &bytes[..]).collect()
    }
}

/// The longest time between two.
fn longest_gap(times: &[Time]) -> Duration {
    times.windows(2).map(|two| two[1] - two[0]).max().unwrap()
}

#[test]
fn datagrams_go_both_ways_through_an_address_that_is_lent() {
    for (places, is_stream) in [(V4, false), (V4, true), (V6, false), (V6, true)] {
        let mut world = World::at(places, is_stream, "north");
        world.run(MINUTE);
        assert_eq!(world.talk.lent(), Some(world.lends));
        assert_eq!(world.refused, [401], "at first the server says for whom it asks a password");
        world.hear(b"too early");
        world.say(b"lost");
        world.run(Duration::from_secs(1));
        world.say(b"ping");
        world.hear(b"pong");
        assert_eq!(world.reached, [b"ping"]);
        assert_eq!(world.arrived, [(world.other, b"pong".to_vec())]);
        let head = world.asked.last().unwrap().1[0];
        assert!((0x40..0x50).contains(&head), "by a channel, which costs 4 bytes: {head:#x}");
    }
}

#[test]
fn an_address_that_nobody_uses_yet_is_kept_beyond_its_term() {
    for is_stream in [false, true] {
        let mut world = World::lent(is_stream);
        world.run(3 * HOUR);
        assert_eq!(world.over, None);
        let refreshed = [world.times(ALLOCATE), world.times(REFRESH)].concat();
        assert!(
            longest_gap(&refreshed) < LOAN && world.now - refreshed[refreshed.len() - 1] < LOAN,
            "{refreshed:?}"
        );
        world.say(b"lost");
        world.run(Duration::from_secs(1));
        world.say(b"ping");
        assert_eq!(world.reached, [b"ping"], "the server knows of it, too");
    }
}

#[test]
fn what_is_in_use_goes_on_for_hours_through_new_nonces_channels_and_permissions() {
    for is_stream in [false, true] {
        let mut world = World::spoken(is_stream);
        world.server.set_nonce_expiry_duration(Duration::from_secs(90));
        for round in 0..240_u32 {
            world.say(&round.to_be_bytes());
            world.hear(&round.to_be_bytes());
            world.run(MINUTE / 2);
        }
        assert_eq!(world.over, None);
        let sent: Vec<_> = (0..240_u32).map(u32::to_be_bytes).collect();
        assert_eq!((world.reached.len(), world.arrived.len()), (240, 240));
        assert!(world.reached.iter().eq(&sent) && world.heard().iter().eq(&sent), "all of them, in order");
        assert!(longest_gap(&world.times(CHANNEL_BIND)) < CHANNEL);
        assert!(world.refused.iter().filter(|code| **code == 438).count() > 3, "{:?}", world.refused);
    }
}

#[test]
fn a_refusal_ends_the_talk() {
    for is_stream in [false, true] {
        for (password, has_room, codes) in [("south", true, &[401, 401][..]), ("north", false, &[401, 508])] {
            let mut world = World { has_room, ..World::at(V4, is_stream, password) };
            world.run(PATIENCE);
            assert_eq!(
                (world.over, &world.refused[..]),
                (Some(End::Refused), codes),
                "{password} {has_room}"
            );
            assert_eq!(world.talk.lent(), None);
        }
    }
}

#[test]
fn a_server_that_says_nothing_is_asked_again_over_udp_alone() {
    for (is_stream, times) in [(false, REPEAT.1 as usize), (true, 1)] {
        let mut world = World::at(V4, is_stream, "north");
        let mut asked = 0;
        while world.now - Time::ZERO < 10 * PATIENCE {
            match world.talk.poll(world.now) {
                Next::Send(_) => asked += 1,
                Next::Wait(at) => world.now = at.max(world.now + Duration::from_millis(1)),
                Next::Over(end) => {
                    world.over = Some(end);
                    break;
                }
            }
        }
        assert_eq!((asked, world.over), (times, Some(End::Refused)));
    }
}

#[test]
fn a_server_that_has_forgotten_the_loan_ends_it() {
    for is_stream in [false, true] {
        let mut world = World::lent(is_stream);
        world.server = server(world.place);
        world.run(LOAN + MINUTE);
        assert_eq!(world.over, Some(End::Lost));
    }
}

#[test]
fn an_address_is_given_back_when_it_has_carried_nothing_for_a_while() {
    for is_stream in [false, true] {
        let mut world = World::spoken(is_stream);
        for _ in 0..4 {
            world.run(IDLE * 3 / 4);
            world.hear(b"what arrives counts");
        }
        assert_eq!((world.over, world.arrived.len()), (None, 4));
        for _ in 0..4 {
            world.run(IDLE * 3 / 4);
            world.say(b"what leaves counts");
        }
        assert_eq!((world.over, world.reached.len()), (None, 4));
        let used = world.now;
        world.run(IDLE + Duration::from_secs(1));
        assert_eq!(world.over, Some(End::Idle));
        let (at, last) = world.asked.last().unwrap();
        assert_eq!(
            (&last[..2], attribute(&last[20..], LIFETIME)),
            (&REFRESH.to_be_bytes()[..], Some(&[0; 4][..]))
        );
        assert!(*at >= used + IDLE);
        let before = world.arrived.len();
        world.hear(b"too late");
        assert_eq!(world.arrived.len(), before);
    }
}

#[test]
fn no_more_are_spoken_to_than_one_address_may() {
    let mut world = World::lent(true);
    let others: Vec<SocketAddr> =
        (1..=MOST_PEERS as u16 + 1).map(|port| (world.other.ip(), port).into()).collect();
    let mut batch = Vec::new();
    for _ in 0..2 {
        others.iter().for_each(|other| world.talk.wrap(*other, vec![7], world.now, &mut batch));
        world.run(MINUTE / 2);
    }
    assert_eq!(world.times(CHANNEL_BIND).len(), MOST_PEERS);
}

#[test]
fn messages_of_a_stream_are_found_however_it_is_cut() {
    for piece in [1, 2, 3, 5, 7, 64, usize::MAX] {
        let mut world = World { piece, ..World::at(V4, true, "north") };
        world.run(MINUTE);
        world.say(b"lost");
        world.run(Duration::from_secs(1));
        let sent: Vec<Vec<u8>> = (0..9).map(|length| vec![length as u8; length]).collect();
        sent.iter().for_each(|bytes| world.hear(bytes));
        assert_eq!(world.heard(), sent, "in pieces of {piece}");
    }
}

#[test]
fn what_is_written_at_once_is_as_many_messages_each_at_a_whole_four() {
    let mut world = World::spoken(true);
    let (sent, mut batch): (Vec<Vec<u8>>, _) = ((0..9).map(|length| vec![7; length]).collect(), Vec::new());
    for bytes in &sent {
        world.talk.wrap(world.other, bytes.clone(), world.now, &mut batch);
        assert_eq!(batch.len() % 4, 0);
    }
    world.carry(&batch);
    assert_eq!(world.reached, sent);
    let mut datagram = Vec::new();
    let mut world = World::spoken(false);
    world.talk.wrap(world.other, vec![7; 5], world.now, &mut datagram);
    assert_eq!(datagram.len(), 4 + 5, "datagrams need no padding");
}

/// A message of the channel that the talk has bound.
fn channel(world: &World, bytes: &[u8]) -> Vec<u8> {
    let bound = world.asked.iter().find(|(_, message)| message[..2] == CHANNEL_BIND.to_be_bytes()).unwrap();
    let number = &attribute(&bound.1[20..], CHANNEL_NUMBER).unwrap()[..2];
    let length = (bytes.len() as u16).to_be_bytes();
    let mut message = [number, &length, bytes].concat();
    message.resize(message.len().next_multiple_of(4), 0);
    message
}

#[test]
fn several_messages_that_arrive_at_once_are_several() {
    let mut world = World::spoken(true);
    let glued = [channel(&world, b"a"), channel(&world, b"bc"), channel(&world, b"")].concat();
    let begun = channel(&world, b"the next");
    let found = world.talk.receive(&[&glued, &begun[..6]].concat(), world.now).unwrap();
    let found: Vec<_> = found.iter().map(|(_, bytes)| &bytes[..]).collect();
    assert_eq!(found, [&b"a"[..], b"bc", b""]);
    assert_eq!(world.talk.receive(&begun[6..], world.now).unwrap(), [(world.other, b"the next".to_vec())]);
}

#[test]
fn a_datagram_that_is_longer_than_any_of_webrtc_is_passed_over() {
    for length in [MAX_DATAGRAM + 1, usize::from(u16::MAX)] {
        let mut world = World::spoken(true);
        let stream = [channel(&world, &vec![7; length]), channel(&world, b"next")].concat();
        let mut found = Vec::new();
        for piece in stream.chunks(1000) {
            found.extend(world.talk.receive(piece, world.now).unwrap());
            assert!(world.talk.read.len() < length + 1000, "no more is kept than a message is long");
        }
        assert_eq!(found, [(world.other, b"next".to_vec())]);
    }
}

#[test]
fn garbage_ends_a_stream_and_is_passed_over_as_a_datagram() {
    let no_cookie = [&[1, 1, 0, 4][..], &[0; 20]].concat();
    let bad: [&[u8]; 5] =
        [b"SSH-2.0-OpenSSH_9.2\r\n", &[0x80; 8], &[0xff; 2000], &[0x50, 0, 0, 0], &no_cookie];
    for bytes in bad {
        let mut world = World::spoken(true);
        assert!(world.talk.receive(bytes, world.now).is_err(), "{bytes:?}");
        let mut world = World::spoken(false);
        assert_eq!(world.talk.receive(bytes, world.now).unwrap(), [], "{bytes:?}");
        world.hear(b"still there");
        assert_eq!(world.heard(), [b"still there"]);
    }
    // A channel that nobody has bound, and an answer to what nobody has asked.
    let answer = [&[1, 4, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[9; 12]].concat();
    for bytes in [&[0x4f, 0xff, 0, 4, 1, 2, 3, 4][..], &answer] {
        let mut world = World::spoken(true);
        assert_eq!(world.talk.receive(bytes, world.now).unwrap(), [], "{bytes:?}");
        world.hear(b"still there");
        assert_eq!(world.heard(), [b"still there"]);
    }
}
