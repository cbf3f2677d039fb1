//! When a viewer is sent as it is what it shows only roughly, and how much of it at a time: only while nothing else is
//! new, one part at a time, and never so much that a change would have to wait for it.

use std::time::{Duration, Instant};

use super::{Job, Viewer};
use cosmos_desktop::Rect;
use cosmos_protocol::rfb::Pseudo;

/// What is to be refined for one viewer.
#[derive(Debug)]
pub(super) struct Refining {
    /// When the first of it has stood still for long enough; `None` where nothing is rough, or a part is being written.
    due: Option<Instant>,
    /// So many tiles at a time.
    most: usize,
    /// Since when a part is on its way.
    sent: Option<Instant>,
    /// So many marks are to be answered before it has come.
    behind: u8,
    /// The least time that a part took.
    least: Duration,
}

/// Tiles at a time: those of the first part take twelve kilobytes, and the most of them a fraction of a frame to write.
const FEW: usize = 16;
const MANY: usize = 256;
/// A part that took no longer than the quickest one and this is followed by a larger one,
const QUICK: Duration = Duration::from_millis(50);
/// and one that took longer than this by a smaller one.
const SLOW: Duration = Duration::from_millis(100);

impl Refining {
    pub(super) fn new() -> Self {
        Self { due: None, most: FEW, sent: None, behind: 0, least: Duration::MAX }
    }

    /// So many tiles are to be refined now.
    fn take(&mut self, now: Instant) -> Option<usize> {
        self.due.take_if(|due| *due <= now)?;
        self.sent = Some(now);
        Some(self.most)
    }

    /// The viewer has answered a mark.
    pub(super) fn marked(&mut self) {
        self.behind = self.behind.saturating_sub(1);
    }

    /// The viewer has taken the part.
    fn answered(&mut self, now: Instant) {
        let Some(sent) = self.sent.take() else { return };
        let took = now.saturating_duration_since(sent);
        self.least = self.least.min(took);
        if took <= self.least + QUICK {
            self.most = (self.most * 2).min(MANY);
        } else if took > self.least + SLOW {
            self.most = (self.most / 2).max(FEW);
        }
    }
}

impl Viewer {
    /// Something was written. What it shows only roughly has stood still for long enough from `due` on.
    pub(in super::super) fn is_rough(&mut self, due: Option<Instant>) {
        self.refining.due = due;
    }

    /// When there is something to refine, if nothing comes in between.
    pub(in super::super) fn refines_at(&self) -> Option<Instant> {
        self.refining.due.filter(|_| self.may_refine() && self.is_free())
    }

    /// What to refine now.
    pub(super) fn refine(&mut self, area: Rect, now: Instant) -> Option<Job> {
        if !self.may_refine() || !self.is_free() {
            return None;
        }
        if area != self.size.rect() || self.size != self.new_size {
            // Who sees a part only would be asked again and again; the next change looks anew.
            self.refining.due = None;
        }
        let tiles = self.refining.take(now)?;
        self.sends(now);
        self.refining.behind = if self.continuous.is_some() { self.marks } else { 0 };
        Some(Job { refine: Some(tiles), ..self.empty_job() })
    }

    fn may_refine(&self) -> bool {
        !self.watches() && !self.is_stale
    }

    /// Whether the viewer can take a part, and none is on its way. Of one who neither asks nor answers that is not known.
    fn is_free(&self) -> bool {
        match self.continuous {
            Some(_) => self.wishes.has(Pseudo::Fence) && self.refining.behind == 0 && self.has_room(),
            None => self.requested.is_some(),
        }
    }

    /// Looks whether the part that is on its way has come.
    pub(super) fn part_came(&mut self, now: Instant) {
        let came = match self.continuous {
            Some(_) => self.refining.behind == 0,
            None => self.requested.is_some(),
        };
        if came {
            self.refining.answered(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tiles come at a time, where the time that each part takes is told.
    fn tiles(took: impl Fn(usize) -> Duration, parts: usize) -> Vec<usize> {
        let (mut refining, mut now) = (Refining::new(), Instant::now());
        let mut part = || {
            refining.due = Some(now);
            let tiles = refining.take(now)?;
            assert_eq!(refining.take(now), None, "one at a time");
            now += took(tiles);
            refining.answered(now);
            Some(tiles)
        };
        (0..parts).map_while(|_| part()).collect()
    }

    #[test]
    fn as_much_is_refined_at_a_time_as_the_network_carries_quickly() {
        let far = Duration::from_millis(200);
        assert_eq!(tiles(|_| far, 6), [16, 32, 64, 128, 256, 256], "it is far, and carries much");
        let slow = |tiles: usize| far + Duration::from_millis(2) * tiles as u32;
        assert_eq!(tiles(slow, 5), [16, 32, 64, 64, 64], "more would take longer");
        assert_eq!(tiles(|tiles| 8 * slow(tiles), 4), [16, 32, 16, 32]);
    }

    #[test]
    fn nothing_is_refined_before_it_is_due() {
        let (mut refining, now) = (Refining::new(), Instant::now());
        assert_eq!(refining.take(now), None);
        refining.due = Some(now + QUICK);
        assert_eq!(refining.take(now), None);
        assert_eq!(refining.take(now + QUICK), Some(FEW));
    }

    const SIZE: cosmos_desktop::Size = cosmos_desktop::Size::new(64, 32);
    const CHANGES: [u8; 10] = [3, 1, 0, 0, 0, 0, 255, 255, 255, 255];

    /// One that knows marks and Tight, has seen everything, and asks for more.
    fn viewer(start: Instant) -> Viewer {
        let mut viewer = Viewer::new(cosmos_auth::Role::Viewer, SIZE, false);
        let numbers = [7, -26, Pseudo::Fence.number(), Pseudo::ContinuousUpdates.number()];
        let numbers = numbers.iter().flat_map(|number| number.to_be_bytes());
        let encodings: Vec<u8> = [2, 0, 0, 4].into_iter().chain(numbers).collect();
        viewer.receive(&[&encodings[..], &CHANGES].concat()).expect("they are messages");
        assert!(viewer.job(start).is_some_and(|job| job.refine.is_none()));
        viewer.is_rough(Some(start));
        viewer
    }

    fn change(viewer: &mut Viewer) {
        viewer.look(|version, _, tiles| {
            tiles.mark(0);
            version + 1
        });
    }

    #[test]
    fn what_changes_comes_before_what_is_refined() {
        let now = Instant::now();
        let mut viewer = viewer(now);
        assert!(viewer.refines_at().is_none() && viewer.job(now).is_none(), "it has not asked");
        viewer.receive(&CHANGES).expect("it is a message");
        assert_eq!(viewer.refines_at(), Some(now));
        change(&mut viewer);
        assert!(viewer.job(now).is_some_and(|job| job.refine.is_none() && job.rects.len() == 1));
        viewer.receive(&CHANGES).expect("it is a message");
        assert!(viewer.job(now).is_some_and(|job| job.refine == Some(FEW) && job.rects.is_empty()));
        viewer.is_rough(None);
        viewer.receive(&CHANGES).expect("it is a message");
        assert!(viewer.refines_at().is_none() && viewer.job(now).is_none(), "all is as it is");
    }

    #[test]
    fn while_a_part_is_on_its_way_changes_come_and_no_other_part() {
        let now = Instant::now();
        let mut viewer = viewer(now);
        let [answer, all] = [&[248, 0, 0, 0, 0, 0, 0, 0, 0][..], &[150, 1, 0, 0, 0, 0, 255, 255, 255, 255]];
        // The mark that it was greeted with.
        viewer.receive(&[all, answer].concat()).expect("they are messages");
        assert!(viewer.job(now).is_some_and(|job| job.refine == Some(FEW)));
        viewer.is_rough(Some(now));
        assert!(viewer.refines_at().is_none() && viewer.job(now).is_none());
        change(&mut viewer);
        assert!(viewer.job(now).is_some_and(|job| job.refine.is_none()));
        viewer.receive(answer).expect("it is a message");
        // The change is on its way still.
        assert!(viewer.job(now).is_some_and(|job| job.refine == Some(2 * FEW)));
    }

    #[test]
    fn for_who_asks_for_a_part_nothing_is_refined_and_nothing_is_due() {
        let now = Instant::now();
        let mut viewer = viewer(now);
        viewer.receive(&[3, 1, 0, 0, 0, 0, 0, 16, 0, 16]).expect("it is a message");
        assert_eq!(viewer.refines_at(), Some(now));
        assert!(viewer.job(now).is_none() && viewer.refines_at().is_none());
    }

    #[test]
    fn what_is_not_of_now_is_not_refined() {
        let now = Instant::now();
        let mut viewer = viewer(now);
        viewer.receive(&CHANGES).expect("it is a message");
        viewer.set_stale(true);
        assert!(viewer.refines_at().is_none() && viewer.job(now).is_none());
        viewer.set_stale(false);
        assert!(viewer.job(now).is_some());
    }
}
