//! One video encoder: converts what changed, pushes the picture, takes the access unit.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Rect, Size};
use gstreamer as gst;

use crate::{
    Codec, Demand, EncodeError, EncodedFrame, Layout,
    convert::bad,
    element::Element,
    headers::Headers,
    motion::{Motion, Watch},
    patch::Patches,
    rate::{NOMINAL_FPS, Rate, Told},
    table::{Change, Row},
    threads::Threads,
};

/// An element, and the picture it is fed with.
pub(crate) struct ElementEncoder {
    row: &'static Row,
    threads: Threads,
    stream: Option<Stream>,
    /// Whether the element has no ear for the wish for a keyframe, and is started anew for each.
    deaf: bool,
}

/// What lives as long as the size stays.
struct Stream {
    element: Element,
    layout: Layout,
    threads: u32,
    picture: gst::Buffer,
    pushed: u64,
    told: Told,
    /// What moves, where the element asks.
    watch: Option<Watch>,
    motion: Motion,
    /// Where pictures with small changes need not pass through the element.
    patches: Option<Patches>,
    headers: Headers,
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
        threads: Threads,
        size: Size,
        demand: Demand,
    ) -> Result<Self, EncodeError> {
        let stream = Stream::start(row, threads, size.even(), Rate::of(demand), Instant::now())?;
        Ok(Self { row, threads, stream: Some(stream), deaf: false })
    }

    fn stream(&mut self, size: Size, rate: Rate, now: Instant) -> Result<Stream, EncodeError> {
        match self.stream.take() {
            Some(mut stream) if stream.layout.size == size => match stream.follow(self.row, rate, now) {
                Some(rate) => Stream::start(self.row, self.threads, size, rate, now),
                None => Ok(stream),
            },
            _ => Stream::start(self.row, self.threads, size, rate, now),
        }
    }

    fn anew(&self, stream: &Stream, now: Instant) -> Result<Stream, EncodeError> {
        Stream::start(self.row, self.threads, stream.layout.size, stream.told.rate(), now)
    }

    /// As [`VideoEncoder::encode`](crate::VideoEncoder::encode). After a failure the next call starts the element anew.
    pub(crate) fn encode(
        &mut self,
        frame: &Frame<'_>,
        demand: Demand,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let size = frame.size.even();
        if size.area() == 0 {
            return Err(bad(frame));
        }
        let now = now(frame);
        let mut stream = self.stream(size, Rate::of(demand), now)?;
        if demand.keyframe && self.deaf && stream.pushed > 0 {
            stream = self.anew(&stream, now)?;
        } else if demand.keyframe {
            stream.element.force_keyframe();
        }
        let mut encoded = stream.encode(self.row, frame, demand.keyframe)?;
        if demand.keyframe && encoded.as_ref().is_some_and(|encoded| !encoded.keyframe) {
            self.deaf = true;
            stream = self.anew(&stream, now)?;
            encoded = stream.encode(self.row, frame, true)?;
        }
        self.stream = Some(stream);
        Ok(encoded)
    }
}

impl Stream {
    fn start(
        row: &'static Row,
        threads: Threads,
        size: Size,
        rate: Rate,
        now: Instant,
    ) -> Result<Self, EncodeError> {
        let threads = threads.of(size);
        let element = Element::start(row, size, threads, rate)?;
        let layout = Layout::new(element.format(), size);
        let picture = gst::Buffer::with_size(layout.len).map_err(|error| element.no_memory(&error))?;
        let pending = VecDeque::with_capacity(HELD_BACK);
        let (told, headers) = (Told::new(rate, now), Headers::default());
        let (watch, motion) = (row.follows_the_motion().then(Watch::default), Motion::Moving);
        let patches = match (&watch, row.codec) {
            (Some(_), Codec::H264) => Patches::new(&layout),
            _ => None,
        };
        let pushed = 0;
        Ok(Self { element, layout, threads, picture, pushed, told, watch, motion, patches, headers, pending })
    }

    /// Tells the element the rate, or else with which rate it is to be started anew.
    fn follow(&mut self, row: &Row, rate: Rate, now: Instant) -> Option<Rate> {
        let change = row.bitrate.change;
        let told = self.told.follow(rate, change, now)?;
        if change == Change::Restart {
            return Some(told);
        }
        self.element.set_rate(told);
        None
    }

    fn encode(
        &mut self,
        row: &Row,
        frame: &Frame<'_>,
        keyframe: bool,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let begun = Instant::now();
        self.follow_motion(frame.damage);
        self.paint(frame)?;
        let pending = Pending { captured: frame.captured, convert: begun.elapsed() };
        let begun = Instant::now();
        // What the element holds back has to come out first.
        if !keyframe
            && self.pending.is_empty()
            && let Some(data) = self.patch()?
        {
            return Ok(Some(self.encoded(row, data.into(), false, pending, begun.elapsed())));
        }
        self.pending.push_back(pending);
        let Some(coded) = self.push()? else {
            self.pending.truncate(HELD_BACK);
            return Ok(None);
        };
        let encoded = self.emit(row, &coded, begun)?;
        if let Some(watch) = &mut self.watch {
            watch.coded(encoded.data.len(), encoded.keyframe, self.told.rate());
        }
        Ok(Some(encoded))
    }

    fn patch(&mut self) -> Result<Option<Vec<u8>>, EncodeError> {
        let Some(patches) = &mut self.patches else { return Ok(None) };
        let planes = self.picture.map_readable().map_err(|error| self.element.no_memory(&error))?;
        Ok(patches.patch(&self.layout, &planes, self.motion, self.told.rate().share()))
    }

    /// Pushes the picture, at the next nominal tick.
    fn push(&mut self) -> Result<Option<gst::Buffer>, EncodeError> {
        let picture = self.picture.make_mut();
        picture.set_pts(tick(self.pushed));
        picture.set_duration(tick(1));
        self.pushed += 1;
        self.element.push(self.picture.clone())
    }

    fn follow_motion(&mut self, damage: &[Rect]) {
        let Some(watch) = &mut self.watch else { return };
        let motion = watch.look(damage, self.layout.size);
        if motion != self.motion {
            self.motion = motion;
            self.element.set_motion(self.told.rate(), motion);
        }
    }

    /// Brings the picture up to date.
    fn paint(&mut self, frame: &Frame<'_>) -> Result<(), EncodeError> {
        let whole: [Rect; 1] = [self.layout.size.rect()];
        let damage = if self.pushed == 0 { &whole } else { frame.damage };
        if let Some(patches) = &mut self.patches {
            patches.touch(damage, self.layout.size);
        }
        // Encoders copy what they keep, so nobody else holds the picture now; if one does, this makes a copy.
        let picture = self.picture.make_mut();
        let mut planes = picture.map_writable().map_err(|error| self.element.no_memory(&error))?;
        self.layout.convert_with(self.threads, frame, damage, &mut planes)
    }

    fn emit(
        &mut self,
        row: &Row,
        coded: &gst::BufferRef,
        begun: Instant,
    ) -> Result<EncodedFrame, EncodeError> {
        let bytes = coded.map_readable().map_err(|error| self.element.no_memory(&error))?;
        let pending = self.pending.pop_front().expect("an output follows an input");
        let keyframe = !coded.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let ordered = self.ordered(&bytes)?;
        let bytes = ordered.as_deref().unwrap_or(&bytes);
        let data = match keyframe {
            true => self.headers.complete(row.codec, bytes),
            false => Arc::from(bytes),
        };
        Ok(self.encoded(row, data, keyframe, pending, begun.elapsed()))
    }

    /// What is to be sent instead of what the element has made of the picture, where patches may follow.
    fn ordered(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, EncodeError> {
        let Some(patches) = &mut self.patches else { return Ok(None) };
        let planes = self.picture.map_readable().map_err(|error| self.element.no_memory(&error))?;
        Ok(patches.coded(&self.layout, &planes, self.motion, bytes, self.told.rate().share()))
    }

    fn encoded(
        &self,
        row: &Row,
        data: Arc<[u8]>,
        keyframe: bool,
        Pending { captured, convert }: Pending,
        encode: Duration,
    ) -> EncodedFrame {
        let (codec, sampling, size) = (row.codec, row.sampling(), self.layout.size);
        EncodedFrame { codec, sampling, keyframe, size, data, captured, convert, encode }
    }
}

/// The time at which a frame is encoded, which no clock that stands still holds back.
pub(crate) fn now(frame: &Frame<'_>) -> Instant {
    Instant::now().max(frame.captured)
}

fn tick(count: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(count * 1_000_000_000 / u64::from(NOMINAL_FPS))
}

#[cfg(test)]
mod tests;
