//! Links: who may make them, what they let in, and how they end.

use std::time::{Duration, Instant};

use cosmos_auth::Role;
use cosmos_protocol::{ClientMessage, ServerMessage};
use cosmos_streaming::{AuthConfig, ServerConfig};
use serde_json::{Value, json};

use crate::{LIMIT, Server, accounts, config, socket::Socket, status};

fn server() -> Server {
    with(|auth| auth)
}

fn with(change: impl FnOnce(AuthConfig) -> AuthConfig) -> Server {
    let people = [("ada", Role::Owner, "one"), ("bob", Role::Controller, "two")];
    let auth = AuthConfig { accounts: Some(accounts(&people)), ..config("127.0.0.1:0", None).auth };
    Server::with(ServerConfig { auth: change(auth), ..config("127.0.0.1:0", None) })
}

fn body(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// Makes a link; its number and its token, or the status and what was said.
fn make(server: &Server, headers: &str, rights: &str, seconds: u64) -> Result<(String, String), String> {
    let wanted = json!({ "name": "carol", "rights": rights, "seconds": seconds }).to_string();
    let answer = server.request("POST", "/api/v1/links", headers, &wanted);
    if status(&answer) != "201" {
        return Err(format!("{} {}", status(&answer), body(&answer)["error"]));
    }
    let made = body(&answer);
    Ok((made["id"].as_str().unwrap().into(), made["token"].as_str().unwrap().into()))
}

/// Opens a link as a page does; the headers of the guest, or the status.
fn open(server: &Server, token: &str) -> Result<String, String> {
    let wanted = json!({ "token": token }).to_string();
    let answer = server.request("POST", "/api/link", &server.origin(), &wanted);
    match answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")) {
        Some(cookie) => Ok(format!("Cookie: {}\r\n{}", cookie.split(';').next().unwrap(), server.origin())),
        None => Err(status(&answer).to_owned()),
    }
}

fn session(server: &Server, headers: &str) -> String {
    let answer = server.request("GET", "/api/session", headers, "");
    if status(&answer) == "200" { body(&answer).to_string() } else { status(&answer).to_owned() }
}

fn revoke(server: &Server, headers: &str, id: &str) -> String {
    status(&server.request("DELETE", &format!("/api/v1/links/{id}"), headers, "")).to_owned()
}

fn listed(server: &Server, headers: &str) -> Vec<String> {
    let links = body(&server.request("GET", "/api/v1/links", headers, ""));
    let links = links["links"].as_array().unwrap().iter();
    links.map(|link| link["rights"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_link_lets_in_as_what_it_says() {
    let server = server();
    let ada = server.logged_in("ada", "one");
    let (_, token) = make(&server, &ada, "viewer+sound", 60).unwrap();
    let guest = open(&server, &token).unwrap();
    let expected =
        r#"{"grants":["sound"],"guest":true,"role":"viewer","shares":"viewer+sound","user":"carol"}"#;
    assert_eq!(session(&server, &guest), expected);
    let again = open(&server, &token).unwrap();
    assert_eq!(session(&server, &again), expected, "a link is for as many as have it");
    let mut page = Socket::open(server.address, &guest).unwrap();
    page.until("the greeting", |message| matches!(message, ServerMessage::Hello { control: false, .. }));
    page.say(&ClientMessage::Video(true));
    page.say(&ClientMessage::Ping(1));
    page.until("an answer", |message| matches!(message, ServerMessage::Pong { number: 1, .. }));
    assert_eq!(server.script.grabbed(), 0, "who may only listen is shown nothing");
}

#[test]
fn links_that_were_not_made_here_let_nobody_in() {
    let (server, other) = (server(), server());
    let (id, token) = make(&server, &server.logged_in("ada", "one"), "viewer", 60).unwrap();
    let (_, foreign) = make(&other, &other.logged_in("ada", "one"), "viewer", 60).unwrap();
    let tag = foreign.split_once('.').unwrap().1;
    for (server, forged) in [
        (&server, ""),
        (&server, "x"),
        (&server, &id),
        (&server, &format!("{id}.")),
        (&other, &format!("AAAAAAAAAAA.{tag}")),
        (&other, &format!("{foreign}A")),
        (&other, &token),
    ] {
        assert_eq!(open(server, forged).err().as_deref(), Some("401"), "{forged}");
    }
    let refused =
        (0..9).map(|n| open(&server, &format!("x{n}")).err()).find(|why| why.as_deref() == Some("429"));
    assert!(refused.is_some(), "guessing is slowed down");
    assert_eq!(status(&server.request("POST", "/api/link", "", "{}")), "403", "a page of somebody else");
    assert_eq!(status(&server.request("POST", "/api/link", &server.origin(), "{}")), "400");
}

#[test]
fn only_who_may_makes_links_and_only_for_less() {
    let server = server();
    let (ada, bob) = (server.logged_in("ada", "one"), server.logged_in("bob", "two"));
    let (_, token) = make(&server, &ada, "controller+picture+sound", 60).unwrap();
    let guest = open(&server, &token).unwrap();
    for (headers, rights, seconds, expected) in [
        (&ada, "owner", 60, "400"),
        (&ada, "root", 60, "400"),
        (&ada, "viewer", 0, "400"),
        (&ada, "viewer", u64::MAX, "400"),
        (&bob, "viewer", 60, "403"),
        (&guest, "viewer+clipboard-out", 60, "400"),
        (&guest, "viewer", 3600, "400"),
        (&server.origin(), "viewer", 60, "401"),
        (&ada.replace("Origin: http://", "Origin: https://evil."), "viewer", 60, "403"),
    ] {
        let refused = make(&server, headers, rights, seconds).unwrap_err();
        assert!(refused.starts_with(expected), "{rights} {seconds}: {refused}");
    }
    let (_, narrower) = make(&server, &guest, "viewer", 30).unwrap();
    let narrower = open(&server, &narrower).unwrap();
    assert!(session(&server, &narrower).contains(r#""role":"viewer""#));
    assert_eq!(listed(&server, &ada), ["viewer", "controller+picture+sound"]);
    assert_eq!(listed(&server, &guest), ["viewer"], "a guest sees what it handed on");
    assert_eq!(status(&server.request("GET", "/api/v1/links", &bob, "")), "403");
}

#[test]
fn a_link_that_is_revoked_ends_what_came_by_it_and_cannot_be_opened_again() {
    let server = server();
    let ada = server.logged_in("ada", "one");
    let (id, token) = make(&server, &ada, "viewer", 3600).unwrap();
    let guest = open(&server, &token).unwrap();
    let (below, narrower) = make(&server, &guest, "viewer+sound", 60).unwrap();
    let friend = open(&server, &narrower).unwrap();
    let mut pages = [&guest, &friend].map(|headers| Socket::open(server.address, headers).unwrap());
    let mut owner = Socket::open(server.address, &ada).unwrap();
    for page in pages.iter_mut().chain([&mut owner]) {
        page.until("the greeting", |message| matches!(message, ServerMessage::Hello { .. }));
    }
    assert_eq!(revoke(&server, &friend, &id), "404", "nobody saws off what they sit on");
    assert_eq!(revoke(&server, &guest, &id), "404");
    assert_eq!(revoke(&server, &ada, &id), "204");
    for page in &mut pages {
        while page.read().is_some() {}
    }
    for headers in [&guest, &friend] {
        assert_eq!(session(&server, headers), "401");
        assert!(Socket::open(server.address, headers).err().unwrap().contains("401"));
        assert_eq!(status(&server.request("POST", "/api/offer", headers, "{}")), "401");
    }
    for token in [&token, &narrower] {
        assert_eq!(open(&server, token).err().as_deref(), Some("401"));
    }
    for id in [&id, &below, "nonsense"] {
        assert_eq!(revoke(&server, &ada, id), "404");
    }
    owner.say(&ClientMessage::Ping(9));
    owner.until("an answer", |message| matches!(message, ServerMessage::Pong { number: 9, .. }));
}

#[test]
fn a_link_that_expires_ends_what_came_by_it() {
    let server = server();
    let (_, token) = make(&server, &server.logged_in("ada", "one"), "viewer", 2).unwrap();
    let guest = open(&server, &token).unwrap();
    let mut page = Socket::open(server.address, &guest).unwrap();
    let begun = Instant::now();
    while page.read().is_some() {
        assert!(begun.elapsed() < LIMIT);
    }
    while session(&server, &guest) != "401" {
        assert!(begun.elapsed() < LIMIT);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(open(&server, &token).err().as_deref(), Some("401"));
}

#[test]
fn links_and_what_was_revoked_outlive_the_server() {
    let folder = std::env::temp_dir().join(format!("cosmos-links-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = || Some(folder.join("links"));
    let key = || cosmos_auth::SessionKey::from_bytes([7; 32]);
    let start = || with(|auth| AuthConfig { links: file(), key: key(), ..auth });
    let first = start();
    let ada = first.logged_in("ada", "one");
    let (kept, revoked) =
        (make(&first, &ada, "viewer", 60).unwrap(), make(&first, &ada, "viewer", 60).unwrap());
    assert_eq!(revoke(&first, &ada, &revoked.0), "204");
    drop(first);
    let second = start();
    assert!(open(&second, &kept.1).is_ok());
    assert_eq!(open(&second, &revoked.1).err().as_deref(), Some("401"));
    drop(second);
    std::fs::write(folder.join("links"), "nonsense\n").unwrap();
    assert_eq!(open(&start(), &kept.1).err().as_deref(), Some("401"));
    std::fs::remove_dir_all(folder).unwrap();
}
