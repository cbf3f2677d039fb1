//! NVENC, as far as the GPU of this machine goes: up to the refusal of the driver's library on one without the circuit,
//! and up to a decoded picture on one with it. It is its own probe, so it has a `main` of its own.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{DEMAND, Decoder, Screen, psnr_luma};
use cosmos_desktop::Size;
use cosmos_encoder::{Capabilities, Choice, EncoderConfig, child, open};
use gstreamer as gst;

const SIZE: Size = Size::new(640, 480);
const DEADLINE: Duration = Duration::from_secs(60);

fn main() {
    child::hook();
    if !Path::new("/dev/nvidiactl").exists() {
        eprintln!("SKIPPED NVENC: this machine has no GPU of NVIDIA's");
        return;
    }
    let said = listen();
    let found = Capabilities::probe(DEADLINE).unwrap();
    if gst::Registry::get().find_plugin("nvcodec").is_none() {
        eprintln!("SKIPPED NVENC: package gstreamer1.0-plugins-bad is not installed");
        return;
    }
    for line in said.lock().unwrap().iter() {
        println!("GStreamer: {line}");
    }
    let nvenc = |name: &str| name.starts_with("nv");
    for (element, reason) in found.broken.iter().filter(|(element, _)| nvenc(element)) {
        println!("{element}: {reason}");
        assert!(!reason.is_empty());
    }
    let working = found.works.iter().filter(|working| nvenc(&working.element)).collect::<Vec<_>>();
    for working in &working {
        println!("{}: {}", working.element, encode(&working.element, &found));
    }
    let config = EncoderConfig { choice: "nvh264enc".parse().unwrap(), ..EncoderConfig::default() };
    let encoder = open(&config, &found, SIZE, DEMAND).unwrap();
    println!("nvh264enc is {}: {}", encoder.info().element, encoder.info().reason);
    assert_eq!(encoder.info().hardware, encoder.info().instead_of.is_none());
    println!("nvenc: passed, {} elements work", working.len());
}

/// What the plugin says while it asks the driver.
fn listen() -> Arc<Mutex<Vec<String>>> {
    gst::init().unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    gst::log::set_threshold_from_string("nv*:2,cuda*:2", false);
    gst::log::remove_default_log_function();
    let _function = gst::log::add_log_function(move |category, level, _, _, _, _, message| {
        let text = message.get().map(|text| text.to_string()).unwrap_or_default();
        heard.lock().unwrap().push(format!("{level:?} {}: {text}", category.name()));
    });
    said
}

/// Thirty pictures, the bitrate changed on the way, and what a decoder makes of them.
fn encode(element: &str, found: &Capabilities) -> String {
    let config = EncoderConfig { choice: Choice::Named(element.into()), ..EncoderConfig::default() };
    let mut encoder = open(&config, found, SIZE, DEMAND).unwrap();
    let screen = Screen::page(SIZE);
    let frames = (0..30_u32).map(|index| {
        let demand =
            cosmos_encoder::Demand { bitrate_kbps: 8000 + 10 * index, keyframe: index == 20, ..DEMAND };
        encoder.encode(&screen.frame(&[]), demand).unwrap().expect("each picture comes at once")
    });
    let frames = frames.collect::<Vec<_>>();
    let keyframes = frames.iter().enumerate().filter(|(_, frame)| frame.keyframe).map(|(index, _)| index);
    assert_eq!(keyframes.collect::<Vec<_>>(), [0, 20], "{element}");
    let Some(decoder) = Decoder::new(frames[0].codec) else { return "not decoded".into() };
    frames.iter().enumerate().for_each(|(index, frame)| decoder.push(index as u64, frame));
    let (layout, original) = screen.i420();
    let luma = psnr_luma(&layout, &decoder.finish()[29].1, &original);
    assert!(luma > 30.0, "{element}: {luma:.1}");
    let ms = frames.iter().map(|frame| frame.encode.as_secs_f64() * 1000.0).sum::<f64>() / 30.0;
    format!("luma {luma:.1} dB, {ms:.1} ms a picture")
}
