//! How often somebody may try to log in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Slows down guessing, per address and over all addresses, in bounded memory.
///
/// An address has a few attempts at once and then one each two seconds. From the fifth failure in a row on it
/// is locked out, for two seconds and twice as long after each further failure, up to a quarter of an hour; then
/// it may try again. IPv6 addresses count by their /64, which is what one subscriber gets. All addresses
/// together have thirty attempts at once and one more each second.
///
/// Call [`check`](Self::check) before the password is looked at, then [`failed`](Self::failed) or
/// [`succeeded`](Self::succeeded). An attempt counts when it is checked, so many at once do not slip through.
#[derive(Debug, Default)]
pub struct LoginLimiter {
    networks: HashMap<Network, Record>,
    everybody: Option<Instant>,
}

impl LoginLimiter {
    /// A limiter that has seen nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an attempt may be made now; it counts from here on.
    ///
    /// # Errors
    ///
    /// [`RetryAfter`] where it may not. The refused attempt does not count.
    pub fn check(&mut self, address: IpAddr, now: Instant) -> Result<(), RetryAfter> {
        let network = Network::of(address);
        let paid_until = ONE.charge(self.networks.get(&network).map(|record| record.paid_until), now)?;
        self.everybody = Some(ALL.charge(self.everybody, now)?);
        self.record(network, now).paid_until = paid_until;
        Ok(())
    }

    /// The password was wrong.
    pub fn failed(&mut self, address: IpAddr, now: Instant) {
        let record = self.record(Network::of(address), now);
        record.failures = record.failures.saturating_add(1);
        if let Some(extra) = record.failures.checked_sub(FREE_FAILURES) {
            let lock = (LOCK_OUT * 2_u32.saturating_pow(extra.min(16))).min(MAX_LOCK_OUT);
            record.paid_until = record.paid_until.max(now + lock + ONE.debt());
        }
    }

    /// The password was right: the address starts afresh.
    pub fn succeeded(&mut self, address: IpAddr) {
        self.networks.remove(&Network::of(address));
        self.everybody = self.everybody.and_then(|paid_until| paid_until.checked_sub(ALL.interval));
    }

    fn record(&mut self, network: Network, now: Instant) -> &mut Record {
        if self.networks.len() >= MAX_NETWORKS && !self.networks.contains_key(&network) {
            self.make_room(now);
        }
        let fresh = Record { paid_until: now, failures: 0 };
        let record = self.networks.entry(network).or_insert(fresh);
        if record.is_stale(now) {
            *record = fresh;
        }
        record
    }

    /// Forgets whom time has cleared, or else the one closest to it.
    fn make_room(&mut self, now: Instant) {
        self.networks.retain(|_, record| !record.is_stale(now));
        if self.networks.len() >= MAX_NETWORKS {
            let closest = self.networks.iter().min_by_key(|(_, record)| record.paid_until);
            if let Some(network) = closest.map(|(&network, _)| network) {
                self.networks.remove(&network);
            }
        }
    }
}

/// Too many attempts: how long to wait before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {} s", self.seconds())]
pub struct RetryAfter(pub Duration);

impl RetryAfter {
    /// For the `Retry-After` header: whole seconds, rounded up, at least one.
    pub fn seconds(self) -> u64 {
        self.0.as_secs().saturating_add(u64::from(self.0.subsec_nanos() > 0)).max(1)
    }
}

/// Whom attempts count for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Record {
    paid_until: Instant,
    failures: u32,
}

impl Record {
    fn is_stale(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.paid_until) >= FORGET
    }
}

/// Attempts are paid in time: each costs `interval`, and the debt may not pass that of `burst` attempts.
struct Rate {
    interval: Duration,
    burst: u32,
}

impl Rate {
    /// The debt at which the next attempt is refused.
    const fn debt(&self) -> Duration {
        Duration::from_millis(self.interval.as_millis() as u64 * (self.burst as u64 - 1))
    }

    fn charge(&self, paid_until: Option<Instant>, now: Instant) -> Result<Instant, RetryAfter> {
        let start = paid_until.map_or(now, |paid_until| paid_until.max(now));
        match (start - now).checked_sub(self.debt()) {
            Some(wait) if !wait.is_zero() => Err(RetryAfter(wait)),
            _ => Ok(start + self.interval),
        }
    }
}

const ONE: Rate = Rate { interval: Duration::from_secs(2), burst: 5 };
const ALL: Rate = Rate { interval: Duration::from_secs(1), burst: 30 };
const FREE_FAILURES: u32 = 5;
const LOCK_OUT: Duration = Duration::from_secs(2);
const MAX_LOCK_OUT: Duration = Duration::from_secs(15 * 60);
/// How long after its last debt an address keeps its failures.
const FORGET: Duration = Duration::from_secs(15 * 60);
const MAX_NETWORKS: usize = 4096;
