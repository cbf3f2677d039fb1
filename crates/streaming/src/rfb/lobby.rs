//! Those who have not said yet who they are.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot;

/// As many as may wait. The one who has waited longest makes room for the next: whoever only wants to be in the way is in
/// the way of themselves.
const PLACES: usize = 100;

/// The places.
#[derive(Default)]
pub(super) struct Lobby(Mutex<VecDeque<oneshot::Sender<()>>>);

impl Lobby {
    /// Takes a place, which is given back by dropping it. It ends when others need it.
    pub(super) fn enter(&self) -> oneshot::Receiver<()> {
        let (ends, place) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|ends| !ends.is_closed());
        if waiting.len() == PLACES {
            waiting.pop_front();
        }
        waiting.push_back(ends);
        place
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use oneshot::error::TryRecvError;

    use super::*;

    #[test]
    fn the_oldest_makes_room_unless_somebody_left() {
        let lobby = Lobby::default();
        let mut places: Vec<_> = (0..PLACES).map(|_| lobby.enter()).collect();
        drop(places.pop());
        let mut last = lobby.enter();
        assert!(places.iter_mut().all(|place| place.try_recv() == Err(TryRecvError::Empty)));
        let mut next = lobby.enter();
        assert_eq!(places[0].try_recv(), Err(TryRecvError::Closed));
        let stays = [&mut places[1], &mut last, &mut next];
        assert!(stays.into_iter().all(|place| place.try_recv() == Err(TryRecvError::Empty)));
    }
}
