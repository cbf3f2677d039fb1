//! How many connections there may be, and whose goes when there are too many.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tokio::task::AbortHandle;

/// The connections that there are.
///
/// Opening one costs its sender nothing, so those that have not said anything whole yet are few, and make room for each
/// other: the oldest goes, of the network that has the most of them. Those that have said something stay.
#[derive(Default)]
pub(crate) struct Crowd(Mutex<Vec<Connection>>);

struct Connection {
    network: Network,
    settled: Arc<AtomicBool>,
    task: AbortHandle,
}

/// A connection that may have to go until it has said something whole.
#[derive(Clone, Default)]
pub(crate) struct Newcomer(Arc<AtomicBool>);

impl Newcomer {
    /// It has said something whole: it stays.
    pub(crate) fn settle(&self) {
        self.0.store(true, Relaxed);
    }
}

/// In all.
const MOST: usize = 512;
/// Of one network: behind a proxy that is everybody.
const MOST_OF_NETWORK: usize = 320;
/// That have said nothing whole yet.
const MOST_NEWCOMERS: usize = 192;

impl Crowd {
    /// A connection has come: makes room for it. `begin` starts what serves it; it is not called where there is no room.
    pub(crate) fn enter(&self, from: IpAddr, begin: impl FnOnce(Newcomer) -> AbortHandle) {
        let network = Network::of(from);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !one.task.is_finished());
        let seen: Vec<_> = all.iter().map(|one| (one.network, one.settled.load(Relaxed))).collect();
        match room(&seen, network) {
            Room::Free => {}
            Room::InPlaceOf(at) => all.remove(at).task.abort(),
            Room::None => {
                tracing::debug!(%from, "there are too many connections");
                return;
            }
        }
        let newcomer = Newcomer::default();
        let task = begin(newcomer.clone());
        all.push(Connection { network, settled: newcomer.0, task });
    }
}

/// Who is likely to be one and the same: an IPv4 address, or what one subscriber gets of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

#[derive(Debug, PartialEq, Eq)]
enum Room {
    Free,
    /// When this one goes.
    InPlaceOf(usize),
    None,
}

/// Whether one more fits, of `network`, among those that there are, the oldest first, each with whether it has settled.
fn room(all: &[(Network, bool)], network: Network) -> Room {
    let newcomers = || all.iter().enumerate().filter(|(_, (_, settled))| !settled);
    let oldest_of = |network| newcomers().find(|(_, (of, _))| *of == network).map(|(at, _)| at);
    let in_place_of = |victim: Option<usize>| victim.map_or(Room::None, Room::InPlaceOf);
    if all.iter().filter(|(of, _)| *of == network).count() >= MOST_OF_NETWORK {
        return in_place_of(oldest_of(network));
    }
    if all.len() < MOST && newcomers().count() < MOST_NEWCOMERS {
        return Room::Free;
    }
    let count = |network| newcomers().filter(|(_, (of, _))| *of == network).count();
    let crowded = newcomers().map(|(_, (of, _))| *of).max_by_key(|of| count(*of));
    in_place_of(crowded.and_then(oldest_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Network = Network::V4(1);
    const THERE: Network = Network::V4(2);

    fn many(count: usize, network: Network, settled: bool) -> Vec<(Network, bool)> {
        vec![(network, settled); count]
    }

    #[test]
    fn who_goes_when_there_are_too_many() {
        let spread: Vec<_> = (0..MOST as u32).map(|n| (Network::V4(n + 9), true)).collect();
        for (all, of, expected) in [
            (vec![], HERE, Room::Free),
            (many(MOST_NEWCOMERS - 1, HERE, false), HERE, Room::Free),
            (many(MOST_NEWCOMERS, HERE, false), HERE, Room::InPlaceOf(0)),
            // Whoever fills the room makes room for the others.
            (
                [many(5, THERE, false), many(MOST_NEWCOMERS - 5, HERE, false)].concat(),
                THERE,
                Room::InPlaceOf(5),
            ),
            // What has settled stays.
            ([many(9, HERE, true), many(MOST_NEWCOMERS, HERE, false)].concat(), HERE, Room::InPlaceOf(9)),
            (many(MOST_OF_NETWORK, HERE, true), HERE, Room::None),
            (many(MOST_OF_NETWORK, HERE, true), THERE, Room::Free),
            (spread.clone(), HERE, Room::None),
            ([spread, many(1, THERE, false)].concat(), HERE, Room::InPlaceOf(MOST)),
        ] {
            assert_eq!(room(&all, of), expected, "{} connections", all.len());
        }
    }
}
