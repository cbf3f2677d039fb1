//! How often somebody may try to log in.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Slows down guessing, per address, per user and over all addresses, in bounded memory.
///
/// An address has a few attempts at once and then one each two seconds. From the fifth failure in a row on it
/// is locked out, for two seconds and twice as long after each further failure, up to a quarter of an hour; then
/// it may try again. IPv6 addresses count by their /64, which is what one subscriber gets. A user name is locked out
/// from the twentieth failure in a row on, wherever it comes from, for at most a minute; addresses from which the
/// user has logged in before are spared, so that strangers keep nobody out. All addresses together have thirty
/// attempts at once and one more each second.
///
/// Call [`check`](Self::check) before the password is looked at, then [`failed`](Self::failed) or
/// [`succeeded`](Self::succeeded). An attempt counts when it is checked, so many at once do not slip through.
#[derive(Debug, Default)]
pub struct LoginLimiter {
    networks: Book<Network>,
    users: Book<User>,
    /// Who has logged in from where, the latest last.
    familiar: VecDeque<(Network, User)>,
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
    pub fn check(&mut self, address: IpAddr, user: &str, now: Instant) -> Result<(), RetryAfter> {
        let (network, user) = (Network::of(address), User::of(user));
        let for_network = self.networks.charge(&ONE, network, now)?;
        let for_user = self.users.charge(&USER, user, now);
        let for_user = if self.is_familiar(network, user) { None } else { Some(for_user?) };
        self.everybody = Some(ALL.charge(self.everybody, now)?);
        self.networks.record(network, now).paid_until = for_network;
        if let Some(paid_until) = for_user {
            self.users.record(user, now).paid_until = paid_until;
        }
        Ok(())
    }

    /// The password was wrong.
    pub fn failed(&mut self, address: IpAddr, user: &str, now: Instant) {
        let (network, user) = (Network::of(address), User::of(user));
        self.networks.failed(&ONE, network, now);
        if !self.is_familiar(network, user) {
            self.users.failed(&USER, user, now);
        }
    }

    /// The password was right: the address and the user start afresh.
    pub fn succeeded(&mut self, address: IpAddr, user: &str) {
        let (network, user) = (Network::of(address), User::of(user));
        self.networks.0.remove(&network);
        self.users.0.remove(&user);
        self.everybody = self.everybody.and_then(|paid_until| paid_until.checked_sub(ALL.interval));
        self.familiar.retain(|known| *known != (network, user));
        if self.familiar.len() == MAX_FAMILIAR {
            self.familiar.pop_front();
        }
        self.familiar.push_back((network, user));
    }

    fn is_familiar(&self, network: Network, user: User) -> bool {
        self.familiar.contains(&(network, user))
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

/// Whose attempts count together, by address.
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

/// A user name of any length, known or not, in a few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct User([u8; 16]);

impl User {
    fn of(name: &str) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&Sha256::digest(name)[..16]);
        Self(short)
    }
}

/// What is remembered of each, in bounded memory.
#[derive(Debug)]
struct Book<K>(HashMap<K, Record>);

impl<K> Default for Book<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Book<K> {
    fn charge(&self, rate: &Rate, key: K, now: Instant) -> Result<Instant, RetryAfter> {
        rate.charge(self.0.get(&key).map(|record| record.paid_until), now)
    }

    fn failed(&mut self, rate: &Rate, key: K, now: Instant) {
        let record = self.record(key, now);
        record.failures = record.failures.saturating_add(1);
        if let Some(extra) = record.failures.checked_sub(rate.burst) {
            let lock = (LOCK_OUT * 2_u32.saturating_pow(extra.min(16))).min(rate.longest);
            record.paid_until = record.paid_until.max(now + lock + rate.debt());
        }
    }

    fn record(&mut self, key: K, now: Instant) -> &mut Record {
        if self.0.len() >= MAX_RECORDS && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let fresh = Record { paid_until: now, failures: 0 };
        let record = self.0.entry(key).or_insert(fresh);
        if record.is_stale(now) {
            *record = fresh;
        }
        record
    }

    /// Forgets whom time has cleared, or else the one closest to it.
    fn make_room(&mut self, now: Instant) {
        self.0.retain(|_, record| !record.is_stale(now));
        if self.0.len() >= MAX_RECORDS {
            let closest = self.0.iter().min_by_key(|(_, record)| record.paid_until);
            if let Some(key) = closest.map(|(&key, _)| key) {
                self.0.remove(&key);
            }
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

/// Attempts are paid in time: each costs `interval`, and the debt may not pass that of `burst` attempts. So many
/// failures are free as well, and no lock-out is longer than `longest`.
struct Rate {
    interval: Duration,
    burst: u32,
    longest: Duration,
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

const ONE: Rate = Rate { interval: Duration::from_secs(2), burst: 5, longest: Duration::from_secs(15 * 60) };
const USER: Rate = Rate { interval: Duration::from_secs(1), burst: 20, longest: Duration::from_secs(60) };
const ALL: Rate = Rate { interval: Duration::from_secs(1), burst: 30, longest: Duration::ZERO };
const LOCK_OUT: Duration = Duration::from_secs(2);
/// How long after its last debt one keeps its failures.
const FORGET: Duration = Duration::from_secs(15 * 60);
const MAX_RECORDS: usize = 4096;
const MAX_FAMILIAR: usize = 256;
