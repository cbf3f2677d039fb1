//! Frames of H.264 that wait for one viewer. Each builds on the one before it, so none is left out: where too many wait,
//! all are dropped, and it goes on with the next keyframe.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_encoder::EncodedFrame;
use cosmos_protocol::rfb::{Encoding, Wishes};

use super::{
    Viewer,
    flow::{Flow, Way},
};
use crate::rfb::tiles::Tiles;

/// A viewer for whom so many frames wait is too slow for them.
const MOST: usize = 6;
/// Nothing is encoded for a viewer that has not asked for so long. It costs a keyframe when it asks again.
const IDLE: Duration = Duration::from_secs(2);

/// The frames.
#[derive(Debug)]
pub(super) struct Reel {
    frames: VecDeque<Arc<EncodedFrame>>,
    /// Whether nothing can be shown before the next keyframe.
    waits: bool,
    /// Whether that is because the viewer was too slow.
    slow: bool,
}

impl Reel {
    pub(super) fn new() -> Self {
        Self { frames: VecDeque::with_capacity(MOST), waits: true, slow: false }
    }

    /// A frame was encoded.
    pub(super) fn push(&mut self, frame: Arc<EncodedFrame>) {
        if frame.keyframe {
            // Whatever waits before it will be of no use.
            *self = Self { frames: std::mem::take(&mut self.frames), waits: false, slow: false };
            self.frames.clear();
        } else if self.frames.len() == MOST {
            self.skip(true);
        }
        if !self.waits {
            self.frames.push_back(frame);
        }
    }

    /// Nothing more before the next keyframe.
    pub(super) fn skip(&mut self, slow: bool) {
        self.frames.clear();
        (self.waits, self.slow) = (true, slow);
    }

    /// The next frame for the viewer.
    pub(super) fn pop(&mut self) -> Option<Arc<EncodedFrame>> {
        self.frames.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether a keyframe is needed, and whether that is because the viewer was too slow.
    pub(super) fn waits(&self) -> Option<bool> {
        self.waits.then_some(self.slow)
    }
}

impl Viewer {
    /// Looks at what the viewer understands and what there is; returns what it wished before.
    pub(super) fn understand(&mut self) -> Wishes {
        let films = self.films && self.moves;
        let wishes = Wishes::new(&self.numbers, |encoding| films || encoding != Encoding::H264);
        let before = std::mem::replace(&mut self.wishes, wishes);
        if self.watches() != (before.encoding == Encoding::H264) {
            // Neither way knows what the other one has shown.
            (self.reel, self.flow) = (Reel::new(), Flow::default());
            (self.lost, self.new) = (Tiles::new(self.new_size, true), Tiles::new(self.new_size, true));
        }
        before
    }

    /// Whether what is encoded is H.264, or no longer.
    pub(in super::super) fn offer_film(&mut self, offered: bool) {
        self.films = offered;
        self.understand();
    }

    /// So many bytes were written: pictures that move are shown as H.264 from now on, and others as they are. `encodes`
    /// tells whether H.264 would cost the processor more than one viewer's JPEG.
    pub(in super::super) fn wrote(&mut self, bytes: usize, encodes: bool, now: Instant) {
        let is_jpeg = matches!(self.wishes.encoding, Encoding::Tight | Encoding::TightPng)
            && self.wishes.quality.is_some();
        let way = if self.watches() { Way::Video } else { Way::Pixels { cheap: encodes && is_jpeg } };
        let late = || self.answers.were_late();
        if self.flow.wrote(bytes, way, late, now) {
            self.moves = !self.watches();
            self.understand();
        }
    }

    /// Whether it is shown H.264.
    pub(in super::super) fn watches(&self) -> bool {
        self.wishes.encoding == Encoding::H264
    }

    /// Whether frames are to be encoded for it: it is shown them, and has asked lately.
    pub(in super::super) fn follows(&mut self, now: Instant) -> bool {
        self.idle_since = if self.looks() { None } else { self.idle_since.or(Some(now)) };
        let is_idle = self.idle_since.is_some_and(|since| now >= since + IDLE);
        if is_idle {
            self.reel.skip(false);
        }
        self.watches() && !is_idle
    }

    /// Until when it has to ask to be shown frames any longer.
    pub(in super::super) fn idle_from(&self) -> Option<Instant> {
        self.idle_since.map(|since| since + IDLE)
    }

    /// A frame of H.264 was encoded; `None` where some were missed. Who cannot be told of its size is shown the picture in
    /// another way.
    pub(in super::super) fn frame(&mut self, frame: Option<Arc<EncodedFrame>>) {
        let Some(frame) = frame else { return self.reel.skip(true) };
        if frame.size != self.new_size {
            self.look(|version, size, tiles| {
                (*size, *tiles) = (frame.size, Tiles::new(frame.size, true));
                version
            });
        }
        match frame.size == self.size {
            true => self.reel.push(frame),
            false => self.offer_film(false),
        }
    }

    /// Whether it can show nothing before a keyframe, and whether that is because it was too slow.
    pub(in super::super) fn needs_keyframe(&self) -> Option<bool> {
        self.reel.waits().filter(|_| self.watches())
    }
}

#[cfg(test)]
mod tests {
    use cosmos_desktop::Size;
    use cosmos_encoder::Codec;

    use super::*;

    fn frame(number: u8, keyframe: bool) -> Arc<EncodedFrame> {
        let zero = Duration::ZERO;
        Arc::new(EncodedFrame {
            codec: Codec::H264,
            sampling: cosmos_encoder::Sampling::Half,
            keyframe,
            size: Size::new(64, 32),
            data: Arc::new([number]),
            captured: Instant::now(),
            convert: zero,
            encode: zero,
        })
    }

    fn rest(reel: &mut Reel) -> Vec<u8> {
        std::iter::from_fn(|| reel.pop()).map(|frame| frame.data[0]).collect()
    }

    #[test]
    fn it_begins_with_a_keyframe_and_leaves_none_out() {
        let mut reel = Reel::new();
        assert_eq!(reel.waits(), Some(false));
        reel.push(frame(1, false));
        assert!(reel.is_empty());
        reel.push(frame(2, true));
        reel.push(frame(3, false));
        assert_eq!(reel.waits(), None);
        assert_eq!(rest(&mut reel), [2, 3]);
    }

    #[test]
    fn who_is_too_slow_goes_on_with_the_next_keyframe() {
        let mut reel = Reel::new();
        (0..=MOST as u8).for_each(|number| reel.push(frame(number, number == 0)));
        assert!(reel.is_empty() && reel.waits() == Some(true), "one more than may wait");
        reel.push(frame(9, false));
        assert!(reel.is_empty(), "it builds on what was dropped");
        reel.push(frame(10, true));
        reel.push(frame(11, false));
        reel.push(frame(12, true));
        assert_eq!((reel.waits(), rest(&mut reel)), (None, vec![12]), "nothing before it is of use");
    }
}
