//! What went wrong in the systems of which the names come, and does not here.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_host::settings::{
    Hidden, Settings, SettingsError, Sources, TurnUser, Value,
    lint::{self, InputKind, Options, Rule},
    resolve, settings, user_mapping,
};
use cosmos_nvidia_driver::{DeviceEntry, ProcVersion, VisibleDevices};
use cosmos_xorg_config::{Blanking, BusId, Cvt, ModeRequest};

fn with_file(pairs: &[(&str, &str)], file: &str) -> Result<Settings, SettingsError> {
    let environment: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    resolve(&Sources { environment: &environment, file: Some(("c.toml", file)), ..Sources::default() })
}

fn with(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    with_file(pairs, "")
}

/// A file that was written once hid what was set later.
#[test]
fn trap_1_the_environment_wins_over_a_file_and_says_so() {
    let file = "framerate = 60\nvideo_bitrate = 4000\naudio_bitrate = 64000\naudio = true\nresize = false\n";
    for (name, value, key, expected) in [
        ("WEBRTC_FRAMERATE", "30", "framerate", Value::Integer(30)),
        ("WEBRTC_VIDEO_BITRATE", "2000", "video_bitrate", Value::Integer(2000)),
        ("WEBRTC_AUDIO_BITRATE", "32000", "audio_bitrate", Value::Integer(32000)),
        ("ENABLE_AUDIO", "false", "audio", Value::Boolean(false)),
        ("WEBRTC_ENABLE_RESIZE", "true", "resize", Value::Boolean(true)),
    ] {
        let settings = with_file(&[(name, value)], file).unwrap();
        assert_eq!(settings.value(key), Some(&expected));
        let told = format!("{name} and c.toml: {key} are both set; {name}={value} is used");
        assert!(settings.warnings().contains(&told), "{:?}", settings.warnings());
    }
}

/// Of the seven names some never did anything, by a slip in the code that read them.
#[test]
fn trap_2_every_name_that_is_listed_works() {
    let settings =
        with(&[("WEBRTC_ENCODER", "vp8enc"), ("WEBRTC_FRAMERATE", "24"), ("WEBRTC_VIDEO_BITRATE", "900")])
            .unwrap();
    assert_eq!(settings.encoder().map(|encoder| encoder.name()), Some("vp8enc"));
    assert_eq!((settings.integer("framerate"), settings.integer("video_bitrate")), (Some(24), Some(900)));
}

/// The manual called the secret Base64; the key is the text itself.
#[test]
fn trap_3_a_shared_secret_is_taken_as_it_is_and_users_are_read_in_both_forms() {
    let settings = with(&[("TURN_HOST", "turn"), ("TURN_SHARED_SECRET", "c2VjcmV0Cg==")]).unwrap();
    assert_eq!(settings.secret("turn_shared_secret").map(Hidden::expose), Some("c2VjcmV0Cg=="));
    for text in ["1800000000:user", "1800000000-user"] {
        let user: TurnUser = text.parse().unwrap();
        assert_eq!((user.expires, user.to_string().as_str()), (1_800_000_000, "1800000000:user"));
    }
    for text in ["user", "", ":user", "+1:user", "99999999999999999999:user"] {
        assert!(text.parse::<TurnUser>().is_err(), "{text}");
    }
}

/// Another rate than a multiple of 60 gave an empty mode line, and a width was rounded behind the reader's back.
#[test]
fn trap_4_every_rate_and_width_makes_a_mode_line() {
    let reduced = Cvt::Vesa { blanking: Blanking::Reduced, margins: false };
    let rounding = Cvt::XorgCompat { reduced: true };
    for (rate, [width, height], cvt, active) in [
        ("75", ["1920", "1080"], reduced, 1920),
        ("59.94", ["1920", "1080"], reduced, 1920),
        ("144", ["2560", "1440"], reduced, 2560),
        ("60", ["1366", "768"], rounding, 1368),
    ] {
        let settings = with(&[("REFRESH", rate), ("SIZEW", width), ("SIZEH", height)]).unwrap();
        let Some(Value::Refresh(refresh)) = settings.value("refresh") else { panic!("{rate}") };
        let size = settings.screen();
        let request = ModeRequest::new(size.width.into(), size.height.into(), *refresh).unwrap();
        let mode = cvt.modeline(&request).unwrap();
        let timing = mode.timing();
        assert_eq!(timing.horizontal.active, active, "{rate}: {timing:?}");
        assert!((timing.refresh_rate().unwrap().hz() - refresh.hz()).abs() < 0.5, "{rate}: {timing:?}");
    }
    assert!(with(&[("REFRESH", "fast")]).is_err());
}

#[test]
fn trap_5_the_newer_of_two_names_wins_and_two_logins_are_refused() {
    let settings = with(&[("SIZEW", "800"), ("DISPLAY_SIZEW", "900")]).unwrap();
    assert_eq!(settings.screen().width, 900);
    assert_eq!(settings.warnings(), ["DISPLAY_SIZEW and SIZEW are both set; DISPLAY_SIZEW=900 is used"]);
    let both = [
        ("TURN_HOST", "turn"),
        ("TURN_SHARED_SECRET", "a"),
        ("SELKIES_TURN_USERNAME", "b"),
        ("TURN_PASSWORD", "c"),
    ];
    let refused = with(&both).unwrap_err().to_string();
    assert!(refused.contains("just one of these authentication methods, not both"), "{refused}");
}

/// One name wanted exactly "true", another one any text at all.
#[test]
fn trap_6_words_for_yes_and_no_are_a_closed_list() {
    for (name, key) in [("NOVNC_ENABLE", "novnc"), ("ENABLE_BASIC_AUTH", "basic_auth")] {
        for (word, meaning) in
            [("true", true), ("True", true), ("1", true), ("yes", true), ("false", false), ("0", false)]
        {
            assert_eq!(with(&[(name, word)]).unwrap().is(key), meaning, "{name}={word}");
        }
        for word in ["on", "enabled", "t", "2"] {
            let refused = with(&[(name, word)]).unwrap_err().to_string();
            assert_eq!(refused, format!("{name} is \"{word}\", which is not true, false, 1, 0, yes or no"));
        }
    }
}

/// A successor takes the name of the software encoder for that of a hardware one.
#[test]
fn trap_7_x264enc_is_the_encoder_on_the_cpu() {
    for name in ["WEBRTC_ENCODER", "SELKIES_ENCODER", "COSMOS_ENCODER"] {
        let encoder = with(&[(name, "x264enc")]).unwrap().encoder().unwrap();
        assert_eq!((encoder.name(), encoder.is_hardware()), ("x264enc", false));
    }
}

/// Addresses lost their domain, and the eighth word of the driver's version is "for" with open kernel modules.
#[test]
fn trap_8_the_domain_of_a_gpu_and_the_version_of_open_modules_are_kept() {
    let settings = with(&[("NVIDIA_VISIBLE_DEVICES", "00000001:3b:00.0")]).unwrap();
    let Some(Value::Devices(VisibleDevices::List(entries))) = settings.value("visible_devices") else {
        panic!()
    };
    let [DeviceEntry::Pci(address)] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(address.to_string().parse::<BusId>().unwrap().to_string(), "PCI:59@1:0:0");
    let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build  (dvs-builder@x)  \
                Wed Feb 26 02:07:57 UTC 2025\nGCC version:  gcc version 12.3.0\n";
    assert_eq!(open.parse::<ProcVersion>().unwrap().version.as_str(), "570.124.06");
}

/// The password of VNC was an argument, which everybody on the machine reads, and VNC ignores what follows its
/// eighth character.
#[test]
fn trap_9_no_flag_takes_a_secret_and_long_vnc_passwords_are_told_of() {
    for secret in settings().filter(|setting| setting.is_secret()) {
        assert!(secret.flag.unwrap().ends_with("-file"), "{}", secret.key);
    }
    let long = with(&[("NOVNC_ENABLE", "true"), ("PASSWD", "ninechars")]).unwrap();
    assert!(long.warnings().iter().any(|text| text.contains("first 8 characters")), "{:?}", long.warnings());
    let short = with(&[("NOVNC_ENABLE", "true"), ("PASSWD", "8charact")]).unwrap();
    assert!(!short.warnings().iter().any(|text| text.contains("first 8 characters")));
    assert!(!format!("{long:?}").contains("ninechars"));
}

/// With noVNC, all settings of the other page were ignored, and nobody said so.
#[test]
fn what_novnc_does_not_heed_is_told() {
    let told = |pairs: &[(&str, &str)]| {
        let settings = with(pairs).unwrap();
        settings.warnings().iter().find(|text| text.contains("noVNC does not heed")).cloned()
    };
    let both = [("NOVNC_ENABLE", "true"), ("WEBRTC_ENCODER", "x264enc"), ("WEBRTC_VIDEO_BITRATE", "4000")];
    let text = told(&both).unwrap();
    assert!(text.contains("heed encoder, video_bitrate;"), "{text}");
    assert_eq!(told(&both[1..]), None);
    assert_eq!(told(&[("NOVNC_ENABLE", "true"), ("PASSWD", "a"), ("SIZEW", "800")]), None);
}

/// The manual named a file that was called otherwise.
#[test]
fn trap_10_a_manifest_is_known_by_what_it_holds() {
    let manifest = include_str!("../testdata/settings/forms/seed.yaml");
    let report = lint::lint(manifest, &Options::default());
    assert_eq!(report.kind, Some(InputKind::Kubernetes));
    assert!(report.findings.iter().all(|finding| finding.rule != Rule::Syntax));
}

/// The shape of the first setup, whose password could break out of its attribute.
#[test]
fn trap_11_guacamole_gets_its_two_connections() {
    let mapping = user_mapping("user", &Hidden::new("p\"&<w"), "desk", true);
    let text = mapping.expose();
    for part in [
        "<authorize username=\"user\" password=\"p&quot;&amp;&lt;w\">",
        "<protocol>vnc</protocol>",
        "<param name=\"hostname\">desk</param>",
        "<param name=\"port\">5900</param>",
        "<param name=\"autoretry\">10</param>",
        "<param name=\"sftp-root-directory\">/home/user</param>",
        "<param name=\"enable-audio\">true</param>",
        "<protocol>ssh</protocol>",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(format!("{mapping:?}"), "***");
    let without = user_mapping("user", &Hidden::new("p"), "desk", false);
    let text = without.expose();
    assert!(
        text.contains("<protocol>vnc</protocol>") && !text.contains("ssh") && !text.contains("sftp"),
        "{text}"
    );
}
