//! How things stand, in figures and in words, and what may be chosen for everybody.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    thread,
    time::Instant,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosmos_desktop::Size;
use cosmos_protocol::{DesktopState, ServerMessage};
use cosmos_streaming::{error_text, serve};
use serde_json::{Value, json};

use super::{LIMIT, Page, Script, Server, config, status};

/// The body of a good answer.
fn body(answer: &str) -> Value {
    assert_eq!(status(answer), "200", "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn the_state_tells_what_is_set_and_how_the_desktop_is_drawn_as_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let graphics = dir.path().join("graphics.json");
    let mut config = config("127.0.0.1:0", None);
    config.about.graphics = Some(graphics.clone());
    let set = json!({ "value": 30, "source": "environment", "name": "WEBRTC_FRAMERATE" });
    config.about.settings.insert("framerate".to_owned(), set.clone());
    let server = Server::with(config);
    let state = || body(&server.request("GET", "/api/v1/state", "", ""));
    assert_eq!(state()["graphics"], Value::Null);
    for mode in ["gpu-x-server", "software"] {
        let told = json!({ "schema": "cosmos.graphics/1", "mode": mode, "refused": [] });
        fs::write(&graphics, told.to_string()).unwrap();
        assert_eq!(state()["graphics"], told);
    }
    let told = state();
    assert_eq!(told["settings"], json!({ "framerate": set }));
    assert_eq!((&told["schema"], &told["viewers"]), (&json!("cosmos.state/1"), &json!(0)));
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    let _page = server.connect(false);
    assert_eq!(body(&server.request("GET", "/api/state", "", ""))["viewers"], 1);
}

#[test]
fn the_interface_is_behind_the_login() {
    let server = Server::start(Some("correct horse"));
    assert_eq!(status(&server.request("GET", "/api/v1/state", "", "")), "401");
    assert_eq!(status(&server.request("GET", "/api/v1/nothing", "", "")), "404");
}

/// The value of a figure, by its name and labels.
fn figure(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Every line is one of the text form: a comment, or a name, labels and a number.
fn assert_form(text: &str) {
    for line in text.lines() {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let is_comment = line.starts_with("# HELP cosmos_") || line.starts_with("# TYPE cosmos_");
        assert!(is_comment || name.starts_with("cosmos_") && value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn figures_tell_what_happens_and_nobody_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let graphics = dir.path().join("graphics.json");
    let refused = json!([{ "mode": "gpu-x-server", "reasons": [{ "id": "no-display", "text": "…" }] }]);
    let drawn = json!({ "schema": "cosmos.graphics/1", "mode": "gpu-rendering", "refused": refused });
    fs::write(&graphics, drawn.to_string()).unwrap();
    let mut config = config("127.0.0.1:0", Some("correct horse"));
    config.about.graphics = Some(graphics);
    let server = Server::with(config);
    let basic = |user: &str, password: &str| {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        server.request("GET", "/metrics", &format!("Authorization: Basic {pair}\r\n"), "")
    };
    assert_eq!(status(&server.request("GET", "/metrics", "", "")), "401");
    assert_eq!(status(&basic("ada", "wrong")), "401");
    let welcome = server.login("correct horse");
    let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let pair = cookie.split(';').next().unwrap();
    let cookies = format!("Cookie: {pair}\r\n{}", server.origin());
    let mut page = server.connect_as(&cookies, Page::offer(false));
    page.until("a picture", |page| !page.frames.is_empty());
    server.script.lose();
    let is_loss = |it: &ServerMessage| matches!(it, ServerMessage::Desktop { state: DesktopState::Lost, .. });
    page.until("the loss", |page| page.messages.iter().any(is_loss));
    server.script.allow();
    page.frames.clear();
    page.until("the picture to return", |page| !page.frames.is_empty());
    let answer = basic("ada", "correct horse");
    assert!(answer.contains("text/plain; version=0.0.4"), "{answer}");
    let text = answer.split_once("\r\n\r\n").unwrap().1;
    assert_form(text);
    for (name, least) in [
        ("cosmos_desktop_up", 1.0),
        ("cosmos_desktop_losses_total", 1.0),
        (r#"cosmos_screen_pixels{side="width"}"#, 320.0),
        (r#"cosmos_viewers{transport="webrtc",role="owner"}"#, 1.0),
        (r#"cosmos_sessions_total{transport="webrtc"}"#, 1.0),
        (r#"cosmos_frames_total{kind="key"}"#, 2.0),
        ("cosmos_encoded_bytes_total", 1.0),
        ("cosmos_target_bits_per_second", 300_000.0),
        (r#"cosmos_stage_seconds_count{stage="encode"}"#, 2.0),
        (r#"cosmos_stage_seconds_bucket{stage="encode",le="+Inf"}"#, 2.0),
        (r#"cosmos_encoder_info{element="vp8enc",codec="VP8",hardware="false"}"#, 1.0),
        (r#"cosmos_graphics_mode{mode="gpu-rendering"}"#, 1.0),
        (r#"cosmos_graphics_refused{mode="gpu-x-server",reason="no-display"}"#, 1.0),
        (r#"cosmos_logins_total{result="accepted"}"#, 2.0),
        (r#"cosmos_logins_total{result="wrong"}"#, 1.0),
    ] {
        assert!(figure(text, name).is_some_and(|value| value >= least), "{name}:\n{text}");
    }
    assert_eq!(figure(text, r#"cosmos_graphics_mode{mode="software"}"#), Some(0.0));
    assert!(!text.contains("ada"), "{text}");
}

#[test]
fn figures_have_a_port_of_their_own_where_they_are_wanted() {
    let mut config = config("127.0.0.1:0", Some("correct horse"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    config.metrics = Some(free);
    let server = Server::with(config);
    let ask = |path: &str| {
        let stream = TcpStream::connect(free).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        server.request_over(stream, "GET", path, "", "")
    };
    let figures = ask("/metrics");
    assert_eq!(status(&figures), "200");
    assert_form(figures.split_once("\r\n\r\n").unwrap().1);
    assert_eq!(status(&ask("/healthz")), "200");
    for path in ["/", "/api/state", "/api/v1/state", "/api/session", "/js/main.js"] {
        assert_eq!(status(&ask(path)), "404", "{path}");
    }
}

#[test]
fn a_taken_port_for_figures_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut config = config("127.0.0.1:0", None);
    config.metrics = Some(address);
    let (script, _input) = Script::new(Size::new(64, 64));
    let desktop = script.open().unwrap();
    let open = Box::new(move || script.open());
    let error = serve(config, desktop, open, |_| (), std::future::pending()).unwrap_err();
    let text = error_text(&error);
    assert!(text.contains(&address.to_string()) && text.contains("--metrics-port"), "{text}");
}

#[test]
fn it_is_ready_while_the_desktop_is_there() {
    let server = Server::start(Some("correct horse"));
    let becomes = |wanted: &str| {
        let begun = Instant::now();
        while status(&server.request("GET", "/readyz", "", "")) != wanted {
            assert!(begun.elapsed() < LIMIT, "it is not {wanted}");
            thread::yield_now();
        }
    };
    becomes("200");
    server.script.lose();
    becomes("503");
    assert_eq!(status(&server.request("GET", "/healthz", "", "")), "200");
    server.script.allow();
    becomes("200");
}

#[test]
fn what_is_chosen_in_the_page_survives_the_server_and_holds_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("choices.json");
    let with = |settings: Value| {
        let mut config = config("127.0.0.1:0", None);
        config.choices = Some(path.clone());
        config.about.settings = settings.as_object().unwrap().clone();
        Server::with(config)
    };
    let get = |server: &Server, path: &str| body(&server.request("GET", path, "", ""));
    let put = |server: &Server, choices: Value| {
        server.request("PUT", "/api/v1/choices", &server.origin(), &choices.to_string())
    };
    let set = json!({ "framerate": { "value": 30, "source": "file", "name": "c.toml: framerate" },
                      "video_bitrate": { "value": 4000, "source": "default", "name": null } });
    let server = with(set.clone());
    assert_eq!(status(&server.request("PUT", "/api/v1/choices", "", "{}")), "403", "from somewhere");
    let told = body(&put(&server, json!({ "video_bitrate": 900, "framerate": 12, "audio": false })));
    let expected =
        json!({ "video_bitrate": 900, "framerate": 12, "audio": false, "resize": null, "encoder": null });
    assert_eq!((&told["choices"], &told["fixed"]), (&expected, &json!({})));
    for wrong in [json!({ "video_bitrate": 1 }), json!({ "colour": 1 }), json!({ "framerate": "fast" })] {
        assert_eq!(status(&put(&server, wrong.clone())), "400", "{wrong}");
    }
    drop(server);

    let server = with(set);
    assert_eq!(get(&server, "/api/v1/choices")["choices"], expected);
    let state = get(&server, "/api/v1/state");
    assert_eq!(state["settings"]["framerate"], json!({ "value": 12, "source": "page", "name": null }));
    let mut page = server.connect(false);
    page.until("the rate that was chosen", |page| {
        let mut rates = page.messages.iter().filter_map(|message| match message {
            ServerMessage::Stats(stats) => Some(stats.target_kbps),
            _ => None,
        });
        rates.next_back().is_some_and(|kbps| kbps <= 900)
    });
    drop(page);
    drop(server);

    let server =
        with(json!({ "framerate": { "value": 30, "source": "environment", "name": "WEBRTC_FRAMERATE" } }));
    let told = get(&server, "/api/v1/choices");
    assert_eq!(
        (&told["choices"]["framerate"], &told["choices"]["video_bitrate"]),
        (&Value::Null, &json!(900))
    );
    assert_eq!(told["fixed"], json!({ "framerate": "WEBRTC_FRAMERATE" }));
    let refused = put(&server, json!({ "framerate": 60 }));
    assert!(
        status(&refused) == "409" && refused.contains("framerate is set by WEBRTC_FRAMERATE"),
        "{refused}"
    );
    assert_eq!(get(&server, "/api/v1/state")["settings"]["framerate"]["value"], 30);
}
