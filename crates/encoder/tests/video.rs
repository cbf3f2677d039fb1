//! Every encoder against a decoder of its own kind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::{Duration, Instant};

use common::{
    DEMAND, Decoder, ELEMENTS, Screen, encoder, encoder_of, installed, psnr_each, psnr_luma, psnr_rgb,
};
use cosmos_desktop::{Frame, Rect, Size};
use cosmos_encoder::{
    Capabilities, Choice, Codec, Demand, EncodeError, EncodedFrame, EncoderConfig, Format, Layout, Sampling,
    VideoEncoder,
};

const SIZE: Size = Size::new(640, 480);

#[test]
fn a_still_page_becomes_sharp_within_ten_repeats() {
    for element in ELEMENTS {
        let Some(mut encoder) = encoder(element, SIZE, DEMAND) else { continue };
        let screen = Screen::page(SIZE);
        let whole = [SIZE.rect()];
        let frames = (0..11)
            .map(|index| {
                encoder.encode(&screen.frame(if index == 0 { &whole } else { &[] }), DEMAND).unwrap().unwrap()
            })
            .collect::<Vec<_>>();
        assert_eq!(keyframes(&frames), [0], "{element}");
        let Some(decoder) = Decoder::new(encoder.info().codec) else { continue };
        frames.iter().enumerate().for_each(|(index, frame)| decoder.push(index as u64, frame));
        let pictures = decoder.finish();
        assert_eq!(pictures.len(), 11, "{element}");
        let (layout, original) = screen.i420();
        let luma =
            pictures.iter().map(|(_, planes)| psnr_luma(&layout, planes, &original)).collect::<Vec<_>>();
        let rgb = psnr_rgb(&layout, &pictures[10].1, &screen);
        let bytes = frames.iter().map(|frame| frame.data.len()).collect::<Vec<_>>();
        eprintln!("{element}: luma {luma:.1?} dB, RGB {rgb:.1} dB, {bytes:?} bytes");
        assert!(luma[10] >= 40.0, "{element}: {luma:.1?}");
        assert!(rgb >= 25.0, "{element}: {rgb:.1}");
    }
}

/// What red letters on blue look like after so many pictures: blue, green and red in dB, and the bytes in all.
fn letters(element: &str, full: &[Codec], sampling: Sampling) -> Option<([f64; 3], usize)> {
    let mut encoder = encoder_of(element, full, SIZE, DEMAND)?;
    assert_eq!(encoder.info().sampling, sampling, "{element}");
    let decoder = Decoder::new(encoder.info().codec)?;
    let (screen, whole, mut bytes) = (Screen::red_on_blue(SIZE), [SIZE.rect()], 0);
    for index in 0..20_u64 {
        let frame = screen.frame(if index == 0 { &whole } else { &[] });
        let encoded = encoder.encode(&frame, DEMAND).unwrap().unwrap();
        assert_eq!((encoded.keyframe, encoded.sampling), (index == 0, sampling), "{element}");
        bytes += encoded.data.len();
        decoder.push(index, &encoded);
    }
    let format = if sampling == Sampling::Full { Format::Y444 } else { Format::I420 };
    let layout = Layout::new(format, SIZE);
    let planes = decoder.finish().pop()?.1;
    assert_eq!(planes.len(), layout.len, "{element}");
    Some((psnr_each(&layout, &planes, &screen), bytes))
}

#[test]
fn thin_lines_keep_their_colours_at_444() {
    for (element, codec) in [("x264enc", Codec::H264), ("vp9enc", Codec::Vp9), ("av1enc", Codec::Av1)] {
        let Some((half, half_bytes)) = letters(element, &[], Sampling::Half) else { continue };
        let Some((full, bytes)) = letters(element, &[codec], Sampling::Full) else { continue };
        eprintln!("{element}: {half:.1?} dB in {half_bytes} bytes, at 4:4:4 {full:.1?} dB in {bytes} bytes");
        for (half, full) in half.into_iter().zip(full) {
            assert!(full > half + 10.0 && full > 35.0, "{element}: {half:.1} {full:.1}");
        }
    }
}

#[test]
fn an_encoder_that_cannot_code_444_or_is_not_asked_to_codes_420() {
    for (element, full) in [
        ("openh264enc", &[Codec::H264][..]),
        ("vp8enc", &[Codec::Vp8]),
        ("x264enc", &[Codec::Vp9, Codec::Av1]),
        ("x265enc", &[Codec::H265]),
    ] {
        let Some(mut encoder) = encoder_of(element, full, SIZE, DEMAND) else { continue };
        let frame = encoder.encode(&Screen::page(SIZE).frame(&[]), DEMAND).unwrap().unwrap();
        assert_eq!((frame.sampling, encoder.info().sampling), (Sampling::Half, Sampling::Half), "{element}");
    }
}

#[test]
fn thirty_frames_of_a_desktop_come_out_one_by_one() {
    for element in ELEMENTS {
        let Some(mut encoder) = encoder(element, SIZE, DEMAND) else { continue };
        let Some(decoder) = Decoder::new(encoder.info().codec) else { continue };
        let mut screen = Screen::page(SIZE);
        for index in 0..30_u16 {
            let damage = [Rect { x: 31 + 9 * index, y: 201, width: 83, height: 61 }];
            screen.video(damage[0], index.into());
            let frame = encoder.encode(&screen.frame(&damage), DEMAND).unwrap().unwrap();
            assert_eq!((frame.keyframe, frame.size), (index == 0, SIZE), "{element} {index}");
            decoder.push(index.into(), &frame);
        }
        let pictures = decoder.finish();
        assert_eq!(pictures.len(), 30, "{element}");
        let (layout, original) = screen.i420();
        let luma = psnr_luma(&layout, &pictures[29].1, &original);
        eprintln!("{element}: after 30 frames luma {luma:.1} dB");
        assert!(luma >= 30.0, "{element}: {luma:.1}");
    }
}

#[test]
fn a_keyframe_comes_with_the_next_picture() {
    for element in ELEMENTS {
        let Some(mut encoder) = encoder(element, SIZE, DEMAND) else { continue };
        let screen = Screen::page(SIZE);
        let frames = (0..8).map(|index| {
            let demand = Demand { keyframe: index == 3 || index == 6, ..DEMAND };
            encoder.encode(&screen.frame(&[]), demand).unwrap().unwrap()
        });
        assert_eq!(keyframes(&frames.collect::<Vec<_>>()), [0, 3, 6], "{element}");
    }
}

#[test]
fn a_new_size_begins_with_a_keyframe_and_odd_sizes_lose_their_edge() {
    for element in ELEMENTS {
        let Some(mut encoder) = encoder(element, SIZE, DEMAND) else { continue };
        let codec = encoder.info().codec;
        for size in [SIZE, Size::new(801, 601), Size::new(320, 200)] {
            let screen = Screen::page(size);
            let frames = (0..2).map(|_| encoder.encode(&screen.frame(&[]), DEMAND).unwrap().unwrap());
            let frames = frames.collect::<Vec<_>>();
            assert_eq!(keyframes(&frames), [0], "{element} {size}");
            assert_eq!(frames[0].size, size.even(), "{element}");
            let Some(decoder) = Decoder::new(codec) else { continue };
            frames.iter().enumerate().for_each(|(index, frame)| decoder.push(index as u64, frame));
            assert_eq!(decoder.finish()[1].0, size.even(), "{element}");
        }
    }
}

#[test]
fn the_bitrate_follows_the_demand_without_a_keyframe() {
    for element in ELEMENTS {
        let Some(mut encoder) = encoder(element, SIZE, DEMAND) else { continue };
        let low = Demand { bitrate_kbps: 800, fps: 30, keyframe: false };
        // Twice the rate of half as many pictures: the same share for each.
        let half = Demand { bitrate_kbps: 400, fps: 15, keyframe: false };
        let start = Instant::now();
        let before = run(encoder.as_mut(), start, 0..60, DEMAND);
        let after = run(encoder.as_mut(), start, 60..120, low);
        // A change costs this one a keyframe.
        let costly = element == "x265enc";
        assert_eq!(keyframes(&before), [0], "{element}");
        assert_eq!(keyframes(&after), vec![0; costly.into()], "{element}");
        let [before, after] = [before, after].map(|frames| share(&frames[30..]));
        eprintln!("{element}: {before}, {after} bytes a frame");
        assert!(after * 3 < before, "{element}: {before} {after}");
        assert!(after < 2 * 800_000 / 8 / 30, "{element}: {after}");
        if !costly {
            let same = run(encoder.as_mut(), start, 120..180, half);
            assert_eq!(keyframes(&same), [] as [usize; 0], "{element}");
            let same = share(&same[30..]);
            assert!(same.abs_diff(after) < after / 2, "{element}: {after} {same}");
        }
    }
}

#[test]
fn h264_is_constrained_baseline_with_parameter_sets_in_each_keyframe() {
    for element in ["x264enc", "openh264enc"] {
        let Some(mut encoder) = encoder(element, SIZE, DEMAND) else { continue };
        for index in 0..4 {
            let demand = Demand { keyframe: index == 2, ..DEMAND };
            let frame = encoder.encode(&Screen::page(SIZE).frame(&[]), demand).unwrap().unwrap();
            let units = nal_units(&frame.data);
            let types = units.iter().map(|unit| unit[0] & 31).collect::<Vec<_>>();
            assert_eq!(
                types.contains(&7) && types.contains(&8) && types.contains(&5),
                frame.keyframe,
                "{types:?}"
            );
            assert!(!types.contains(&9), "{element}: an access unit delimiter");
            let profiles =
                units.iter().filter(|unit| unit[0] & 31 == 7).map(|unit| (unit[1], unit[2] & 0x40));
            assert!(profiles.into_iter().all(|profile| profile == (66, 0x40)), "{element}");
        }
    }
}

#[test]
fn h265_has_its_parameter_sets_in_each_keyframe() {
    let Some(mut encoder) = encoder("x265enc", SIZE, DEMAND) else { return };
    for index in 0..6 {
        let demand = Demand { keyframe: index == 3, ..DEMAND };
        let frame = encoder.encode(&Screen::page(SIZE).frame(&[]), demand).unwrap().unwrap();
        let types = nal_units(&frame.data).iter().map(|unit| unit[0] >> 1 & 63).collect::<Vec<_>>();
        assert_eq!(frame.keyframe, index % 3 == 0, "{index}");
        for set in [32, 33, 34] {
            assert_eq!(types.contains(&set), frame.keyframe, "{index}: {types:?}");
        }
    }
}

#[test]
fn frames_that_lie_about_their_size_are_refused() {
    let Some(mut encoder) = encoder("x264enc", SIZE, DEMAND) else { return };
    let screen = Screen::page(SIZE);
    let good = screen.frame(&[]);
    for bad in [
        Frame { bgrx: &screen.bgrx[1..], ..good },
        Frame { stride: 4 * 640 - 1, ..good },
        Frame { size: Size::new(1, 480), ..good },
        Frame { size: Size::new(640, 0), ..good },
    ] {
        let answer = encoder.encode(&bad, DEMAND);
        assert!(matches!(answer, Err(EncodeError::Frame { .. })), "{answer:?}");
    }
    assert!(encoder.encode(&good, DEMAND).unwrap().is_some());
}

#[test]
fn an_element_that_refuses_says_so() {
    // More than 14 bits for a side, which VP8 has, and less than the 16 rows of a macroblock.
    let size = Size::new(32_768, 2);
    let capabilities = installed();
    let screen = Screen::page(size);
    for working in &capabilities.works {
        let config =
            EncoderConfig { choice: Choice::Named(working.element.clone()), ..EncoderConfig::default() };
        let answer = cosmos_encoder::open(&config, &capabilities, size, DEMAND)
            .and_then(|mut encoder| encoder.encode(&screen.frame(&[]), DEMAND));
        let element = match &answer {
            Err(EncodeError::Element { element, .. } | EncodeError::TooSmall { element, .. }) => element,
            _ => panic!("{}: {answer:?}", working.element),
        };
        assert_eq!(*element, working.element);
        assert!(answer.unwrap_err().to_string().contains(&working.element));
    }
}

#[test]
fn several_threads_make_one_picture() {
    let capabilities = installed();
    for working in &capabilities.works {
        let config = EncoderConfig {
            choice: Choice::Named(working.element.clone()),
            threads: Some(4),
            ..EncoderConfig::default()
        };
        let mut encoder = cosmos_encoder::open(&config, &capabilities, SIZE, DEMAND).unwrap();
        let Some(decoder) = Decoder::new(working.codec) else { continue };
        let screen = Screen::page(SIZE);
        for index in 0..3 {
            decoder.push(index, &encoder.encode(&screen.frame(&[]), DEMAND).unwrap().unwrap());
        }
        let (layout, original) = screen.i420();
        let luma = psnr_luma(&layout, &decoder.finish()[2].1, &original);
        assert!(luma > 30.0, "{}: {luma:.1}", working.element);
    }
}

#[test]
fn the_choice_is_explained() {
    let mut capabilities = installed();
    if capabilities.works.len() < 2 {
        eprintln!("SKIPPED choosing among encoders: only {:?} installed", capabilities.works);
        return;
    }
    let best = capabilities.works.remove(0);
    capabilities.broken.insert(0, (best.element.clone(), "died of SIGABRT".into()));
    let open = |choice| {
        let config = EncoderConfig { choice, ..EncoderConfig::default() };
        cosmos_encoder::open(&config, &capabilities, SIZE, DEMAND).map(|encoder| encoder.info().clone())
    };
    let info = open(Choice::Auto).unwrap();
    assert_eq!(info.element, capabilities.works[0].element);
    assert!(info.not_chosen.contains(&(best.element.clone(), "died of SIGABRT".into())), "{info:?}");
    assert!(info.not_chosen.iter().all(|(element, _)| *element != info.element));
    let refusal = open(Choice::Named(best.element.clone())).unwrap_err().to_string();
    assert!(refusal.contains(&best.element) && refusal.contains("died of SIGABRT"), "{refusal}");
    assert!(refusal.contains(&capabilities.works[0].element), "{refusal}");
    let unknown = open(Choice::Named("h265enc".into())).unwrap_err().to_string();
    assert!(unknown.contains("\"h265enc\"") && unknown.contains("vp8enc"), "{unknown}");
}

#[test]
fn a_machine_without_encoders_names_the_packages() {
    let open = cosmos_encoder::open(&EncoderConfig::default(), &Capabilities::default(), SIZE, DEMAND);
    let refusal = open.err().unwrap().to_string();
    assert!(
        refusal.contains("gstreamer1.0-plugins-ugly") && refusal.contains("gstreamer1.0-plugins-good"),
        "{refusal}"
    );
}

#[test]
fn choices_are_read_as_they_are_written() {
    assert_eq!("auto".parse::<Choice>().unwrap(), Choice::Auto);
    assert_eq!("vp8enc".parse::<Choice>().unwrap(), Choice::Named("vp8enc".into()));
    assert!("VP8".parse::<Choice>().is_err());
    let codecs = Codec::ALL;
    assert_eq!(codecs.map(|codec| codec.to_string()), ["H.264", "H.265", "VP8", "VP9", "AV1"]);
}

/// Encodes grain all over the screen, which takes whatever bitrate there is, at 29 pictures a second.
fn run(
    encoder: &mut dyn VideoEncoder,
    start: Instant,
    frames: std::ops::Range<u32>,
    demand: Demand,
) -> Vec<EncodedFrame> {
    let mut screen = Screen::page(SIZE);
    let whole = [SIZE.rect()];
    let frames = frames.map(|index| {
        screen.grain(SIZE.rect(), index);
        let captured = start + index * Duration::from_millis(34);
        encoder.encode(&Frame { captured, ..screen.frame(&whole) }, demand).unwrap().unwrap()
    });
    frames.collect()
}

fn share(frames: &[EncodedFrame]) -> usize {
    frames.iter().map(|frame| frame.data.len()).sum::<usize>() / frames.len()
}

fn keyframes(frames: &[EncodedFrame]) -> Vec<usize> {
    frames.iter().enumerate().filter(|(_, frame)| frame.keyframe).map(|(index, _)| index).collect()
}

/// The NAL units of an access unit in Annex B form, without their start codes.
fn nal_units(data: &[u8]) -> Vec<&[u8]> {
    let starts =
        (0..data.len() - 3).filter(|at| data[*at..at + 3] == [0, 0, 1]).map(|at| at + 3).collect::<Vec<_>>();
    assert!(starts.first().is_some_and(|first| *first <= 4), "no start code at the beginning");
    starts.iter().map(|start| &data[*start..]).collect()
}
