//! What viewers of VNC are told by.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use cosmos_auth::{Role, Secret, random_password};
use cosmos_streaming::{Door, NoVnc, RfbConfig};

use super::{ArgsError, Password};

/// Viewers of VNC.
#[derive(Debug, Args)]
pub struct RfbArgs {
    /// Take VNC viewers on a TCP port of their own: a port of this machine only, or ADDRESS:PORT
    #[arg(long, value_name = "ADDRESS:PORT", env = "COSMOS_VNC_LISTEN", value_parser = address)]
    pub vnc_listen: Option<SocketAddr>,
    /// Show the page of noVNC first, which is under /vnc/ in any case
    #[arg(long)]
    pub novnc: bool,
    /// Folder of noVNC; where packages put it otherwise
    #[arg(long, value_name = "DIR", env = "COSMOS_NOVNC_ROOT")]
    pub novnc_root: Option<PathBuf>,
}

impl RfbArgs {
    /// How viewers are served, `open` when nobody is asked for a password. Whoever knows the password of the page, or
    /// that of those who may only look, may do here what they may do there. The users of a file are not known here, as
    /// only hashes of their passwords are: they come by the page.
    ///
    /// # Errors
    /// [`ArgsError::Insecure`] for a port without a password that others can reach.
    pub fn config(
        &self,
        user: &str,
        password: Option<&Password>,
        view: Option<&Secret>,
        open: bool,
        allow_insecure: bool,
    ) -> Result<RfbConfig, ArgsError> {
        if let (Some(listen), true) = (self.vnc_listen, open)
            && !(allow_insecure || listen.ip().is_loopback())
        {
            return Err(ArgsError::Insecure(listen));
        }
        let own = password.map(|password| door(password.secret.expose(), Role::Owner));
        let view = view.map(|view| door(view.expose(), Role::Viewer));
        let mut doors: Vec<Door> = own.into_iter().chain(view).collect();
        if doors.is_empty() && !open {
            // Without any door everybody would be let in: this one opens to nobody.
            doors.push(Door { password: random_password(), role: Role::Viewer });
        }
        if self.vnc_listen.is_some() && password.is_some_and(|password| password.secret.expose().len() > 8) {
            tracing::warn!(
                "VNC Authentication looks at the first 8 characters of a password only; VeNCrypt takes all"
            );
        }
        Ok(RfbConfig {
            listen: self.vnc_listen,
            user: user.to_owned(),
            doors,
            novnc: NoVnc { root: self.novnc_root.clone(), first: self.novnc },
        })
    }
}

fn door(password: &str, role: Role) -> Door {
    Door { password: Secret::new(password), role }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let here = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.parse().map(here);
    port.or_else(|_| text.parse())
        .map_err(|_| "give a port, as 5900, or an address and a port, as 0.0.0.0:5900".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_desktop_with_users_is_not_open_to_vnc() {
        let args = RfbArgs { vnc_listen: None, novnc: false, novnc_root: None };
        let doors = |view: Option<&Secret>, open| {
            let config = args.config("ada", None, view, open, false).unwrap();
            config.doors.iter().map(|door| door.role).collect::<Vec<_>>()
        };
        assert_eq!(doors(None, true), [], "nobody is asked");
        assert_eq!(doors(None, false), [Role::Viewer], "there is a door, to which nobody knows the password");
        assert_eq!(doors(Some(&Secret::new("look")), false), [Role::Viewer]);
    }

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for (text, meant) in [
            ("5900", Some("127.0.0.1:5900")),
            ("0.0.0.0:5900", Some("0.0.0.0:5900")),
            ("[::1]:5901", Some("[::1]:5901")),
            ("", None),
            ("65536", None),
            ("localhost:5900", None),
        ] {
            assert_eq!(address(text).ok(), meant.and_then(|meant| meant.parse().ok()), "{text}");
        }
    }
}
