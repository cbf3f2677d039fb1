#![allow(clippy::unwrap_used, reason = "a test may panic")]

use turn_client_proto::{
    api::{Transmit as Sent, TurnConfig, TurnEvent, TurnRecvRet},
    client::TurnClient,
    prelude::{DelayedTransmitBuild as _, TurnClientApi as _},
    types::{Instant as Time, TransportType, TurnCredentials},
    udp::TurnClientUdp,
};

use super::*;

/// The beginning of an hour.
const NOW: u64 = 1_800_000_000;
const HOUR: u64 = 3600;
const CLIENT: &str = "198.51.100.7:40000";
const OURS: &str = "192.0.2.1:8080";
const VICTIM: &str = "192.0.2.1:22";
const LENT: &str = "192.0.2.1:50000";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// A client of another make, and our end of the talk with it.
struct Talk {
    client: TurnClient,
    guest: Guest,
    now: Time,
}

impl Talk {
    fn new(login: &TurnLogin) -> Self {
        let rules = Arc::new(Rules { secret: Secret::new("north"), ours: vec![at(OURS)] });
        let config = TurnConfig::new(TurnCredentials::new(&login.username, login.password.expose()));
        let client = TurnClientUdp::allocate(at(CLIENT), at(OURS), config).into();
        Self {
            client,
            guest: Guest::new(rules, at(OURS), at(CLIENT), NOW),
            now: Time::from_std(Instant::now()),
        }
    }

    /// Lets both speak for a second, as the client does so at a pace of its own; tells what arrived for us.
    fn speak(&mut self) -> Vec<Act> {
        let mut arrived = Vec::new();
        for _ in 0..20 {
            self.now += Duration::from_millis(50);
            let _wait = self.client.poll(self.now);
            while let Some(sent) = self.client.poll_transmit(self.now) {
                arrived.extend(self.hear(&sent.data));
            }
        }
        arrived
    }

    fn hear(&mut self, message: &[u8]) -> Vec<Act> {
        let mut arrived = Vec::new();
        for act in self.guest.receive(message, &mut |is_v4| is_v4.then(|| at(LENT))) {
            match act {
                Act::Reply(bytes) => {
                    let reply = Sent::new(&bytes[..], TransportType::Udp, at(OURS), at(CLIENT));
                    drop(self.client.recv(reply, self.now));
                }
                arrives => arrived.push(arrives),
            }
        }
        arrived
    }

    fn send(&mut self, to: &str, bytes: &[u8]) -> Vec<Act> {
        let sent = self.client.send_to(TransportType::Udp, at(to), bytes.to_vec(), self.now);
        let message = sent.unwrap().unwrap().data.build();
        self.hear(&message)
    }

    fn is_lent(&mut self) -> bool {
        let mut events = std::iter::from_fn(|| self.client.poll_event());
        events.any(|event| matches!(event, TurnEvent::AllocationCreated(_, address) if address == at(LENT)))
    }
}

fn login(secret: &str, expires: u64) -> TurnLogin {
    TurnLogin::time_limited(&Secret::new(secret), "page", expires)
}

#[test]
fn what_a_client_sends_reaches_us_and_nobody_else() {
    let mut talk = Talk::new(&login("north", NOW + HOUR));
    assert!(talk.speak().is_empty() && talk.is_lent());
    assert_eq!(talk.guest.lent(), Some(at(LENT)));
    // Permissions are for whole hosts, this one among them.
    talk.client.create_permission(TransportType::Udp, at(OURS).ip(), talk.now).unwrap();
    talk.speak();
    let arrives = Act::Arrive { from: at(LENT), to: at(OURS), bytes: vec![1, 2, 3] };
    assert_eq!(talk.send(OURS, &[1, 2, 3]), [arrives]);
    assert_eq!(talk.send(VICTIM, &[1, 2, 3]), []);

    let wrapped = talk.guest.wrap(at(OURS), vec![4, 5]).unwrap();
    let heard = talk.client.recv(Sent::new(&wrapped[..], TransportType::Udp, at(OURS), at(CLIENT)), talk.now);
    assert!(matches!(heard, TurnRecvRet::PeerData(data) if data.data() == [4, 5] && data.peer == at(OURS)));
    assert!(talk.guest.wrap(at("203.0.113.9:1"), vec![4, 5]).is_none(), "no permission");

    talk.client.delete(talk.now).unwrap();
    talk.speak();
    talk.guest.go_on(&mut |_| None);
    assert_eq!(talk.guest.lent(), None);
}

#[test]
fn channels_reach_us_too() {
    let mut talk = Talk::new(&login("north", NOW + HOUR));
    talk.speak();
    talk.client.bind_channel(TransportType::Udp, at(OURS), talk.now).unwrap();
    talk.speak();
    assert_eq!(talk.send(OURS, &[7]), [Act::Arrive { from: at(LENT), to: at(OURS), bytes: vec![7] }]);
    assert_eq!(talk.guest.wrap(at(OURS), vec![8]).unwrap()[0] & 0xf0, 0x40);
}

#[test]
fn nobody_is_lent_anything_without_a_login_that_holds() {
    let long = TurnLogin { username: "page".into(), password: Secret::new("north") };
    let other = TurnLogin { password: Secret::new("north"), ..login("north", NOW + HOUR) };
    for (login, expected) in [
        (login("north", NOW + HOUR), true),
        (login("north", NOW + 24 * HOUR), true),
        (login("north", NOW), false),
        (login("north", NOW + 60), false),
        (login("north", NOW + 1000 * HOUR), false),
        (login("south", NOW + HOUR), false),
        (long, false),
        (other, false),
    ] {
        let mut talk = Talk::new(&login);
        assert!(talk.speak().is_empty());
        assert_eq!((talk.is_lent(), talk.guest.lent().is_some()), (expected, expected), "{}", login.username);
    }
}

#[test]
fn datagrams_of_webrtc_are_left_to_it() {
    let stun = |kind: u16, attributes: &[u8]| {
        [
            &kind.to_be_bytes()[..],
            &(attributes.len() as u16).to_be_bytes(),
            &[0x21, 0x12, 0xa4, 0x42],
            &[0; 12],
            attributes,
        ]
        .concat()
    };
    let name = [0, 6, 0, 3, b'a', b':', b'b', 0];
    for (what, datagram, expected) in [
        ("Allocate", stun(3, &[]), true),
        ("Send", stun(0x16, &[]), true),
        ("a channel", vec![0x40, 1, 0, 0], true),
        ("a question for one's own address", stun(1, &[]), true),
        ("a check", stun(1, &name), false),
        ("an answer", stun(0x0101, &[]), false),
        ("DTLS", vec![22, 254, 253, 0], false),
        ("RTP", vec![0x80, 0x60, 0, 0], false),
        ("nothing", vec![], false),
        ("one byte", vec![0], false),
    ] {
        assert_eq!(is_ours(&datagram), expected, "{what}");
    }
}

#[test]
fn names_are_found_in_messages_and_nonsense_has_none() {
    let head = [0; 20];
    let software = [0x80, 0x22, 0, 1, b'x', 0, 0, 0];
    let name = [0, 6, 0, 2, b'm', b'e', 0, 0];
    assert_eq!(username(&[&head[..], &software, &name].concat()), Some("me"));
    for bad in [
        &[][..],
        &head,
        &[&head[..], &[0, 6, 0, 9, 1]].concat(),
        &[&head[..], &[0, 6, 0, 1, 0xff, 0, 0, 0]].concat(),
    ] {
        assert_eq!(username(bad), None, "{bad:?}");
    }
}
