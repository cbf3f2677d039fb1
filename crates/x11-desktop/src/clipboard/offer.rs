//! Text that we offer, on its way to clients that paste it.

use std::{sync::Arc, time::Instant};

use x11rb::{
    CURRENT_TIME, NONE,
    connection::{Connection as _, RequestConnection as _},
    protocol::xproto::{
        Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode,
        SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window,
    },
    wrapper::ConnectionExt as _,
};

use super::{Atoms, PATIENCE};
use crate::link::{Link, XResult};

/// What is sent at once; more goes in pieces of this size.
const PIECE: usize = 256 << 10;

/// More pastes than this at one time are refused.
const MAX_TRANSFERS: usize = 32;

/// The text, and the clients that are reading it in pieces.
#[derive(Default)]
pub(super) struct Offer {
    text: Option<Arc<str>>,
    since: u32,
    transfers: Vec<Transfer>,
}

struct Transfer {
    window: Window,
    property: Atom,
    kind: Atom,
    bytes: Bytes,
    sent: usize,
    deadline: Instant,
}

enum Bytes {
    Utf8(Arc<str>),
    Latin1(Vec<u8>),
}

impl Offer {
    pub(super) fn set(&mut self, text: Arc<str>) {
        (self.text, self.since) = (Some(text), CURRENT_TIME);
    }

    pub(super) fn owned_since(&mut self, time: u32) {
        self.since = time;
    }

    /// Answers a client that wants the text, or a list of what there is; `is_ours` means that we asked ourselves.
    pub(super) fn answer(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        request: &SelectionRequestEvent,
        is_ours: bool,
    ) -> XResult<()> {
        // Clients from before the ICCCM name no property.
        let property = if request.property == NONE { request.target } else { request.property };
        let is_welcome =
            request.selection == atoms.CLIPBOARD && !is_ours && self.transfers.len() < MAX_TRANSFERS;
        let text = self.text.clone().filter(|_| is_welcome);
        let is_answered = match text {
            Some(text) => self.put(link, atoms, (request.requestor, property), request.target, text)?,
            None => false,
        };
        notify(link, request, if is_answered { property } else { NONE })
    }

    /// Sends the next piece to a client that removed the one before.
    pub(super) fn taken(&mut self, link: &Link, window: Window, property: Atom) -> XResult<()> {
        let found = self.transfers.iter().position(|with| (with.window, with.property) == (window, property));
        let Some(at) = found else { return Ok(()) };
        let transfer = &mut self.transfers[at];
        let rest = &transfer.bytes.get()[transfer.sent..];
        let piece = &rest[..rest.len().min(piece_len(link))];
        let is_end = piece.is_empty();
        link.conn.change_property8(PropMode::REPLACE, window, property, transfer.kind, piece)?;
        transfer.sent += piece.len();
        transfer.deadline = Instant::now() + PATIENCE;
        if is_end {
            self.transfers.swap_remove(at);
            self.stop_watching(link, window)?;
        }
        Ok(link.conn.flush()?)
    }

    pub(super) fn expire(&mut self, link: &Link, now: Instant) -> XResult<()> {
        while let Some(at) = self.transfers.iter().position(|transfer| transfer.deadline <= now) {
            let transfer = self.transfers.swap_remove(at);
            self.stop_watching(link, transfer.window)?;
        }
        Ok(())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.transfers.iter().map(|transfer| transfer.deadline).min()
    }

    /// Puts what was asked for into the property; false when there is no such thing.
    fn put(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        (window, property): (Window, Atom),
        target: Atom,
        text: Arc<str>,
    ) -> XResult<bool> {
        let string = Atom::from(AtomEnum::STRING);
        if target == atoms.TARGETS {
            let list = [
                atoms.TARGETS,
                atoms.TIMESTAMP,
                atoms.UTF8_STRING,
                atoms.TEXT_PLAIN_UTF8,
                atoms.TEXT,
                string,
            ];
            link.conn.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &list)?;
        } else if target == atoms.TIMESTAMP {
            link.conn.change_property32(
                PropMode::REPLACE,
                window,
                property,
                AtomEnum::INTEGER,
                &[self.since],
            )?;
        } else if target == atoms.UTF8_STRING || target == atoms.TEXT_PLAIN_UTF8 {
            self.send(link, atoms, (window, property), target, Bytes::Utf8(text))?;
        } else if target == atoms.TEXT {
            self.send(link, atoms, (window, property), atoms.UTF8_STRING, Bytes::Utf8(text))?;
        } else if target == string {
            self.send(link, atoms, (window, property), string, Bytes::Latin1(latin1(&text)))?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Sends all at once, or announces that it comes in pieces.
    fn send(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        (window, property): (Window, Atom),
        kind: Atom,
        bytes: Bytes,
    ) -> XResult<()> {
        let all = bytes.get();
        if all.len() <= piece_len(link) {
            link.conn.change_property8(PropMode::REPLACE, window, property, kind, all)?;
            return Ok(());
        }
        let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        link.conn.change_window_attributes(window, &watch)?;
        link.conn.change_property32(PropMode::REPLACE, window, property, atoms.INCR, &[all.len() as u32])?;
        // A second question for the same property replaces the first.
        self.transfers.retain(|other| (other.window, other.property) != (window, property));
        let deadline = Instant::now() + PATIENCE;
        self.transfers.push(Transfer { window, property, kind, bytes, sent: 0, deadline });
        Ok(())
    }

    fn stop_watching(&self, link: &Link, window: Window) -> XResult<()> {
        if self.transfers.iter().all(|transfer| transfer.window != window) {
            let nothing = ChangeWindowAttributesAux::new().event_mask(EventMask::NO_EVENT);
            link.conn.change_window_attributes(window, &nothing)?;
        }
        Ok(())
    }
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Utf8(text) => text.as_bytes(),
            Self::Latin1(bytes) => bytes,
        }
    }
}

fn notify(link: &Link, request: &SelectionRequestEvent, property: Atom) -> XResult<()> {
    let event = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor: request.requestor,
        selection: request.selection,
        target: request.target,
        property,
    };
    link.conn.send_event(false, request.requestor, EventMask::NO_EVENT, event)?;
    Ok(link.conn.flush()?)
}

fn piece_len(link: &Link) -> usize {
    // The request around the piece takes 24 bytes, or 28 when it is a big one.
    PIECE.min(link.conn.maximum_request_bytes().saturating_sub(64))
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_latin1_lacks_becomes_a_question_mark() {
        assert_eq!(latin1("aé漢ÿ"), b"a\xe9?\xff");
    }
}
