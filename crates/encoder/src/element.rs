//! One encoder element, driven pad to pad: a buffer pushed into it comes out coded in the same call.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use cosmos_desktop::Size;
use gstreamer::{self as gst, prelude::*};
use gstreamer_video as gst_video;

use crate::{
    EncodeError, Format, Sampling, ffi,
    motion::Motion,
    properties,
    rate::{NOMINAL_FPS, Rate},
    table::{Change, Figures, Row, Setting},
};

/// How long to wait for an output that did not come in the call that pushed the input.
const PATIENCE: Duration = Duration::from_secs(1);

/// A running encoder element between two pads of ours.
pub(crate) struct Element {
    row: &'static Row,
    format: Format,
    threads: u32,
    element: gst::Element,
    bus: gst::Bus,
    source: gst::Pad,
    sink: gst::Pad,
    coded: Receiver<gst::Buffer>,
}

impl Element {
    /// Makes the element, sets it up and starts it.
    pub(crate) fn start(
        row: &'static Row,
        size: Size,
        threads: u32,
        rate: Rate,
    ) -> Result<Self, EncodeError> {
        if size.width < row.least.width || size.height < row.least.height {
            return Err(EncodeError::TooSmall { element: row.element, size, least: row.least });
        }
        let element = gst::ElementFactory::make(row.element).build().map_err(|_| missing(row))?;
        let format = format(row, &element)?;
        let bus = gst::Bus::new();
        bus.set_sync_handler(|_, message| match message.type_() {
            gst::MessageType::Error => gst::BusSyncReply::Pass,
            _ => gst::BusSyncReply::Drop,
        });
        element.set_bus(Some(&bus));
        let (sender, coded) = mpsc::channel();
        let source = gst::Pad::builder(gst::PadDirection::Src).build();
        let sink = sink_pad(row, sender)?;
        let this = Self { row, format, threads, element, bus, source, sink, coded };
        this.unlock();
        this.configure(rate, Motion::Moving, |_| true)?;
        this.set_bitrate(rate);
        this.link()?;
        this.run(size)?;
        // The first change costs some encoders a keyframe: it is spent before the first picture.
        if row.bitrate.change == Change::Free {
            this.set_rate(Rate { kbps: rate.kbps.saturating_add(1), ..rate });
            this.set_rate(rate);
        }
        Ok(this)
    }

    /// How the pictures are to be laid out that it takes.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Follows the demand, as near as the element can, from the next picture on.
    pub(crate) fn set_rate(&self, rate: Rate) {
        // Nothing of this is vital: it was there when the element was started.
        let _ = self.configure(rate, Motion::Moving, |setting| setting.value.follows_the_rate());
        self.set_bitrate(rate);
    }

    /// Follows what moves in the picture, from the next one on.
    pub(crate) fn set_motion(&self, rate: Rate, motion: Motion) {
        let _ = self.configure(rate, motion, |setting| setting.value.follows_the_motion());
    }

    fn unlock(&self) {
        let follows = |setting: &&Setting| setting.value.follows_the_motion();
        for setting in self.row.settings().filter(follows) {
            if let Some(spec) = self.element.find_property(setting.property) {
                ffi::unlock(&spec);
            }
        }
    }

    fn set_bitrate(&self, rate: Rate) {
        let bitrate = self.row.bitrate;
        let units = rate.nominal_kbps() * u64::from(bitrate.per_kilobit);
        let largest = self.element.find_property(bitrate.property).and_then(|spec| largest(&spec));
        let units = units.min(largest.unwrap_or(u64::MAX)).to_string();
        if let Err(reason) = properties::set(&self.element, bitrate.property, &units) {
            tracing::debug!(element = self.row.element, units, %reason, "bitrate not applied");
        }
    }

    fn configure(
        &self,
        rate: Rate,
        motion: Motion,
        which: impl Fn(&Setting) -> bool,
    ) -> Result<(), EncodeError> {
        let figures = Figures { threads: self.threads, rate, motion };
        let minor = gst::version().1;
        let here = self.row.settings().filter(|setting| setting.versions.contain(minor));
        for setting in here.filter(|setting| which(setting)) {
            let (name, value) = (setting.property, setting.value.text(&figures));
            let Err(reason) = properties::set(&self.element, name, &value) else { continue };
            let (element, notion) = (self.row.element, setting.notion);
            tracing::debug!(element, ?notion, name, value, %reason, "setting not applied");
            if setting.vital {
                let what = format!("{name}={value}: {reason}");
                return Err(self.failure("take a setting without which it aborts", &what));
            }
        }
        Ok(())
    }

    /// Makes the next picture a keyframe.
    pub(crate) fn force_keyframe(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        self.sink.push_event(event);
    }

    /// Encodes a picture: what comes out first, or `None` when nothing does.
    pub(crate) fn push(&self, picture: gst::Buffer) -> Result<Option<gst::Buffer>, EncodeError> {
        if let Err(error) = self.source.push(picture) {
            return Err(self.failure("encode a picture", &format!("the flow ended with {error}")));
        }
        match self.coded.recv_timeout(PATIENCE) {
            Ok(coded) => Ok(Some(coded)),
            Err(RecvTimeoutError::Timeout) => match self.bus.pop() {
                Some(message) => Err(self.posted("encode a picture", &message)),
                None => Ok(None),
            },
            Err(RecvTimeoutError::Disconnected) => {
                Err(self.failure("encode a picture", "its output is closed"))
            }
        }
    }

    fn link(&self) -> Result<(), EncodeError> {
        let pad =
            |name| self.element.static_pad(name).ok_or_else(|| self.failure("link", "a pad is missing"));
        let refused = |error: gst::PadLinkError| self.failure("link", &error.to_string());
        self.source.link(&pad("sink")?).map_err(refused)?;
        pad("src")?.link(&self.sink).map_err(refused)?;
        Ok(())
    }

    fn run(&self, size: Size) -> Result<(), EncodeError> {
        let active = self.source.set_active(true).and_then(|()| self.sink.set_active(true));
        active.map_err(|error| self.failure("start", &error.to_string()))?;
        self.element
            .set_state(gst::State::Playing)
            .map_err(|_| self.failure("start", "it changed no state"))?;
        let caps = picture(self.format, size);
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        self.source.push_event(gst::event::StreamStart::new("cosmos"));
        if !self.source.push_event(gst::event::Caps::new(&caps)) {
            return Err(self.failure("take the picture format", &caps.to_string()));
        }
        self.source.push_event(gst::event::Segment::new(&segment));
        Ok(())
    }

    /// What the element posted about a failure, or else `reason`.
    pub(crate) fn failure(&self, doing: &'static str, reason: &str) -> EncodeError {
        match self.bus.pop() {
            Some(message) => self.posted(doing, &message),
            None => {
                EncodeError::Element { element: self.row.element, doing, reason: reason.into(), source: None }
            }
        }
    }

    pub(crate) fn no_memory(&self, error: &gst::glib::BoolError) -> EncodeError {
        self.failure("get memory", &error.to_string())
    }

    fn posted(&self, doing: &'static str, message: &gst::Message) -> EncodeError {
        let (source, debug) = match message.view() {
            gst::MessageView::Error(error) => (Some(error.error()), error.debug()),
            _ => (None, None),
        };
        let reason = debug.map_or_else(|| "it gave no reason".into(), String::from);
        EncodeError::Element { element: self.row.element, doing, reason, source }
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        let _ = self.element.set_state(gst::State::Null);
        let _ = self.source.set_active(false);
        let _ = self.sink.set_active(false);
        self.element.set_bus(None);
    }
}

/// What the element is told about pictures of this size.
fn picture(format: Format, size: Size) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", format.name())
        .field("width", i32::from(size.width))
        .field("height", i32::from(size.height))
        .field("framerate", gst::Fraction::new(NOMINAL_FPS as i32, 1))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("interlace-mode", "progressive")
        .field("colorimetry", "bt709")
        .build()
}

/// The best format that the element at hand takes.
fn format(row: &Row, element: &gst::Element) -> Result<Format, EncodeError> {
    let takes = element.static_pad("sink").map(|pad| pad.pad_template_caps());
    let is_taken = |format: &&Format| {
        let caps = gst::Caps::builder("video/x-raw").field("format", format.name()).build();
        takes.as_ref().is_some_and(|takes| takes.can_intersect(&caps))
    };
    match row.inputs.iter().find(is_taken) {
        Some(format) => Ok(*format),
        None if row.sampling() == Sampling::Half => Ok(row.inputs[0]),
        // Some would take the pictures all the same, for others.
        None => Err(EncodeError::Element {
            element: row.element,
            doing: "take colours at 4:4:4",
            reason: "it has no format for them here".into(),
            source: None,
        }),
    }
}

fn sink_pad(row: &'static Row, sender: mpsc::Sender<gst::Buffer>) -> Result<gst::Pad, EncodeError> {
    let bad = |error: gst::glib::BoolError| EncodeError::Element {
        element: row.element,
        doing: "link",
        reason: error.to_string(),
        source: None,
    };
    let caps = row.output.parse::<gst::Caps>().map_err(bad)?;
    let (direction, presence) = (gst::PadDirection::Sink, gst::PadPresence::Always);
    let template = gst::PadTemplate::new("sink", direction, presence, &caps).map_err(bad)?;
    let chain = move |_: &gst::Pad, _: Option<&gst::Object>, buffer| match sender.send(buffer) {
        Ok(()) => Ok(gst::FlowSuccess::Ok),
        Err(_) => Err(gst::FlowError::Eos),
    };
    Ok(gst::Pad::builder_from_template(&template).chain_function(chain).build())
}

fn missing(row: &Row) -> EncodeError {
    EncodeError::Element {
        element: row.element,
        doing: "be made",
        reason: format!("it is not installed: package {}", row.package),
        source: None,
    }
}

fn largest(spec: &gst::glib::ParamSpec) -> Option<u64> {
    let int = spec.downcast_ref::<gst::glib::ParamSpecInt>().map(|spec| spec.maximum() as u64);
    int.or_else(|| spec.downcast_ref::<gst::glib::ParamSpecUInt>().map(|spec| spec.maximum().into()))
}
