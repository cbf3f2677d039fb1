//! How long the viewer takes to answer what it is sent, and so how much may be on its way: a picture takes as long as the
//! network is far, and the next ones need not wait for that. Where answers come later than the network is far, what was
//! sent waits somewhere, and more would only wait behind it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::Viewer;
use cosmos_protocol::rfb::Pseudo;

/// Updates that were not answered yet, and how long the others took.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// When each was written.
    sent: VecDeque<Instant>,
    /// The least time that one took, of the answers before `since` and of those from then on.
    least: [Option<Duration>; 2],
    since: Option<Instant>,
    /// Answers since this was asked last, and how many of them were late.
    all: u32,
    late: u32,
}

/// So many updates may be on their way, however late the answers are.
const ALWAYS: usize = 2;
/// More never are: a network that is a second away carries thirty pictures a second with so many.
const MOST: usize = 32;
/// An answer is late when it takes so much longer than the quickest.
const LATE: Duration = Duration::from_millis(60);
/// The quickest is forgotten after once to twice this time: there may be another way through the network.
const MEMORY: Duration = Duration::from_secs(10);

impl Answers {
    fn sends(&mut self, now: Instant) {
        if self.sent.len() < MOST {
            self.sent.push_back(now);
        }
    }

    /// So many are not answered yet.
    fn heard(&mut self, left: usize, now: Instant) {
        while self.sent.len() > left {
            let Some(sent) = self.sent.pop_front() else { return };
            let took = now.saturating_duration_since(sent);
            self.forget(now);
            self.all += 1;
            self.late += u32::from(took > self.quickest().unwrap_or(took) + LATE);
            self.least[1] = Some(self.least[1].map_or(took, |least| least.min(took)));
        }
    }

    fn forget(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= MEMORY {
            (self.least, self.since) = ([self.least[1], None], Some(now));
        }
    }

    fn quickest(&self) -> Option<Duration> {
        self.least.into_iter().flatten().min()
    }

    /// Whether one more may be on its way.
    fn may_send(&self, now: Instant) -> bool {
        let (Some(oldest), Some(quickest)) = (self.sent.front(), self.quickest()) else { return false };
        self.sent.len() < MOST && now.saturating_duration_since(*oldest) < quickest + LATE
    }

    /// Whether half of the answers were late since this was asked last, or none came.
    pub(super) fn were_late(&mut self) -> bool {
        let (all, late) = (std::mem::take(&mut self.all), std::mem::take(&mut self.late));
        late * 2 >= all
    }
}

impl Viewer {
    /// The messages of the viewer have been read.
    pub(in super::super) fn heard(&mut self, now: Instant) {
        let left = match (self.continuous, self.requested) {
            (Some(_), _) if self.wishes.has(Pseudo::Fence) => self.marks.into(),
            (None, None) => usize::MAX,
            _ => 0,
        };
        self.answers.heard(left, now);
        self.takes_more = self.answers.may_send(now);
    }

    /// An update is on its way from now on.
    pub(super) fn sends(&mut self, now: Instant) {
        self.requested = None;
        if self.continuous.is_some() && self.wishes.has(Pseudo::Fence) {
            self.marks = self.marks.saturating_add(1);
        }
        self.answers.sends(now);
        self.takes_more = self.answers.may_send(now);
    }

    /// Whether an update may be sent that nobody asked for.
    pub(super) fn has_room(&self) -> bool {
        usize::from(self.marks) < ALWAYS || self.takes_more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How many of 300 pictures, one every 33 ms, are sent where each answer takes so long.
    fn sent(takes: impl Fn(u32) -> Duration) -> u32 {
        let (mut answers, start) = (Answers::default(), Instant::now());
        let mut due: VecDeque<Instant> = VecDeque::new();
        let mut sent = 0;
        for at in 0..300 {
            let now = start + 33 * at * MS;
            while due.front().is_some_and(|due| *due <= now) {
                let answered = due.pop_front().expect("it is there");
                answers.heard(due.len(), answered);
            }
            if due.len() < ALWAYS || answers.may_send(now) {
                answers.sends(now);
                due.push_back((now + takes(at)).max(due.back().copied().unwrap_or(now)));
                sent += 1;
            }
        }
        sent
    }

    #[test]
    fn who_is_far_sees_every_picture_and_who_is_slow_has_few_on_the_way() {
        assert_eq!(sent(|_| 5 * MS), 300);
        assert!(sent(|_| 200 * MS) > 290, "but for the first");
        // It answers every 100 ms, whatever is sent.
        let (mut answers, start) = (Answers::default(), Instant::now());
        answers.sends(start);
        answers.heard(0, start + 5 * MS);
        (0..3).for_each(|_| answers.sends(start + 10 * MS));
        assert!(answers.may_send(start + 70 * MS) && !answers.may_send(start + 75 * MS));
        answers.heard(0, start + 110 * MS);
        assert!(answers.were_late() && answers.were_late(), "none came since");
        answers.sends(start + 120 * MS);
        answers.heard(0, start + 125 * MS);
        assert!(!answers.were_late());
    }

    #[test]
    fn another_way_through_the_network_is_learnt() {
        let (mut answers, start) = (Answers::default(), Instant::now());
        let mut far = |at: Duration, takes: Duration| {
            answers.sends(start + at);
            answers.heard(0, start + at + takes);
            answers.were_late()
        };
        assert!(!far(Duration::ZERO, 5 * MS));
        assert!(far(MEMORY / 2, 200 * MS));
        assert!(far(MEMORY + MS, 200 * MS));
        assert!(!far(3 * MEMORY, 200 * MS));
    }
}
