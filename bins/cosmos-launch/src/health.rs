//! Asks desktops whether they serve.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::ExitCode,
    time::Duration,
};

/// Asks every desktop of this user whose directory is in `base`.
pub fn run(base: &Path) -> ExitCode {
    let desktops = cosmos_host::desktops_in(base);
    let asked =
        desktops.iter().map(|ready| ready.as_ref().ok_or_else(not_yet).and_then(|ready| ask(&ready.url)));
    let failure = asked.filter_map(Result::err).next();
    match (desktops.len(), failure) {
        (0, _) => unhealthy(&"no desktop runs here"),
        (_, Some(error)) => unhealthy(&error),
        (_, None) => ExitCode::SUCCESS,
    }
}

fn unhealthy(why: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("cosmos-launch: {why}");
    ExitCode::FAILURE
}

fn not_yet() -> io::Error {
    io::Error::other("a desktop does not serve yet")
}

/// One request to the address of a page, as `http://127.0.0.1:8080/`.
fn ask(url: &str) -> io::Result<()> {
    let wrong = || io::Error::other(format!("{url} is no address that can be asked"));
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
    let address: SocketAddr = host.parse().map_err(|_| wrong())?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(
        format!("GET /{path}healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    match status.ends_with(b" 200") {
        true => Ok(()),
        false => Err(io::Error::other(format!("{url} answers {:?}", String::from_utf8_lossy(&status)))),
    }
}

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(2);
