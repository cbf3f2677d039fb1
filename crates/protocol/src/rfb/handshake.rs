//! From the first byte to the first message (RFC 6143, section 7.1, and VeNCrypt).

use std::{collections::VecDeque, fmt};

use super::RfbError;

/// The ways in that are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Without a password.
    pub open: bool,
    /// By the challenge of VNC Authentication.
    pub password: bool,
    /// In TLS, by name and password, or by the challenge.
    pub tls: bool,
    /// By name and password as they are, for a stream that nobody else can read.
    pub plain: bool,
}

/// A name and a password in plain text, which came through TLS.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Vec<u8>,
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain").field("user", &self.user).field("password", &"***").finish()
    }
}

/// What a viewer gives to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing, where nothing is asked for.
    None,
    /// The answer to the challenge: see [`vnc_response`](super::vnc_response).
    Response([u8; 16]),
    /// Name and password.
    Plain(Plain),
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// These bytes are to be sent.
    Send(Vec<u8>),
    /// After what was sent, TLS begins: the viewer speaks first.
    StartTls,
    /// [`Handshake::judge`] is waited for.
    Judge(Proof),
    /// The viewer is in, and waits for [`server_init`](super::server_init). Whether others may stay.
    Done {
        /// They may.
        shared: bool,
    },
    /// The viewer was told why not, and is to be sent away.
    Refused,
}

/// The side of the server. Bytes go in by [`receive`](Self::receive); what follows comes out of [`poll`](Self::poll),
/// which is called until it answers `None`.
#[derive(Debug)]
pub struct Handshake {
    offer: Offer,
    challenge: [u8; 16],
    version: Version,
    state: State,
    /// Whether all that comes came through TLS.
    secure: bool,
    steps: VecDeque<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Version {
    V33,
    V37,
    V38,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Version,
    Security,
    VeNCrypt,
    Subtype,
    /// TLS is to begin; nothing may come before [`Handshake::secured`].
    Tls(Way),
    Response,
    Plain,
    Judging,
    Init,
    Over,
}

/// How a viewer shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    None,
    Challenge,
    Plain,
}

const NONE: u8 = 1;
const VNC: u8 = 2;
const VENCRYPT: u8 = 19;
const PLAIN: u32 = 256;
const X509_NONE: u32 = 260;
const X509_VNC: u32 = 261;
const X509_PLAIN: u32 = 262;
/// The longest name and the longest password, in bytes.
const MAX_PLAIN: u32 = 1024;

impl Handshake {
    /// A viewer is there. The challenge must be random, and never used again.
    pub fn new(offer: Offer, challenge: [u8; 16]) -> Self {
        Self {
            offer,
            challenge,
            version: Version::V38,
            state: State::Version,
            secure: false,
            steps: [Step::Send(b"RFB 003.008\n".to_vec())].into(),
        }
    }

    /// The challenge that was or will be sent.
    pub fn challenge(&self) -> [u8; 16] {
        self.challenge
    }

    /// Takes what it can from the front of `bytes`, and tells how many those were. The rest is to come again, with
    /// more behind it.
    ///
    /// # Errors
    /// [`RfbError`] when the viewer says what it must not.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, RfbError> {
        let mut rest = bytes;
        while let Some(used) = self.take(rest)? {
            rest = &rest[used..];
        }
        Ok(bytes.len() - rest.len())
    }

    /// What comes next, if anything does before more bytes.
    pub fn poll(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// TLS has begun: from here on, all bytes went through it.
    pub fn secured(&mut self) {
        if let State::Tls(way) = self.state {
            self.secure = true;
            self.ask(way);
        }
    }

    /// Whether what comes now comes through TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Answers the [`Proof`] that was given: `Ok` lets the viewer in, `Err` tells it why not.
    pub fn judge(&mut self, verdict: Result<(), &str>) {
        if self.state != State::Judging {
            return;
        }
        match verdict {
            Ok(()) => {
                self.state = State::Init;
                self.send(&0_u32.to_be_bytes());
            }
            Err(why) => self.refuse(why),
        }
    }

    /// One part of the handshake, if it is there whole.
    fn take(&mut self, bytes: &[u8]) -> Result<Option<usize>, RfbError> {
        match self.state {
            State::Version => self.part(bytes, Self::take_version),
            State::Security => self.part(bytes, |this, [number]: [u8; 1]| this.take_security(number)),
            State::VeNCrypt => self.part(bytes, |this, version: [u8; 2]| this.take_vencrypt(version)),
            State::Subtype => self.part(bytes, |this, number| this.take_subtype(u32::from_be_bytes(number))),
            State::Response => self.part(bytes, |this, response| {
                this.judged(Proof::Response(response));
                Ok(())
            }),
            State::Plain => self.take_plain(bytes),
            State::Init => self.part(bytes, |this, [shared]: [u8; 1]| {
                this.state = State::Over;
                this.steps.push_back(Step::Done { shared: shared != 0 });
                Ok(())
            }),
            State::Tls(_) if !bytes.is_empty() => Err(RfbError::BeforeTls),
            State::Tls(_) | State::Judging | State::Over => Ok(None),
        }
    }

    fn part<const N: usize>(
        &mut self,
        bytes: &[u8],
        take: impl FnOnce(&mut Self, [u8; N]) -> Result<(), RfbError>,
    ) -> Result<Option<usize>, RfbError> {
        let Some(part) = bytes.first_chunk() else { return Ok(None) };
        take(self, *part).map(|()| Some(N))
    }

    fn take_version(&mut self, line: [u8; 12]) -> Result<(), RfbError> {
        let number = line.strip_prefix(b"RFB 003.").and_then(|rest| rest.strip_suffix(b"\n"));
        let number =
            number.filter(|digits| digits.iter().all(u8::is_ascii_digit)).ok_or(RfbError::Version)?;
        // There are 003.005 and 003.889, which are 3.3 and 3.8 in truth.
        self.version = match number {
            b"007" => Version::V37,
            number if number >= b"008" => Version::V38,
            _ => Version::V33,
        };
        match self.version {
            Version::V33 => self.decide(),
            _ => self.list(),
        }
        Ok(())
    }

    /// In the oldest version the server decides; it knows nothing of TLS.
    fn decide(&mut self) {
        if self.offer.open {
            self.send(&u32::from(NONE).to_be_bytes());
            self.judged(Proof::None);
        } else if self.offer.password {
            self.send(&u32::from(VNC).to_be_bytes());
            self.ask(Way::Challenge);
        } else {
            self.send(&0_u32.to_be_bytes());
            self.reason("this server asks for VeNCrypt, which version 3.3 does not know");
            self.steps.push_back(Step::Refused);
            self.state = State::Over;
        }
    }

    fn list(&mut self) {
        let ways = self.types();
        self.send(&[&[ways.len() as u8][..], &ways].concat());
        self.state = State::Security;
        if ways.is_empty() {
            self.reason("there is no way in");
            self.steps.push_back(Step::Refused);
            self.state = State::Over;
        }
    }

    fn types(&self) -> Vec<u8> {
        let Offer { open, password, tls, plain } = self.offer;
        let ways = [(tls || plain, VENCRYPT), (open, NONE), (password, VNC)];
        ways.iter().filter(|(offered, _)| *offered).map(|(_, number)| *number).collect()
    }

    fn take_security(&mut self, number: u8) -> Result<(), RfbError> {
        if !self.types().contains(&number) {
            return Err(RfbError::Security(number.into()));
        }
        match number {
            NONE => self.ask(Way::None),
            VNC => self.ask(Way::Challenge),
            _ => {
                self.send(&[0, 2]);
                self.state = State::VeNCrypt;
            }
        }
        Ok(())
    }

    fn take_vencrypt(&mut self, [major, minor]: [u8; 2]) -> Result<(), RfbError> {
        if (major, minor) != (0, 2) {
            return Err(RfbError::VeNCrypt(major, minor));
        }
        let numbers: Vec<u8> = self.subtypes().into_iter().flat_map(u32::to_be_bytes).collect();
        self.send(&[&[0, (numbers.len() / 4) as u8][..], &numbers].concat());
        self.state = State::Subtype;
        Ok(())
    }

    fn subtypes(&self) -> Vec<u32> {
        let Offer { open, tls, plain, .. } = self.offer;
        let in_tls = if open { &[X509_NONE][..] } else { &[X509_PLAIN, X509_VNC] };
        plain.then_some(PLAIN).into_iter().chain(in_tls.iter().filter(|_| tls).copied()).collect()
    }

    fn take_subtype(&mut self, number: u32) -> Result<(), RfbError> {
        if !self.subtypes().contains(&number) {
            return Err(RfbError::Security(number));
        }
        if number == PLAIN {
            self.ask(Way::Plain);
            return Ok(());
        }
        self.send(&[1]);
        self.steps.push_back(Step::StartTls);
        self.state = State::Tls(match number {
            X509_PLAIN => Way::Plain,
            X509_VNC => Way::Challenge,
            _ => Way::None,
        });
        Ok(())
    }

    fn ask(&mut self, way: Way) {
        match way {
            Way::None => self.judged(Proof::None),
            Way::Plain => self.state = State::Plain,
            Way::Challenge => {
                let challenge = self.challenge;
                self.send(&challenge);
                self.state = State::Response;
            }
        }
    }

    fn take_plain(&mut self, bytes: &[u8]) -> Result<Option<usize>, RfbError> {
        let Some((lengths, rest)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
        let length =
            |at: usize| u32::from_be_bytes([lengths[at], lengths[at + 1], lengths[at + 2], lengths[at + 3]]);
        for (field, length) in [("user", length(0)), ("password", length(4))] {
            if length > MAX_PLAIN {
                return Err(RfbError::Long { field, length, most: MAX_PLAIN });
            }
        }
        let (user, password) = (length(0) as usize, length(4) as usize);
        let Some((user, rest)) = rest.split_at_checked(user) else { return Ok(None) };
        let Some(password) = rest.get(..password) else { return Ok(None) };
        let plain = Plain { user: String::from_utf8_lossy(user).into_owned(), password: password.to_vec() };
        self.judged(Proof::Plain(plain));
        Ok(Some(8 + user.len() + password.len()))
    }

    /// Before version 3.8 nothing answers a viewer who need not prove anything.
    fn judged(&mut self, proof: Proof) {
        if proof == Proof::None && self.version < Version::V38 && !self.secure {
            self.state = State::Init;
        } else {
            self.state = State::Judging;
            self.steps.push_back(Step::Judge(proof));
        }
    }

    fn refuse(&mut self, why: &str) {
        self.send(&1_u32.to_be_bytes());
        if self.version == Version::V38 {
            self.reason(why);
        }
        self.state = State::Over;
        self.steps.push_back(Step::Refused);
    }

    fn reason(&mut self, why: &str) {
        self.send(&[&(why.len() as u32).to_be_bytes(), why.as_bytes()].concat());
    }

    fn send(&mut self, bytes: &[u8]) {
        self.steps.push_back(Step::Send(bytes.to_vec()));
    }
}

#[cfg(test)]
mod tests;
