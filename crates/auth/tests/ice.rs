//! Lists of STUN and TURN servers, as services and people write them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::error::Error;

use cosmos_auth::ice::IceServers;

const NOW: u64 = 1_800_000_000;

/// The servers in short: addresses, then the login, then when it all ends.
fn read(text: &str) -> String {
    match IceServers::parse(text, NOW) {
        Ok(told) => {
            let servers = told.servers.iter().map(|server| {
                let login = server.login.as_ref();
                let login = login.map(|login| format!(" {}/{}", login.username, login.password.expose()));
                format!("{}{}", server.urls.join(","), login.unwrap_or_default())
            });
            let servers: Vec<String> = servers.collect();
            let ends = told.expires.map(|at| format!(" until +{}", at as i64 - NOW as i64));
            format!("{}{}", servers.join("; "), ends.unwrap_or_default())
        }
        Err(error) => format!("Err({error})"),
    }
}

#[test]
fn every_form_that_is_in_use_is_read() {
    for (text, expected) in [
        (
            r#"{"lifetimeDuration":"86400s","iceServers":[{"urls":["stun:stun.example:19302"]},
                {"urls":["turn:t.example:3478?transport=udp"],"username":"u","credential":"p"}],
                "blockStatus":"NOT_BLOCKED","iceTransportPolicy":"all"}"#,
            "stun:stun.example:19302; turn:t.example:3478?transport=udp u/p until +86400",
        ),
        (
            r#"{"iceServers":{"urls":["turns:t.example:5349?transport=tcp"],"username":"1800000060:u","credential":"p"}}"#,
            "turns:t.example:5349?transport=tcp 1800000060:u/p until +60",
        ),
        (r#"[{"url":"turn:10.0.0.1","username":"u","credential":"p"}]"#, "turn:10.0.0.1 u/p"),
        (
            r#"{"username":"1799999999:u","password":"p","ttl":600,"uris":["turn:[::1]:3478","turns:t:443"]}"#,
            "turn:[::1]:3478,turns:t:443 1799999999:u/p until +-1",
        ),
        (r#"{"iceServers":[],"lifetimeDuration":"9.5s"}"#, " until +9"),
        ("[]", ""),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_a_browser_would_refuse_is_refused_and_named() {
    let server = |url: &str| format!(r#"[{{"urls":"{url}","username":"u","credential":"p"}}]"#);
    for url in [
        "http://t.example",
        "turn",
        "turn:",
        "turn:t.example:0",
        "turn:t.example:99999",
        "turn:t.example:port",
        "turn:t.example?transport=sctp",
        "stun:t.example?transport=udp",
        "turn:a b",
        "turn:[::1",
        "turn:[x]:1",
        "turn://t.example",
    ] {
        let told = read(&server(url));
        assert!(told.contains(&format!("{url:?}")), "{url}: {told}");
    }
    assert!(read(r#"[{"urls":"turn:t.example","username":"u"}]"#).contains("turn:t.example needs"));
    let many = vec![r#"{"urls":"stun:a"}"#; 17].join(",");
    assert!(read(&format!("[{many}]")).contains("more than 16"));
    for text in ["", "{", "7", r#"{"iceServers":7}"#, r#"{"username":"u","uris":[]}"#] {
        let told = read(text);
        assert!(told.starts_with("Err(expected JSON"), "{text}: {told}");
    }
}

#[test]
fn a_password_is_shown_by_no_error() {
    for text in [
        r#"[{"urls":"turn:t","username":"u","credential":"s3cret"},{"urls":"x"}]"#,
        r#"{"iceServers":[{"urls":"turn:t","username":7,"credential":"s3cret"}]}"#,
    ] {
        let error = IceServers::parse(text, NOW).unwrap_err();
        let all = format!("{error} {:?} {:?}", error.source(), error);
        assert!(!all.contains("s3cret"), "{all}");
    }
}
