//! When a picture is written here instead of by the encoder: where the screen has settled, little of it has changed, and
//! what the encoder knows is as good as the screen.

use cosmos_desktop::{Rect, Size};

use crate::{
    Format, Layout,
    h264::{self, Pair, Stream},
    motion::Motion,
};

/// What viewers see, and what has changed since then.
#[derive(Debug)]
pub(crate) struct Patches {
    stream: Stream,
    /// What they see, as if the encoder made no errors; whether that is so.
    seen: Vec<u8>,
    is_seen: bool,
    /// By macroblock, row by row: whether it has changed on the screen, and whether since the encoder saw it.
    changed: Vec<bool>,
    patched: Vec<bool>,
    columns: usize,
    /// So many pictures are left to the encoder, as what changes takes too much.
    rest: u32,
}

/// Of the macroblocks, so many at most are compared: one in this many.
const PART: usize = 32;
/// After one that was too large so many are not tried.
const REST: u32 = 30;
/// Finer than the encoder's own pictures of a settled screen, as what has not changed is not looked at.
const QUANTIZER: i32 = 10;

impl Patches {
    pub(crate) fn new(layout: &Layout) -> Option<Self> {
        let blocks = |side: u16| usize::from(side).div_ceil(16);
        let (columns, rows) = (blocks(layout.size.width), blocks(layout.size.height));
        let (changed, patched) = (vec![false; columns * rows], vec![false; columns * rows]);
        (layout.format == Format::I420).then(|| Self {
            stream: Stream::default(),
            seen: Vec::new(),
            is_seen: false,
            changed,
            patched,
            columns,
            rest: 0,
        })
    }

    /// Notes what changes with the next picture.
    pub(crate) fn touch(&mut self, damage: &[Rect], size: Size) {
        for rect in damage.iter().map(|rect| rect.even(size)).filter(|rect| !rect.is_empty()) {
            let span = |from: u16, end: u32| usize::from(from) / 16..(end as usize).div_ceil(16);
            for row in span(rect.y, rect.bottom()) {
                let columns = span(rect.x, rect.right());
                self.changed[row * self.columns..][columns].fill(true);
            }
        }
    }

    /// The picture as an access unit of so many bytes at most, if it can be told against what is seen.
    pub(crate) fn patch(
        &mut self,
        layout: &Layout,
        screen: &[u8],
        motion: Motion,
        share: usize,
    ) -> Option<Vec<u8>> {
        self.rest = self.rest.saturating_sub(1);
        if !self.is_seen || motion != Motion::Settled || self.rest > 0 {
            return None;
        }
        let changed = changed(&self.changed).collect::<Vec<_>>();
        if changed.is_empty() || changed.len() * PART > self.changed.len() {
            return None;
        }
        let pair = Pair { layout, screen, seen: &mut self.seen };
        let Some(unit) = self.stream.between(pair, &changed, QUANTIZER, share) else {
            (self.rest, self.is_seen) = (REST, false);
            return None;
        };
        for at in changed {
            (self.changed[at], self.patched[at]) = (false, true);
        }
        Some(unit)
    }

    /// Takes what the encoder has made of a picture, of which each may have so many bytes. What is to be sent instead, where
    /// that differs.
    pub(crate) fn coded(
        &mut self,
        layout: &Layout,
        screen: &[u8],
        motion: Motion,
        unit: &[u8],
        share: usize,
    ) -> Option<Vec<u8>> {
        // With few bits to spare it may have been quantized more coarsely than it was asked to.
        let is_good = motion != Motion::Moving && unit.len() * 2 <= share;
        if is_good && self.is_seen {
            for at in changed(&self.changed).chain(changed(&self.patched)) {
                h264::copy(layout, screen, &mut self.seen, at % self.columns, at / self.columns);
            }
        } else if is_good {
            self.seen.clear();
            self.seen.extend_from_slice(screen);
        }
        self.is_seen = is_good;
        self.changed.fill(false);
        self.patched.fill(false);
        self.stream.rewrite(unit)
    }
}

/// The places of those that have.
fn changed(all: &[bool]) -> impl Iterator<Item = usize> {
    all.iter().enumerate().filter(|(_, changed)| **changed).map(|(at, _)| at)
}
