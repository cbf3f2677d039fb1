//! The whole server on real sockets, with a desktop that does what the test says and a page made of the same WebRTC
//! library.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod access;
mod api;
mod encoder;
mod links;
mod observe;
mod page;
mod policy;
mod robust;
mod scripted;
#[cfg(feature = "oidc")]
mod sign_in;
mod socket;
mod tls;
mod ways;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cosmos_auth::{Account, Accounts, Networks, Rights, Role, Secret, SessionKey};
use cosmos_desktop::{Button, InputEvent, Keysym, Point, Size};
use cosmos_encoder::{Capabilities, Choice, Codec, EncoderConfig};
use cosmos_protocol::{ClientMessage, DesktopState, ServerMessage, VideoCodec};
use cosmos_streaming::{
    AboutConfig, AuthConfig, IceConfig, PageConfig, Policy, ProxyConfig, RfbConfig, ServerConfig,
    ServerError, VideoConfig, error_text, serve,
};
use tokio::sync::oneshot;

use self::{page::Page, scripted::Script, socket::Socket};

/// A test gives up after this long.
const LIMIT: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    script: Script,
    input: Receiver<InputEvent>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Server {
    fn start(password: Option<&str>) -> Self {
        Self::with(config("127.0.0.1:0", password))
    }

    fn with(config: ServerConfig) -> Self {
        let (script, input) = Script::new(Size::new(320, 240));
        let (told, address) = channel();
        let (stop, stopped) = oneshot::channel();
        let opener = script.clone();
        let thread = thread::spawn(move || {
            let desktop = opener.open().expect("the script begins with a desktop");
            let open = Box::new(move || opener.open());
            serve(config, desktop, open, |address| told.send(address).unwrap(), async { drop(stopped.await) })
        });
        let address = address.recv_timeout(LIMIT).expect("the server starts");
        Self { address, script, input, stop: Some(stop), thread: Some(thread) }
    }

    /// Sends one request and reads the whole answer.
    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        self.request_over(stream, method, path, headers, body)
    }

    fn request_over(
        &self,
        mut stream: impl Read + Write,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> String {
        let host = self.address;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        // A refused body may end in a reset after the answer.
        let _reset = stream.read_to_string(&mut answer);
        answer
    }

    fn origin(&self) -> String {
        format!("Origin: http://{}\r\n", self.address)
    }

    fn login(&self, password: &str) -> String {
        self.login_as("ada", password)
    }

    fn login_as(&self, user: &str, password: &str) -> String {
        let attempt = format!(r#"{{"user":"{user}","password":"{password}"}}"#);
        self.request("POST", "/api/login", &self.origin(), &attempt)
    }

    /// The headers of a page that has logged in.
    fn logged_in(&self, user: &str, password: &str) -> String {
        let welcome = self.login_as(user, password);
        let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect(&welcome);
        format!("Cookie: {}\r\n{}", cookie.split(';').next().unwrap(), self.origin())
    }

    fn connect(&self, tcp: bool) -> Page {
        self.connect_with(Page::offer(tcp))
    }

    fn connect_with(&self, page: (Page, String)) -> Page {
        self.connect_as(&self.origin(), page)
    }

    /// Connects with these fields of HTTP.
    fn connect_as(&self, headers: &str, (mut page, offer): (Page, String)) -> Page {
        let answer = self.request("POST", "/api/offer", headers, &offer);
        page.answer(answer.split_once("\r\n\r\n").expect("a body").1);
        page.until("the channels to open", |page| page.is_open());
        page
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let result = self.thread.take().unwrap().join();
        if !thread::panicking() {
            result.unwrap().unwrap();
        }
    }
}

fn config(listen: &str, password: Option<&str>) -> ServerConfig {
    let capabilities = Capabilities::installed().unwrap();
    ServerConfig {
        listen: listen.parse().unwrap(),
        video: VideoConfig {
            fps: 30,
            max_kbps: 4000,
            adapts: true,
            full_colour: false,
            keyframe_every: None,
            encoder: EncoderConfig {
                choice: Choice::Named("vp8enc".into()),
                threads: Some(1),
                ..EncoderConfig::default()
            },
            capabilities,
            codec: Codec::Vp8,
            others: Vec::new(),
        },
        audio: None,
        auth: AuthConfig {
            accounts: password.map(|password| accounts(&[("ada", Role::Owner, password)])),
            oidc: None,
            api_token: None,
            proxy: ProxyConfig {
                networks: Networks::default(),
                user_header: None,
                rights: Rights::of(Role::Viewer),
            },
            key: SessionKey::random(),
            origins: vec!["https://desk.example.org".into()],
            links: None,
            audit: None,
        },
        tls: None,
        rfb: RfbConfig::default(),
        ice: IceConfig::default(),
        policy: Policy::default(),
        app_ready: None,
        page: PageConfig::default(),
        metrics: None,
        choices: None,
        about: AboutConfig::default(),
    }
}

fn accounts(all: &[(&str, Role, &str)]) -> Accounts {
    let mut accounts = Accounts::default();
    for (user, role, password) in all {
        let account = Account::new(*user, Rights::of(*role), &Secret::new(*password)).unwrap();
        accounts.push(account).unwrap();
    }
    accounts
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_page_sees_and_drives_the_desktop_over_udp() {
    see_and_drive(false);
}

#[test]
fn a_page_sees_and_drives_the_desktop_over_tcp_of_the_same_port() {
    see_and_drive(true);
}

fn see_and_drive(tcp: bool) {
    let server = Server::start(None);
    let mut page = server.connect(tcp);
    page.until("the first picture", |page| !page.frames.is_empty());
    assert!(page.frames[0][0] & 1 == 0, "the first picture is a keyframe");
    page.until("the greeting", |page| page.messages.len() >= 4);
    assert!(matches!(&page.messages[0], ServerMessage::Hello { control: true, audio: false, .. }));
    assert!(page.messages.contains(&ServerMessage::Resized(Size::new(320, 240))));

    let events = [
        InputEvent::PointerTo(Point { x: 5, y: 6 }),
        InputEvent::Button { button: Button::Left, pressed: true },
        InputEvent::Key { keysym: Keysym(0x61), pressed: true },
    ];
    for event in &events {
        page.input(&ClientMessage::Input(event.clone()));
    }
    for event in events {
        assert_eq!(page.wait_for(&server.input), event);
    }
    page.control(&ClientMessage::Resize(Size::new(400, 300)));
    page.until("the new size", |page| page.messages.contains(&ServerMessage::Resized(Size::new(400, 300))));
    drop(page);
    assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), InputEvent::ReleaseAll, "nothing stays pressed");
}

#[test]
fn a_page_sees_and_drives_the_desktop_over_a_websocket() {
    let server = Server::start(None);
    let mut page = Socket::open(server.address, &server.origin()).unwrap();
    page.until("the greeting", |message| matches!(message, ServerMessage::Hello { control: true, .. }));
    page.until("the size", |message| *message == ServerMessage::Resized(Size::new(320, 240)));
    let first = page.until("a picture", |message| matches!(message, ServerMessage::Video { .. }));
    assert!(matches!(first, ServerMessage::Video { keyframe: true, codec: VideoCodec::Vp8, .. }));
    server.script.change();
    page.until("the next picture", |message| matches!(message, ServerMessage::Video { .. }));
    page.say(&ClientMessage::Ping(7));
    page.until("an answer", |message| matches!(message, ServerMessage::Pong { number: 7, .. }));
    let key = InputEvent::Key { keysym: Keysym(0x61), pressed: true };
    page.say(&ClientMessage::Input(key.clone()));
    assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), key);
    drop(page);
    assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), InputEvent::ReleaseAll, "nothing stays pressed");
}

#[test]
fn one_who_is_slow_on_a_websocket_holds_nobody_back() {
    let server = Server::start(None);
    let mut deaf = Socket::open(server.address, &server.origin()).unwrap();
    deaf.until("the greeting", |message| matches!(message, ServerMessage::Hello { .. }));
    let mut page = server.connect(false);
    page.until("a picture", |page| !page.frames.is_empty());
    for _ in 0..50 {
        let before = page.frames.len();
        server.script.change();
        page.until("the next picture", |page| page.frames.len() > before);
    }
}

#[test]
fn what_no_page_says_ends_a_websocket_and_nothing_else() {
    let server = Server::start(None);
    let mut page = server.connect(false);
    for (kind, bytes) in
        [(socket::TEXT, vec![b'x'; 10]), (socket::BINARY, vec![0x12; 100_000]), (0x8b, vec![0; 10])]
    {
        let mut socket = Socket::open(server.address, &server.origin()).unwrap();
        socket.send(kind, &bytes);
        while socket.read().is_some() {}
    }
    let mut socket = Socket::open(server.address, &server.origin()).unwrap();
    socket.send(socket::BINARY, &[0xff; 100]);
    socket.say(&ClientMessage::Ping(7));
    socket.until("an answer", |message| matches!(message, ServerMessage::Pong { number: 7, .. }));
    page.until("a picture", |page| !page.frames.is_empty());
}

#[test]
fn three_pages_watch_what_is_encoded_once() {
    let server = Server::start(None);
    let mut pages: Vec<Page> = (0..3).map(|_| server.connect(false)).collect();
    for page in &mut pages {
        page.until("a picture", |page| !page.frames.is_empty());
    }
    server.script.change();
    let before: Vec<usize> = pages.iter().map(|page| page.frames.len()).collect();
    for (page, before) in pages.iter_mut().zip(before) {
        page.until("the next picture", |page| page.frames.len() > before);
    }
    assert_eq!(server.script.opened(), 1);
}

#[test]
fn nothing_is_captured_while_nobody_watches() {
    let server = Server::start(None);
    for _ in 0..20 {
        server.script.change();
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(server.script.grabbed(), 0);
    let mut page = server.connect(false);
    page.until("a picture", |page| !page.frames.is_empty());
    page.control(&ClientMessage::Video(false));
    page.until("the last grab", |_| {
        let before = server.script.grabbed();
        thread::sleep(Duration::from_millis(700));
        server.script.grabbed() == before
    });
}

#[test]
fn a_lost_desktop_comes_back_without_a_new_session() {
    let server = Server::start(None);
    let mut page = server.connect(false);
    page.until("a picture", |page| !page.frames.is_empty());
    server.script.lose();
    let lost = |page: &Page| {
        page.messages.iter().any(|message| matches!(message, ServerMessage::Desktop { state: DesktopState::Lost, message } if message.contains("script")))
    };
    page.until("the loss to be told", lost);
    page.messages.clear();
    page.frames.clear();
    server.script.allow();
    page.until("the picture to return", |page| !page.frames.is_empty());
    assert_eq!(server.script.opened(), 2);
    page.input(&ClientMessage::Input(InputEvent::PointerBy { dx: 1, dy: 1 }));
    assert_eq!(page.wait_for(&server.input), InputEvent::PointerBy { dx: 1, dy: 1 });
}

#[test]
fn a_server_that_stops_says_goodbye() {
    let mut server = Server::start(None);
    let mut page = server.connect(false);
    page.until("a picture", |page| !page.frames.is_empty());
    drop(server.stop.take());
    page.until("the goodbye", |page| page.closed);
}

#[test]
fn only_who_knows_the_password_comes_in_and_only_from_our_page() {
    let server = Server::start(Some("correct horse"));
    let origin = server.origin();
    assert_eq!(status(&server.request("GET", "/healthz", "", "")), "200");
    assert_eq!(status(&server.request("GET", "/api/session", "", "")), "401");
    assert_eq!(status(&server.request("GET", "/api/state", "", "")), "401");
    assert_eq!(status(&server.request("POST", "/api/offer", &origin, "{}")), "401");
    assert_eq!(status(&server.login("wrong")), "401");

    let welcome = server.login("correct horse");
    assert_eq!(status(&welcome), "204");
    let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = format!("Cookie: other=1; {}\r\n", cookie.split(';').next().unwrap());
    let session = server.request("GET", "/api/session", &cookie, "");
    assert!(session.contains(r#""role":"owner","shares":"controller","user":"ada"}"#), "{session}");
    let state = server.request("GET", "/api/state", &cookie, "");
    assert!(state.contains("cosmos.state/1") && !state.contains("correct"), "{state}");

    let forged = cookie.replace('.', "x.");
    assert_eq!(status(&server.request("GET", "/api/session", &forged, "")), "401");
    let offer = |headers: &str| status(&server.request("POST", "/api/offer", headers, "{}")).to_owned();
    assert_eq!(offer(&format!("{cookie}Origin: https://evil.example\r\n")), "403");
    assert_eq!(offer(&cookie), "403", "a request that hides where it comes from");
    assert_eq!(
        offer(&format!("{cookie}Origin: https://desk.example.org\r\n")),
        "400",
        "a proxy's origin is allowed"
    );
    assert_eq!(offer(&format!("{cookie}{origin}")), "400", "what is offered makes no sense");
    let socket = |headers: &str| {
        Socket::open(server.address, headers).map_err(|answer| status(&answer).to_owned()).err()
    };
    assert_eq!(socket(&origin).as_deref(), Some("401"));
    assert_eq!(
        socket(&cookie).as_deref(),
        Some("403"),
        "a WebSocket is open to every page that does not say where it is from"
    );
    assert_eq!(socket(&format!("{cookie}Origin: https://evil.example\r\n")).as_deref(), Some("403"));
    assert_eq!(socket(&format!("{cookie}{origin}")), None);
    assert_eq!(status(&server.request("GET", "/api/socket", &format!("{cookie}{origin}"), "")), "426");
    let sdp = r#"{"type":"offer","sdp":"v=0\r\nnonsense"}"#;
    let refused = server.request("POST", "/api/offer", &format!("{cookie}{origin}"), sdp);
    assert_eq!(status(&refused), "400", "{refused}");
    let huge = server.request("POST", "/api/offer", &format!("{cookie}{origin}"), &" ".repeat(200_000));
    assert_eq!(status(&huge), "413");
    let left = server.request("POST", "/api/logout", &format!("{cookie}{origin}"), "");
    assert!(status(&left) == "204" && left.contains("Max-Age=0"), "{left}");
}

#[test]
fn guessing_is_slowed_down() {
    let server = Server::start(Some("correct horse"));
    let refused = (0..20).map(|_| server.login("wrong")).find(|answer| status(answer) == "429");
    let refused = refused.expect("twenty guesses in a row");
    assert!(refused.contains("retry-after: "), "{refused}");
}

#[test]
fn the_page_is_served_with_its_policy() {
    let server = Server::start(Some("correct horse"));
    for (path, kind) in
        [("/", "text/html"), ("/js/main.js", "text/javascript"), ("/icon.svg", "image/svg+xml")]
    {
        let answer = server.request("GET", path, "", "");
        assert_eq!(status(&answer), "200", "{path}");
        assert!(answer.contains(kind), "{path}: {answer}");
        assert!(answer.contains("content-security-policy: default-src 'self'"), "{path}");
    }
    let script = server.request("GET", "/js/main.js", "", "");
    let tag = script.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = server.request("GET", "/js/main.js", &format!("If-None-Match: {tag}\r\n"), "");
    assert_eq!(status(&again), "304");
    for path in ["/js/../Cargo.toml", "/js/%2e%2e/main.js", "/css/", "/nothing"] {
        assert_eq!(status(&server.request("GET", path, "", "")), "404", "{path}");
    }
}

#[test]
fn what_is_neither_http_nor_webrtc_is_hung_up_on() {
    let server = Server::start(None);
    for bytes in [
        &[0x16, 3, 1, 0, 0][..],
        &[0xff; 32],
        &[0, 4, 1, 2, 3, 4],
        &[0x0f, 0xff, 0, 0],
        b"\x00\x14\x00\x01\x00\x00abcdefghijklmnopqrst",
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(bytes).unwrap();
        if bytes[0] == 0x0f {
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        }
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        assert!(answer.is_empty(), "{answer:02x?}");
    }
    assert_eq!(status(&server.request("GET", "/healthz", "", "")), "200");
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (script, _input) = Script::new(Size::new(64, 64));
    let desktop = script.open().unwrap();
    let config = config(&address.to_string(), None);
    let begin = Instant::now();
    let error =
        serve(config, desktop, Box::new(move || script.open()), |_| (), std::future::pending()).unwrap_err();
    assert!(error_text(&error).contains(&address.to_string()), "{error}");
    assert!(begin.elapsed() < LIMIT);
}
