//! The one video encoder: converts what changed, pushes the picture, takes the access unit.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Rect, Size};
use gstreamer as gst;

use crate::{
    Demand, EncodeError, EncodedFrame, EncoderInfo, I420, VideoEncoder,
    convert::bad,
    element::{Element, NOMINAL_FPS, Rate},
    table::Row,
};

/// An element, and the picture it is fed with.
pub(crate) struct ElementEncoder {
    row: &'static Row,
    info: EncoderInfo,
    threads: u32,
    stream: Option<Stream>,
}

/// What lives as long as the size stays.
struct Stream {
    element: Element,
    layout: I420,
    picture: gst::Buffer,
    pushed: u64,
    rate: Rate,
    /// The pictures that have not come out yet, oldest first.
    pending: VecDeque<Pending>,
}

struct Pending {
    captured: Instant,
    convert: Duration,
}

/// Pictures that an encoder may hold back; those beyond were dropped by it.
const HELD_BACK: usize = 4;

impl ElementEncoder {
    pub(crate) fn start(
        row: &'static Row,
        info: EncoderInfo,
        threads: u32,
        size: Size,
        demand: Demand,
    ) -> Result<Self, EncodeError> {
        let stream = Stream::start(row, threads, size.even(), Rate::of(demand))?;
        Ok(Self { row, info, threads, stream: Some(stream) })
    }

    fn stream(&mut self, size: Size, rate: Rate) -> Result<Stream, EncodeError> {
        match self.stream.take() {
            Some(stream) if stream.layout.size == size => Ok(stream),
            _ => Stream::start(self.row, self.threads, size, rate),
        }
    }
}

impl VideoEncoder for ElementEncoder {
    fn encode(&mut self, frame: &Frame<'_>, demand: Demand) -> Result<Option<EncodedFrame>, EncodeError> {
        let size = frame.size.even();
        if size.area() == 0 {
            return Err(bad(frame));
        }
        let mut stream = self.stream(size, Rate::of(demand))?;
        let encoded = stream.encode(self.row, frame, demand)?;
        self.stream = Some(stream);
        Ok(encoded)
    }

    fn info(&self) -> &EncoderInfo {
        &self.info
    }
}

impl Stream {
    fn start(row: &'static Row, threads: u32, size: Size, rate: Rate) -> Result<Self, EncodeError> {
        let element = Element::start(row, size, threads, rate)?;
        let layout = I420::new(size);
        let memory = |error: gst::glib::BoolError| element.failure("get memory", &error.to_string());
        let picture = gst::Buffer::with_size(layout.len).map_err(memory)?;
        Ok(Self { element, layout, picture, pushed: 0, rate, pending: VecDeque::with_capacity(HELD_BACK) })
    }

    fn encode(
        &mut self,
        row: &Row,
        frame: &Frame<'_>,
        demand: Demand,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let begun = Instant::now();
        self.paint(frame)?;
        let convert = begun.elapsed();
        self.pending.push_back(Pending { captured: frame.captured, convert });
        self.obey(demand);
        let begun = Instant::now();
        let coded = self.element.push(self.picture.clone())?;
        Ok(match coded {
            Some(coded) => Some(self.emit(row, &coded, begun.elapsed())?),
            None => {
                self.pending.truncate(HELD_BACK);
                None
            }
        })
    }

    /// Brings the picture up to date, and its time to the next nominal tick.
    fn paint(&mut self, frame: &Frame<'_>) -> Result<(), EncodeError> {
        let whole: [Rect; 1] = [self.layout.size.rect()];
        let damage = if self.pushed == 0 { &whole } else { frame.damage };
        // Encoders copy what they keep, so nobody else holds the picture now; if one does, this makes a copy.
        let picture = self.picture.make_mut();
        picture.set_pts(tick(self.pushed));
        picture.set_duration(tick(1));
        self.pushed += 1;
        let mut planes =
            picture.map_writable().map_err(|error| self.element.failure("get memory", &error.to_string()))?;
        self.layout.convert(frame, damage, &mut planes)
    }

    fn obey(&mut self, demand: Demand) {
        let rate = Rate::of(demand);
        if rate != self.rate {
            self.rate = rate;
            self.element.set_rate(rate);
        }
        if demand.keyframe {
            self.element.force_keyframe();
        }
    }

    fn emit(
        &mut self,
        row: &Row,
        coded: &gst::BufferRef,
        encode: Duration,
    ) -> Result<EncodedFrame, EncodeError> {
        let bytes =
            coded.map_readable().map_err(|error| self.element.failure("get memory", &error.to_string()))?;
        let pending = self.pending.pop_front().expect("an output follows an input");
        Ok(EncodedFrame {
            codec: row.codec,
            keyframe: !coded.flags().contains(gst::BufferFlags::DELTA_UNIT),
            size: self.layout.size,
            data: Arc::from(bytes.as_slice()),
            captured: pending.captured,
            convert: pending.convert,
            encode,
        })
    }
}

fn tick(count: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(count * 1_000_000_000 / u64::from(NOMINAL_FPS))
}
