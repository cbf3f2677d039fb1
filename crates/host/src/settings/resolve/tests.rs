#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::settings::{Conflict, Kind};

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn with(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    resolve(&Sources { environment: &environment(pairs), ..Sources::default() })
}

#[test]
fn every_name_of_every_setting_is_read_from_every_source() {
    for setting in settings() {
        let text = sample(setting);
        let expected = setting.kind.parse(text).unwrap();
        for (name, meaning) in setting.variables() {
            let pair = [(name, text), ("TURN_HOST", "turn.example.org")];
            let pairs: &[(&str, &str)] = if setting.key == "turn_host" { &pair[..1] } else { &pair };
            let read = match with(pairs) {
                // The halves of a login are no settings on their own.
                Err(SettingsError::Conflict(_)) if setting.key.starts_with("turn_") => continue,
                Err(SettingsError::Conflict(Conflict::CloudflareWithoutKey)) => continue,
                read => read.unwrap(),
            };
            let expected = match (&expected, meaning) {
                (Value::Boolean(yes), Meaning::Inverted) => Value::Boolean(!yes),
                (value, _) => value.clone(),
            };
            assert_eq!(read.value(setting.key), Some(&expected), "{name}");
            assert_eq!(*read.origin(setting.key), Origin::Environment(name.to_owned()));
        }
    }
}

#[test]
fn a_stronger_source_wins_and_says_where_it_came_from() {
    let environment = environment(&[("SELKIES_FRAMERATE", "50")]);
    let flags = [("framerate", "90".to_owned())];
    let file = Some(("c.toml", "framerate = 30"));
    let sources = Sources { environment: &environment, file, ..Sources::default() };
    let cases = [
        (Sources { flags: &flags, ..sources }, 90, Origin::Flag("--framerate".to_owned()), true),
        (sources, 50, Origin::Environment("SELKIES_FRAMERATE".to_owned()), true),
        (Sources { environment: &[], ..sources }, 30, Origin::File("c.toml: framerate".to_owned()), false),
        (Sources::default(), 60, Origin::Default, false),
    ];
    for (sources, value, origin, warned) in cases {
        let settings = resolve(&sources).unwrap();
        assert_eq!(settings.integer("framerate"), Some(value));
        assert_eq!(*settings.origin("framerate"), origin);
        assert_eq!(!settings.warnings().is_empty(), warned, "{:?}", settings.warnings());
    }
}

#[test]
fn what_is_not_understood_is_refused_by_name_value_and_what_is_accepted() {
    for (name, value, told) in [
        ("SIZEW", "wide", "SIZEW is \"wide\", which is not a number from 128 to 16384"),
        ("ENABLE_AUDIO", "on", "ENABLE_AUDIO is \"on\", which is not true, false, 1, 0, yes or no"),
        ("WEBRTC_ENCODER", "h264", "WEBRTC_ENCODER is \"h264\", which is not auto, "),
        ("VIDEO_PORT", "DP", "VIDEO_PORT: video port \"DP\": expected"),
        ("NVIDIA_VISIBLE_DEVICES", "first", "NVIDIA_VISIBLE_DEVICES: "),
    ] {
        let refused = with(&[(name, value)]).unwrap_err().to_string();
        assert!(refused.starts_with(told), "{refused}");
    }
}

#[test]
fn what_excludes_itself_is_refused() {
    for (pairs, conflict) in [
        (&[("COSMOS_SOFTWARE", "1"), ("COSMOS_REQUIRE_GPU", "1")][..], Conflict::SoftwareAndGpu),
        (&[("PASSWD", "mypasswd")], Conflict::DefaultPassword),
        (&[("TURN_SHARED_SECRET", "a")], Conflict::TurnWithoutHost),
        (&[("SELKIES_ENABLE_CLOUDFLARE_TURN", "1")], Conflict::CloudflareWithoutKey),
    ] {
        let refused = with(pairs).unwrap_err();
        assert!(matches!(refused, SettingsError::Conflict(found) if found == conflict), "{refused}");
    }
}

#[test]
fn secrets_come_from_files_and_are_never_seen() {
    let read = |path: &Path| match path.to_str() {
        Some("/run/secret") => Ok("hunter2\n".to_owned()),
        Some("/run/empty") => Ok("\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let of = |pairs: &[(&str, &str)]| {
        resolve(&Sources { environment: &environment(pairs), read: &read, ..Sources::default() })
    };
    let settings = of(&[("BASIC_AUTH_PASSWORD_FILE", "/run/secret")]).unwrap();
    assert_eq!(settings.secret("password").map(Hidden::expose), Some("hunter2"));
    assert!(!format!("{settings:?}").contains("hunter2"));
    let flags = [("password", "/run/secret".to_owned())];
    let typed = resolve(&Sources { flags: &flags, read: &read, ..Sources::default() }).unwrap();
    assert_eq!(typed.secret("password").map(Hidden::expose), Some("hunter2"));
    for (pairs, told) in [
        (&[("PASSWD_FILE", "/run/none")][..], "PASSWD_FILE names /run/none, which cannot be read"),
        (&[("PASSWD_FILE", "/run/empty")], "PASSWD_FILE: the secret in /run/empty is empty"),
        (&[("PASSWD_FILE", "/run/secret"), ("PASSWD", "hunter3")], "PASSWD and PASSWD_FILE are both set"),
    ] {
        let refused = of(pairs).unwrap_err().to_string();
        assert!(refused.starts_with(told) && !refused.contains("hunter"), "{refused}");
    }
}

#[test]
fn a_secret_stands_in_the_file_once() {
    let read = |_: &Path| Ok("hunter2".to_owned());
    let of = |text| resolve(&Sources { file: Some(("c.toml", text)), read: &read, ..Sources::default() });
    let refused = of("password = \"hunter3\"\npassword_file = \"/run/p\"\n").unwrap_err().to_string();
    assert_eq!(refused, "c.toml: password and password_file are both set; set only one of them");
    let settings = of("password = \"\"\npassword_file = \"/run/p\"\n").unwrap();
    assert_eq!(settings.secret("password").map(Hidden::expose), Some("hunter2"));
}

#[test]
fn people_are_told_what_will_surprise_them() {
    for (pairs, told) in [
        (&[("COSMOS_FRAMERAT", "30")][..], "COSMOS_FRAMERAT is no setting; did you mean COSMOS_FRAMERATE?"),
        (&[("NGINX_PORT", "80")], "NGINX_PORT means nothing any more: there is no second server"),
        (&[("PASSWD", "mypasswd"), ("COSMOS_PASSWORD", "x")], "the password of the account is \"mypasswd\""),
        (&[("COSMOS_SIZE", "800x600"), ("SIZEW", "900")], "size and width are both set; size is used"),
    ] {
        let settings = with(pairs).unwrap();
        assert!(settings.warnings().iter().any(|text| text.starts_with(told)), "{:?}", settings.warnings());
    }
    for quiet in [("SELKIES_CONGESTION_CONTROL", "false"), ("SIZEW", "800"), ("MY_APP", "1"), ("SIZEW", "")] {
        assert!(with(&[quiet]).unwrap().warnings().is_empty(), "{quiet:?}");
    }
}

#[test]
fn a_side_or_a_port_of_a_stronger_place_wins() {
    let environment =
        environment(&[("SIZEW", "800"), ("LISTEN_PORT", "9000"), ("COSMOS_LISTEN", "127.0.0.1:80")]);
    let flags = [("listen_port", "9001".to_owned())];
    let file = Some(("c.toml", "size = \"1000x700\""));
    let settings =
        resolve(&Sources { flags: &flags, environment: &environment, file, ..Sources::default() }).unwrap();
    assert_eq!(settings.screen().to_string(), "800x700");
    assert_eq!(settings.listen().to_string(), "127.0.0.1:9001");
}

fn sample(setting: &Setting) -> &'static str {
    match setting.kind {
        Kind::Text | Kind::Secret | Kind::Path => "text",
        Kind::Boolean => "yes",
        Kind::Integer(0, 1) => "1",
        Kind::Integer(..) => match setting.key {
            "width" | "height" => "800",
            "video_bitrate" => "4000",
            "audio_bitrate" => "64000",
            "audio_channels" => "1",
            _ => "50",
        },
        Kind::Word(words) => words[0],
        Kind::Size => "800x600",
        Kind::Listen => "127.0.0.1:80",
        Kind::Address | Kind::Public => "::1",
        Kind::Display => ":7",
        Kind::Refresh => "75",
        Kind::Depth => "30",
        Kind::Ports => "DP-0",
        Kind::Encoder => "vp8enc",
        Kind::Clipboard => "in",
        Kind::UrlPath => "/desk",
        Kind::Devices => "0",
        Kind::Capabilities => "all",
    }
}

proptest! {
    #[test]
    fn no_environment_and_no_file_panics(
        pairs in proptest::collection::vec(("(COSMOS|SELKIES|TURN|WEBRTC|SIZEW|PASSWD)(_[A-Z]{1,9}){0,2}(_FILE)?", "\\PC{0,12}"), 0..6),
        file in "([a-z_]{1,12} ?= ?(true|[0-9.]{1,6}|\"\\PC{0,6}\"|\\PC{0,4})\n?){0,4}",
    ) {
        let _ = resolve(&Sources { environment: &pairs, file: Some(("c.toml", &file)), ..Sources::default() });
    }
}
