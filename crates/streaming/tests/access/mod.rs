//! Several people, scripts and proxies: who is let in, as what, and what is kept of it.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use cosmos_auth::{ApiToken, Role, Secret};
use cosmos_desktop::{InputEvent, Keysym};
use cosmos_protocol::{ClientMessage, ServerMessage};
use cosmos_streaming::{AuthConfig, ProxyConfig, ServerConfig};

use crate::{LIMIT, Server, accounts, config, socket::Socket, status};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server with an owner, a controller and a viewer, a token, and a proxy on loopback where there shall be one.
fn server(proxy: Option<&str>) -> Server {
    let plain = config("127.0.0.1:0", None);
    let people = [
        ("ada", Role::Owner, "one"),
        ("ada", Role::Viewer, "look"),
        ("bob", Role::Controller, "two"),
        ("eve", Role::Viewer, "three"),
    ];
    let auth = AuthConfig {
        accounts: Some(accounts(&people)),
        api_token: Some(ApiToken::new(&Secret::new(TOKEN)).unwrap()),
        proxy: ProxyConfig {
            networks: proxy.unwrap_or_default().parse().unwrap(),
            user_header: proxy.map(|_| "X-Forwarded-User".to_owned()),
            ..plain.auth.proxy
        },
        ..plain.auth
    };
    Server::with(ServerConfig { auth, ..config("127.0.0.1:0", None) })
}

fn basic(user: &str, password: &str) -> String {
    format!("Authorization: Basic {}\r\n", BASE64.encode(format!("{user}:{password}")))
}

/// Who the server takes the sender of these headers for; the status where it takes them for nobody.
fn whoami(server: &Server, headers: &str) -> String {
    let answer = server.request("GET", "/api/session", headers, "");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(who) if status(&answer) == "200" => {
            format!("{} {}", who["user"].as_str().unwrap(), who["role"].as_str().unwrap())
        }
        _ => status(&answer).to_owned(),
    }
}

#[test]
fn everybody_comes_in_as_what_their_password_makes_them() {
    let server = server(None);
    for (user, password, expected) in [
        ("ada", "one", "ada owner"),
        ("ada", "look", "ada viewer"),
        ("bob", "two", "bob controller"),
        ("eve", "three", "eve viewer"),
    ] {
        assert_eq!(whoami(&server, &server.logged_in(user, password)), expected);
    }
    assert_eq!(status(&server.login_as("bob", "one")), "401");
}

#[test]
fn a_viewer_sees_and_changes_nothing() {
    let server = server(None);
    let mut page = Socket::open(server.address, &server.logged_in("eve", "three")).unwrap();
    page.until("the greeting", |message| matches!(message, ServerMessage::Hello { control: false, .. }));
    page.until("a picture", |message| matches!(message, ServerMessage::Video { .. }));
    page.say(&ClientMessage::Input(InputEvent::Key { keysym: Keysym(0x61), pressed: true }));
    page.say(&ClientMessage::Ping(7));
    page.until("an answer", |message| matches!(message, ServerMessage::Pong { number: 7, .. }));
    let mut other = Socket::open(server.address, &server.logged_in("bob", "two")).unwrap();
    let key = InputEvent::Key { keysym: Keysym(0x62), pressed: true };
    other.say(&ClientMessage::Input(key.clone()));
    assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), key, "the viewer's key is not among them");
}

#[test]
fn scripts_show_a_password_or_the_token_and_pages_do_not() {
    let server = server(None);
    let (ada, token) = (basic("ada", "one"), format!("Authorization: Bearer {TOKEN}\r\n"));
    assert_eq!(whoami(&server, &ada), "ada owner");
    assert_eq!(whoami(&server, &token), "api owner");
    for headers in [basic("ada", "two"), basic("nobody", "one"), "Authorization: Bearer 0123\r\n".into()] {
        assert_eq!(whoami(&server, &headers), "401", "{headers}");
    }
    let offer = |headers: String| status(&server.request("POST", "/api/offer", &headers, "{}")).to_owned();
    for script in [&ada, &token] {
        assert_eq!(offer(script.clone()), "400", "it is let in, and what it offers makes no sense");
        assert_eq!(offer(script.clone() + &server.origin()), "400");
        assert_eq!(offer(script.clone() + "Origin: https://evil.example\r\n"), "403");
        assert_eq!(offer(script.clone() + "Origin: null\r\n"), "403");
        assert_eq!(offer(script.clone() + "Sec-Fetch-Site: cross-site\r\n"), "403");
        assert_eq!(offer(script.clone() + &server.origin() + "Sec-Fetch-Site: same-origin\r\n"), "401");
        let socket = |headers: &str| Socket::open(server.address, headers).err();
        assert!(socket(&(script.clone() + "Origin: https://evil.example\r\n")).unwrap().contains("403"));
        assert!(socket(script).is_none());
    }
}

#[test]
fn guessing_by_scripts_is_slowed_down_as_at_the_login() {
    let server = server(None);
    let answers: Vec<String> = (0..10).map(|_| whoami(&server, &basic("bob", "wrong"))).collect();
    assert_eq!((&*answers[0], &*answers[9]), ("401", "429"));
    assert_eq!(status(&server.login_as("bob", "two")), "429", "the door is the same");
}

#[test]
fn a_proxy_that_is_trusted_names_whom_it_has_checked() {
    let trusted = server(Some("127.0.0.0/8"));
    for (headers, expected) in [
        ("X-Forwarded-User: bob\r\n", "bob controller"),
        ("X-Forwarded-User: carol\r\n", "carol viewer"),
        ("X-Forwarded-User: \r\n", "401"),
        ("X-Forwarded-User: bob\r\nX-Forwarded-User: ada\r\n", "401"),
        ("", "401"),
    ] {
        assert_eq!(whoami(&trusted, headers), expected, "{headers}");
    }
    let offer = |headers: &str| status(&trusted.request("POST", "/api/offer", headers, "{}")).to_owned();
    assert_eq!(offer("X-Forwarded-User: bob\r\nOrigin: https://evil.example\r\n"), "403");
    assert_eq!(offer("X-Forwarded-User: bob\r\n"), "403");
    assert_eq!(offer(&format!("X-Forwarded-User: bob\r\n{}", trusted.origin())), "400");
    let elsewhere = server(Some("192.0.2.0/24"));
    assert_eq!(whoami(&elsewhere, "X-Forwarded-User: ada\r\n"), "401");
}

#[test]
fn behind_a_trusted_proxy_each_address_has_attempts_of_its_own() {
    let server = server(Some("127.0.0.1"));
    let guess = |from: &str, user: &str, password: &str| {
        let headers = format!("{}X-Forwarded-For: {from}\r\n", server.origin());
        let attempt = format!(r#"{{"user":"{user}","password":"{password}"}}"#);
        status(&server.request("POST", "/api/login", &headers, &attempt)).to_owned()
    };
    let answers: Vec<String> = (0..8).map(|_| guess("198.51.100.1", "eve", "wrong")).collect();
    assert_eq!(answers.last().unwrap(), "429");
    assert_eq!(guess("1.2.3.4, 198.51.100.1", "bob", "two"), "429", "what the sender wrote is not believed");
    assert_eq!(guess("198.51.100.2", "bob", "two"), "204");
}

#[test]
fn what_happened_is_kept_without_secrets() {
    let path = std::env::temp_dir().join(format!("cosmos-access-{}.log", std::process::id()));
    let plain = config("127.0.0.1:0", Some("s3cret"));
    let auth = AuthConfig { audit: Some(path.clone()), ..plain.auth };
    let server = Server::with(ServerConfig { auth, ..config("127.0.0.1:0", None) });
    server.login("hunter2");
    server.login_as("hunter2", "x");
    let headers = server.logged_in("ada", "s3cret");
    drop(Socket::open(server.address, &headers).unwrap());
    server.request("POST", "/api/logout", &headers, "");
    let text = || std::fs::read_to_string(&path).unwrap();
    let limit = Instant::now() + LIMIT;
    while !text().contains("log out") {
        assert!(Instant::now() < limit, "{}", text());
        std::thread::sleep(Duration::from_millis(5));
    }
    let kept = text();
    for what in [
        r#""from":"127.0.0.1""#,
        r#""what":"is refused","who":"ada"}"#,
        r#""what":"is refused","who":"somebody unknown"}"#,
        r#""what":"log in","who":"ada"}"#,
        r#""detail":"by WebSocket""#,
    ] {
        assert!(kept.contains(what), "{what}: {kept}");
    }
    let token = headers.split(['=', '\r']).nth(1).unwrap();
    for secret in ["s3cret", "hunter2", token] {
        assert!(!kept.contains(secret), "{kept}");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_named_at_the_start() {
    let (script, _input) = crate::scripted::Script::new(cosmos_desktop::Size::new(320, 240));
    let desktop = script.open().unwrap();
    let plain = config("127.0.0.1:0", None);
    let auth = AuthConfig { audit: Some("/none/audit.log".into()), ..plain.auth };
    let open = Box::new(move || script.open());
    let config = ServerConfig { auth, ..config("127.0.0.1:0", None) };
    let error =
        cosmos_streaming::serve(config, desktop, open, |_| panic!("it serves"), std::future::pending());
    let text = cosmos_streaming::error_text(&error.unwrap_err());
    assert!(text.contains("/none/audit.log") && text.contains("--audit-log"), "{text}");
}
