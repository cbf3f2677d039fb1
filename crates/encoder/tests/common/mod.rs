//! A synthetic desktop, and what comes out of a decoder.
#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test uses its part, and may panic")]

mod screen;

use cosmos_desktop::Size;
use cosmos_encoder::{
    Capabilities, Choice, Codec, Demand, EncodedFrame, EncoderConfig, Format, Layout, VideoEncoder, Working,
};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video::VideoFrameExt as _;
pub use screen::Screen;

/// All encoders on the CPU.
pub const ELEMENTS: [&str; 8] =
    ["x264enc", "openh264enc", "vp8enc", "vp9enc", "x265enc", "av1enc", "svtav1enc", "rav1enc"];
pub const DEMAND: Demand = Demand { bitrate_kbps: 8000, fps: 30, keyframe: false };

/// The encoder of this name, or a line that says why the test is skipped.
pub fn encoder(element: &str, size: Size, demand: Demand) -> Option<Box<dyn VideoEncoder>> {
    encoder_of(element, &[], size, demand)
}

/// As [`encoder`], at 4:4:4 where it makes one of these.
pub fn encoder_of(
    element: &str,
    full: &[Codec],
    size: Size,
    demand: Demand,
) -> Option<Box<dyn VideoEncoder>> {
    let capabilities = installed();
    if let Some((_, reason)) = capabilities.broken.iter().find(|(broken, _)| broken == element) {
        eprintln!("SKIPPED {element}: {reason}");
        return None;
    }
    let (choice, full) = (Choice::Named(element.into()), full.to_vec());
    let config = EncoderConfig { choice, full, ..EncoderConfig::default() };
    Some(cosmos_encoder::open(&config, &capabilities, size, demand).unwrap())
}

/// What is installed and gives pictures one by one, as all do but the one of Ubuntu 24.04.
pub fn installed() -> Capabilities {
    let mut found = Capabilities::installed().unwrap();
    if gst::version().1 == 24 {
        let (late, works) = found.works.into_iter().partition(|working| working.element == "svtav1enc");
        found.works = works;
        found.broken.extend(late.into_iter().map(|late: Working| (late.element, LATE.to_owned())));
    }
    found
}

const LATE: &str = "SVT-AV1 1.7 of Ubuntu 24.04 gives nothing while pictures come one by one";

/// A decoder of GStreamer's: access units in, the planes of pictures out.
pub struct Decoder {
    pipeline: gst::Pipeline,
    input: gst_app::AppSrc,
    output: gst_app::AppSink,
}

impl Decoder {
    pub fn new(codec: Codec) -> Option<Self> {
        Self::each(codec).into_iter().next()
    }

    /// One of each kind that is installed, the best first, or a line that says that there is none.
    pub fn each(codec: Codec) -> Vec<Self> {
        gst::init().unwrap();
        let (caps, parser, decoders): (_, _, &[&str]) = match codec {
            Codec::H264 => (
                "video/x-h264,stream-format=byte-stream,alignment=au",
                "h264parse ! ",
                &["avdec_h264", "openh264dec"],
            ),
            Codec::H265 => (
                "video/x-h265,stream-format=byte-stream,alignment=au",
                "h265parse ! ",
                &["avdec_h265", "libde265dec"],
            ),
            Codec::Av1 => ("video/x-av1,stream-format=obu-stream,alignment=tu", "", &["dav1ddec", "av1dec"]),
            Codec::Vp8 => ("video/x-vp8", "", &["vp8dec"]),
            _ => ("video/x-vp9", "", &["vp9dec"]),
        };
        let installed = decoders.iter().filter(|name| gst::ElementFactory::find(name).is_some());
        let found = installed.map(|decoder| Self::start(caps, parser, decoder)).collect::<Vec<_>>();
        if found.is_empty() {
            eprintln!("SKIPPED decoding {codec}: none of {decoders:?} is installed");
        }
        found
    }

    fn start(caps: &str, parser: &str, decoder: &str) -> Self {
        let launch = format!(
            "appsrc name=in format=time caps={caps} ! {parser}{decoder} ! appsink name=out sync=false"
        );
        let pipeline = gst::parse::launch(&launch).unwrap().downcast::<gst::Pipeline>().unwrap();
        let input = pipeline.by_name("in").unwrap().downcast().unwrap();
        let output = pipeline.by_name("out").unwrap().downcast().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        Self { pipeline, input, output }
    }

    pub fn push(&self, index: u64, frame: &EncodedFrame) {
        let mut buffer = gst::Buffer::from_slice(frame.data.to_vec());
        buffer.get_mut().unwrap().set_pts(gst::ClockTime::from_mseconds(index * 20));
        self.input.push_buffer(buffer).unwrap();
    }

    /// All pictures: their size and their planes, in the layout of I420 or Y444.
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
    let format = match caps.format() {
        gstreamer_video::VideoFormat::I420 => Format::I420,
        gstreamer_video::VideoFormat::Y444 => Format::Y444,
        other => panic!("decoded to {other:?}"),
    };
    let frame =
        gstreamer_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &caps).unwrap();
    let layout = Layout::new(format, size);
    let mut planes = vec![0; layout.len];
    for plane in 0..3 {
        let shift = u32::from(plane > 0 && format == Format::I420);
        let to = layout.strides[usize::from(plane > 0)];
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
pub fn psnr_luma(layout: &Layout, left: &[u8], right: &[u8]) -> f64 {
    let (width, height) = (usize::from(layout.size.width), usize::from(layout.size.height));
    let rows = (0..height).map(|row| row * layout.strides[0]);
    psnr(rows.flat_map(|at| left[at..at + width].iter().zip(&right[at..at + width])))
}

/// PSNR in dB of all planes together.
pub fn psnr_all(left: &[u8], right: &[u8]) -> f64 {
    psnr(left.iter().zip(right))
}

/// PSNR in dB over red, green and blue of a decoded picture, against the screen it came from.
pub fn psnr_rgb(layout: &Layout, planes: &[u8], screen: &Screen) -> f64 {
    let rgb = bgra(layout, planes);
    psnr(rgb.iter().zip(&screen.bgrx).enumerate().filter(|(index, _)| index % 4 != 3).map(|(_, pair)| pair))
}

/// As [`psnr_rgb`], of blue, green and red apart.
pub fn psnr_each(layout: &Layout, planes: &[u8], screen: &Screen) -> [f64; 3] {
    let bgra = bgra(layout, planes);
    [0, 1, 2].map(|at| psnr(bgra.iter().skip(at).step_by(4).zip(screen.bgrx.iter().skip(at).step_by(4))))
}

fn bgra(layout: &Layout, planes: &[u8]) -> Vec<u8> {
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
    let convert = if layout.format == Format::Y444 { yuv::yuv444_to_bgra } else { yuv::yuv420_to_bgra };
    convert(&image, &mut rgb, 4 * width, range, matrix).unwrap();
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
