//! How a page and the server find a way to each other.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use cosmos_auth::{
    Secret,
    ice::{TurnAddress, TurnTransport},
};
use cosmos_streaming::{IceConfig, ServerConfig, TurnAuth};

use super::{Server, config, page::Page, status};

fn cookie(server: &Server) -> String {
    let welcome = server.login("correct horse");
    let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
}

#[test]
fn whoever_is_logged_in_is_told_the_ways_through_the_network() {
    let address = TurnAddress { host: "turn.example".into(), port: 3478, transport: TurnTransport::Tcp };
    let auth = TurnAuth::SharedSecret { secret: Secret::new("north"), user: "cosmos".into() };
    let ice = IceConfig { turn: Some((address, auth)), ..IceConfig::default() };
    let server = Server::with(ServerConfig { ice, ..config("127.0.0.1:0", Some("correct horse")) });
    assert_eq!(status(&server.request("GET", "/api/ice", "", "")), "401");
    let cookie = cookie(&server);
    let told = server.request("GET", "/api/ice", &cookie, "");
    assert!(told.contains("turn:turn.example:3478?transport=tcp") && told.contains(":cosmos\""), "{told}");
    assert!(told.contains("cache-control: no-store") && !told.contains("north"), "{told}");
}

#[test]
fn a_turn_server_of_our_own_answers_on_the_one_port_and_pages_are_told_of_it() {
    let ice = IceConfig { embedded: true, ..IceConfig::default() };
    let server = Server::with(ServerConfig { ice, ..config("127.0.0.1:0", Some("correct horse")) });
    let cookie = cookie(&server);
    let told = server.request("GET", "/api/ice", &cookie, "");
    for url in ["turn:127.0.0.1:", "?transport=udp", "?transport=tcp", ":page\""] {
        assert!(told.contains(url), "{url}: {told}");
    }
    // A question for one's own address: the answer holds it, after its head and the head of the attribute.
    let question = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    let check = |answer: &[u8], from: SocketAddr| {
        assert_eq!((&answer[..2], &answer[8..20]), (&[1, 1][..], &[7; 12][..]));
        let port = (from.port() ^ 0x2112).to_be_bytes();
        assert!(answer[20..].windows(2).any(|two| two == port), "{answer:02x?}");
    };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(&question, server.address).unwrap();
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).unwrap();
    check(&answer[..length], socket.local_addr().unwrap());

    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(&question).unwrap();
    let length = stream.read(&mut answer).unwrap();
    check(&answer[..length], stream.local_addr().unwrap());
}

#[test]
fn addresses_that_a_page_finds_late_are_taken_from_its_own_user_alone() {
    let server = Server::start(Some("correct horse"));
    let cookie = cookie(&server);
    let (origin, path) = (server.origin(), "/api/candidates");
    let found = r#"{"session":0,"candidates":["candidate:1 1 udp 7 192.0.2.1 9 typ relay raddr 0.0.0.0 rport 0","x"]}"#;
    assert_eq!(status(&server.request("POST", path, &origin, found)), "401");
    assert_eq!(status(&server.request("POST", path, &cookie, found)), "403", "from no page of ours");
    let ours = format!("{cookie}{origin}");
    assert_eq!(status(&server.request("POST", path, &ours, found)), "204");
    for bad in ["{}", "[]", r#"{"session":-1,"candidates":[]}"#, &many_candidates()] {
        assert_eq!(status(&server.request("POST", path, &ours, bad)), "400", "{bad}");
    }
}

fn many_candidates() -> String {
    format!(r#"{{"session":0,"candidates":[{}]}}"#, vec![r#""x""#; 65].join(","))
}

#[test]
fn an_offer_with_a_name_of_the_browsers_own_network_is_answered() {
    let server = Server::start(None);
    let (mut page, offer) = Page::offer(false);
    let offer = offer.replacen(
        "a=ice-ufrag:",
        "a=candidate:1 1 udp 2122260223 1b2c3d4e-0000-4000-8000-123456789abc.local 50000 typ host\\r\\na=ice-ufrag:",
        1,
    );
    assert!(offer.contains(".local"), "{offer}");
    let answer = server.request("POST", "/api/offer", &server.origin(), &offer);
    page.answer(answer.split_once("\r\n\r\n").expect("a body").1);
    page.until("the channels to open", |page| page.is_open());
}
