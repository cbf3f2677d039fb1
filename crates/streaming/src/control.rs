//! Who drives the desktop: everybody who may, until somebody takes the control for themselves.

use std::collections::BTreeSet;

use cosmos_auth::Rights;

/// Who drives, and who would like to. People are known by the numbers of their sessions.
#[derive(Debug, Default)]
pub(crate) struct Control {
    holder: Option<u64>,
    asking: BTreeSet<u64>,
}

/// What somebody wants with the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlRequest {
    /// Have it, or no longer.
    Ask(bool),
    /// Have it now.
    Take,
    /// Let this session have it.
    Give(u64),
    /// Let everybody drive again who may.
    Release,
}

impl Control {
    /// Whether the keys and the pointer of this session reach the desktop.
    pub(crate) fn drives(&self, id: u64, rights: Rights) -> bool {
        self.holder.map_or(rights.role.may_control(), |holder| holder == id)
    }

    /// Who has taken the control.
    pub(crate) fn holder(&self) -> Option<u64> {
        self.holder
    }

    /// Whether this session asks for it.
    pub(crate) fn asks(&self, id: u64) -> bool {
        self.asking.contains(&id)
    }

    /// Does what the session wants, where it may; tells whether anything changed. `is_there` tells whether there is a
    /// session of a number that may be given the control.
    pub(crate) fn request(
        &mut self,
        id: u64,
        rights: Rights,
        request: ControlRequest,
        is_there: impl Fn(u64) -> bool,
    ) -> bool {
        let owns = rights.role.may_administer();
        match request {
            ControlRequest::Ask(true) => !self.drives(id, rights) && self.asking.insert(id),
            ControlRequest::Ask(false) => self.asking.remove(&id),
            ControlRequest::Take => {
                let may = owns || (self.holder.is_none() && rights.role.may_control());
                may && self.hand_to(id)
            }
            ControlRequest::Give(to) => {
                let may = owns || self.drives(id, rights);
                may && is_there(to) && self.hand_to(to)
            }
            ControlRequest::Release => (owns || self.holder == Some(id)) && self.holder.take().is_some(),
        }
    }

    /// A session has ended.
    pub(crate) fn left(&mut self, id: u64) {
        self.asking.remove(&id);
        if self.holder == Some(id) {
            self.holder = None;
        }
    }

    fn hand_to(&mut self, id: u64) -> bool {
        self.asking.remove(&id);
        self.holder.replace(id) != Some(id)
    }
}

#[cfg(test)]
mod tests {
    use cosmos_auth::Role;

    use super::*;

    const OWNER: u64 = 1;
    const BOB: u64 = 2;
    const CAROL: u64 = 3;
    const EVE: u64 = 4;

    /// An owner, two controllers and a viewer.
    fn rights(id: u64) -> Rights {
        Rights::of(match id {
            OWNER => Role::Owner,
            BOB | CAROL => Role::Controller,
            _ => Role::Viewer,
        })
    }

    fn check(steps: &[(u64, ControlRequest, bool)], drivers: &[u64]) {
        let mut control = Control::default();
        for (id, request, changed) in steps {
            let happened = control.request(*id, rights(*id), *request, |id| id <= EVE);
            assert_eq!(happened, *changed, "{id} {request:?} in {steps:?}");
        }
        let driving: Vec<u64> = (OWNER..=EVE).filter(|id| control.drives(*id, rights(*id))).collect();
        assert_eq!(driving, drivers, "{steps:?}");
    }

    #[test]
    fn everybody_who_may_drives_until_somebody_takes_it() {
        use ControlRequest::{Ask, Give, Release, Take};
        check(&[], &[OWNER, BOB, CAROL]);
        check(&[(BOB, Take, true), (BOB, Take, false)], &[BOB]);
        check(&[(BOB, Take, true), (CAROL, Take, false), (EVE, Take, false)], &[BOB]);
        check(&[(BOB, Take, true), (OWNER, Take, true)], &[OWNER]);
        check(&[(BOB, Take, true), (CAROL, Release, false), (BOB, Release, true)], &[OWNER, BOB, CAROL]);
        check(&[(BOB, Take, true), (OWNER, Release, true)], &[OWNER, BOB, CAROL]);
        check(&[(EVE, Take, false), (EVE, Give(EVE), false), (EVE, Release, false)], &[OWNER, BOB, CAROL]);
        check(&[(BOB, Give(EVE), true)], &[EVE]);
        check(&[(BOB, Give(EVE), true), (BOB, Give(BOB), false), (EVE, Give(BOB), true)], &[BOB]);
        check(&[(BOB, Give(EVE), true), (EVE, Release, true)], &[OWNER, BOB, CAROL]);
        check(&[(BOB, Take, true), (OWNER, Give(EVE), true)], &[EVE]);
        check(&[(OWNER, Give(99), false)], &[OWNER, BOB, CAROL]);
        check(
            &[(BOB, Ask(true), false), (EVE, Ask(true), true), (EVE, Ask(true), false)],
            &[OWNER, BOB, CAROL],
        );
        check(
            &[(EVE, Ask(true), true), (EVE, Ask(false), true), (EVE, Ask(false), false)],
            &[OWNER, BOB, CAROL],
        );
    }

    #[test]
    fn who_leaves_leaves_the_control() {
        let mut control = Control::default();
        assert!(control.request(BOB, rights(BOB), ControlRequest::Give(EVE), |_| true));
        assert!(control.request(CAROL, rights(CAROL), ControlRequest::Ask(true), |_| true));
        control.left(CAROL);
        control.left(EVE);
        assert!(control.drives(BOB, rights(BOB)) && !control.asks(CAROL) && control.holder().is_none());
    }
}
