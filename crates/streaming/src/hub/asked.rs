//! What scripts ask of the hub.

use std::time::Instant;

use cosmos_auth::Rights;
use cosmos_desktop::InputEvent;
use serde_json::{Value, json};
use str0m::net::Transmit;
use tokio::sync::oneshot;

use super::{Hub, Live};
use crate::{control::ControlRequest, rfb::Known, session::Viewer};

/// What a script asks.
pub(crate) enum Ask {
    /// Who is connected.
    Viewers(oneshot::Sender<Value>),
    /// That the session of this number ends.
    Expel(u64, oneshot::Sender<bool>),
    /// That the session of this number has these rights from now on.
    Rights(u64, Rights, oneshot::Sender<bool>),
    /// That the session of this number drives, and nobody else.
    Give(u64, oneshot::Sender<bool>),
    /// That everybody drives who may.
    Release(oneshot::Sender<bool>),
    /// That this is done with keyboard and pointer, in the name of a viewer; the answer is whether they may.
    Input(Viewer, Vec<InputEvent>, oneshot::Sender<bool>),
}

impl Hub {
    /// Does what a script asks. Whether it may ask that has been seen to, but for who drives.
    pub(super) fn asked(&mut self, ask: Ask, now: Instant, send: &mut dyn FnMut(Transmit)) {
        match ask {
            Ask::Viewers(reply) => drop(reply.send(self.viewers())),
            Ask::Expel(id, reply) => {
                let there = self.is_there(id) || self.rfb.guests.expel(id);
                let gone: Vec<u64> = there.then_some(id).into_iter().collect();
                self.end(&gone, "an owner ended it", now, send);
                let _gone = reply.send(there);
            }
            Ask::Rights(id, rights, reply) => {
                let _gone = reply.send(self.change_rights(id, rights, now));
            }
            Ask::Give(id, reply) => {
                let there = self.is_there(id) || self.people.guests.iter().any(|guest| guest.id == id);
                self.decide(ControlRequest::Give(id), now);
                let _gone = reply.send(there);
            }
            Ask::Release(reply) => {
                self.decide(ControlRequest::Release, now);
                let _gone = reply.send(true);
            }
            Ask::Input(viewer, events, reply) => {
                let free = self.people.control.holder().is_none() && viewer.rights.role.may_control();
                let may = free || viewer.rights.role.may_administer();
                events.into_iter().filter(|_| may).for_each(|event| self.input(event));
                let _gone = reply.send(may);
            }
        }
    }

    fn is_there(&self, id: u64) -> bool {
        self.sessions.iter().any(|live| live.id == id && live.session.is_open())
    }

    /// An owner who is not connected decides about the control.
    fn decide(&mut self, request: ControlRequest, now: Instant) {
        let owner = Rights::of(cosmos_auth::Role::Owner);
        if self.request_control(u64::MAX, owner, request) {
            self.settle();
            self.people.changed(now);
        }
    }

    fn change_rights(&mut self, id: u64, rights: Rights, now: Instant) -> bool {
        let Some(live) = self.find(id) else { return false };
        live.session.change_rights(rights);
        if !rights.role.may_control() {
            self.people.control.left(id);
        }
        self.settle();
        self.agree(now);
        self.people.changed(now);
        self.update_demand(now);
        true
    }

    pub(super) fn viewers(&self) -> Value {
        let pages = self.sessions.iter().filter(|live| live.session.is_open()).map(|live| self.viewer(live));
        pages.chain(self.people.guests.iter().map(|guest| self.vnc_viewer(guest))).collect()
    }

    fn vnc_viewer(&self, guest: &Known) -> Value {
        json!({
            "id": guest.id,
            "user": guest.name,
            "rights": Rights::of(guest.role).to_string(),
            "role": guest.role.as_str(),
            "guest": false,
            "vnc": true,
            "drives": self.rfb.guests.drives(guest),
            "holds": self.people.control.holder() == Some(guest.id),
            "asks": false,
        })
    }

    fn viewer(&self, live: &Live) -> Value {
        let viewer = live.session.viewer();
        json!({
            "id": live.id,
            "user": viewer.user,
            "rights": viewer.rights.to_string(),
            "role": viewer.rights.role.as_str(),
            "guest": viewer.link.is_some(),
            "vnc": false,
            "drives": live.session.drives(),
            "holds": self.people.control.holder() == Some(live.id),
            "asks": self.people.control.asks(live.id),
        })
    }
}
