//! Encoders that are lost, and browsers that do not decode what the best one makes.

use cosmos_desktop::Size;
use cosmos_encoder::{Capabilities, Choice, EncoderConfig};
use cosmos_protocol::{ClientMessage, Level, ServerMessage, VideoCodec};
use str0m::Rtc;

use super::{Page, Server, Socket, config};

/// A server with this encoder first, and others behind it; none, and a line, where they are not installed.
fn server(encoder: &str, needs: &[&str]) -> Option<Server> {
    let capabilities = Capabilities::installed().unwrap();
    for needed in needs {
        if !capabilities.works.iter().any(|working| working.element == *needed) {
            eprintln!("SKIPPED a server with {encoder}: {needed} is not installed");
            return None;
        }
    }
    let mut config = config("127.0.0.1:0", None);
    let choice: Choice = encoder.parse().unwrap();
    let codecs = capabilities.codecs(&choice).unwrap();
    config.video.codec = codecs[0];
    config.video.others = codecs[1..].to_vec();
    config.video.encoder = EncoderConfig { choice, threads: Some(1), ..EncoderConfig::default() };
    Some(Server::with(config))
}

/// More macroblocks than the encoder of openh264 takes, and than that of x264 minds.
const TOO_LARGE: Size = Size::new(4096, 2400);

#[test]
fn an_encoder_that_is_lost_is_replaced_and_comes_back_without_a_new_connection() {
    let Some(server) = server("openh264enc", &["openh264enc", "x264enc"]) else { return };
    let mut page = Socket::open(server.address, &server.origin()).unwrap();
    let encoder = |element: &'static str| move |message: &ServerMessage| matches!(message, ServerMessage::Encoder { element: at, codec, .. } if at == element && codec == "H.264");
    let picture = |message: &ServerMessage| {
        matches!(message, ServerMessage::Video { keyframe: true, codec: VideoCodec::H264, .. })
    };
    let notice = |wanted: Level, text: &'static str| move |message: &ServerMessage| matches!(message, ServerMessage::Notice { level, text: said } if *level == wanted && said.contains(text));
    page.until("the first encoder", encoder("openh264enc"));
    page.until("a picture", picture);
    page.say(&ClientMessage::Resize(TOO_LARGE));
    page.until("the second encoder", encoder("x264enc"));
    page.until("why", notice(Level::Warning, "x264enc encodes instead of openh264enc, which failed: "));
    page.until("its picture", picture);
    page.say(&ClientMessage::Resize(Size::new(320, 240)));
    page.until("the first encoder again", encoder("openh264enc"));
    page.until("that it works", notice(Level::Info, "openh264enc works again"));
    page.until("a picture", picture);
}

#[test]
fn the_first_browser_finds_the_codec_that_it_decodes() {
    let Some(server) = server("auto", &["x264enc", "vp8enc"]) else { return };
    let vp8 = Page::offer_with(false, Rtc::builder().clear_codecs().enable_vp8(true));
    let mut page = server.connect_with(vp8);
    page.until("a picture", |page| !page.frames.is_empty());
    assert!(page.frames[0][0] & 1 == 0, "a keyframe of VP8");
    let is_vp8 = |message: &ServerMessage| matches!(message, ServerMessage::Encoder { element, .. } if element == "vp8enc");
    page.until("the encoder", |page| page.messages.iter().any(is_vp8));
    // Whoever comes while that one watches, and has nothing in common with it, is told so.
    let (_, offer) = Page::offer_with(false, Rtc::builder().clear_codecs().enable_h264(true));
    let refused = server.request("POST", "/api/offer", &server.origin(), &offer);
    assert!(refused.starts_with("HTTP/1.1 406") && refused.contains("VP8"), "{refused}");
}

#[test]
fn the_encoder_changes_for_a_page_that_comes_later_and_no_page_comes_back() {
    let Some(server) = server("auto", &["x264enc", "vp8enc"]) else { return };
    let mut first = server.connect(false);
    let encodes = |page: &Page, element: &str| {
        let encoder = page.messages.iter().rev().find_map(|message| match message {
            ServerMessage::Encoder { element, .. } => Some(element.clone()),
            _ => None,
        });
        encoder.as_deref() == Some(element)
    };
    first.until("a picture", |page| !page.frames.is_empty() && encodes(page, "x264enc"));
    let mut socket =
        Socket::open_at(server.address, "/api/socket?codecs=vp8,theora", &server.origin()).unwrap();
    let is_vp8 = |message: &ServerMessage| matches!(message, ServerMessage::Video { codec, .. } if *codec == VideoCodec::Vp8);
    socket.until("a picture of VP8", is_vp8);
    let before = first.frames.len();
    first.until("a picture of VP8", |page| encodes(page, "vp8enc") && page.frames.len() > before);
    let mut blind = Socket::open_at(server.address, "/api/socket?codecs=h264", &server.origin()).unwrap();
    blind.until("why there is no picture", |message| {
        matches!(message, ServerMessage::Unseen(why) if why.contains("decodes H.264") && why.contains("VP8"))
    });
    drop(socket);
    blind.until("that there is one", |message| *message == ServerMessage::Unseen(String::new()));
    blind.until("a picture of H.264", |message| {
        matches!(message, ServerMessage::Video { keyframe: true, codec: VideoCodec::H264, .. })
    });
    first.until("the first encoder again", |page| encodes(page, "x264enc"));
}

#[test]
fn a_person_chooses_the_encoder_while_others_watch() {
    let Some(server) = server("auto", &["x264enc", "vp8enc"]) else { return };
    let mut page = Socket::open(server.address, &server.origin()).unwrap();
    let picture = |wanted: VideoCodec| move |message: &ServerMessage| matches!(message, ServerMessage::Video { keyframe: true, codec, .. } if *codec == wanted);
    page.until("a picture of H.264", picture(VideoCodec::H264));
    let choose = |name: &str| {
        server.request("PUT", "/api/v1/choices", &server.origin(), &format!("{{\"encoder\": {name}}}"))
    };
    assert!(choose("\"vp8enc\"").contains("{\"codec\":\"VP8\",\"element\":\"vp8enc\",\"why\":null}"));
    page.until("a picture of VP8", picture(VideoCodec::Vp8));
    let refused = choose("\"theoraenc\"");
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("no such encoder"), "{refused}");
    choose("null");
    page.until("a picture of H.264", picture(VideoCodec::H264));
}
