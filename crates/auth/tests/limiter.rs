//! The limiter under a clock of its own.

#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use cosmos_auth::{LoginLimiter, RetryAfter};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn numbered(number: u32) -> IpAddr {
    Ipv4Addr::from(number).into()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Guesses once and is wrong, about a user of the address's own.
fn guess(limiter: &mut LoginLimiter, address: IpAddr, now: Instant) -> Result<(), RetryAfter> {
    guess_at(limiter, address, &address.to_string(), now)
}

fn guess_at(limiter: &mut LoginLimiter, address: IpAddr, user: &str, now: Instant) -> Result<(), RetryAfter> {
    limiter.check(address, user, now)?;
    limiter.failed(address, user, now);
    Ok(())
}

#[test]
fn lock_outs_double_end_by_themselves_and_are_bounded() {
    let (mut limiter, mut now) = (LoginLimiter::new(), Instant::now());
    let guesser = ip("192.0.2.1");
    for attempt in 0..5 {
        assert_eq!(guess(&mut limiter, guesser, now), Ok(()), "attempt {attempt}");
    }
    for expected in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
        let RetryAfter(wait) = guess(&mut limiter, guesser, now).unwrap_err();
        assert_eq!(wait, secs(expected));
        assert!(limiter.check(guesser, "ada", now + wait - Duration::from_millis(1)).is_err());
        now += wait;
        assert_eq!(guess(&mut limiter, guesser, now), Ok(()));
    }
}

#[test]
fn a_refused_attempt_costs_nothing() {
    let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
    let guesser = ip("192.0.2.1");
    while guess(&mut limiter, guesser, now).is_ok() {}
    let first = limiter.check(guesser, "ada", now);
    for _ in 0..1000 {
        assert_eq!(limiter.check(guesser, "ada", now), first);
    }
}

#[test]
fn attempts_at_once_count_before_they_fail() {
    let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
    let passed = (0..100).filter(|_| limiter.check(ip("192.0.2.1"), "ada", now).is_ok()).count();
    assert_eq!(passed, 5);
}

#[test]
fn success_starts_afresh() {
    let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
    let user = ip("192.0.2.1");
    for round in 0..100 {
        for _ in 0..4 {
            assert_eq!(guess_at(&mut limiter, user, "ada", now + secs(round * 5)), Ok(()));
        }
        assert_eq!(limiter.check(user, "ada", now + secs(round * 5)), Ok(()));
        limiter.succeeded(user, "ada");
    }
}

#[test]
fn failures_are_forgotten_after_a_quiet_time() {
    let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
    let user = ip("192.0.2.1");
    for round in 0..10 {
        for _ in 0..4 {
            assert_eq!(guess(&mut limiter, user, now + secs(round * 1000)), Ok(()));
        }
    }
}

#[test]
fn who_shares_a_budget() {
    for (a, b, shared) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
    ] {
        let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
        while guess(&mut limiter, ip(a), now).is_ok() {}
        assert_eq!(limiter.check(ip(b), "ada", now).is_err(), shared, "{a} {b}");
    }
}

#[test]
fn all_addresses_together_are_limited_and_recover() {
    let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
    let passed = (0..1000).filter(|&n| guess(&mut limiter, numbered(n), now).is_ok()).count();
    assert_eq!(passed, 30);
    assert_eq!(limiter.check(numbered(5000), "ada", now), Err(RetryAfter(secs(1))));
    assert_eq!(limiter.check(numbered(5000), "ada", now + secs(1)), Ok(()));
}

/// Ten thousand addresses do not push out the record of one that is locked out.
#[test]
fn a_crowd_does_not_free_who_is_locked_out() {
    let (mut limiter, mut now) = (LoginLimiter::new(), Instant::now());
    let guesser = ip("192.0.2.1");
    for _ in 0..16 {
        while let Err(RetryAfter(wait)) = guess(&mut limiter, guesser, now) {
            now += wait;
        }
    }
    for n in 0..10_000 {
        now += Duration::from_millis(50);
        let _ = guess(&mut limiter, numbered(n), now);
    }
    assert!(limiter.check(guesser, "ada", now).is_err());
}

#[test]
fn a_user_is_locked_out_wherever_the_guesses_come_from_and_recovers() {
    let (mut limiter, mut now) = (LoginLimiter::new(), Instant::now());
    let passed = (0..25).filter(|&n| guess_at(&mut limiter, numbered(n), "ada", now).is_ok()).count();
    assert_eq!(passed, 20);
    assert_eq!(limiter.check(numbered(99), "bob", now), Ok(()), "the others are not");
    for round in 0..10 {
        let RetryAfter(wait) = limiter.check(numbered(100), "ada", now).unwrap_err();
        assert!(wait <= secs(60), "{wait:?}");
        now += wait;
        assert_eq!(guess_at(&mut limiter, numbered(200 + round), "ada", now), Ok(()));
    }
    now += secs(60);
    assert_eq!(limiter.check(numbered(100), "ada", now), Ok(()));
}

#[test]
fn strangers_keep_nobody_out_of_where_they_were_before() {
    let (mut limiter, now) = (LoginLimiter::new(), Instant::now());
    let home = ip("192.0.2.1");
    limiter.check(home, "ada", now).unwrap();
    limiter.succeeded(home, "ada");
    let guesses = (10_000..11_000).map_while(|n| guess_at(&mut limiter, numbered(n), "ada", now).ok());
    assert_eq!(guesses.count(), 20);
    assert!(limiter.check(numbered(5000), "ada", now).is_err());
    assert_eq!(limiter.check(home, "ada", now), Ok(()));
    assert!(limiter.check(ip("192.0.2.2"), "ada", now).is_err());
}

#[test]
fn the_header_has_whole_seconds() {
    for (millis, expected) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (900_000, 900)] {
        assert_eq!(RetryAfter(Duration::from_millis(millis)).seconds(), expected);
    }
}
