//! What an attacker without a password can do to a server with somebody on it: be refused, in bounded memory.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cosmos_protocol::ServerMessage;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{LIMIT, Server, socket::Socket, status};

/// How much more memory this process, which is both sides, may come to hold.
const MOST_MEMORY: usize = 48 << 20;

/// One of these tests at a time, so that none counts the memory of another.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody who watches, whatever else happens.
struct Watcher<'a> {
    server: &'a Server,
    page: Socket,
}

impl<'a> Watcher<'a> {
    fn of(server: &'a Server) -> Self {
        let mut page = Socket::open(server.address, &server.origin()).unwrap();
        page.until("the greeting", |message| matches!(message, ServerMessage::Hello { .. }));
        Self { server, page }
    }

    /// The picture still comes, and others are still let in.
    fn is_undisturbed(&mut self) {
        self.page.messages.clear();
        self.server.script.change();
        self.page.until("a picture", |message| matches!(message, ServerMessage::Video { .. }));
        assert_eq!(status(&self.server.request("GET", "/healthz", "", "")), "200");
    }
}

/// In bytes.
fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn memory_is_bounded(what: &str, before: usize) {
    let more = memory().saturating_sub(before);
    eprintln!("{what}: {} KiB more", more / 1024);
    assert!(more < MOST_MEMORY, "{what}: {more} bytes more");
}

fn may_open(sockets: u64) -> bool {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let enough = maximum.is_none_or(|most| most > sockets);
    enough && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok()
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Writes the bytes again and again, up to so many, as long as they are taken; how many were, and the answer.
fn flood(mut stream: TcpStream, bytes: &[u8], most: usize) -> (usize, String) {
    let mut taken = 0;
    while taken < most
        && let Ok(more) = stream.write(bytes)
    {
        taken += more;
    }
    let mut answer = Vec::new();
    let _reset = stream.take(4096).read_to_end(&mut answer);
    (taken, String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn ten_thousand_sockets_that_say_nothing_keep_nobody_out() {
    if !may_open(11_000) {
        eprintln!("SKIPPED this process may not open 11000 sockets");
        return;
    }
    let _alone = alone();
    let server = Server::start(None);
    let mut watcher = Watcher::of(&server);
    let before = memory();
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.extend((0..200).map(|_| connect(&server)));
        watcher.is_undisturbed();
    }
    memory_is_bounded("10000 silent sockets", before);
    let open = |stream: &&TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        !matches!(stream.peek(&mut [0]), Ok(0)) && stream.take_error().is_ok_and(|error| error.is_none())
    };
    let left = silent.iter().filter(open).count();
    assert!(left <= 320, "{left} are still open");
}

#[test]
fn headers_that_never_end_keep_nobody_out() {
    let _alone = alone();
    let server = Server::start(None);
    let mut watcher = Watcher::of(&server);
    let before = memory();
    let mut slow: Vec<TcpStream> = (0..300).map(|_| connect(&server)).collect();
    for round in 0..5 {
        for stream in &mut slow {
            let bytes = if round == 0 { &b"GET / HTTP/1.1\r\nHost: x\r\n"[..] } else { b"X: y\r\n" };
            // The oldest have been hung up on.
            let _gone = stream.write_all(bytes);
        }
        watcher.is_undisturbed();
    }
    memory_is_bounded("300 slow headers", before);
}

#[test]
fn a_gigabyte_of_headers_is_not_read() {
    let _alone = alone();
    let server = Server::start(None);
    let mut watcher = Watcher::of(&server);
    let before = memory();
    let mut line = b"X-Long: ".to_vec();
    line.resize(64 * 1024, b'x');
    for begin in [&b"GET / HTTP/1.1\r\n"[..], b"GET /"] {
        let mut stream = connect(&server);
        stream.write_all(begin).unwrap();
        let (taken, answer) = flood(stream, &line, 1 << 30);
        assert!(taken < 64 << 20, "{taken} bytes were taken");
        assert!(answer.is_empty() || ["400", "414", "431"].contains(&status(&answer)), "{answer}");
        watcher.is_undisturbed();
    }
    let many = "X: y\r\n".repeat(1000);
    let answer = server.request("GET", "/healthz", &many, "");
    assert!(answer.is_empty() || status(&answer) == "431", "{answer}");
    memory_is_bounded("endless headers", before);
    watcher.is_undisturbed();
}

#[test]
fn bodies_that_are_too_long_are_not_read() {
    let _alone = alone();
    let server = Server::start(Some("correct horse"));
    let headers = server.logged_in("ada", "correct horse");
    let before = memory();
    for (path, length) in [
        ("login", "Content-Length: 9999999999"),
        ("login", "Transfer-Encoding: chunked"),
        ("offer", "Content-Length: 9999999999"),
    ] {
        let mut stream = connect(&server);
        let host = server.address;
        let head = format!(
            "POST /api/{path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Type: application/json\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let chunk = [&b"10000\r\n"[..], &[b' '; 0x10000], b"\r\n"].concat();
        let (taken, answer) = flood(stream, &chunk, 1 << 30);
        assert!(taken < 64 << 20, "{taken} bytes were taken");
        assert!(answer.is_empty() || ["400", "413"].contains(&status(&answer)), "{answer}");
    }
    memory_is_bounded("endless bodies", before);
    assert_eq!(status(&server.request("GET", "/healthz", "", "")), "200");
}

/// A gzip of a megabyte of zeros: nothing is ever unpacked, so it is taken for what it is.
#[test]
fn what_is_packed_is_not_unpacked() {
    let _alone = alone();
    let server = Server::start(Some("correct horse"));
    let before = memory();
    let packed = "\u{1f}\u{8b}\u{8}".to_owned() + &"\0".repeat(1000);
    for path in ["/api/login", "/api/link"] {
        let headers = format!("{}Content-Encoding: gzip\r\n", server.origin());
        assert_eq!(status(&server.request("POST", path, &headers, &packed)), "400", "{path}");
    }
    let headers = format!(
        "{}Sec-WebSocket-Extensions: permessage-deflate\r\n",
        server.logged_in("ada", "correct horse")
    );
    let mut page = Socket::open(server.address, &headers).unwrap();
    // A frame that says that it is packed, which was never agreed to.
    page.send(0xc2, &[0; 100]);
    while page.read().is_some() {}
    memory_is_bounded("packed bytes", before);
}
