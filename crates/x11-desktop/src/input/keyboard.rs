//! The keys: what is down, and what must go down for a keysym.

use std::{collections::VecDeque, thread, time::Instant};

use cosmos_desktop::Keysym;
use x11rb::{
    NO_SYMBOL,
    connection::{Connection as _, RequestConnection as _},
    protocol::{
        Event,
        xkb::{
            self, ConnectionExt as _, EventType, MapPart, SelectEventsAux, SelectEventsAuxStateNotify,
            StatePart,
        },
        xproto::{AtomEnum, ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Mapping, PropMode},
        xtest::ConnectionExt as _,
    },
    wrapper::ConnectionExt as _,
};

use super::{
    keymap::{Keymap, Latches, Levels, Stroke},
    spares::Spares,
};
use crate::link::{Link, XResult};

/// As many spare keycodes are used at most, and so many keys that type nothing are borrowed where none is free.
const MAX_SPARES: usize = 24;
const MAX_BORROWED: usize = 4;

/// Notices of our own changes come at once, so that few of them are remembered.
const MAX_OWN_CHANGES: usize = 64;

/// The property of the root window that says which keycodes are bound to what the layout lacks. Without it every
/// start would find fewer of them.
const SPARES_PROPERTY: &[u8] = b"_COSMOS_SPARE_KEYCODES";

/// The keyboard of one display.
pub(super) struct Keyboard {
    keymap: Keymap,
    latches: Latches,
    spares: Spares,
    borrowed: Vec<(u8, Vec<u32>)>,
    /// What is down, in the order it went down.
    down: Vec<(Keysym, u8)>,
    /// The low halves of the sequence numbers of our own last changes of the layout.
    own_changes: VecDeque<u16>,
    has_xkb: bool,
    is_map_stale: bool,
    is_state_stale: bool,
}

impl Keyboard {
    pub(super) fn open(link: &Link) -> XResult<Self> {
        let mut keyboard = Self {
            keymap: Keymap::default(),
            latches: Latches::default(),
            spares: Spares::default(),
            borrowed: Vec::new(),
            down: Vec::with_capacity(16),
            own_changes: VecDeque::with_capacity(MAX_OWN_CHANGES),
            has_xkb: select_events(link)?,
            is_map_stale: true,
            is_state_stale: true,
        };
        keyboard.spares.replace(&recorded_spares(link)?);
        keyboard.refresh(link)?;
        Ok(keyboard)
    }

    /// Puts a key down. One that is down already stays so: the server repeats it by itself.
    pub(super) fn press(&mut self, link: &Link, keysym: Keysym) -> XResult<()> {
        if self.down.iter().any(|(down, _)| *down == keysym) {
            return Ok(());
        }
        self.refresh(link)?;
        let Some(stroke) = self.stroke(link, keysym)? else { return Ok(()) };
        self.lift(link, stroke.code)?;
        if stroke.levels == self.held() {
            self.fake(link, stroke.code, true)?;
            self.down.push((keysym, stroke.code));
            return Ok(());
        }
        // Held down it would repeat with other modifiers than it went down with.
        self.tap(link, stroke)
    }

    /// Lets the key go that went down for this keysym.
    pub(super) fn release(&mut self, link: &Link, keysym: Keysym) -> XResult<()> {
        let Some(at) = self.down.iter().position(|(down, _)| *down == keysym) else { return Ok(()) };
        let (_, code) = self.down.remove(at);
        self.fake(link, code, false)
    }

    pub(super) fn release_all(&mut self, link: &Link) -> XResult<()> {
        while let Some((_, code)) = self.down.pop() {
            self.fake(link, code, false)?;
        }
        Ok(())
    }

    /// Types each character of a text.
    pub(super) fn type_text(&mut self, link: &Link, text: &str) -> XResult<()> {
        for character in text.chars().filter(|character| *character != '\r') {
            self.refresh(link)?;
            if let Some(stroke) = self.stroke(link, Keysym::from_char(character))? {
                self.lift(link, stroke.code)?;
                self.tap(link, stroke)?;
            }
        }
        Ok(())
    }

    /// Gives borrowed keys their meaning again.
    pub(super) fn give_back(&mut self, link: &Link) -> XResult<()> {
        for (code, syms) in self.borrowed.drain(..) {
            link.conn.change_keyboard_mapping(1, code, syms.len() as u8, &syms)?;
        }
        Ok(())
    }

    /// The key for a keysym; one that the layout lacks is bound to a spare key first.
    fn stroke(&mut self, link: &Link, keysym: Keysym) -> XResult<Option<Stroke>> {
        let has_shortcut = self.down.iter().any(|(_, code)| self.keymap.is_shortcut(*code));
        let stroke = self.keymap.stroke(keysym, self.held(), has_shortcut);
        let stroke = match stroke {
            Some(stroke) => Some(stroke),
            None => self.bind(link, keysym)?.map(|code| Stroke { code, levels: self.held() }),
        };
        if let Some(stroke) = stroke {
            self.spares.touch(stroke.code, Instant::now());
        }
        Ok(stroke)
    }

    fn bind(&mut self, link: &Link, keysym: Keysym) -> XResult<Option<u8>> {
        if keysym.0 == NO_SYMBOL {
            return Ok(None);
        }
        let mut claim = self.claim();
        if claim.is_none()
            && let Some(code) = self.oldest_spare_down()
        {
            self.lift(link, code)?;
            claim = self.claim();
        }
        let Some(claim) = claim else {
            tracing::debug!(?keysym, "no key is left for what the layout lacks");
            return Ok(None);
        };
        if !claim.settle.is_zero() {
            link.conn.flush()?;
            thread::sleep(claim.settle);
        }
        // The same on both levels, so that Shift changes nothing.
        let change = link.conn.change_keyboard_mapping(1, claim.code, 2, &[keysym.0; 2])?;
        self.own_changes.truncate(MAX_OWN_CHANGES - 1);
        self.own_changes.push_front(change.sequence_number() as u16);
        self.keymap.bind(claim.code, keysym);
        Ok(Some(claim.code))
    }

    fn claim(&mut self) -> Option<super::spares::Claim> {
        let down = &self.down;
        self.spares.claim(Instant::now(), |code| down.iter().any(|(_, held)| *held == code))
    }

    fn oldest_spare_down(&self) -> Option<u8> {
        self.down.iter().map(|(_, code)| *code).find(|code| self.spares.contains(*code))
    }

    /// Presses and releases a key with the modifiers it needs around it.
    fn tap(&mut self, link: &Link, stroke: Stroke) -> XResult<()> {
        let held = self.held();
        self.switch(link, held, stroke.levels)?;
        self.fake(link, stroke.code, true)?;
        self.fake(link, stroke.code, false)?;
        self.switch(link, stroke.levels, held)
    }

    /// Goes from one state of the level modifiers to another; the keys that the person holds are the ones that go
    /// up, and down again on the way back.
    fn switch(&self, link: &Link, from: Levels, to: Levels) -> XResult<()> {
        let held = self.held();
        let shift = |levels: Levels| levels.shift;
        let level3 = |levels: Levels| levels.level3;
        if from.shift != to.shift {
            self.switch_one(link, held.shift, to.shift, shift, self.keymap.shift_key())?;
        }
        if from.level3 != to.level3 {
            self.switch_one(link, held.level3, to.level3, level3, self.keymap.level3_key())?;
        }
        Ok(())
    }

    fn switch_one(
        &self,
        link: &Link,
        is_held: bool,
        to: bool,
        chooses: impl Fn(Levels) -> bool,
        key: Option<u8>,
    ) -> XResult<()> {
        if !is_held {
            return key.map_or(Ok(()), |code| self.fake_now(link, code, to));
        }
        let keys = self.down.iter().filter(|(_, code)| chooses(self.keymap.levels_of(*code)));
        keys.map(|(_, code)| *code).try_for_each(|code| self.fake_now(link, code, to))
    }

    /// The level modifiers that the person holds.
    fn held(&self) -> Levels {
        self.down.iter().map(|(_, code)| self.keymap.levels_of(*code)).fold(Levels::default(), |held, key| {
            Levels { shift: held.shift || key.shift, level3: held.level3 || key.level3 }
        })
    }

    /// Lets a key go that is down for another keysym.
    fn lift(&mut self, link: &Link, code: u8) -> XResult<()> {
        let Some(at) = self.down.iter().position(|(_, down)| *down == code) else { return Ok(()) };
        self.down.remove(at);
        self.fake(link, code, false)
    }

    fn fake(&mut self, link: &Link, code: u8, is_pressed: bool) -> XResult<()> {
        self.is_state_stale |= self.keymap.is_lock(code);
        self.fake_now(link, code, is_pressed)
    }

    fn fake_now(&self, link: &Link, code: u8, is_pressed: bool) -> XResult<()> {
        let kind = if is_pressed { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
        link.conn.xtest_fake_input(kind, code, 0, link.root, 0, 0, 0)?;
        Ok(())
    }

    /// Brings layout and locks up to date. Asks the server only after something changed there.
    fn refresh(&mut self, link: &Link) -> XResult<()> {
        while let Some(event) = link.conn.poll_for_event()? {
            self.notice(&event);
        }
        if std::mem::take(&mut self.is_state_stale) && self.has_xkb {
            let state = link.conn.xkb_get_state(xkb::ID::USE_CORE_KBD.into())?.reply()?;
            self.latches = Latches { locked: u16::from(state.locked_mods) as u8, group: state.group.into() };
        }
        if std::mem::take(&mut self.is_map_stale) {
            self.keymap = fetch(link, self.latches)?;
            self.own_changes.clear();
            self.choose_spares(link)?;
        }
        self.keymap.set_latches(self.latches);
        Ok(())
    }

    fn notice(&mut self, event: &Event) {
        match event {
            Event::XkbStateNotify(event) => {
                self.latches =
                    Latches { locked: u16::from(event.locked_mods) as u8, group: event.group.into() };
            }
            Event::XkbMapNotify(event) => self.is_map_stale |= !self.own_changes.contains(&event.sequence),
            Event::XkbNewKeyboardNotify(_) => (self.is_map_stale, self.is_state_stale) = (true, true),
            Event::MappingNotify(event) if event.request != Mapping::POINTER => {
                self.is_map_stale |= !self.own_changes.contains(&event.sequence);
            }
            Event::Error(error) => tracing::debug!(?error, "X error on the connection for input"),
            _ => {}
        }
    }

    /// Finds the keycodes that may be bound in the layout as it is now.
    fn choose_spares(&mut self, link: &Link) -> XResult<()> {
        let (keymap, borrowed) = (&self.keymap, &mut self.borrowed);
        let mut codes: Vec<u8> = self.spares.codes().filter(|code| keymap.looks_spare(*code)).collect();
        let empty: Vec<u8> = keymap.empty_codes().filter(|code| !codes.contains(code)).collect();
        codes.extend(empty);
        codes.truncate(MAX_SPARES);
        record_spares(link, &codes)?;
        borrowed.retain(|(code, _)| keymap.looks_spare(*code));
        if codes.is_empty() {
            for code in keymap.expendable_codes().take(MAX_BORROWED) {
                borrowed.push((code, keymap.row(code).to_vec()));
            }
            codes.extend(borrowed.iter().map(|(code, _)| *code));
        }
        self.spares.replace(&codes);
        Ok(())
    }
}

/// Asks to be told of locks, layouts and their changes; false where the server has no XKEYBOARD, and then only the
/// layout is told.
fn select_events(link: &Link) -> XResult<bool> {
    if link.conn.extension_information(xkb::X11_EXTENSION_NAME)?.is_none()
        || !link.conn.xkb_use_extension(1, 0)?.reply()?.supported
    {
        return Ok(false);
    }
    let parts = StatePart::MODIFIER_LOCK | StatePart::GROUP_STATE | StatePart::GROUP_LOCK;
    let state = SelectEventsAuxStateNotify { affect_state: parts, state_details: parts };
    let all = EventType::MAP_NOTIFY | EventType::NEW_KEYBOARD_NOTIFY;
    // These parts are what the server goes by, for the layout it does not look at `all`.
    let map = MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP;
    let details = SelectEventsAux::new().state_notify(state);
    let none = EventType::from(0_u16);
    link.conn.xkb_select_events(xkb::ID::USE_CORE_KBD.into(), none, all, map, map, &details)?;
    Ok(true)
}

fn fetch(link: &Link, latches: Latches) -> XResult<Keymap> {
    let (first, last) = (link.conn.setup().min_keycode, link.conn.setup().max_keycode);
    let syms = link.conn.get_keyboard_mapping(first, last - first + 1)?;
    let modifiers = link.conn.get_modifier_mapping()?;
    let (syms, modifiers) = (syms.reply()?, modifiers.reply()?);
    let mut bits = vec![0; 256];
    let per_modifier = usize::from(modifiers.keycodes_per_modifier()).max(1);
    for (modifier, codes) in modifiers.keycodes.chunks(per_modifier).enumerate() {
        codes.iter().filter(|code| **code != 0).for_each(|code| bits[usize::from(*code)] |= 1_u8 << modifier);
    }
    Ok(Keymap::new(first, syms.keysyms_per_keycode.into(), syms.keysyms, bits, latches))
}

fn recorded_spares(link: &Link) -> XResult<Vec<u8>> {
    let property = link.conn.intern_atom(false, SPARES_PROPERTY)?.reply()?.atom;
    let reply = link.conn.get_property(false, link.root, property, AtomEnum::CARDINAL, 0, 64)?.reply()?;
    Ok(reply.value)
}

fn record_spares(link: &Link, codes: &[u8]) -> XResult<()> {
    let property = link.conn.intern_atom(false, SPARES_PROPERTY)?.reply()?.atom;
    link.conn.change_property8(PropMode::REPLACE, link.root, property, AtomEnum::CARDINAL, codes)?;
    Ok(())
}
