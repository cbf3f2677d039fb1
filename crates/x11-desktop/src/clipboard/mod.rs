//! Text on the CLIPBOARD selection, both ways (ICCCM part 2).
//!
//! Nothing here waits for another client. A transfer that makes no progress for [`PATIENCE`] is given up.

mod fetch;
mod offer;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use x11rb::{
    COPY_DEPTH_FROM_PARENT, CURRENT_TIME, NONE,
    connection::Connection as _,
    protocol::{
        Event,
        xfixes::{ConnectionExt as _, SelectionEventMask},
        xproto::{Atom, ConnectionExt as _, CreateWindowAux, EventMask, Property, Window, WindowClass},
    },
};

use self::{fetch::Fetch, offer::Offer};
use crate::link::{Link, XResult};

/// The largest text that is carried, in bytes of UTF-8.
pub(crate) const MAX_TEXT: usize = 16 << 20;

/// How long another client may take for one step of a transfer.
const PATIENCE: Duration = Duration::from_secs(10);

x11rb::atom_manager! {
    /// The names that selections are spoken of with.
    pub(crate) Atoms: AtomsCookie {
        CLIPBOARD,
        TARGETS,
        TIMESTAMP,
        INCR,
        UTF8_STRING,
        TEXT,
        TEXT_PLAIN_UTF8: b"text/plain;charset=utf-8",
        // A transfer that was given up must not end in the next one: they take these in turn.
        COSMOS_TEXT_0,
        COSMOS_TEXT_1,
        COSMOS_TEXT_2,
        COSMOS_TEXT_3,
    }
}

/// The clipboard as this connection sees it.
pub(crate) struct Clipboard {
    window: Window,
    atoms: Atoms,
    offer: Offer,
    fetch: Fetch,
    /// What we offered last: a clipboard manager that takes it over tells us nothing new.
    told: Option<Arc<str>>,
}

impl Clipboard {
    /// Makes a window of our own, and asks for the text that is there already.
    pub(crate) fn open(link: &Link) -> XResult<Self> {
        let atoms = Atoms::new(&link.conn)?.reply()?;
        let window = link.conn.generate_id()?;
        let events = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let class = WindowClass::INPUT_ONLY;
        link.conn.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            link.root,
            -1,
            -1,
            1,
            1,
            0,
            class,
            0,
            &events,
        )?;
        link.conn.xfixes_select_selection_input(
            window,
            atoms.CLIPBOARD,
            SelectionEventMask::SET_SELECTION_OWNER,
        )?;
        let owner = link.conn.get_selection_owner(atoms.CLIPBOARD)?.reply()?.owner;
        let mut clipboard =
            Self { window, atoms, offer: Offer::default(), fetch: Fetch::default(), told: None };
        if owner != NONE {
            clipboard.fetch.start(link, &clipboard.atoms, window, CURRENT_TIME)?;
        }
        Ok(clipboard)
    }

    /// Offers this text to all clients.
    pub(crate) fn set(&mut self, link: &Link, text: Arc<str>) -> XResult<()> {
        self.told = Some(Arc::clone(&text));
        self.fetch.abandon();
        self.offer.set(text);
        link.conn.set_selection_owner(self.window, self.atoms.CLIPBOARD, CURRENT_TIME)?;
        Ok(link.conn.flush()?)
    }

    /// Takes one event in, and returns the text if it completed one that another client copied.
    pub(crate) fn handle(&mut self, link: &Link, event: &Event) -> XResult<Option<Arc<str>>> {
        let (atoms, window) = (&self.atoms, self.window);
        let text = match event {
            Event::XfixesSelectionNotify(event) if event.selection == atoms.CLIPBOARD => {
                self.owner_changed(link, event.owner, event.selection_timestamp)?;
                None
            }
            Event::SelectionRequest(request) if request.owner == window => {
                // What we hear of another owner may be older than our own claim, and then we ask ourselves.
                let is_ours = request.requestor == window;
                self.offer.answer(link, atoms, request, is_ours)?;
                None
            }
            Event::SelectionNotify(event) if event.requestor == window => {
                self.fetch.arrived(link, atoms, event)?
            }
            Event::PropertyNotify(event) if event.window == window => match event.state {
                Property::NEW_VALUE => self.fetch.grown(link, window, event.atom)?,
                _ => None,
            },
            Event::PropertyNotify(event) if event.state == Property::DELETE => {
                self.offer.taken(link, event.window, event.atom)?;
                None
            }
            _ => None,
        };
        Ok(text.and_then(|text| self.news(text)))
    }

    /// Gives up what made no progress for too long.
    pub(crate) fn expire(&mut self, link: &Link, now: Instant) -> XResult<()> {
        self.fetch.expire(now);
        self.offer.expire(link, now)
    }

    /// When [`expire`](Self::expire) has something to do next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.fetch.deadline().into_iter().chain(self.offer.deadline()).min()
    }

    fn owner_changed(&mut self, link: &Link, owner: Window, time: u32) -> XResult<()> {
        if owner == self.window {
            self.offer.owned_since(time);
            return Ok(());
        }
        self.fetch.abandon();
        if owner == NONE { Ok(()) } else { self.fetch.start(link, &self.atoms, self.window, time) }
    }

    fn news(&mut self, text: Arc<str>) -> Option<Arc<str>> {
        let is_echo = self.told.take().is_some_and(|told| told == text);
        if is_echo {
            self.told = Some(text);
            return None;
        }
        Some(text)
    }
}

impl Atoms {
    /// What text is asked for as, the best first.
    fn wanted(&self) -> [Atom; 3] {
        [self.UTF8_STRING, self.TEXT_PLAIN_UTF8, x11rb::protocol::xproto::AtomEnum::STRING.into()]
    }

    fn properties(&self) -> [Atom; 4] {
        [self.COSMOS_TEXT_0, self.COSMOS_TEXT_1, self.COSMOS_TEXT_2, self.COSMOS_TEXT_3]
    }
}
