#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
};

use cosmos_auth::ice::TurnTransport;

use super::*;

const NOW: u64 = 1_800_000_000;

fn address(transport: TurnTransport) -> TurnAddress {
    TurnAddress { host: "turn.example".into(), port: 3478, transport }
}

fn by_secret() -> TurnAuth {
    TurnAuth::SharedSecret { secret: Secret::new("north"), user: "user".into() }
}

/// The servers in short: the first address and the name of each.
fn short(told: &Value) -> String {
    let servers = told["iceServers"].as_array().unwrap().iter().map(|server| {
        let name = server["username"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}", server["urls"][0].as_str().unwrap())
    });
    servers.collect::<Vec<_>>().join("; ")
}

#[test]
fn what_is_set_is_told_with_logins_that_hold_for_a_day() {
    let stun = Some("stun.example:19302".to_owned());
    let turn = Some((address(TurnTransport::Udp), by_secret()));
    let ice =
        Ice::new(IceConfig { stun, turn, transport: Transport::Turn, ..IceConfig::default() }, None, false);
    let told = ice.told(None, NOW - 86_400);
    assert_eq!(short(&told), "stun:stun.example:19302; turn:turn.example:3478?transport=udp 1800000000:user");
    assert_eq!(told["iceServers"][1]["credential"], "IzBOWhMeTYLeyrVJ6aSOO+GLZU8=");
    assert_eq!((told["lifetime"].as_u64(), told["transport"].as_str()), (Some(86_400), Some("turn")));

    let auth = TurnAuth::LongTerm { username: "ann".into(), password: Secret::new("pw") };
    let turn = Some((address(TurnTransport::Tls), auth));
    let told = Ice::new(IceConfig { turn, ..IceConfig::default() }, None, false).told(None, NOW);
    assert_eq!(short(&told), "turns:turn.example:3478?transport=tcp ann");
    assert!(told["lifetime"].is_null() && told["transport"] == "auto", "{told}");
    assert_eq!(told["iceServers"][0]["credential"], "pw");
}

#[test]
fn a_file_is_read_again_when_it_changes_and_what_is_no_list_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rtc.json");
    let ice = Ice::new(IceConfig { file: Some(path.clone()), ..IceConfig::default() }, None, false);
    assert_eq!(short(&ice.told(None, NOW)), "");
    for (text, expected) in [
        (r#"[{"urls":"stun:a"}]"#, "stun:a"),
        (
            r#"{"iceServers":{"urls":["turn:b"],"username":"1800000060:u","credential":"p"}}"#,
            "turn:b 1800000060:u",
        ),
        ("{half a file", "turn:b 1800000060:u"),
        (r#"[{"urls":"stun:c"}]"#, "stun:c"),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(short(&ice.told(None, NOW)), expected, "{text}");
    }
    fs::write(&path, " ".repeat(70_000)).unwrap();
    assert_eq!(short(&ice.told(None, NOW)), "stun:c");
    fs::remove_file(&path).unwrap();
    assert_eq!(short(&ice.told(None, NOW)), "stun:c");
}

/// A service that answers with these bodies in turn, and tells what it was asked; 500 when it has no more.
fn service(answers: &'static [&'static str]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/logins?key=s3cret", listener.local_addr().unwrap());
    let (told, asked) = channel();
    thread::spawn(move || {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept() else { return };
            let mut reader = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            if told.send(format!("{head}{}", String::from_utf8(body).unwrap())).is_err() {
                return;
            }
            let (status, answer) = match answers.get(number) {
                Some(answer) => ("200 OK", *answer),
                None => ("500 Internal Server Error", ""),
            };
            let length = answer.len();
            write!(
                &stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
            )
            .unwrap();
        }
    });
    (url, asked)
}

fn rest(url: String) -> Service {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Service::rest(
        url,
        RestHeaders {
            user: header("x-auth-user", "cosmos"),
            protocol: header("x-turn-protocol", "tcp"),
            tls: header("x-turn-tls", "true"),
        },
    )
}

/// Polls `ice` until what it tells is this.
fn until_told(ice: &Arc<Ice>, expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen = async {
        loop {
            if short(&ice.clone().answer(None, NOW).await) == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let ended = runtime.block_on(async {
        tokio::select! {
            () = ice.keep_fresh() => panic!("it asks no more"),
            () = seen => true,
            () = tokio::time::sleep(Duration::from_secs(20)) => false,
        }
    });
    assert!(ended, "it never told {expected:?}: {}", ice.told(None, NOW));
}

#[test]
fn a_service_is_asked_with_its_headers_and_again_before_its_logins_end() {
    let (url, asked) = service(&[
        r#"{"username":"1:a","password":"p","ttl":1,"uris":["turn:one"]}"#,
        r#"{"lifetimeDuration":"1s","iceServers":[{"urls":["turn:two"],"username":"b","credential":"p"}]}"#,
    ]);
    let ice =
        Arc::new(Ice::new(IceConfig { services: vec![rest(url)], ..IceConfig::default() }, None, false));
    until_told(&ice, "turn:two b");
    let question = asked.recv().unwrap().to_lowercase();
    for part in ["get /logins?key=s3cret ", "x-auth-user: cosmos", "x-turn-protocol: tcp", "x-turn-tls: true"]
    {
        assert!(question.contains(part), "{part}: {question}");
    }
    // It fails from now on: what it gave last stays.
    assert_eq!(short(&ice.told(None, NOW)), "turn:two b");
}

#[test]
fn cloudflare_is_asked_with_its_token() {
    let service_of = |url: String| {
        let mut service = Service::cloudflare("key", &Secret::new("t0ken"));
        service.url = url;
        service
    };
    assert!(format!("{:?}", service_of(String::new())).contains("***"));
    assert_eq!(
        Service::cloudflare("key", &Secret::new("t")).url,
        "https://rtc.live.cloudflare.com/v1/turn/keys/key/credentials/generate-ice-servers"
    );
    let (url, asked) =
        service(&[r#"{"iceServers":{"urls":["stun:c","turn:c"],"username":"u","credential":"p"}}"#]);
    let ice = Arc::new(Ice::new(
        IceConfig { services: vec![service_of(url)], ..IceConfig::default() },
        None,
        false,
    ));
    until_told(&ice, "stun:c u");
    let question = asked.recv().unwrap();
    for part in ["POST /logins", "authorization: Bearer t0ken", "{\"ttl\":86400}"] {
        assert!(question.to_lowercase().contains(&part.to_lowercase()), "{part}: {question}");
    }
}

#[test]
fn a_service_that_is_silent_holds_nobody_up_for_long() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let stun = Some("stun.example:1".to_owned());
    let ice = Arc::new(Ice::new(
        IceConfig { services: vec![rest(url)], stun, ..IceConfig::default() },
        None,
        false,
    ));
    until_told(&ice, "stun:stun.example:1");
}
