//! Encoders that are lost in mid-stream: those that refuse a size, and those whose plugin goes away.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use common::{DEMAND, Decoder, Screen, encoder};
use cosmos_desktop::{Frame, Size};
use cosmos_encoder::{
    Capabilities, Choice, Codec, EncodeError, EncodedFrame, EncoderConfig, VideoEncoder, open,
};
use gstreamer as gst;

const SIZE: Size = Size::new(640, 480);
const OTHER: Size = Size::new(320, 240);
/// More macroblocks than the encoder of openh264 takes, and than that of x264 minds.
const TOO_LARGE: Size = Size::new(4096, 2400);

/// What GStreamer offers belongs to the whole process.
static OFFERED: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    OFFERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Encodes a picture at a time of the frames' own clock.
fn picture(encoder: &mut dyn VideoEncoder, size: Size, captured: Instant) -> EncodedFrame {
    let screen = Screen::page(size);
    encoder.encode(&Frame { captured, ..screen.frame(&[]) }, DEMAND).unwrap().unwrap()
}

#[test]
fn an_encoder_that_refuses_a_size_is_replaced_and_comes_back_with_another_size() {
    let _alone = alone();
    let (Some(mut stream), Some(_)) =
        (encoder("openh264enc", SIZE, DEMAND), encoder("x264enc", SIZE, DEMAND))
    else {
        return;
    };
    let now = Instant::now();
    for (size, element, switched) in [
        (SIZE, "openh264enc", None),
        (TOO_LARGE, "x264enc", Some("x264enc encodes instead of openh264enc, which failed: ")),
        (TOO_LARGE, "x264enc", None),
        (SIZE, "openh264enc", Some("openh264enc works again and encodes instead of x264enc")),
        (SIZE, "openh264enc", None),
    ] {
        let frame = picture(stream.as_mut(), size, now);
        let switch = stream.switched().map(|switch| switch.to_string());
        assert_eq!((frame.size, frame.codec), (size, Codec::H264));
        assert_eq!(switch.is_some(), switched.is_some(), "{size}: {switch:?}");
        assert!(
            switch.as_deref().unwrap_or_default().starts_with(switched.unwrap_or_default()),
            "{switch:?}"
        );
        assert!(frame.keyframe || switched.is_none(), "{size}");
        assert_eq!(stream.info().element, element, "{size}");
    }
}

/// Takes an element out of what GStreamer offers, until it is dropped.
struct Withdrawn(gst::ElementFactory);

impl Withdrawn {
    fn new(element: &str) -> Self {
        let factory = gst::ElementFactory::find(element).unwrap();
        gst::Registry::get().remove_feature(&factory);
        Self(factory)
    }
}

impl Drop for Withdrawn {
    fn drop(&mut self) {
        gst::Registry::get().add_feature(&self.0).unwrap();
    }
}

#[test]
fn an_encoder_whose_plugin_goes_away_comes_back_after_half_a_minute() {
    let _alone = alone();
    let (Some(mut stream), Some(_)) =
        (encoder("x264enc", SIZE, DEMAND), encoder("openh264enc", SIZE, DEMAND))
    else {
        return;
    };
    let Some(decoder) = Decoder::new(Codec::H264) else { return };
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut frames = vec![picture(stream.as_mut(), SIZE, after(0))];
    let gone = Withdrawn::new("x264enc");
    frames.push(picture(stream.as_mut(), OTHER, after(1)));
    let switch = stream.switched().unwrap();
    assert_eq!((switch.from.as_str(), switch.to.as_str()), ("x264enc", "openh264enc"));
    assert!(switch.failure.unwrap().contains("not installed"));
    // Tried in vain.
    frames.push(picture(stream.as_mut(), OTHER, after(32)));
    assert_eq!((stream.switched(), stream.info().element.as_str()), (None, "openh264enc"));
    drop(gone);
    // It is left alone for twice as long.
    frames.push(picture(stream.as_mut(), OTHER, after(91)));
    assert_eq!((stream.switched(), stream.info().element.as_str()), (None, "openh264enc"));
    frames.push(picture(stream.as_mut(), OTHER, after(93)));
    let switch = stream.switched().unwrap();
    assert_eq!((switch.to.as_str(), switch.failure), ("x264enc", None));
    let keyframes = frames.iter().map(|frame| frame.keyframe).collect::<Vec<_>>();
    assert_eq!(keyframes, [true, true, false, false, true]);
    // One decoder goes on all the time.
    frames.iter().enumerate().for_each(|(index, frame)| decoder.push(index as u64, frame));
    assert_eq!(decoder.finish().len(), 5);
}

#[test]
fn without_another_the_failure_is_told_and_the_next_picture_tries_again() {
    let _alone = alone();
    let Some(_) = encoder("x264enc", SIZE, DEMAND) else { return };
    let mut capabilities = Capabilities::installed().unwrap();
    capabilities.works.retain(|working| working.element == "x264enc");
    let mut stream = open(&EncoderConfig::default(), &capabilities, SIZE, DEMAND).unwrap();
    let gone = Withdrawn::new("x264enc");
    let answer = stream.encode(&Screen::page(OTHER).frame(&[]), DEMAND);
    assert!(matches!(answer, Err(EncodeError::Element { element: "x264enc", .. })), "{answer:?}");
    drop(gone);
    assert!(picture(stream.as_mut(), OTHER, Instant::now()).keyframe);
    assert_eq!(stream.switched(), None);
}

#[test]
fn viewers_decide_which_codecs_are_taken() {
    let _alone = alone();
    let capabilities = Capabilities::installed().unwrap();
    for (codec, element) in [(Codec::Vp8, "vp8enc"), (Codec::Vp9, "vp9enc"), (Codec::H264, "x264enc")] {
        if !capabilities.works.iter().any(|working| working.element == element) {
            eprintln!("SKIPPED {codec} for all viewers: {element} is not installed");
            continue;
        }
        let config = EncoderConfig { codecs: vec![codec], ..EncoderConfig::default() };
        let stream = open(&config, &capabilities, SIZE, DEMAND).unwrap();
        assert_eq!(stream.info().codec, codec);
        assert!(stream.info().not_chosen.iter().any(|(_, reason)| reason.contains("does not decode")));
        let several = [codec, Codec::H264, Codec::Vp8, Codec::Vp9].to_vec();
        let config = EncoderConfig { codecs: several, ..EncoderConfig::default() };
        let stream = open(&config, &capabilities, SIZE, DEMAND).unwrap();
        assert_eq!(stream.info().codec, codec, "the first is begun with");
        let named =
            EncoderConfig { choice: Choice::Named(element.into()), codecs: vec![Codec::Av1], ..config };
        let refusal = open(&named, &capabilities, SIZE, DEMAND).err().unwrap().to_string();
        assert!(refusal.contains(element) && refusal.contains("does not decode"), "{refusal}");
    }
}

/// What people ask of a machine without a GPU, because it is the default of what they used before.
#[test]
fn an_encoder_of_a_gpu_that_is_not_there_is_replaced_with_the_reason() {
    let _alone = alone();
    let capabilities = Capabilities::installed().unwrap();
    if capabilities.works.iter().any(|working| working.hardware) {
        eprintln!("SKIPPED asking for a GPU that is not there: there is one");
        return;
    }
    let Some(best) = capabilities.works.first() else { return };
    for name in ["nvh264enc", "nvh265enc", "nvav1enc", "vah264enc", "vavp9enc", "nvcudah264enc", "h264enc"] {
        let config = EncoderConfig { choice: name.parse().unwrap(), ..EncoderConfig::default() };
        let stream = open(&config, &capabilities, SIZE, DEMAND).unwrap();
        let info = stream.info();
        if name == "h264enc" {
            assert_eq!((info.codec, info.instead_of.as_deref()), (Codec::H264, None));
            continue;
        }
        assert_eq!((info.hardware, info.instead_of.as_deref()), (false, Some(name)));
        let circuit = if name.starts_with("nv") { "libcuda" } else { "/dev/dri" };
        // Or there is none in this version of GStreamer.
        let known = info.reason.contains(circuit) || info.reason.contains("it is in 1.");
        assert!(known && info.reason.contains(name), "{name}: {}", info.reason);
        assert!(name != "nvh264enc" || info.element == best.element, "{name}: {}", info.codec);
    }
}
