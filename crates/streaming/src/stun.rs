//! Asking a STUN server how others see our addresses (RFC 8489, a Binding request without more), without I/O.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::{Duration, Instant},
};

/// What is asked, and by which number the answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction([u8; 12]);

impl Transaction {
    /// A transaction of this number, which nobody must guess.
    pub const fn new(number: [u8; 12]) -> Self {
        Self(number)
    }

    /// The question.
    pub fn request(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..2].copy_from_slice(&REQUEST.to_be_bytes());
        bytes[4..8].copy_from_slice(&COOKIE);
        bytes[8..].copy_from_slice(&self.0);
        bytes
    }

    /// The address that an answer tells; `None` when it is no answer to this question, or tells none.
    pub fn answer(self, bytes: &[u8]) -> Option<SocketAddr> {
        let (header, body) = bytes.split_first_chunk::<HEADER>()?;
        let is_ours = header[..2] == SUCCESS.to_be_bytes() && header[4..8] == COOKIE && header[8..] == self.0;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let body = body.get(..length).filter(|_| is_ours)?;
        // Old servers tell it plainly, and some translators of addresses change what they find so.
        let address = |wanted| self.address(attribute(body, wanted)?, wanted == XOR_MAPPED);
        address(XOR_MAPPED).or_else(|| address(MAPPED))
    }

    fn address(self, value: &[u8], hidden: bool) -> Option<SocketAddr> {
        let (&[_, family, p0, p1], ip) = value.split_first_chunk()?;
        let mut mask = [0; 16];
        if hidden {
            mask[..4].copy_from_slice(&COOKIE);
            mask[4..].copy_from_slice(&self.0);
        }
        let port = u16::from_be_bytes([p0 ^ mask[0], p1 ^ mask[1]]);
        let ip = match family {
            1 => IpAddr::V4(Ipv4Addr::from(unmasked::<4>(ip, &mask)?)),
            2 => IpAddr::V6(Ipv6Addr::from(unmasked::<16>(ip, &mask)?)),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }
}

/// The first of the attributes, which follow a message's header, that is of this kind (RFC 8489, section 14).
pub(crate) fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    while let Some((&[t0, t1, l0, l1], rest)) = attributes.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let value = rest.get(..length)?;
        if u16::from_be_bytes([t0, t1]) == wanted {
            return Some(value);
        }
        attributes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

fn unmasked<const N: usize>(ip: &[u8], mask: &[u8; 16]) -> Option<[u8; N]> {
    let ip: [u8; N] = ip.try_into().ok()?;
    Some(std::array::from_fn(|at| ip[at] ^ mask[at]))
}

/// Asks for each of our addresses, again while there is no answer, and anew when it is told to.
#[derive(Debug, Default)]
pub struct Mapper {
    servers: Vec<SocketAddr>,
    questions: Vec<Question>,
}

#[derive(Debug)]
struct Question {
    from: SocketAddr,
    to: SocketAddr,
    transaction: Transaction,
    tries: u32,
    next: Instant,
}

/// A question to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// From which of our addresses.
    pub from: SocketAddr,
    /// To which server.
    pub to: SocketAddr,
    /// The question.
    pub bytes: [u8; HEADER],
}

/// An address of ours, and how others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The address of ours.
    pub base: SocketAddr,
    /// How others see it.
    pub outer: SocketAddr,
}

/// The time after which a question is asked again, at first; it doubles each time (RFC 8489, section 6.2.1).
const AGAIN: Duration = Duration::from_millis(500);
/// How often a question is asked.
const TRIES: u32 = 5;

impl Mapper {
    /// Asks these servers: the first of the right kind of address for each of ours.
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers, questions: Vec::new() }
    }

    /// Begins to ask for these addresses of ours. `random` gives the numbers of questions. What is still being asked
    /// goes on.
    pub fn ask(&mut self, ours: &[SocketAddr], now: Instant, mut random: impl FnMut() -> [u8; 12]) {
        for from in ours.iter().filter(|from| !from.ip().is_loopback()) {
            let server = self.servers.iter().find(|server| server.is_ipv4() == from.is_ipv4());
            let asking = self.questions.iter().any(|question| question.from == *from);
            if let Some(to) = server.filter(|_| !asking) {
                let transaction = Transaction(random());
                let question = Question { from: *from, to: *to, transaction, tries: 0, next: now };
                self.questions.push(question);
            }
        }
    }

    /// When something is to be sent.
    pub fn deadline(&self) -> Option<Instant> {
        self.questions.iter().map(|question| question.next).min()
    }

    /// What is to be sent now.
    pub fn due(&mut self, now: Instant) -> Vec<Asked> {
        let mut asked = Vec::new();
        self.questions.retain_mut(|question| {
            if question.next > now {
                return true;
            }
            if question.tries == TRIES {
                return false;
            }
            question.next = now + AGAIN * 2_u32.pow(question.tries);
            question.tries += 1;
            let bytes = question.transaction.request();
            asked.push(Asked { from: question.from, to: question.to, bytes });
            true
        });
        asked
    }

    /// A datagram came that is for nobody else. Returns what it tells, which may be that nobody translates.
    pub fn receive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Option<Mapped> {
        let of_question = |question: &Question| {
            let answer = question.transaction.answer(bytes)?;
            (question.from == to && question.to == from).then_some(answer)
        };
        let (at, outer) = self
            .questions
            .iter()
            .enumerate()
            .find_map(|(at, question)| Some((at, of_question(question)?)))?;
        self.questions.swap_remove(at);
        Some(Mapped { base: to, outer })
    }
}

/// The length of a question in bytes.
const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const MAPPED: u16 = 0x0001;
const XOR_MAPPED: u16 = 0x0020;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// The number and the answers of RFC 5769, sections 2.2 and 2.3, as far as they tell an address.
    const NUMBER: Transaction = Transaction(*b"\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae");
    const V4: &[u8] = b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";
    const V6: &[u8] =
        b"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9";
    const SOFTWARE: &[u8] = b"\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20";
    const PLAIN: &[u8] = b"\x00\x01\x00\x08\x00\x01\x1f\x90\xc6\x33\x64\x07";

    fn message(kind: u16, number: Transaction, attributes: &[&[u8]]) -> Vec<u8> {
        let body = attributes.concat();
        let length = (body.len() as u16).to_be_bytes();
        [&kind.to_be_bytes(), &length, &COOKIE[..], &number.0, &body].concat()
    }

    #[test]
    fn answers_are_read_as_the_test_vectors_have_them() {
        for (attributes, expected) in [
            (&[SOFTWARE, V4][..], Some("192.0.2.1:32853")),
            (&[SOFTWARE, V6], Some("[2001:db8:1234:5678:11:2233:4455:6677]:32853")),
            (&[PLAIN, V4], Some("192.0.2.1:32853")),
            (&[PLAIN], Some("198.51.100.7:8080")),
            (&[SOFTWARE], None),
            (&[], None),
            (&[&V4[..8]], None),
            (&[b"\x00\x20\x00\x02\x00\x01\x00\x00"], None),
            (&[b"\x00\x20\x00\x08\x00\x03\xa1\x47\xe1\x12\xa6\x43"], None),
        ] {
            let found = NUMBER.answer(&message(SUCCESS, NUMBER, attributes));
            assert_eq!(found.map(|address| address.to_string()).as_deref(), expected, "{attributes:02x?}");
        }
        let other = Transaction([0; 12]);
        assert_eq!(NUMBER.answer(&message(SUCCESS, other, &[PLAIN])), None);
        assert_eq!(NUMBER.answer(&message(0x0111, NUMBER, &[PLAIN])), None, "an error");
        assert_eq!(NUMBER.answer(&NUMBER.request()), None, "the question");
        assert_eq!(NUMBER.answer(b""), None);
    }

    #[test]
    fn each_address_is_asked_for_until_there_is_an_answer_or_patience_ends() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (server, base) = (address("192.0.2.9:3478"), address("10.0.0.2:8080"));
        let ours = [base, address("10.1.0.2:8080"), address("127.0.0.1:8080"), address("[fd00::2]:8080")];
        let mut mapper = Mapper::new(vec![server]);
        let start = Instant::now();
        let mut number = 0;
        let mut random = || {
            number += 1;
            [number; 12]
        };
        mapper.ask(&ours, start, &mut random);
        mapper.ask(&ours, start, &mut random);
        let asked = mapper.due(start);
        assert_eq!(asked.len(), 2, "neither for loopback nor by a server of the other kind: {asked:?}");
        assert_eq!(mapper.due(start), []);
        let answer = message(SUCCESS, Transaction([1; 12]), &[PLAIN]);
        assert_eq!(mapper.receive(address("192.0.2.8:3478"), base, &answer), None, "a stranger");
        assert_eq!(mapper.receive(server, ours[1], &answer), None, "at another address");
        let outer = address("198.51.100.7:8080");
        assert_eq!(mapper.receive(server, base, &answer), Some(Mapped { base, outer }));
        assert_eq!(mapper.receive(server, base, &answer), None, "the same again");
        let mut sent = 1;
        while let Some(at) = mapper.deadline() {
            assert!(at < start + Duration::from_secs(20));
            sent += mapper.due(at).len();
        }
        assert_eq!(sent, TRIES as usize);
        mapper.ask(&ours[..1], start, &mut random);
        assert_eq!(mapper.due(start).len(), 1);
    }
}
