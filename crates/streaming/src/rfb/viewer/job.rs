//! What a viewer is sent next.

use std::{sync::Arc, time::Instant};

use cosmos_desktop::{Rect, Size};
use cosmos_protocol::rfb::{PixelFormat, Wishes};

use super::{Around, Viewer, around};

/// What to write next.
#[derive(Debug)]
pub(in super::super) struct Job {
    /// The size of the picture.
    pub(in super::super) size: Size,
    /// The size that the viewer knows of.
    pub(in super::super) known: Size,
    pub(in super::super) rects: Vec<Rect>,
    /// Whether the viewer may have lost what it showed.
    pub(in super::super) fresh: bool,
    /// A frame of H.264, and no rectangles then.
    pub(in super::super) frame: Option<Arc<cosmos_encoder::EncodedFrame>>,
    /// So many tiles of what the viewer shows only roughly, and no rectangles then.
    pub(in super::super) refine: Option<usize>,
    pub(in super::super) around: Around,
    pub(in super::super) wishes: Wishes,
    pub(in super::super) format: PixelFormat,
}

impl Viewer {
    /// What to write next, if the viewer waits for it and can take it.
    pub(in super::super) fn job(&mut self, now: Instant) -> Option<Job> {
        self.part_came(now);
        let area = match (self.requested, self.continuous) {
            (Some(requested), Some(continuous)) => around(requested, continuous),
            (Some(requested), None) => requested,
            (None, Some(continuous)) if self.has_room() => continuous,
            _ => return None,
        };
        let area = area.clip(self.size).clip(self.new_size);
        let nothing = match self.watches() {
            true => self.reel.is_empty(),
            false => self.is_stale || !self.new.touches(area),
        };
        if self.around.is_empty() && nothing {
            return self.refine(area, now);
        }
        self.sends(now);
        let mut around = std::mem::take(&mut self.around);
        around.cursor = around.cursor.filter(|_| self.draws_cursor());
        // A size comes alone, as it ends what the viewer knew of the picture; the rest is asked for at once.
        let (mut rects, mut fresh, mut frame) = (Vec::new(), false, None);
        match around.size {
            Some(_) => {}
            None if self.watches() => frame = self.reel.pop(),
            None if self.is_stale => {}
            None => {
                fresh = self.lost.touches(area);
                if fresh {
                    self.lost.take(area);
                }
                rects = self.new.take(area).rects();
            }
        }
        Some(Job { rects, fresh, frame, around, ..self.empty_job() })
    }

    /// One with nothing in it.
    pub(super) fn empty_job(&self) -> Job {
        Job {
            size: self.new_size,
            known: self.size,
            rects: Vec::new(),
            fresh: false,
            frame: None,
            refine: None,
            around: Around::default(),
            wishes: self.wishes.clone(),
            format: self.format,
        }
    }
}
