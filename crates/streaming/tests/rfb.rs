//! Viewers of RFB against the whole server: those who behave, and those who do not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "these tests need a part of it")]
mod scripted;

mod film;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use cosmos_auth::{Account, Accounts, Networks, Rights, Role, Secret, SessionKey};
use cosmos_desktop::{Button, InputEvent, Keysym, Point, Size};
use cosmos_encoder::{Capabilities, Choice, Codec, EncoderConfig};
use cosmos_protocol::rfb::vnc_response;
use cosmos_streaming::{
    AboutConfig, AuthConfig, Door, IceConfig, NoVnc, PageConfig, Policy, ProxyConfig, RfbConfig,
    ServerConfig, ServerError, VideoConfig, serve,
};
use tokio::sync::oneshot;

use self::scripted::Script;

/// A test gives up after this long.
const LIMIT: Duration = Duration::from_secs(20);
const SIZE: Size = Size::new(320, 240);

struct Server {
    /// The one port.
    address: SocketAddr,
    /// The port of viewers.
    vnc: SocketAddr,
    script: Script,
    input: Receiver<InputEvent>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Server {
    fn start(doors: &[(&str, Role)]) -> Self {
        Self::with(doors, NoVnc::default())
    }

    fn with(doors: &[(&str, Role)], novnc: NoVnc) -> Self {
        Self::encoding(doors, novnc, "vp8enc", Codec::Vp8)
    }

    fn encoding(doors: &[(&str, Role)], novnc: NoVnc, encoder: &str, codec: Codec) -> Self {
        // Whoever takes the port in between makes the test fail, not pass.
        let vnc = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let accounts = doors.first().map(|(password, _)| {
            let owner = Account::new("user", Rights::of(Role::Owner), &Secret::new(*password)).unwrap();
            let mut accounts = Accounts::default();
            accounts.push(owner).unwrap();
            accounts
        });
        let door = |(password, role): &(&str, Role)| Door { password: Secret::new(*password), role: *role };
        let rfb = RfbConfig {
            listen: Some(vnc),
            user: "user".into(),
            doors: doors.iter().map(door).collect(),
            novnc,
        };
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            video: VideoConfig {
                fps: 30,
                max_kbps: 4000,
                adapts: true,
                full_colour: false,
                keyframe_every: None,
                encoder: EncoderConfig {
                    choice: Choice::Named(encoder.into()),
                    threads: Some(1),
                    ..EncoderConfig::default()
                },
                capabilities: Capabilities::installed().unwrap(),
                codec,
                others: vec![],
            },
            audio: None,
            auth: AuthConfig {
                accounts,
                oidc: None,
                api_token: None,
                proxy: ProxyConfig {
                    networks: Networks::default(),
                    user_header: None,
                    rights: Rights::of(Role::Viewer),
                },
                key: SessionKey::random(),
                origins: vec![],
                links: None,
                audit: None,
            },
            tls: None,
            rfb,
            ice: IceConfig::default(),
            policy: Policy::default(),
            app_ready: None,
            page: PageConfig::default(),
            metrics: None,
            choices: None,
            about: AboutConfig::default(),
        };
        let (script, input) = Script::new(SIZE);
        let (told, address) = channel();
        let (stop, stopped) = oneshot::channel();
        let opener = script.clone();
        let thread = thread::spawn(move || {
            let desktop = opener.open().expect("the script begins with a desktop");
            let open = Box::new(move || opener.open());
            serve(config, desktop, open, |address| told.send(address).unwrap(), async { drop(stopped.await) })
        });
        let address = address.recv_timeout(LIMIT).expect("the server starts");
        Self { address, vnc, script, input, stop: Some(stop), thread: Some(thread) }
    }

    fn viewer(&self) -> Viewer {
        Viewer::over(TcpStream::connect(self.vnc).unwrap())
    }

    /// A viewer that is in, and knows no extension.
    fn connected(&self, password: Option<&str>) -> Viewer {
        let mut viewer = self.viewer();
        assert!(viewer.login(password), "the viewer is let in");
        viewer.init();
        viewer
    }

    fn get(&self, path: &str) -> String {
        self.ask("GET", path)
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let host = self.address;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
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

/// A viewer made by hand.
struct Viewer(TcpStream);

impl Viewer {
    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Shakes hands; tells whether it was let in.
    fn login(&mut self, password: Option<&str>) -> bool {
        assert_eq!(&self.read(), b"RFB 003.008\n");
        self.send(b"RFB 003.008\n");
        let [count] = self.read();
        let ways = self.take(count.into());
        match password {
            None => {
                assert_eq!(ways, [1]);
                self.send(&[1]);
            }
            Some(password) => {
                assert_eq!(ways, [2]);
                self.send(&[2]);
                let challenge = self.read();
                self.send(&vnc_response(password.as_bytes(), challenge));
            }
        }
        self.read() == [0; 4]
    }

    fn init(&mut self) -> Size {
        self.send(&[1]);
        let init: [u8; 24] = self.read();
        let name = u32::from_be_bytes(init[20..].try_into().unwrap());
        assert_eq!(self.take(name as usize), b"COSMOS");
        Size::new(u16::from_be_bytes([init[0], init[1]]), u16::from_be_bytes([init[2], init[3]]))
    }

    fn request(&mut self, incremental: bool) {
        self.send(&[3, incremental.into(), 0, 0, 0, 0, 255, 255, 255, 255]);
    }

    /// The first bytes of the pixels of an update in raw rectangles, and how many pixels those were.
    fn update(&mut self) -> (u8, usize) {
        let [kind, _, high, low] = self.read();
        assert_eq!(kind, 0);
        let (mut first, mut pixels) = (0, 0);
        for _ in 0..u16::from_be_bytes([high, low]) {
            let header: [u8; 12] = self.read();
            assert_eq!(header[8..], [0; 4], "raw, as nothing else was asked for");
            let side = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
            let bytes = self.take(4 * side(4) * side(6));
            first = bytes[0];
            pixels += side(4) * side(6);
        }
        (first, pixels)
    }

    /// Whether the server ended it.
    fn is_ended(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

#[test]
fn the_picture_follows_the_desktop_and_input_reaches_it() {
    let server = Server::start(&[]);
    let mut viewer = server.viewer();
    assert!(viewer.login(None));
    assert_eq!(viewer.init(), SIZE);
    viewer.request(false);
    assert_eq!(viewer.update(), (40, SIZE.area()));
    viewer.request(true);
    server.script.change();
    assert_eq!(viewer.update(), (80, SIZE.area()));
    viewer.send(&[4, 1, 0, 0, 0, 0, 0, 0x61]);
    viewer.send(&[5, 1, 0, 3, 0, 4]);
    let expected = [
        InputEvent::Key { keysym: Keysym(0x61), pressed: true },
        InputEvent::PointerTo(Point { x: 3, y: 4 }),
        InputEvent::Button { button: Button::Left, pressed: true },
    ];
    for event in expected {
        assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), event);
    }
    drop(viewer);
    assert_eq!(
        server.input.recv_timeout(LIMIT).unwrap(),
        InputEvent::ReleaseAll,
        "what was held is let go of"
    );
}

#[test]
fn nothing_is_captured_while_nobody_asks() {
    let server = Server::start(&[]);
    let mut viewer = server.connected(None);
    viewer.request(false);
    viewer.update();
    let before = server.script.grabbed();
    for _ in 0..20 {
        server.script.change();
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(server.script.grabbed(), before);
    viewer.request(true);
    assert_eq!(viewer.update().0, (21 * 40_u32 % 256) as u8, "the newest picture, and none in between");
}

#[test]
fn whoever_takes_nothing_keeps_nobody_waiting() {
    let server = Server::start(&[]);
    let mut slow = server.connected(None);
    for _ in 0..500 {
        slow.request(false);
    }
    let mut viewer = server.connected(None);
    viewer.request(false);
    viewer.update();
    for step in 2..30_u32 {
        viewer.request(true);
        server.script.change();
        assert_eq!(viewer.update().0, (step * 40 % 256) as u8);
    }
}

#[test]
fn each_password_has_its_role() {
    let server = Server::start(&[("controller's", Role::Controller), ("viewer's", Role::Viewer)]);
    assert!(!server.viewer().login(Some("wrong")));
    let mut looking = server.connected(Some("viewer's"));
    looking.request(false);
    assert_eq!(looking.update().1, SIZE.area());
    looking.send(&[4, 1, 0, 0, 0, 0, 0, 0x61]);
    looking.send(&[251, 0, 0, 100, 0, 50, 0, 0]);
    // Both messages have been read once the next update is there.
    looking.request(false);
    assert_eq!(looking.update().1, SIZE.area());
    let mut controlling = server.connected(Some("controller's"));
    controlling.send(&[4, 1, 0, 0, 0, 0, 0, 0x62]);
    let expected = InputEvent::Key { keysym: Keysym(0x62), pressed: true };
    assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), expected, "and nothing of the one who looks");
}

#[test]
fn viewers_are_people_too_and_drive_unless_another_has_the_control() {
    let server = Server::start(&[]);
    let key = |keysym: u8| {
        let event = InputEvent::Key { keysym: Keysym(keysym.into()), pressed: true };
        ([4, 1, 0, 0, 0, 0, 0, keysym], event)
    };
    let heard = || server.input.recv_timeout(LIMIT).unwrap();
    let (mut ada, first) = (server.connected(None), 1_u64 << 31);
    ada.send(&key(0x61).0);
    assert_eq!(heard(), key(0x61).1);
    let mut bob = server.connected(None);
    bob.send(&key(0x62).0);
    assert_eq!(heard(), key(0x62).1);
    let people = server.get("/api/v1/viewers");
    assert!(people.contains(&format!("\"id\":{first}")) && people.contains("\"vnc\":true"), "{people}");

    assert!(server.ask("POST", &format!("/api/v1/viewers/{first}/control")).contains(" 204 "));
    assert_eq!(heard(), InputEvent::ReleaseAll, "what bob holds down is let go of");
    // A second time by bob's own thread, behind the last of what he did.
    assert_eq!(heard(), InputEvent::ReleaseAll);
    bob.send(&key(0x63).0);
    bob.request(false);
    bob.update();
    ada.send(&key(0x64).0);
    assert_eq!(heard(), key(0x64).1, "and nothing of bob");
    assert!(server.ask("DELETE", "/api/v1/control").contains(" 204 "));
    bob.send(&key(0x65).0);
    assert_eq!(heard(), key(0x65).1);

    assert!(server.ask("DELETE", &format!("/api/v1/viewers/{first}")).contains(" 204 "));
    assert!(ada.is_ended());
}

#[test]
fn whoever_guesses_is_made_to_wait() {
    let server = Server::start(&[("password", Role::Controller)]);
    let refused: Vec<String> = (0..12)
        .map(|_| {
            let mut viewer = server.viewer();
            assert!(!viewer.login(Some("wrong")));
            let length = u32::from_be_bytes(viewer.read());
            String::from_utf8(viewer.take(length as usize)).unwrap()
        })
        .collect();
    assert_eq!(refused[0], "the user name or the password is wrong");
    assert!(refused[11].starts_with("too many attempts; wait "), "{refused:?}");
}

#[test]
fn those_who_misbehave_are_sent_away_and_the_others_stay() {
    let server = Server::start(&[]);
    let mut good = server.connected(None);
    for said in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"RFB 003.008\n\x02",
        b"RFB 003.008\n\x01\x01\x09",
        b"RFB 003.008\n\x01\x01\x06\0\0\0\x7f\xff\xff\xff",
        b"RFB 003.008\n\x01\x01\x06\0\0\0\x80\0\0\0",
        b"RFB 003.008\n\x01\x01\xf8\0\0\0\0\0\0\0\xff",
        b"RFB 003.008\n\x01\x01\0\0\0\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let mut bad = server.viewer();
        bad.send(said);
        assert!(bad.is_ended(), "{}", said.escape_ascii());
    }
    // Strange, and no reason to leave.
    let mut strange = server.connected(None);
    strange.send(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    strange.send(&[3, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    strange.send(&[&[2, 0, 255, 255][..], &[0x7f; 4 * 65535]].concat());
    strange.request(false);
    assert_eq!(strange.update().1, SIZE.area());
    good.request(false);
    assert_eq!(good.update().1, SIZE.area());
}

#[test]
fn two_hundred_half_open_handshakes_keep_nobody_out() {
    let server = Server::start(&[]);
    let mut half: Vec<Viewer> = (0..200).map(|_| server.viewer()).collect();
    let mut viewer = server.connected(None);
    viewer.request(false);
    assert_eq!(viewer.update().1, SIZE.area());
    assert!(half[0].is_ended(), "the oldest made room");
    assert_eq!(&half[199].read(), b"RFB 003.008\n");
}

#[test]
fn a_websocket_carries_the_same() {
    let server = Server::start(&[]);
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let host = server.address;
    let ask = |origin: &str| {
        format!(
            "GET /websockify HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: binary\r\n\r\n"
        )
    };
    let answer = |socket: &mut TcpStream| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    };
    socket.write_all(ask(&format!("http://{host}")).as_bytes()).unwrap();
    let head = answer(&mut socket).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("sec-websocket-protocol: binary"), "{head}");
    let mut frame = [0; 14];
    socket.read_exact(&mut frame).unwrap();
    assert_eq!(&frame, b"\x82\x0cRFB 003.008\n");

    let mut foreign = TcpStream::connect(host).unwrap();
    foreign.set_read_timeout(Some(LIMIT)).unwrap();
    foreign.write_all(ask("http://elsewhere.example").as_bytes()).unwrap();
    assert!(answer(&mut foreign).starts_with("HTTP/1.1 403"));
}

#[test]
fn the_page_of_novnc_is_served_from_its_folder_and_tells_when_there_is_none() {
    let folder = std::env::temp_dir().join(format!("cosmos-rfb-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("core")).unwrap();
    std::fs::write(folder.join("core/rfb.js"), "export default 1;").unwrap();
    std::fs::write(folder.join("../cosmos-rfb-outside.js"), "outside").unwrap();
    let server = Server::with(&[], NoVnc { root: Some(folder.clone()), first: true });
    assert!(server.get("/").contains("location: vnc/"));
    assert!(server.get("/vnc/").contains("js/vnc.js"));
    assert!(server.get("/vnc/core/rfb.js").ends_with("export default 1;"));
    for path in ["/vnc/../cosmos-rfb-outside.js", "/vnc/%2e%2e/cosmos-rfb-outside.js", "/vnc/core/none.js"] {
        assert!(server.get(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::remove_file(folder.with_file_name("cosmos-rfb-outside.js")).unwrap();
    drop(server);
    let server = Server::with(&[], NoVnc { root: Some(folder), first: false });
    assert!(server.get("/").contains("js/main.js"));
    let missing = server.get("/vnc/");
    assert!(
        missing.starts_with("HTTP/1.1 404") && missing.contains("install the package novnc"),
        "{missing}"
    );
}
