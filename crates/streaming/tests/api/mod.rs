//! What scripts can do, and that the document about it tells the truth.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use cosmos_auth::{ApiToken, Role, Secret};
use cosmos_desktop::{InputEvent, Keysym, Point};
use cosmos_protocol::{ClientMessage, ServerMessage};
use cosmos_streaming::{AuthConfig, ServerConfig};
use serde_json::{Value, json};

use crate::{LIMIT, Server, accounts, config, socket::Socket, status};

const TOKEN: &str = "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n";

fn server() -> Server {
    let people =
        [("ada", Role::Owner, "one"), ("bob", Role::Controller, "two"), ("eve", Role::Viewer, "three")];
    let auth = AuthConfig {
        accounts: Some(accounts(&people)),
        api_token: Some(ApiToken::new(&Secret::new("0123456789abcdef0123456789abcdef")).unwrap()),
        ..config("127.0.0.1:0", None).auth
    };
    Server::with(ServerConfig { auth, ..config("127.0.0.1:0", None) })
}

fn body(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn join(server: &Server, user: &str, password: &str) -> Socket {
    let mut page = Socket::open(server.address, &server.logged_in(user, password)).unwrap();
    page.until("the greeting", |message| matches!(message, ServerMessage::Hello { .. }));
    page
}

/// Who is connected, as `name: rights` and `drives` where they do.
fn viewers(server: &Server) -> Vec<String> {
    let answer = body(&server.request("GET", "/api/v1/viewers", TOKEN, ""));
    let shown = |viewer: &Value| {
        let drives = if viewer["drives"] == true { " drives" } else { "" };
        format!("{}: {}{drives}", viewer["user"].as_str().unwrap(), viewer["rights"].as_str().unwrap())
    };
    answer["viewers"].as_array().unwrap().iter().map(shown).collect()
}

fn id(server: &Server, user: &str) -> u64 {
    let answer = body(&server.request("GET", "/api/v1/viewers", TOKEN, ""));
    let all = answer["viewers"].as_array().unwrap();
    all.iter().find(|viewer| viewer["user"] == user).unwrap()["id"].as_u64().unwrap()
}

fn ask(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> String {
    status(&server.request(method, &format!("/api/v1/{path}"), headers, body)).to_owned()
}

#[test]
fn an_owner_decides_about_the_others() {
    let server = server();
    let (mut bob, mut eve) = (join(&server, "bob", "two"), join(&server, "eve", "three"));
    assert_eq!(viewers(&server), ["bob: controller drives", "eve: viewer"]);
    let (bob_id, eve_id) = (id(&server, "bob"), id(&server, "eve"));
    assert_eq!(ask(&server, "POST", &format!("viewers/{eve_id}/control"), TOKEN, ""), "204");
    eve.until("the control", |message| *message == ServerMessage::Control(true));
    bob.until("its loss", |message| *message == ServerMessage::Control(false));
    assert_eq!(viewers(&server), ["bob: controller", "eve: viewer drives"]);
    assert_eq!(ask(&server, "DELETE", "control", TOKEN, ""), "204");
    bob.until("the control", |message| *message == ServerMessage::Control(true));

    let rights = json!({ "rights": "controller+picture" }).to_string();
    assert_eq!(ask(&server, "PUT", &format!("viewers/{eve_id}/rights"), TOKEN, &rights), "204");
    eve.until("the right to drive", |message| *message == ServerMessage::Control(true));
    assert_eq!(viewers(&server), ["bob: controller drives", "eve: controller+picture drives"]);
    assert_eq!(
        ask(&server, "PUT", &format!("viewers/{eve_id}/rights"), TOKEN, r#"{"rights":"root"}"#),
        "400"
    );

    assert_eq!(ask(&server, "DELETE", &format!("viewers/{bob_id}"), TOKEN, ""), "204");
    while bob.read().is_some() {}
    assert_eq!(viewers(&server).len(), 1);
    for (method, path) in [("DELETE", "viewers/999"), ("POST", "viewers/999/control")] {
        assert_eq!(ask(&server, method, path, TOKEN, ""), "404", "{path}");
    }
    assert_eq!(ask(&server, "DELETE", "viewers/x", TOKEN, ""), "400");
}

#[test]
fn who_owns_nothing_decides_nothing() {
    let server = server();
    let _page = join(&server, "bob", "two");
    let id = id(&server, "bob");
    for (user, password) in [("bob", "two"), ("eve", "three")] {
        let headers = server.logged_in(user, password);
        for (method, path, text) in [
            ("DELETE", format!("viewers/{id}"), ""),
            ("PUT", format!("viewers/{id}/rights"), r#"{"rights":"owner"}"#),
            ("POST", format!("viewers/{id}/control"), ""),
            ("DELETE", "control".to_owned(), ""),
        ] {
            assert_eq!(ask(&server, method, &path, &headers, text), "403", "{user} {method} {path}");
        }
        assert_eq!(ask(&server, "GET", "viewers", &headers, ""), "200");
    }
    assert_eq!(viewers(&server), ["bob: controller drives"]);
}

#[test]
fn a_script_types_and_points_where_it_may() {
    let server = server();
    let events = json!({ "events": [
        { "type": "pointer-to", "x": 5, "y": 6 },
        { "type": "key", "keysym": 97, "pressed": true },
        { "type": "text", "text": "é" },
        { "type": "release-all" },
    ] })
    .to_string();
    assert_eq!(ask(&server, "POST", "input", TOKEN, &events), "204");
    for expected in [
        InputEvent::PointerTo(Point { x: 5, y: 6 }),
        InputEvent::Key { keysym: Keysym(97), pressed: true },
        InputEvent::Text("é".into()),
        InputEvent::ReleaseAll,
    ] {
        assert_eq!(server.input.recv_timeout(LIMIT).unwrap(), expected);
    }
    let eve = server.logged_in("eve", "three");
    assert_eq!(ask(&server, "POST", "input", &eve, &events), "403");
    let bob = server.logged_in("bob", "two");
    assert_eq!(ask(&server, "POST", "input", &bob, &events), "204");
    join(&server, "ada", "one").say(&ClientMessage::TakeControl);
    let foreign = format!("{TOKEN}Origin: https://evil.example\r\n");
    assert_eq!(ask(&server, "POST", "input", &foreign, &events), "403");
    for wrong in ["{}", r#"{"events":[{"type":"reboot"}]}"#, r#"{"events":[{"type":"key","keysym":97}]}"#] {
        assert_eq!(ask(&server, "POST", "input", TOKEN, wrong), "400", "{wrong}");
    }
    let many = json!({ "events": vec![json!({ "type": "release-all" }); 501] }).to_string();
    assert_eq!(ask(&server, "POST", "input", TOKEN, &many), "429");
}

/// The answer with its body as bytes.
fn fetch(server: &Server, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let host = server.address;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
}

#[test]
fn a_screenshot_is_what_the_screen_shows_and_disturbs_nobody() {
    let server = server();
    let (head, png) = fetch(&server, "/api/v1/screenshot", TOKEN);
    assert!(status(&head) == "200" && head.contains("image/png"), "{head}");
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!((&png[12..16], &png[16..24]), (&b"IHDR"[..], &[0, 0, 1, 0x40, 0, 0, 0, 0xf0][..]));
    let length = u32::from_be_bytes(png[33..37].try_into().unwrap()) as usize;
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&png[41..41 + length]).read_to_end(&mut rows).unwrap();
    assert_eq!(rows.len(), 240 * (1 + 3 * 320));
    assert!(
        rows.chunks(961).all(|row| row[0] == 0 && row[1..].iter().all(|level| *level == 40)),
        "the first change"
    );

    let mut page = join(&server, "eve", "three");
    page.until("a picture", |message| matches!(message, ServerMessage::Video { keyframe: true, .. }));
    let until = std::time::Instant::now() + LIMIT;
    while status(&fetch(&server, "/api/v1/screenshot", TOKEN).0) != "200" {
        assert!(std::time::Instant::now() < until);
    }
    server.script.change();
    let next = page.until("the next picture", |message| matches!(message, ServerMessage::Video { .. }));
    assert!(
        matches!(next, ServerMessage::Video { keyframe: false, .. }),
        "no keyframe was made for a screenshot"
    );
    assert_eq!(ask(&server, "GET", "screenshot", "", ""), "401");
}

#[test]
fn what_happens_is_told_as_it_happens() {
    let server = server();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let host = server.address;
    write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\n{TOKEN}\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut until = |wanted: &str| {
        let found = lines.by_ref().map(|line| line.unwrap()).find(|line| line.contains(wanted));
        found.unwrap_or_else(|| panic!("the events end before {wanted}"))
    };
    until("text/event-stream");
    let mut page = join(&server, "bob", "two");
    until("event: viewers");
    assert!(until("data: ").contains(r#""user":"bob""#));
    page.say(&ClientMessage::Resize(cosmos_desktop::Size::new(400, 300)));
    until("event: size");
    assert!(until("data: ").contains("400x300"));
    drop(page);
    until("event: viewers");
    assert!(until("data: ").contains("[]"));
}

/// The routes that stand in the code.
fn routes() -> BTreeSet<(String, String)> {
    let code = include_str!("../../src/site/mod.rs");
    let routes =
        code.lines().filter_map(|line| line.trim().strip_prefix(".route(\"/api/v1/")?.split_once("\", "));
    let methods = |handlers: &str| -> Vec<String> {
        ["get", "post", "put", "delete"]
            .into_iter()
            .filter(|method| handlers.contains(&format!("{method}(")))
            .map(str::to_owned)
            .collect()
    };
    routes
        .flat_map(|(path, handlers)| {
            methods(handlers).into_iter().map(move |method| (format!("/api/v1/{path}"), method))
        })
        .collect()
}

#[test]
fn the_document_tells_of_every_route_and_of_no_other() {
    let server = server();
    let document = body(&server.request("GET", "/api/v1/openapi.json", TOKEN, ""));
    let mut told = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            told.insert((path.clone(), method.clone()));
            // Those two answer with what is no text, or without end.
            if path.ends_with("/events") || path.ends_with("/screenshot") {
                continue;
            }
            let real = path.replace("{id}", "0");
            let answer = server.request(&method.to_uppercase(), &real, TOKEN, "");
            let status = status(&answer);
            let missing = status == "405" || answer.contains("there is no such page");
            assert!(!missing, "{method} {path}: {answer}");
            let tells = &methods[method]["responses"];
            let expected = tells.get(status).is_some() || status == "200";
            assert!(expected || status == "400" || status == "404", "{method} {path} answers {status}");
            let without = server.request(&method.to_uppercase(), &real, &server.origin(), "");
            assert_eq!(crate::status(&without), "401", "{method} {path}");
        }
    }
    assert_eq!(told, routes());
    let references = document.to_string();
    for name in references.split(r##""$ref":"#/components/schemas/"##).skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}
