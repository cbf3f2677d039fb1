//! Which codecs a page and the server agree upon, and what is shown of them.

use super::*;

/// What a browser offers that decodes these.
fn offer(now: Instant, config: impl Fn(str0m::RtcConfig) -> str0m::RtcConfig) -> SdpOffer {
    let mut rtc = config(Rtc::builder().clear_codecs()).build(now);
    let mut changes = rtc.sdp_api();
    changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    changes.apply().unwrap().0
}

#[test]
fn a_browser_without_the_codec_is_told_so() {
    install_crypto();
    let now = Instant::now();
    let offer = offer(now, |config| config.enable_vp8(true));
    let refused =
        answer(offer, &Reach::new(vec![SERVER.parse().unwrap()]), Codec::H264.into(), now).err().unwrap();
    assert!(refused.to_string().contains("H.264"), "{refused}");
}

#[test]
fn every_codec_is_agreed_upon_that_both_know() {
    install_crypto();
    let now = Instant::now();
    type Browser = fn(str0m::RtcConfig) -> str0m::RtcConfig;
    let all: Browser = |config| {
        config.enable_h264(true).enable_h265(true).enable_vp8(true).enable_vp9(true).enable_av1(true)
    };
    let free: Browser = |config| config.enable_vp8(true).enable_vp9(true);
    for (browser, codecs, expected) in [
        (all, "h264", "h264"),
        (all, "h265", "h265"),
        (all, "vp8", "vp8"),
        (all, "vp9", "vp9"),
        (all, "av1", "av1"),
        (all, "h264,h265,vp8,vp9,av1", "h264,h265,vp8,vp9,av1"),
        (free, "h264,vp9,av1", "vp9"),
        (free, "h264,vp8,vp9", "vp8,vp9"),
    ] {
        let codecs = Codecs::named(codecs);
        let answered = answer(offer(now, browser), &Reach::new(vec![SERVER.parse().unwrap()]), codecs, now);
        let (offered, text) = answered.map(|(offered, answer)| (offered, answer.to_sdp_string())).unwrap();
        let rtpmaps = text.lines().filter(|line| line.starts_with("a=rtpmap:") && !line.contains("rtx"));
        let names = rtpmaps.filter_map(|line| line.split([' ', '/']).nth(1));
        let named: Codecs =
            names.map(|name| Codecs::named(&name.to_lowercase())).flat_map(Codecs::iter).collect();
        assert_eq!((named, offered.decodes()), (Codecs::named(expected), Codecs::named(expected)), "{text}");
    }
}

#[test]
fn codecs_at_444_are_agreed_upon_where_both_know_them() {
    install_crypto();
    let now = Instant::now();
    let all = "h264,h264-444,vp8,vp8-444,vp9,vp9-444,av1,av1-444";
    for (browser, server, expected) in [
        (all, all, "h264,h264-444,vp8,vp9,vp9-444,av1,av1-444"),
        (all, "h264,vp8,vp9,av1", "h264,vp8,vp9,av1"),
        ("h264,vp8,vp9,av1", all, "h264,vp8,vp9,av1"),
        ("h264,vp9,vp9-444", all, "h264,vp9,vp9-444"),
        ("vp9,av1,av1-444", "vp9,vp9-444,av1", "vp9,av1"),
        // The profile of H.265 is spelled as that of VP9.
        ("h264,h265", "h264,h264-444,h265,h265-444,vp9,vp9-444", "h264,h265"),
    ] {
        let knows = Codecs::named(browser);
        let browser = |config: str0m::RtcConfig| {
            let mut config = config
                .enable_h264(knows.has(Codec::H264))
                .enable_h265(knows.has(Codec::H265))
                .enable_vp8(knows.has(Codec::Vp8))
                .enable_vp9(knows.has(Codec::Vp9))
                .enable_av1(knows.has(Codec::Av1));
            formats::add_full(config.codec_config(), knows);
            config
        };
        let reach = Reach::new(vec![SERVER.parse().unwrap()]);
        let (offered, answer) = answer(offer(now, browser), &reach, Codecs::named(server), now).unwrap();
        assert_eq!(offered.decodes(), Codecs::named(expected), "{}", answer.to_sdp_string());
    }
}

#[test]
fn pictures_at_444_travel_as_what_they_are() {
    // The beginnings of keyframes: of H.264, and of VP9 in profile 1 (VP9 bitstream specification, section 6.2).
    let (h264, vp9): (&[u8], &[u8]) = (&[0, 0, 0, 1, 0x65], &[0xa2, 0x49, 0x83, 0x42]);
    let mut world = World::with(true, Role::Viewer, Codecs::named("h264,h264-444,vp9,vp9-444")).ready();
    for (codec, sampling, begins, expected) in [
        (Codec::H264, Sampling::Half, h264, Some("H264 of profile 66")),
        (Codec::H264, Sampling::Full, h264, Some("H264 of profile 244")),
        (Codec::Vp9, Sampling::Full, vp9, Some("VP9 of profile 1")),
        (Codec::H264, Sampling::Half, h264, Some("H264 of profile 66")),
        (Codec::Vp8, Sampling::Full, &[0x10], None),
    ] {
        world.page.codecs.clear();
        world.frame_sampled(codec, sampling, true, [begins, &[7; 3000]].concat());
        world.run(Duration::from_millis(300));
        assert_eq!(world.page.codecs.first().map(String::as_str), expected, "{codec} {sampling}");
    }
    assert_eq!(world.closed(), None);
}

#[test]
fn who_does_not_decode_444_is_not_sent_it() {
    let mut world = World::with(true, Role::Viewer, Codecs::named("h264")).ready();
    for (sampling, expected) in [(Sampling::Full, 0), (Sampling::Half, 1)] {
        world.frame_sampled(Codec::H264, sampling, true, [&[0, 0, 0, 1, 0x65][..], &[7; 3000]].concat());
        world.run(Duration::from_millis(300));
        assert_eq!(world.page.frames.len(), expected, "{sampling}");
    }
}

#[test]
fn the_codec_changes_within_a_connection() {
    let mut world = World::with(true, Role::Viewer, Codecs::named("vp8,vp9")).ready();
    assert_eq!(world.session.decodes(), Codecs::named("vp8,vp9"));
    for (codec, begins, expected) in [
        (Codec::Vp8, &[0x10][..], Some("VP8 of profile 0")),
        // A keyframe of profile 0 (VP9 bitstream specification, section 6.2).
        (Codec::Vp9, &[0x82, 0x49, 0x83, 0x42], Some("VP9 of profile 0")),
        (Codec::Vp8, &[0x10], Some("VP8 of profile 0")),
        (Codec::H264, &[0, 0, 0, 1, 0x65], None),
    ] {
        world.page.codecs.clear();
        world.frame_of(codec, true, [begins, &[7; 3000]].concat());
        world.run(Duration::from_millis(300));
        assert_eq!(world.page.codecs.first().map(String::as_str), expected, "{codec}");
    }
    assert_eq!(world.closed(), None);
}

#[test]
fn who_is_not_shown_the_picture_is_told_why_and_asks_for_nothing() {
    let mut world = World::connected(Role::Viewer);
    assert!(world.session.show(Some("too new".into())) && !world.session.show(Some("too new".into())));
    world.drain_session();
    world.frame(true, 3000);
    world.run(Duration::from_millis(300));
    assert!(world.page.frames.is_empty() && !world.session.waits());
    assert!(!world.session.wish(world.now).video);
    assert!(world.session.show(None) && world.session.waits());
    world.frame(true, 3000);
    world.run(Duration::from_millis(300));
    assert_eq!(world.page.frames.len(), 1);
    let told: Vec<_> =
        world.page.messages.iter().filter(|message| matches!(message, ServerMessage::Unseen(_))).collect();
    assert_eq!(told, [&ServerMessage::Unseen("too new".into()), &ServerMessage::Unseen(String::new())]);
}
