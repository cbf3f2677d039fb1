//! The order of Debian's version numbers.

use std::cmp::Ordering;

/// Compares two versions as dpkg does: epoch, upstream version, revision, each by alternating runs of other signs and
/// digits, where `~` sorts before everything, even the end.
///
/// ```
/// use cosmos_host::setup::compare_versions;
/// assert!(compare_versions("1.17.8-1", "1.17.10-1").is_lt());
/// assert!(compare_versions("1.18.0~rc.1-1", "1.18.0-1").is_lt());
/// assert!(compare_versions("5:20.10.11~3-0", "20.10.11").is_gt());
/// ```
pub fn compare_versions(one: &str, other: &str) -> Ordering {
    let (one, other) = (Parts::of(one), Parts::of(other));
    let epochs = one.epoch.cmp(&other.epoch);
    epochs.then_with(|| runs(one.upstream, other.upstream)).then_with(|| runs(one.revision, other.revision))
}

struct Parts<'a> {
    epoch: u64,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (epoch, rest) = version.trim().split_once(':').unwrap_or(("0", version.trim()));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch: epoch.parse().unwrap_or(0), upstream, revision }
    }
}

fn runs(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while !one.is_empty() || !other.is_empty() {
        let words = (take(&mut one, false), take(&mut other, false));
        let numbers = (take(&mut one, true), take(&mut other, true));
        let order = signs(words.0, words.1).then_with(|| digits(numbers.0, numbers.1));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn take<'a>(text: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = text.iter().position(|sign| sign.is_ascii_digit() != digits).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}

fn signs(one: &[u8], other: &[u8]) -> Ordering {
    let weight = |sign: Option<&u8>| match sign {
        Some(b'~') => -1,
        None => 0,
        Some(sign) if sign.is_ascii_alphabetic() => i32::from(*sign),
        Some(sign) => i32::from(*sign) + 256,
    };
    let longest = one.len().max(other.len());
    let orders = (0..longest).map(|at| weight(one.get(at)).cmp(&weight(other.get(at))));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn digits(one: &[u8], other: &[u8]) -> Ordering {
    let plain = |number: &[u8]| {
        let zeros = number.iter().take_while(|digit| **digit == b'0').count();
        number[zeros..].to_vec()
    };
    let (one, other) = (plain(one), plain(other));
    one.len().cmp(&other.len()).then_with(|| one.cmp(&other))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::process::Command;

    use super::*;

    const VERSIONS: [&str; 21] = [
        "0",
        "1",
        "1~",
        "1~~",
        "1~~a",
        "1a",
        "1+",
        "1-1",
        "1-1~deb12u1",
        "1.17.7-1",
        "1.17.8-1",
        "1.17.10-1",
        "1.018.0-1",
        "1.18.0-1",
        "1.18.0~rc.1-1",
        "20.10.11",
        "5:20.10.11~3-0~ubuntu-focal",
        "1:0",
        "535.183.01-1~deb12u1",
        "535.183.01-0ubuntu0.22.04.1",
        "580.95.05-0ubuntu0.24.04.2",
    ];

    #[test]
    fn the_order_is_a_total_one() {
        for one in VERSIONS {
            for other in VERSIONS {
                assert_eq!(compare_versions(one, other), compare_versions(other, one).reverse());
            }
        }
    }

    #[test]
    fn it_is_the_order_of_dpkg() {
        if Command::new("dpkg").arg("--version").output().is_err() {
            eprintln!("SKIPPED dpkg is not installed");
            return;
        }
        for (at, one) in VERSIONS.iter().enumerate() {
            for other in &VERSIONS[at..] {
                let relation = match compare_versions(one, other) {
                    Ordering::Less => "lt",
                    Ordering::Equal => "eq",
                    Ordering::Greater => "gt",
                };
                let said = Command::new("dpkg").args(["--compare-versions", one, relation, other]).status();
                assert!(said.unwrap().success(), "{one} {relation} {other}");
            }
        }
    }
}
