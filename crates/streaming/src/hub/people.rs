//! What the people on one desktop know of each other: who is there, who drives, and where they point.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use cosmos_auth::{Rights, Role};
use cosmos_desktop::{InputEvent, Point};
use cosmos_protocol::{Person, ServerMessage, Standing};
use serde_json::Value;
use str0m::net::Transmit;

use super::{Hub, Live};
use crate::{
    control::{Control, ControlRequest},
    rfb::Known,
    session::{Session, Viewer},
};

/// What is told to people about each other, and when next.
#[derive(Default)]
pub(super) struct People {
    pub(super) control: Control,
    /// Those who look by VNC.
    pub(super) guests: Vec<Known>,
    /// Where they point, since it was last told.
    pointers: HashMap<u64, Point>,
    /// Whether everybody is to be told who is there.
    changed: bool,
    due: Option<Instant>,
    told: Option<Instant>,
}

/// No more often are people told of each other.
const TELL_EVERY: Duration = Duration::from_millis(100);

impl People {
    /// When there is something to tell.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Somebody came, went, or may do something else now.
    pub(super) fn changed(&mut self, now: Instant) {
        self.changed = true;
        self.plan(now);
    }

    /// A session has ended.
    pub(super) fn left(&mut self, id: u64, now: Instant) {
        self.control.left(id);
        self.pointers.remove(&id);
        self.changed(now);
    }

    fn pointed(&mut self, id: u64, point: Point, now: Instant) {
        self.pointers.insert(id, point);
        self.plan(now);
    }

    fn plan(&mut self, now: Instant) {
        let soonest = self.told.map_or(now, |told| (told + TELL_EVERY).max(now));
        self.due.get_or_insert(soonest);
    }
}

impl Hub {
    /// Somebody wants something with the control.
    pub(super) fn control(&mut self, id: u64, request: ControlRequest, now: Instant) {
        let Some(live) = self.sessions.iter().find(|live| live.id == id) else { return };
        let viewer = live.session.viewer();
        let (user, rights) = (viewer.user.clone(), viewer.rights);
        if self.request_control(id, rights, request) {
            self.audit.note(&user, None, "control", &format!("{request:?}"));
            self.settle();
            self.people.changed(now);
        }
    }

    /// Does what somebody wants with the control, where they may; tells whether anything changed.
    pub(super) fn request_control(&mut self, id: u64, rights: Rights, request: ControlRequest) -> bool {
        let (sessions, People { control, guests, .. }) = (&self.sessions, &mut self.people);
        let is_there = |to| {
            sessions.iter().any(|live| live.id == to && live.session.is_open())
                || guests.iter().any(|guest| guest.id == to)
        };
        control.request(id, rights, request, is_there)
    }

    /// Takes note of who looks by VNC now.
    pub(super) fn look_at_guests(&mut self, now: Instant) {
        let guests = self.rfb.guests.list();
        if guests == self.people.guests {
            return;
        }
        let before = std::mem::replace(&mut self.people.guests, guests);
        for guest in before.iter().filter(|guest| !self.people.guests.contains(guest)) {
            self.people.control.left(guest.id);
        }
        self.settle();
        self.people.changed(now);
    }

    /// Lets those drive who are to, and nobody else.
    pub(super) fn settle(&mut self) {
        let mut lost = false;
        for live in &mut self.sessions {
            let drives = self.people.control.drives(live.id, live.session.viewer().rights);
            lost |= live.session.let_drive(drives) && !drives;
        }
        lost |= self.rfb.guests.hold(self.people.control.holder());
        if lost {
            // Whatever they held down is let go of.
            self.input(InputEvent::ReleaseAll);
        }
    }

    /// Somebody points there, whether they drive or not.
    pub(super) fn pointed(&mut self, id: u64, point: Point, now: Instant) {
        if self.sessions.len() > 1 {
            self.people.pointed(id, point, now);
        }
    }

    /// Tells people of each other, when that is due.
    pub(super) fn tell_people(&mut self, now: Instant, send: &mut dyn FnMut(Transmit)) {
        if self.people.due.is_none_or(|at| at > now) {
            return;
        }
        self.people.due = None;
        self.people.told = Some(now);
        if std::mem::take(&mut self.people.changed) {
            self.happen("viewers", || self.viewers());
            let all: Vec<Person> = self
                .sessions
                .iter()
                .filter(|live| live.session.is_open())
                .map(|live| self.person(live))
                .chain(self.people.guests.iter().map(|guest| self.guest(guest)))
                .collect();
            let ids: Vec<u64> = self.sessions.iter().map(|live| live.id).collect();
            for id in ids {
                let of = |person: &Person| Person { you: person.id == id as u32, ..person.clone() };
                let message = ServerMessage::People(all.iter().map(of).collect());
                self.with(id, now, send, |session| session.say(&message));
            }
        }
        for (id, at) in std::mem::take(&mut self.people.pointers) {
            let others: Vec<u64> =
                self.sessions.iter().map(|live| live.id).filter(|other| *other != id).collect();
            let message = ServerMessage::Pointer { id: id as u32, at };
            others.into_iter().for_each(|other| self.with(other, now, send, |session| session.say(&message)));
        }
    }

    /// Ends the sessions of such viewers.
    pub(super) fn expel(
        &mut self,
        reason: &str,
        which: impl Fn(&Viewer) -> bool,
        now: Instant,
        send: &mut dyn FnMut(Transmit),
    ) {
        let gone = self.sessions.iter().filter(|live| which(live.session.viewer()));
        let gone: Vec<u64> = gone.map(|live| live.id).collect();
        self.end(&gone, reason, now, send);
    }

    /// Ends these sessions.
    pub(super) fn end(&mut self, gone: &[u64], reason: &str, now: Instant, send: &mut dyn FnMut(Transmit)) {
        for &id in gone {
            self.with(id, now, send, Session::goodbye);
            self.leave(id, reason, now);
        }
    }

    /// Tells whoever follows what happens.
    pub(super) fn happen(&self, kind: &'static str, about: impl FnOnce() -> Value) {
        if self.config.happened.receiver_count() > 0 {
            drop(self.config.happened.send((kind, about())));
        }
    }

    fn guest(&self, guest: &Known) -> Person {
        Person {
            id: guest.id as u32,
            standing: standing(guest.role),
            you: false,
            holds: self.people.control.holder() == Some(guest.id),
            asks: false,
            drives: self.rfb.guests.drives(guest),
            name: format!("{} (VNC)", guest.name),
        }
    }

    fn person(&self, live: &Live) -> Person {
        let viewer = live.session.viewer();
        Person {
            id: live.id as u32,
            standing: standing(viewer.rights.role),
            you: false,
            holds: self.people.control.holder() == Some(live.id),
            asks: self.people.control.asks(live.id),
            drives: self.people.control.drives(live.id, viewer.rights),
            name: viewer.user.clone(),
        }
    }
}

fn standing(role: Role) -> Standing {
    match role {
        Role::Viewer => Standing::Viewer,
        Role::Controller => Standing::Controller,
        Role::Owner => Standing::Owner,
    }
}
