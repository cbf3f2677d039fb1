//! Text that another client copied, on its way to us.

use std::{sync::Arc, time::Instant};

use x11rb::{
    NONE,
    connection::Connection as _,
    protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, GetPropertyReply, SelectionNotifyEvent, Window},
};

use super::{Atoms, MAX_TEXT, PATIENCE};
use crate::link::{Link, XResult};

/// The one transfer to us, if any: a newer copy replaces it.
#[derive(Default)]
pub(super) struct Fetch {
    state: State,
    turn: usize,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    /// The owner was asked for the text as the `target`th of those we want.
    Asked { property: Atom, target: usize, time: u32, deadline: Instant },
    /// The owner sends the text in pieces.
    Growing { property: Atom, encoding: Encoding, bytes: Vec<u8>, deadline: Instant },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Latin1,
}

impl Fetch {
    /// Asks the owner for its text as UTF-8.
    pub(super) fn start(&mut self, link: &Link, atoms: &Atoms, window: Window, time: u32) -> XResult<()> {
        self.turn += 1;
        self.ask(link, atoms, window, 0, time)
    }

    /// Takes in the owner's answer. Returns the text when it came in one piece.
    pub(super) fn arrived(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        event: &SelectionNotifyEvent,
    ) -> XResult<Option<Arc<str>>> {
        let State::Asked { property, target, time, .. } = self.state else { return Ok(None) };
        if event.property == NONE {
            self.state = State::Idle;
            // An event for a question of before counts as an answer to this one only where the target fits.
            if atoms.wanted().get(target) == Some(&event.target) && target + 1 < atoms.wanted().len() {
                self.ask(link, atoms, event.requestor, target + 1, time)?;
            }
            return Ok(None);
        }
        if event.property != property {
            return Ok(None);
        }
        let reply = take(link, event.requestor, property)?;
        let encoding = if target == 2 { Encoding::Latin1 } else { Encoding::Utf8 };
        if reply.type_ == atoms.INCR {
            let deadline = Instant::now() + PATIENCE;
            self.state = State::Growing { property, encoding, bytes: Vec::new(), deadline };
            return Ok(None);
        }
        self.state = State::Idle;
        Ok(Some(reply)
            .filter(|reply| reply.bytes_after == 0)
            .and_then(|reply| decode(&reply.value, encoding)))
    }

    /// Takes in another piece. Returns the text when this was the end of it.
    pub(super) fn grown(&mut self, link: &Link, window: Window, changed: Atom) -> XResult<Option<Arc<str>>> {
        let State::Growing { property, encoding, bytes, deadline } = &mut self.state else { return Ok(None) };
        if changed != *property {
            return Ok(None);
        }
        let reply = take(link, window, changed)?;
        if reply.type_ == NONE {
            return Ok(None);
        }
        if bytes.len() + reply.value.len() > MAX_TEXT || reply.bytes_after > 0 {
            tracing::warn!(
                limit = MAX_TEXT,
                "a copied text is too large for the clipboard and is left alone"
            );
            self.state = State::Idle;
            return Ok(None);
        }
        *deadline = Instant::now() + PATIENCE;
        bytes.extend_from_slice(&reply.value);
        let text = reply.value.is_empty().then(|| decode(bytes, *encoding));
        if text.is_some() {
            self.state = State::Idle;
        }
        Ok(text.flatten())
    }

    /// Forgets the transfer.
    pub(super) fn abandon(&mut self) {
        self.state = State::Idle;
    }

    pub(super) fn expire(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            tracing::debug!("the owner of the clipboard stopped in the middle of a transfer");
            self.abandon();
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => None,
            State::Asked { deadline, .. } | State::Growing { deadline, .. } => Some(*deadline),
        }
    }

    fn ask(&mut self, link: &Link, atoms: &Atoms, window: Window, target: usize, time: u32) -> XResult<()> {
        let properties = atoms.properties();
        let property = properties[self.turn % properties.len()];
        link.conn.delete_property(window, property)?;
        link.conn.convert_selection(window, atoms.CLIPBOARD, atoms.wanted()[target], property, time)?;
        link.conn.flush()?;
        self.state = State::Asked { property, target, time, deadline: Instant::now() + PATIENCE };
        Ok(())
    }
}

/// Reads a property and removes it, which tells the owner to go on.
fn take(link: &Link, window: Window, property: Atom) -> XResult<GetPropertyReply> {
    let words = (MAX_TEXT / 4) as u32;
    Ok(link.conn.get_property(true, window, property, AtomEnum::ANY, 0, words)?.reply()?)
}

/// The text, without the zero byte some clients end it with; `None` when there is nothing in it.
fn decode(bytes: &[u8], encoding: Encoding) -> Option<Arc<str>> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let text: Arc<str> = match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(bytes).into(),
        Encoding::Latin1 => bytes.iter().copied().map(char::from).collect::<String>().into(),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text() {
        for (bytes, encoding, text) in [
            ("grün 漢".as_bytes(), Encoding::Utf8, Some("grün 漢")),
            (b"gr\xfcn\0", Encoding::Latin1, Some("grün")),
            (b"gr\xfcn", Encoding::Utf8, Some("gr\u{fffd}n")),
            (b"", Encoding::Utf8, None),
            (b"\0", Encoding::Utf8, None),
        ] {
            assert_eq!(decode(bytes, encoding).as_deref(), text);
        }
    }
}
