//! What the program that streams is told. The password goes through a descriptor: every program of the desktop can
//! read arguments and environments.

mod network;

use std::ffi::{OsStr, OsString};

use cosmos_host::{
    Login,
    settings::{
        Consumer, Encoder, Hidden, Known, Origin, Report, Setting, Settings, Value, known, settings as all,
    },
};

/// Its arguments: what was set, as far as the caller did not give it already, and then what the caller gave.
/// Flag and value are one word, so that a value may begin with a dash.
pub fn arguments(settings: &Settings, given: &[OsString]) -> Vec<OsString> {
    let mut arguments = Vec::new();
    for (key, flag) in PASSED.into_iter().filter(|(key, flag)| settings.is_set(key) && !has(given, flag)) {
        let value = settings.value(key);
        match value {
            Some(Value::Integer(number)) => arguments.push(format!("{flag}={number}")),
            Some(Value::Text(text)) => arguments.push(format!("{flag}={text}")),
            Some(Value::Listen(address)) => arguments.push(format!("{flag}={address}")),
            Some(Value::Boolean(true)) => arguments.push(flag.to_owned()),
            _ => {}
        }
    }
    if settings.is_set("encoder") && !has(given, "--encoder") {
        let encoder = settings.encoder().map_or(AUTO, Encoder::name);
        arguments.push(format!("--encoder={encoder}"));
    }
    for (key, flag) in SPOKEN.into_iter().filter(|(key, flag)| settings.is_set(key) && !has(given, flag)) {
        let value = settings.value(key).and_then(Value::printed);
        arguments.extend(value.map(|value| format!("{flag}={value}")));
    }
    arguments.extend(network::arguments(settings, given));
    if !settings.is("audio") && !has(given, "--no-audio") {
        arguments.push("--no-audio".to_owned());
    }
    if !settings.is("basic_auth") && !has(given, "--no-password") {
        arguments.push("--no-password".to_owned());
    }
    let origins = settings.text("origins").unwrap_or_default().split(',').map(str::trim);
    for origin in origins.filter(|origin| !origin.is_empty()) {
        arguments.push(format!("--origin={origin}"));
    }
    arguments.into_iter().map(OsString::from).chain(given.iter().cloned()).collect()
}

/// What is set, with what the caller told the stream instead.
pub fn report(settings: &Settings, given: &[OsString]) -> Report {
    let mut report = Report::new(settings);
    for (key, flag) in PASSED.into_iter().chain(SPOKEN).chain([("encoder", "--encoder")]) {
        if let Some(value) = value_of(given, flag) {
            report.override_by(key, flag, value);
        }
    }
    report
}

/// The password to log in with, unless the caller told the stream of another one.
pub fn login(settings: &Settings, given: &[OsString]) -> Option<Login> {
    let (key, password) = settings.login().filter(|_| settings.is("basic_auth"))?;
    // That of the account is for the account then.
    if key == "account_password" && settings.is("oidc_only") {
        return None;
    }
    let is_told = ["--no-password", "--password-file", "--password-fd"].iter().any(|flag| has(given, flag));
    (!is_told).then(|| Login { source: name_of(settings, key), password: password.clone() })
}

/// The other secrets that the stream is to be told, each with the flag that takes the number of its descriptor.
pub fn secrets(settings: &Settings, given: &[OsString]) -> Vec<(&'static str, Hidden)> {
    let secret = |(key, [flag, file]): (&str, [&'static str; 2])| match settings.value(key) {
        Some(Value::Secret(secret)) if !has(given, flag) && !has(given, file) => Some((flag, secret.clone())),
        _ => None,
    };
    SECRETS.into_iter().filter_map(secret).collect()
}

/// What a setting was set by, for people.
pub fn name_of(settings: &Settings, key: &str) -> String {
    match settings.origin(key) {
        Origin::Flag(name) | Origin::Environment(name) | Origin::File(name) => name.clone(),
        Origin::Default => key.to_owned(),
    }
}

/// The environment without secrets, and with what the file of settings has for the session's.
pub fn environment(
    settings: &Settings,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    let mut environment: Vec<_> = variables.filter(|(name, _)| !is_secret(name)).collect();
    let of_file = |setting: &&Setting| {
        setting.consumer == Consumer::Session && matches!(settings.origin(setting.key), Origin::File(_))
    };
    for setting in all().filter(of_file) {
        let text = match settings.value(setting.key) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Integer(number)) => number.to_string(),
            _ => continue,
        };
        environment.retain(|(name, _)| name != setting.variable);
        environment.push((setting.variable.into(), text.into()));
    }
    environment
}

fn is_secret(name: &OsStr) -> bool {
    match name.to_str().and_then(known) {
        Some(Known::Today(setting) | Known::Older(setting, _)) => setting.is_secret(),
        Some(Known::File(_) | Known::OlderFile(..)) => true,
        _ => false,
    }
}

fn has(given: &[OsString], flag: &str) -> bool {
    given.iter().filter_map(|argument| argument.to_str()).any(|argument| {
        argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

/// What follows a flag.
fn value_of<'a>(given: &'a [OsString], flag: &str) -> Option<&'a str> {
    let words: Vec<&str> = given.iter().filter_map(|argument| argument.to_str()).collect();
    let at = words.iter().rposition(|word| {
        word.strip_prefix(flag).is_some_and(|rest| !rest.starts_with(|c: char| c != '='))
    })?;
    words[at].split_once('=').map(|(_, value)| value).or_else(|| words.get(at + 1).copied())
}

/// Settings that the stream takes as they are.
const PASSED: [(&str, &str); 51] = [
    ("framerate", "--fps"),
    ("video_bitrate", "--bitrate"),
    ("keyframe_distance", "--keyframe-distance"),
    ("encoder_threads", "--encoder-threads"),
    ("audio_bitrate", "--audio-bitrate"),
    ("audio_channels", "--audio-channels"),
    ("audio_device", "--audio-device"),
    ("base_path", "--base-path"),
    ("pwa_name", "--pwa-name"),
    ("pwa_short_name", "--pwa-short-name"),
    ("pwa_start_url", "--pwa-start-url"),
    ("metrics_port", "--metrics-port"),
    ("app_ready_file", "--app-ready-file"),
    ("user", "--user"),
    ("users", "--users"),
    ("trusted_proxies", "--trusted-proxies"),
    ("proxy_user_header", "--proxy-user-header"),
    ("proxy_role", "--proxy-role"),
    ("audit_log", "--audit-log"),
    ("acme", "--acme"),
    ("acme_email", "--acme-email"),
    ("acme_directory", "--acme-directory"),
    ("oidc_issuer", "--oidc-issuer"),
    ("oidc_only", "--oidc-only"),
    ("oidc_client_id", "--oidc-client-id"),
    ("oidc_name", "--oidc-name"),
    ("oidc_scopes", "--oidc-scopes"),
    ("oidc_user_claim", "--oidc-user-claim"),
    ("oidc_role_claim", "--oidc-role-claim"),
    ("oidc_owners", "--oidc-owners"),
    ("oidc_controllers", "--oidc-controllers"),
    ("oidc_viewers", "--oidc-viewers"),
    ("oidc_redirect_uri", "--oidc-redirect-uri"),
    ("https_certificate", "--https-certificate"),
    ("https_key", "--https-key"),
    ("allow_insecure", "--allow-insecure"),
    ("novnc", "--novnc"),
    ("novnc_root", "--novnc-root"),
    ("vnc_listen", "--vnc-listen"),
    ("transport", "--transport"),
    ("public_ip", "--public-ip"),
    ("turn_host", "--turn-host"),
    ("turn_port", "--turn-port"),
    ("turn_protocol", "--turn-protocol"),
    ("turn_tls", "--turn-tls"),
    ("turn_relay", "--turn-relay"),
    ("turn_embedded", "--turn-embedded"),
    ("turn_username", "--turn-username"),
    ("turn_rest_uri", "--turn-rest-uri"),
    ("turn_rest_username", "--turn-rest-username"),
    ("rtc_config", "--rtc-config"),
];
/// Secrets, the flag of the descriptor that hands each over, and the one of its file.
const SECRETS: [(&str, [&str; 2]); 6] = [
    ("view_password", ["--view-password-fd", "--view-password-file"]),
    ("api_token", ["--api-token-fd", "--api-token-file"]),
    ("oidc_client_secret", ["--oidc-client-secret-fd", "--oidc-client-secret-file"]),
    ("turn_shared_secret", ["--turn-shared-secret-fd", "--turn-shared-secret-file"]),
    ("turn_password", ["--turn-password-fd", "--turn-password-file"]),
    ("cloudflare_turn_api_token", ["--cloudflare-turn-api-token-fd", "--cloudflare-turn-api-token-file"]),
];
/// Those of which the stream takes the word for yes or no too.
const SPOKEN: [(&str, &str); 9] = [
    ("https", "--https"),
    ("congestion_control", "--congestion-control"),
    ("full_colour", "--full-colour"),
    ("resize", "--resize"),
    ("cursors", "--cursors"),
    ("clipboard", "--clipboard"),
    ("app_wait_ready", "--app-wait-ready"),
    ("metrics", "--metrics"),
    ("metrics_address", "--metrics-address"),
];
const AUTO: &str = "auto";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use cosmos_host::settings::{Sources, resolve};

    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Settings {
        let environment: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        resolve(&Sources { environment: &environment, ..Sources::default() }).unwrap()
    }

    #[test]
    fn what_is_set_is_passed_on_and_what_is_typed_for_the_stream_stays() {
        for (pairs, given, expected) in [
            (&[][..], &["--fps", "7"][..], "--fps 7"),
            (&[("WEBRTC_FRAMERATE", "30")], &[], "--fps=30"),
            (&[("WEBRTC_FRAMERATE", "30")], &["--fps=7"], "--fps=7"),
            (
                &[("SELKIES_VIDEO_BITRATE", "4000"), ("BASIC_AUTH_USER", "ann")],
                &[],
                "--bitrate=4000 --user=ann",
            ),
            (&[("WEBRTC_ENCODER", "nvh264enc")], &[], "--encoder=nvh264enc"),
            (&[("WEBRTC_ENCODER", "x264enc")], &[], "--encoder=x264enc"),
            (
                &[("ENABLE_BASIC_AUTH", "false"), ("COSMOS_ALLOW_INSECURE", "1")],
                &[],
                "--allow-insecure --no-password",
            ),
            (&[("ENABLE_AUDIO", "0")], &[], "--no-audio"),
            (&[("PWA_APP_NAME", "-desk-")], &[], "--pwa-name=-desk-"),
            (&[("SELKIES_ENABLE_HTTPS", "false")], &[], "--https=false"),
            (
                &[("SELKIES_HTTPS_CERT", "/c.pem"), ("SELKIES_HTTPS_KEY", "/k.pem")],
                &[],
                "--https-certificate=/c.pem --https-key=/k.pem",
            ),
            (
                &[("TURN_HOST", "t"), ("TURN_SHARED_SECRET", "s3cret"), ("TURN_TLS", "true")],
                &[],
                "--turn-host=t --turn-tls",
            ),
            (
                &[("COSMOS_TRANSPORT", "TCP"), ("COSMOS_PUBLIC_IP", "ec2")],
                &[],
                "--transport=tcp --public-ip=ec2",
            ),
            (&[("SELKIES_STUN_HOST", "::1"), ("SELKIES_STUN_PORT", "99")], &[], "--stun=[::1]:99"),
            (&[("SELKIES_STUN_HOST", "off"), ("SELKIES_STUN_PORT", "99")], &[], "--stun=off"),
            (&[("SELKIES_STUN_HOST", "s")], &["--stun=t"], "--stun=t"),
            (
                &[("COTURN_WEB_URI", "http://h"), ("COTURN_AUTH_HEADER_NAME", "x-user")],
                &[],
                "--turn-rest-uri=http://h --turn-rest-username-header=x-user",
            ),
            (
                &[
                    ("SELKIES_ENABLE_CLOUDFLARE_TURN", "1"),
                    ("SELKIES_CLOUDFLARE_TURN_TOKEN_ID", "k"),
                    ("SELKIES_CLOUDFLARE_TURN_API_TOKEN", "s3cret"),
                ],
                &[],
                "--cloudflare-turn-token-id=k",
            ),
            (&[("COSMOS_CLOUDFLARE_TURN_TOKEN_ID", "k")], &[], ""),
            (
                &[("COSMOS_USERS", "/users"), ("COSMOS_PROXY_ROLE", "Owner"), ("COSMOS_AUDIT_LOG", "/a.log")],
                &[],
                "--users=/users --proxy-role=owner --audit-log=/a.log",
            ),
            (
                &[
                    ("COSMOS_OIDC_ISSUER", "https://id"),
                    ("COSMOS_OIDC_CLIENT_ID", "desk"),
                    ("COSMOS_OIDC_CLIENT_SECRET", "s3cret"),
                    ("COSMOS_OIDC_OWNERS", "ada"),
                    ("COSMOS_OIDC_ONLY", "true"),
                ],
                &[],
                "--oidc-issuer=https://id --oidc-only --oidc-client-id=desk --oidc-owners=ada",
            ),
            (
                &[("ENABLE_CLIPBOARD", "in"), ("WEBRTC_ENABLE_RESIZE", "false"), ("APP_AUTO_INIT", "false")],
                &[],
                "--resize=false --clipboard=in --app-wait-ready=true",
            ),
            (&[("SELKIES_CONGESTION_CONTROL", "false")], &[], "--congestion-control=false"),
            (&[("SELKIES_VIDEO_FULLCOLOR", "1")], &[], "--full-colour=true"),
            (&[("SELKIES_H264_FULLCOLOR", "true")], &["--full-colour=false"], "--full-colour=false"),
            (
                &[("SELKIES_KEYFRAME_DISTANCE", "10")],
                &["--clipboard=out"],
                "--keyframe-distance=10 --clipboard=out",
            ),
            (
                &[("PWA_APP_NAME", "My desk"), ("SUBFOLDER", "/desk/"), ("SELKIES_AUDIO_CHANNELS", "1")],
                &[],
                "--audio-channels=1 --base-path=/desk/ --pwa-name=My desk",
            ),
            (
                &[
                    ("SELKIES_ENABLE_METRICS_HTTP", "true"),
                    ("METRICS_PORT", "9000"),
                    ("COSMOS_METRICS_ADDRESS", "::"),
                ],
                &[],
                "--metrics-port=9000 --metrics=true --metrics-address=::",
            ),
            (&[("COSMOS_ORIGINS", "https://a, https://b")], &[], "--origin=https://a --origin=https://b"),
        ] {
            let given: Vec<OsString> = given.iter().map(OsString::from).collect();
            let arguments = arguments(&with(pairs), &given);
            let arguments: Vec<&str> = arguments.iter().map(|argument| argument.to_str().unwrap()).collect();
            assert_eq!(arguments.join(" "), expected);
        }
    }

    #[test]
    fn what_the_stream_is_told_by_its_own_flags_is_reported() {
        let given = ["--fps", "7", "--bitrate=900", "--bitrate-cap"].map(OsString::from);
        let report = report(&with(&[("WEBRTC_FRAMERATE", "30"), ("SIZEW", "800")]), &given);
        let told = |key: &str| {
            let reported = &report.settings[key];
            let value = reported.value.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{value} {} {}", reported.source, reported.name.as_deref().unwrap_or_default())
        };
        assert_eq!(told("framerate"), "7 flag --fps");
        assert_eq!(told("video_bitrate"), "900 flag --bitrate");
        assert_eq!(told("width"), "800 environment SIZEW");
    }

    #[test]
    fn one_password_reaches_the_stream_and_no_secret_its_environment() {
        for (pairs, given, expected, password) in [
            (&[("PASSWD", "a"), ("LANG", "C")][..], &[][..], "LANG=C", Some("PASSWD a")),
            (&[("COSMOS_PASSWORD", "b"), ("PASSWD", "a")], &[], "", Some("COSMOS_PASSWORD b")),
            (&[("TURN_HOST", "h"), ("TURN_SHARED_SECRET", "s")], &[], "TURN_HOST=h", None),
            (&[("PASSWD", "a"), ("ENABLE_BASIC_AUTH", "no")], &[], "ENABLE_BASIC_AUTH=no", None),
            (&[("PASSWD", "a")], &["--password-file=x"], "", None),
            (&[("PASSWD", "a"), ("COSMOS_OIDC_ONLY", "1")], &[], "COSMOS_OIDC_ONLY=1", None),
            (
                &[("COSMOS_PASSWORD", "b"), ("COSMOS_OIDC_ONLY", "1")],
                &[],
                "COSMOS_OIDC_ONLY=1",
                Some("COSMOS_PASSWORD b"),
            ),
        ] {
            let given: Vec<OsString> = given.iter().map(OsString::from).collect();
            let login = login(&with(pairs), &given);
            let login = login.map(|login| format!("{} {}", login.source, login.password.expose()));
            assert_eq!(login.as_deref(), password);
            let variables = pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
            let environment = environment(&with(pairs), variables);
            let shown: Vec<String> = environment
                .iter()
                .map(|(name, value)| format!("{}={}", name.display(), value.display()))
                .collect();
            assert_eq!(shown.join(" "), expected);
        }
    }

    #[test]
    fn other_secrets_are_handed_over_one_by_one() {
        let pairs = [("VIEWONLY_PASSWORD", "look"), ("COSMOS_API_TOKEN", "0123456789abcdef0123")];
        for (given, expected) in [
            (&[][..], "--view-password-fd look --api-token-fd 0123456789abcdef0123"),
            (&["--view-password-file=x"], "--api-token-fd 0123456789abcdef0123"),
            (&["--api-token-fd", "3"], "--view-password-fd look"),
        ] {
            let given: Vec<OsString> = given.iter().map(OsString::from).collect();
            let handed = secrets(&with(&pairs), &given);
            let handed: Vec<String> =
                handed.iter().map(|(flag, text)| format!("{flag} {}", text.expose())).collect();
            assert_eq!(handed.join(" "), expected);
        }
    }

    #[test]
    fn what_the_file_has_for_the_session_reaches_its_environment() {
        let text =
            "timezone = \"Asia/Seoul\"\nlang = \"ko_KR.UTF-8\"\ngl_sync_to_vblank = 0\nsize = \"800x600\"\n";
        let given = [("LANG".to_owned(), "C".to_owned())];
        let sources = Sources { environment: &given, file: Some(("x.toml", text)), ..Sources::default() };
        let variables = [("LANG", "C"), ("TZ", "")].map(|(name, value)| (name.into(), value.into()));
        let environment = environment(&resolve(&sources).unwrap(), variables.into_iter());
        let shown: Vec<String> = environment
            .iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect();
        assert_eq!(shown, ["LANG=C", "TZ=Asia/Seoul", "__GL_SYNC_TO_VBLANK=0"]);
    }
}
