//! Those who are in, as the others on the desktop know them, and whether they drive.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cosmos_auth::Role;
use tokio::sync::{mpsc, oneshot, watch};

use crate::hub::Event;

/// A viewer as others know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// No page has the same.
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// Everybody who is in.
pub(crate) struct Guests {
    present: Mutex<Present>,
    /// Who drives alone, among all people.
    holder: watch::Sender<Option<u64>>,
    /// Hears when somebody came or went.
    hub: mpsc::Sender<Event>,
}

struct Present {
    next: u64,
    guests: Vec<(Known, oneshot::Sender<()>)>,
}

/// Numbers of pages are smaller.
const FIRST: u64 = 1 << 31;

impl Guests {
    pub(super) fn new(hub: mpsc::Sender<Event>) -> Self {
        let present = Mutex::new(Present { next: FIRST, guests: Vec::new() });
        Self { present, holder: watch::Sender::new(None), hub }
    }

    /// Lets somebody in.
    pub(crate) fn enter(&self, name: &str, role: Role) -> Seat<'_> {
        let (expel, ends) = oneshot::channel();
        let mut present = self.present();
        let id = present.next;
        // People are told numbers of 32 bits.
        present.next = if id == u64::from(u32::MAX) { FIRST } else { id + 1 };
        present.guests.push((Known { id, name: name.to_owned(), role }, expel));
        drop(present);
        self.tell();
        Seat { guests: self, id, role, ends: Some(ends) }
    }

    pub(crate) fn list(&self) -> Vec<Known> {
        self.present().guests.iter().map(|(known, _)| known.clone()).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.present().guests.len()
    }

    /// Lets this one drive, of all people, or everybody who may. Tells whether somebody here drove and does no longer.
    pub(crate) fn hold(&self, holder: Option<u64>) -> bool {
        let before = self.holder.send_replace(holder);
        before != holder
            && self
                .list()
                .iter()
                .any(|guest| drives(before, guest.id, guest.role) && !drives(holder, guest.id, guest.role))
    }

    /// Whether somebody of this number drives.
    pub(crate) fn drives(&self, guest: &Known) -> bool {
        drives(*self.holder.borrow(), guest.id, guest.role)
    }

    /// Ends what somebody of this number sees; tells whether there was one.
    pub(crate) fn expel(&self, id: u64) -> bool {
        let mut present = self.present();
        let at = present.guests.iter().position(|(known, _)| known.id == id);
        at.map(|at| present.guests.swap_remove(at)).is_some()
    }

    fn leave(&self, id: u64) {
        self.present().guests.retain(|(known, _)| known.id != id);
        self.holder.send_if_modified(|holder| *holder == Some(id) && holder.take().is_some());
        self.tell();
    }

    /// The hub looks by itself each second, so it does not matter if it has no ear for this.
    fn tell(&self) {
        drop(self.hub.try_send(Event::Guests));
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drives(holder: Option<u64>, id: u64, role: Role) -> bool {
    holder.map_or(role.may_control(), |holder| holder == id)
}

/// The place of one who is in, who leaves by dropping it.
pub(crate) struct Seat<'a> {
    guests: &'a Guests,
    id: u64,
    role: Role,
    /// Ends when an owner wants it.
    ends: Option<oneshot::Receiver<()>>,
}

impl Seat<'_> {
    pub(crate) fn drives(&self) -> bool {
        drives(*self.guests.holder.borrow(), self.id, self.role)
    }

    /// Tells when somebody else may drive.
    pub(super) fn holder(&self) -> watch::Receiver<Option<u64>> {
        self.guests.holder.subscribe()
    }

    /// Ends when an owner wants this to end; to be taken once.
    pub(super) fn ends(&mut self) -> Option<oneshot::Receiver<()>> {
        self.ends.take()
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.guests.leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn who_drives_follows_the_holder_and_who_leaves_leaves_the_control() {
        let (hub, mut news) = mpsc::channel(8);
        let guests = Guests::new(hub);
        let (bob, eve) = (guests.enter("bob", Role::Controller), guests.enter("eve", Role::Viewer));
        let drive = |guests: &Guests| -> Vec<String> {
            guests.list().into_iter().filter(|guest| guests.drives(guest)).map(|guest| guest.name).collect()
        };
        assert_eq!(drive(&guests), ["bob"]);
        assert!(guests.hold(Some(7)), "bob drove");
        assert!(drive(&guests).is_empty() && !bob.drives());
        assert!(!guests.hold(Some(eve.id)), "nobody of these drove");
        assert_eq!(drive(&guests), ["eve"]);
        drop(eve);
        assert_eq!(drive(&guests), ["bob"]);
        assert!(std::iter::from_fn(|| news.try_recv().ok()).count() == 3);
    }

    #[test]
    fn whoever_is_expelled_hears_of_it() {
        let guests = Guests::new(mpsc::channel(8).0);
        let mut seat = guests.enter("bob", Role::Owner);
        let mut ends = seat.ends().unwrap();
        assert!(!guests.expel(seat.id + 1) && ends.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        assert!(guests.expel(seat.id) && ends.try_recv() == Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(guests.count(), 0);
    }
}
