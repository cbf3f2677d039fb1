//! What viewers of VNC are told by.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use cosmos_auth::{Role, Secret};
use cosmos_streaming::{Door, NoVnc, RfbConfig};

use super::{ArgsError, Password, read};

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
    /// File that holds the password of VNC viewers who may only look
    #[arg(long, value_name = "FILE", env = "COSMOS_VIEW_PASSWORD_FILE")]
    pub view_password_file: Option<PathBuf>,
}

impl RfbArgs {
    /// How viewers are served. Whoever knows the password of the page may do here what they may do there.
    ///
    /// # Errors
    /// [`ArgsError`] for a password that cannot be read or used, and for a port without any that others can reach.
    pub fn config(
        &self,
        user: &str,
        password: Option<&Password>,
        allow_insecure: bool,
    ) -> Result<RfbConfig, ArgsError> {
        if let (Some(listen), None) = (self.vnc_listen, password)
            && !(allow_insecure || listen.ip().is_loopback())
        {
            return Err(ArgsError::Insecure(listen));
        }
        let own = password.map(|password| door(password.secret.expose(), Role::Owner));
        let view = match (&self.view_password_file, password) {
            (Some(path), Some(_)) => Some(door(read(path)?.secret.expose(), Role::Viewer)),
            _ => None,
        };
        if self.vnc_listen.is_some() && password.is_some_and(|password| password.secret.expose().len() > 8) {
            tracing::warn!(
                "VNC Authentication looks at the first 8 characters of a password only; VeNCrypt takes all"
            );
        }
        Ok(RfbConfig {
            listen: self.vnc_listen,
            user: user.to_owned(),
            doors: own.into_iter().chain(view).collect(),
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
    use super::*;

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
