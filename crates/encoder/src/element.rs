//! One encoder element, driven pad to pad: a buffer pushed into it comes out coded in the same call.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use cosmos_desktop::Size;
use gstreamer::{self as gst, prelude::*};
use gstreamer_video as gst_video;

use crate::{
    Demand, EncodeError, properties,
    table::{Row, Threads},
};

/// The rate that elements are told, in pictures per second. It never changes: a real rate of `fps` is spelled as a
/// bitrate of `NOMINAL_FPS / fps` times as much, which needs no new caps and so no keyframe.
pub(crate) const NOMINAL_FPS: u32 = 60;

/// Bits per second, and the pictures they are shared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    kbps: u32,
    fps: u32,
}

impl Rate {
    pub(crate) fn of(demand: Demand) -> Self {
        Self { kbps: demand.bitrate_kbps.max(1), fps: demand.fps.clamp(1, 240) }
    }

    /// The bitrate that gives each picture its share at the nominal rate.
    fn nominal_kbps(self) -> u64 {
        (u64::from(self.kbps) * u64::from(NOMINAL_FPS) / u64::from(self.fps)).max(1)
    }

    /// A time at the nominal rate in which as many pictures fit as in `milliseconds` at the real one, but no less
    /// than four pictures, below which rate controls leave much of the bitrate unused.
    fn nominal_ms(self, milliseconds: u32) -> u32 {
        (milliseconds * self.fps / NOMINAL_FPS).max(4000 / NOMINAL_FPS)
    }
}

/// How long to wait for an output that did not come in the call that pushed the input.
const PATIENCE: Duration = Duration::from_secs(1);

/// A running encoder element between two pads of ours.
pub(crate) struct Element {
    row: &'static Row,
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
        let element = gst::ElementFactory::make(row.element).build().map_err(|_| missing(row))?;
        let bus = gst::Bus::new();
        bus.set_sync_handler(|_, message| match message.type_() {
            gst::MessageType::Error => gst::BusSyncReply::Pass,
            _ => gst::BusSyncReply::Drop,
        });
        element.set_bus(Some(&bus));
        configure(row, &element, threads);
        let (sender, coded) = mpsc::channel();
        let source = gst::Pad::builder(gst::PadDirection::Src).build();
        let sink = sink_pad(row, sender)?;
        let this = Self { row, element, bus, source, sink, coded };
        this.set_rate(rate);
        this.link()?;
        this.run(size)?;
        // The first change costs some encoders a keyframe: it is spent before the first picture.
        this.set_rate(Rate { kbps: rate.kbps.saturating_add(1), ..rate });
        this.set_rate(rate);
        Ok(this)
    }

    /// Follows the demand, as near as the element can, from the next picture on.
    pub(crate) fn set_rate(&self, rate: Rate) {
        let units = rate.nominal_kbps() * u64::from(self.row.per_kilobit);
        let largest = self.element.find_property(self.row.bitrate).and_then(|spec| largest(&spec));
        self.apply(self.row.bitrate, &units.min(largest.unwrap_or(u64::MAX)).to_string());
        for (name, milliseconds) in self.row.buffer_ms {
            self.apply(name, &rate.nominal_ms(*milliseconds).to_string());
        }
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

    fn apply(&self, name: &str, value: &str) {
        apply(self.row, &self.element, name, value);
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
        let caps = picture(size);
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
fn picture(size: Size) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::from(size.width))
        .field("height", i32::from(size.height))
        .field("framerate", gst::Fraction::new(NOMINAL_FPS as i32, 1))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("interlace-mode", "progressive")
        .field("colorimetry", "bt709")
        .build()
}

fn configure(row: &Row, element: &gst::Element, threads: u32) {
    for (name, value) in row.constants {
        apply(row, element, name, value);
    }
    for (name, follow) in row.threads {
        apply(row, element, name, &Threads::value(*follow, threads));
    }
}

fn apply(row: &Row, element: &gst::Element, name: &str, value: &str) {
    if let Err(reason) = properties::set(element, name, value) {
        tracing::debug!(element = row.element, name, value, %reason, "setting not applied");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_has_its_share_at_every_rate() {
        for ((kbps, fps), nominal, buffer) in [
            ((8000, 60), 8000, 150),
            ((8000, 30), 16_000, 75),
            ((8000, 1), 480_000, 66),
            ((0, 0), 60, 66),
            ((1, 1000), 1, 600),
            ((u32::MAX, 1), 60 * u64::from(u32::MAX), 66),
        ] {
            let rate = Rate::of(Demand { bitrate_kbps: kbps, fps, keyframe: false });
            assert_eq!((rate.nominal_kbps(), rate.nominal_ms(150)), (nominal, buffer), "{kbps} {fps}");
        }
    }
}
