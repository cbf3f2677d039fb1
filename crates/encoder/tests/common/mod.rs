//! A synthetic desktop, and what comes out of a decoder.
#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test uses its part, and may panic")]

use std::time::Instant;

use cosmos_desktop::{Frame, Rect, Size};
use cosmos_encoder::{Capabilities, Choice, Codec, Demand, EncodedFrame, EncoderConfig, I420, VideoEncoder};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video::VideoFrameExt as _;

pub const ELEMENTS: [&str; 4] = ["x264enc", "openh264enc", "vp8enc", "vp9enc"];
pub const DEMAND: Demand = Demand { bitrate_kbps: 8000, fps: 30, keyframe: false };

/// A screen that can be painted on.
pub struct Screen {
    pub size: Size,
    pub bgrx: Vec<u8>,
}

impl Screen {
    /// Windows with coloured bars and lines of text-like noise.
    pub fn page(size: Size) -> Self {
        let mut screen = Self { size, bgrx: vec![0xf0; 4 * size.area()] };
        screen.text(size.rect(), 1);
        for (index, colour) in [[200, 120, 30, 0], [40, 40, 220, 0], [60, 180, 60, 0]].into_iter().enumerate()
        {
            let (width, height) = (size.width / 4, size.height / 12);
            screen.fill(Rect { x: index as u16 * (width + 9), y: size.height / 3, width, height }, colour);
        }
        screen
    }

    pub fn fill(&mut self, rect: Rect, colour: [u8; 4]) {
        self.each(rect, |_, _| colour);
    }

    /// Glyphs of 7 by 12 pixels, dark on light, that look like text to an encoder.
    pub fn text(&mut self, rect: Rect, seed: u32) {
        self.each(rect, |x, y| {
            let glyph = hash(x / 7 + 977 * (y / 14) + seed * 7919);
            let (column, row) = (x % 7, y % 14);
            let inside = column < 5 && (2..12).contains(&row) && !glyph.is_multiple_of(6);
            let stroke = column == glyph % 5 || (row - row.min(2)) == glyph % 9 || (column == 4 && row > 5);
            if inside && stroke { [0x20, 0x20, 0x20, 0] } else { [0xf4, 0xf4, 0xf4, 0] }
        });
    }

    /// A moving texture, like a video.
    pub fn video(&mut self, rect: Rect, time: u32) {
        self.each(rect, |x, y| {
            let (fx, fy, ft) = (x as f32, y as f32, time as f32);
            let wave = (fx / 31.0 + ft / 5.0).sin()
                + (fy / 23.0 - ft / 7.0).cos()
                + ((fx + fy) / 57.0 + ft / 9.0).sin();
            let grain = (hash(x + 4099 * y + 31 * time) % 9) as f32;
            let level = 128.0 + 36.0 * wave + grain;
            [level as u8, (level * 0.8 + 20.0) as u8, (255.0 - level) as u8, 0]
        });
    }

    /// Grain that is never the same: fine quantisers keep it, coarse ones lose it.
    pub fn grain(&mut self, rect: Rect, time: u32) {
        self.each(rect, |x, y| {
            let level = (100 + x / 16 + hash(x + 4099 * y + 8_388_593 * time) % 48) as u8;
            [level, level, level, 0]
        });
    }

    pub fn frame<'a>(&'a self, damage: &'a [Rect]) -> Frame<'a> {
        let stride = 4 * usize::from(self.size.width);
        Frame { size: self.size, stride, bgrx: &self.bgrx, damage, captured: Instant::now() }
    }

    /// The picture as an encoder gets it.
    pub fn i420(&self) -> (I420, Vec<u8>) {
        let layout = I420::new(self.size);
        let mut planes = vec![0; layout.len];
        layout.convert(&self.frame(&[]), &[self.size.rect()], &mut planes).unwrap();
        (layout, planes)
    }

    fn each(&mut self, rect: Rect, colour: impl Fn(u32, u32) -> [u8; 4]) {
        let rect = rect.clip(self.size);
        for y in u32::from(rect.y)..rect.bottom() {
            for x in u32::from(rect.x)..rect.right() {
                let at = 4 * (y as usize * usize::from(self.size.width) + x as usize);
                self.bgrx[at..at + 4].copy_from_slice(&colour(x, y));
            }
        }
    }
}

pub fn hash(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(0x7feb_352d);
    let value = (value ^ (value >> 15)).wrapping_mul(0x846c_a68b);
    value ^ (value >> 16)
}

/// The encoder of this name, or a line that says why the test is skipped.
pub fn encoder(element: &str, size: Size, demand: Demand) -> Option<Box<dyn VideoEncoder>> {
    let capabilities = Capabilities::installed().unwrap();
    if let Some((_, reason)) = capabilities.broken.iter().find(|(broken, _)| broken == element) {
        eprintln!("SKIPPED {element}: {reason}");
        return None;
    }
    let config = EncoderConfig { choice: Choice::Named(element.into()), ..EncoderConfig::default() };
    Some(cosmos_encoder::open(&config, &capabilities, size, demand).unwrap())
}

/// A decoder of GStreamer's: access units in, the planes of I420 pictures out.
pub struct Decoder {
    pipeline: gst::Pipeline,
    input: gst_app::AppSrc,
    output: gst_app::AppSink,
}

impl Decoder {
    pub fn new(codec: Codec) -> Option<Self> {
        gst::init().unwrap();
        let (caps, decoders): (_, &[&str]) = match codec {
            Codec::H264 => {
                ("video/x-h264,stream-format=byte-stream,alignment=au", &["avdec_h264", "openh264dec"])
            }
            Codec::Vp8 => ("video/x-vp8", &["vp8dec"]),
            _ => ("video/x-vp9", &["vp9dec"]),
        };
        let Some(decoder) = decoders.iter().find(|name| gst::ElementFactory::find(name).is_some()) else {
            eprintln!("SKIPPED decoding {codec}: none of {decoders:?} is installed");
            return None;
        };
        let launch = format!(
            "appsrc name=in format=time caps={caps} ! {parse}{decoder} ! appsink name=out sync=false",
            parse = if codec == Codec::H264 { "h264parse ! " } else { "" },
        );
        let pipeline = gst::parse::launch(&launch).unwrap().downcast::<gst::Pipeline>().unwrap();
        let input = pipeline.by_name("in").unwrap().downcast().unwrap();
        let output = pipeline.by_name("out").unwrap().downcast().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        Some(Self { pipeline, input, output })
    }

    pub fn push(&self, index: u64, frame: &EncodedFrame) {
        let mut buffer = gst::Buffer::from_slice(frame.data.to_vec());
        buffer.get_mut().unwrap().set_pts(gst::ClockTime::from_mseconds(index * 20));
        self.input.push_buffer(buffer).unwrap();
    }

    /// All pictures: their size and their planes, in the layout of [`I420`].
    pub fn finish(self) -> Vec<(Size, Vec<u8>)> {
        self.input.end_of_stream().unwrap();
        let mut pictures = Vec::new();
        while let Some(sample) = self.output.try_pull_sample(gst::ClockTime::from_seconds(20)) {
            let structure = sample.caps().unwrap().structure(0).unwrap();
            let side = |name| structure.get::<i32>(name).unwrap() as u16;
            let size = Size::new(side("width"), side("height"));
            pictures.push((size, planes(&sample, size)));
        }
        pictures
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.pipeline.set_state(gst::State::Null).unwrap();
    }
}

fn planes(sample: &gst::Sample, size: Size) -> Vec<u8> {
    let caps = gstreamer_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
    assert_eq!(caps.format(), gstreamer_video::VideoFormat::I420);
    let frame =
        gstreamer_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &caps).unwrap();
    let layout = I420::new(size);
    let mut planes = vec![0; layout.len];
    for plane in 0..3 {
        let (shift, to) = (u32::from(plane > 0), layout.strides[usize::from(plane > 0)]);
        let (width, height) = (usize::from(size.width) >> shift, usize::from(size.height) >> shift);
        let (from, data) = (frame.plane_stride()[plane] as usize, frame.plane_data(plane as u32).unwrap());
        for row in 0..height {
            let at = layout.offsets[plane] + row * to;
            planes[at..at + width].copy_from_slice(&data[row * from..row * from + width]);
        }
    }
    planes
}

/// PSNR of the luma planes in dB.
pub fn psnr_luma(layout: &I420, left: &[u8], right: &[u8]) -> f64 {
    let (width, height) = (usize::from(layout.size.width), usize::from(layout.size.height));
    let rows = (0..height).map(|row| row * layout.strides[0]);
    psnr(rows.flat_map(|at| left[at..at + width].iter().zip(&right[at..at + width])))
}

/// PSNR in dB over red, green and blue of a decoded picture, against the screen it came from.
pub fn psnr_rgb(layout: &I420, planes: &[u8], screen: &Screen) -> f64 {
    let rgb = bgra(layout, planes);
    psnr(rgb.iter().zip(&screen.bgrx).enumerate().filter(|(index, _)| index % 4 != 3).map(|(_, pair)| pair))
}

fn bgra(layout: &I420, planes: &[u8]) -> Vec<u8> {
    let (width, height) = (u32::from(layout.size.width), u32::from(layout.size.height));
    let image = yuv::YuvPlanarImage {
        y_plane: &planes[..layout.offsets[1]],
        y_stride: layout.strides[0] as u32,
        u_plane: &planes[layout.offsets[1]..layout.offsets[2]],
        u_stride: layout.strides[1] as u32,
        v_plane: &planes[layout.offsets[2]..],
        v_stride: layout.strides[1] as u32,
        width,
        height,
    };
    let mut rgb = vec![0; 4 * layout.size.area()];
    let (range, matrix) = (yuv::YuvRange::Limited, yuv::YuvStandardMatrix::Bt709);
    yuv::yuv420_to_bgra(&image, &mut rgb, 4 * width, range, matrix).unwrap();
    rgb
}

fn psnr<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>) -> f64 {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (left, right) in pairs {
        sum += u64::from(left.abs_diff(*right)).pow(2);
        count += 1;
    }
    if sum == 0 { 99.0 } else { 10.0 * (255.0 * 255.0 * count as f64 / sum as f64).log10() }
}
