//! What a stream of acknowledged bytes tells of the network beneath it: how much it carries, and how much it holds back.
//!
//! Beneath a WebSocket are TCP and any number of proxies, each with a queue of its own. Only the page knows what came
//! through; it tells after every message of [`TOLD`] bytes and more.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The rate of a stream, and what is on its way.
#[derive(Debug)]
pub(super) struct Pace {
    sent: u64,
    acked: u64,
    acked_at: Instant,
    marks: VecDeque<Mark>,
    trip: Shortest,
    estimate_kbps: f64,
    ceiling_kbps: f64,
    /// When the estimate was looked at last, and what arrived since then.
    looked: Instant,
    arrived: u64,
    /// Whether the network has held something back before.
    slowed: bool,
}

/// The end of a message that will be acknowledged.
#[derive(Debug)]
struct Mark {
    end: u64,
    at: Instant,
    acked: u64,
    acked_at: Instant,
}

/// Messages of so many bytes and more are acknowledged at once.
pub(super) const TOLD: usize = 1000;
/// What waits longer than this is held back by a queue, and the rate sinks.
const LATE: Duration = Duration::from_millis(100);
/// What waits no longer than this finds the way free, and the rate may rise.
const PROMPT: Duration = Duration::from_millis(40);
/// Above this delay, deltas are skipped until the next keyframe.
const FULL: Duration = Duration::from_millis(300);
/// A keyframe is taken only below this delay, or it would only make it worse.
const EMPTY: Duration = Duration::from_millis(60);
/// How often the rate may rise.
const LOOK: Duration = Duration::from_millis(200);
/// So much of what was measured is asked for when the network holds back, so that its queue drains.
const DRAIN: f64 = 0.85;
/// How fast the rate rises before and after the network first held something back.
const CLIMB: [f64; 2] = [1.5, 1.05];
const FLOOR_KBPS: f64 = 150.0;
/// What may be on its way whatever the rate is, in bytes.
const LEAST_WINDOW: u64 = 32 * 1024;
/// A measurement over fewer bytes says little.
const TELLING: u64 = 8 * 1024;

impl Pace {
    pub(super) fn new(start_kbps: u32, now: Instant) -> Self {
        Self {
            sent: 0,
            acked: 0,
            acked_at: now,
            marks: VecDeque::new(),
            trip: Shortest::new(now),
            estimate_kbps: start_kbps.into(),
            ceiling_kbps: start_kbps.into(),
            looked: now,
            arrived: 0,
            slowed: false,
        }
    }

    /// What the network is thought to carry, in kbit/s.
    pub(super) fn estimate_kbps(&self) -> u32 {
        self.estimate_kbps as u32
    }

    /// No more than this is looked for, in kbit/s.
    pub(super) fn desire(&mut self, kbps: u32) {
        self.ceiling_kbps = kbps.into();
    }

    /// Whether another frame may go.
    pub(super) fn admits(&self, now: Instant, keyframe: bool) -> bool {
        let Some(oldest) = self.marks.front() else { return true };
        // On a line that is far too slow the shortest time of all grows long as well, and tells nothing any more.
        if self.sent - self.acked > LEAST_WINDOW.max((self.estimate_kbps * 1000.0 / 8.0) as u64) {
            return false;
        }
        let held =
            now.saturating_duration_since(oldest.at).saturating_sub(self.trip.get().unwrap_or_default());
        held <= if keyframe { EMPTY } else { FULL }
    }

    /// Whether something that is in no hurry may go.
    pub(super) fn has_room(&self) -> bool {
        self.sent - self.acked < LEAST_WINDOW.max((self.estimate_kbps * 1000.0 / 8.0 / 10.0) as u64)
    }

    /// A message of so many bytes went.
    pub(super) fn sent(&mut self, bytes: usize, now: Instant) {
        if self.sent == self.acked {
            self.acked_at = now;
        }
        self.sent += bytes as u64;
        if bytes >= TOLD {
            self.marks.push_back(Mark {
                end: self.sent,
                at: now,
                acked: self.acked,
                acked_at: self.acked_at,
            });
        }
    }

    /// So many bytes arrived in all, modulo 2^32. A number that cannot be is passed over.
    pub(super) fn received(&mut self, total: u32, now: Instant) {
        let step = u64::from(total.wrapping_sub(self.acked as u32));
        if step > self.sent - self.acked {
            return;
        }
        self.acked += step;
        self.arrived += step;
        let mut newest = None;
        while self.marks.front().is_some_and(|mark| mark.end <= self.acked) {
            newest = self.marks.pop_front();
        }
        if let Some(mark) = newest {
            let trip = now.saturating_duration_since(mark.at);
            self.trip.note(trip, now);
            let held = trip.saturating_sub(self.trip.get().unwrap_or_default());
            let time = now.saturating_duration_since(mark.acked_at).max(Duration::from_millis(1));
            self.measured(self.acked - mark.acked, time, held, now);
        }
        self.acked_at = now;
    }

    /// So many bytes took so long, and were held back so long.
    fn measured(&mut self, bytes: u64, time: Duration, held: Duration, now: Instant) {
        let kbps = bytes as f64 * 8.0 / 1000.0 / time.as_secs_f64();
        let since = now.saturating_duration_since(self.looked);
        if held > LATE {
            self.slowed = true;
            self.set(self.estimate_kbps.min(kbps * DRAIN));
        } else if held < PROMPT {
            if bytes >= TELLING && kbps * DRAIN > self.estimate_kbps {
                self.set(kbps * DRAIN);
            }
            let used = self.arrived as f64 * 8.0 / 1000.0 > self.estimate_kbps * since.as_secs_f64() / 2.0;
            if since < LOOK {
                return;
            }
            if used {
                self.set(self.estimate_kbps * CLIMB[usize::from(self.slowed)]);
            }
        }
        self.looked = now;
        self.arrived = 0;
    }

    fn set(&mut self, kbps: f64) {
        self.estimate_kbps = kbps.min(self.ceiling_kbps).max(FLOOR_KBPS);
    }
}

/// The shortest time of the last ten to twenty seconds.
#[derive(Debug)]
struct Shortest {
    before: Option<Duration>,
    current: Option<Duration>,
    since: Instant,
}

impl Shortest {
    const WINDOW: Duration = Duration::from_secs(10);

    fn new(now: Instant) -> Self {
        Self { before: None, current: None, since: now }
    }

    fn note(&mut self, time: Duration, now: Instant) {
        if now.saturating_duration_since(self.since) > Self::WINDOW {
            self.before = self.current.take();
            self.since = now;
        }
        self.current = Some(self.current.map_or(time, |shortest| shortest.min(time)));
    }

    fn get(&self) -> Option<Duration> {
        self.before.into_iter().chain(self.current).min()
    }
}
