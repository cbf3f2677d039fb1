//! Who may come in, and as what.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use cosmos_auth::{LoginLimiter, Role, Secret};
use cosmos_protocol::rfb::{Offer, Plain, Proof, vnc_response};

/// A password, and what it opens.
pub struct Door {
    /// The password. VNC Authentication looks at its first eight bytes only.
    pub password: Secret,
    /// What those who know it may do.
    pub role: Role,
}

/// All doors, and how often somebody knocked in vain.
pub(super) struct Doors {
    user: String,
    doors: Vec<Door>,
    limiter: Mutex<LoginLimiter>,
}

/// How far the stream can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Everybody on the way can read it.
    Open,
    /// The same, and TLS can be begun in it.
    CanSecure,
    /// It is inside of TLS.
    Secure,
}

impl Doors {
    /// The name that goes with the passwords.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn new(user: String, doors: Vec<Door>) -> Self {
        Self { user, doors, limiter: Mutex::new(LoginLimiter::new()) }
    }

    /// The ways in. Nobody who can come by a whole password is offered the challenge that knows eight bytes of it.
    pub(super) fn offer(&self, stream: Stream) -> Offer {
        let open = self.doors.is_empty();
        Offer {
            open,
            password: !open && stream != Stream::Secure,
            tls: stream == Stream::CanSecure,
            plain: !open && stream == Stream::Secure,
        }
    }

    /// What whoever gives this proof may do.
    ///
    /// # Errors
    /// A text for the viewer.
    pub(super) fn judge(&self, proof: &Proof, challenge: [u8; 16], from: SocketAddr) -> Result<Role, String> {
        if *proof == Proof::None {
            return if self.doors.is_empty() {
                Ok(Role::Owner)
            } else {
                Err("a password is asked for".into())
            };
        }
        self.knock(from.ip())?;
        let opens = |door: &&Door| match proof {
            Proof::None => false,
            Proof::Response(response) => {
                same(response, &vnc_response(door.password.expose().as_bytes(), challenge))
            }
            Proof::Plain(plain) => self.knows(plain, door),
        };
        // Every door is tried, so that the time does not tell which one it was.
        let role = self.doors.iter().filter(opens).map(|door| door.role).max();
        match role {
            Some(role) => {
                self.limiter().succeeded(from.ip(), &self.user);
                Ok(role)
            }
            None => {
                self.limiter().failed(from.ip(), &self.user, Instant::now());
                tracing::warn!(%from, "a VNC viewer gave a wrong password");
                Err("the user name or the password is wrong".into())
            }
        }
    }

    fn knock(&self, from: IpAddr) -> Result<(), String> {
        let checked = self.limiter().check(from, &self.user, Instant::now());
        checked.map_err(|retry| format!("too many attempts; wait {} s", retry.seconds()))
    }

    fn knows(&self, plain: &Plain, door: &Door) -> bool {
        let text = |bytes: &[u8]| Secret::new(String::from_utf8_lossy(bytes));
        let user = text(plain.user.as_bytes()) == Secret::new(self.user.as_str());
        (text(&plain.password) == door.password) & user
    }

    fn limiter(&self) -> MutexGuard<'_, LoginLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compared as secrets are: in a time that does not depend on where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    let hex = |bytes: &[u8]| Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    hex(a) == hex(b)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const CHALLENGE: [u8; 16] = [3; 16];

    fn doors() -> Doors {
        let door = |password: &str, role| Door { password: Secret::new(password), role };
        Doors::new("ada".into(), vec![door("controller's", Role::Controller), door("viewer's", Role::Viewer)])
    }

    fn response(password: &str) -> Proof {
        Proof::Response(vnc_response(password.as_bytes(), CHALLENGE))
    }

    fn plain(user: &str, password: &str) -> Proof {
        Proof::Plain(Plain { user: user.into(), password: password.into() })
    }

    #[test]
    fn each_password_opens_its_own_door() {
        let from = "192.0.2.1:5".parse().unwrap();
        for (proof, role) in [
            (response("controller's"), Some(Role::Controller)),
            (response("controll"), Some(Role::Controller)),
            (response("viewer's"), Some(Role::Viewer)),
            (response("viewer"), None),
            (response(""), None),
            (plain("ada", "controller's"), Some(Role::Controller)),
            (plain("ada", "controll"), None),
            (plain("eve", "controller's"), None),
            (plain("ada", "viewer's"), Some(Role::Viewer)),
            (Proof::None, None),
        ] {
            assert_eq!(doors().judge(&proof, CHALLENGE, from).ok(), role, "{proof:?}");
        }
        assert_eq!(Doors::new("ada".into(), vec![]).judge(&Proof::None, CHALLENGE, from), Ok(Role::Owner));
    }

    #[test]
    fn whoever_guesses_has_to_wait_even_with_the_right_one() {
        let (doors, from) = (doors(), "192.0.2.1:5".parse().unwrap());
        let wrong: Vec<_> = (0..20).map(|_| doors.judge(&response("wrong"), CHALLENGE, from)).collect();
        assert!(wrong.last().unwrap().as_ref().unwrap_err().starts_with("too many attempts"), "{wrong:?}");
        assert!(doors.judge(&response("viewer's"), CHALLENGE, from).is_err());
        assert!(doors.judge(&response("viewer's"), CHALLENGE, "192.0.2.2:5".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_whole_password_is_asked_for_where_it_is_safe() {
        let offered = |stream| doors().offer(stream);
        assert_eq!(offered(Stream::Open), Offer { password: true, ..Offer::default() });
        assert_eq!(offered(Stream::CanSecure), Offer { password: true, tls: true, ..Offer::default() });
        assert_eq!(offered(Stream::Secure), Offer { plain: true, ..Offer::default() });
        let open = Doors::new("ada".into(), vec![]).offer(Stream::Open);
        assert_eq!(open, Offer { open: true, ..Offer::default() });
    }
}
