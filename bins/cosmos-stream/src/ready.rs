//! Tells people and supervisors that the server serves.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use serde_json::json;

use crate::args::{Args, Password};

/// Says where the server is, and writes the ready file when one is wanted.
pub fn tell(args: &Args, listen: SocketAddr, password: Option<&Password>) {
    let url = format!("http://{}/", reachable(listen));
    let open = match (args.no_password, args.access.sign_in.oidc_only) {
        (true, _) => "none: everybody may come in",
        (_, true) => "none: people sign in elsewhere",
        _ => "those in the file of users",
    };
    let source = password.map_or(open, |password| &password.source);
    println!("serving {url} user={} password: {source}", args.user);
    let ready = json!({
        "schema": "cosmos.ready/1",
        "url": url,
        "user": password.map(|_| &args.user),
        "password_source": source,
        "password_file": password.and_then(|password| password.file.as_ref()),
        "password_made": password.is_some_and(|password| password.made_now),
    });
    if let Some(path) = &args.ready_file
        && let Err(error) = write(path, &format!("{ready:#}\n"))
    {
        tracing::error!(path = %path.display(), %error, "the ready file was not written");
    }
}

/// The address that reaches us from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Whoever waits for the file never sees half of it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let half = path.with_extension("part");
    fs::write(&half, text)?;
    fs::rename(half, path)
}
