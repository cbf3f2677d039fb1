//! Which key, with which modifiers, means a keysym.

use std::collections::HashMap;

use cosmos_desktop::Keysym;
use x11rb::NO_SYMBOL;

/// The levels that Shift and ISO_Level3_Shift reach.
const LEVELS: usize = 4;

const CAPS_LOCK: u32 = 0xffe5;
const SHIFT_LOCK: u32 = 0xffe6;
const ISO_LOCK: u32 = 0xfe01;
const NUM_LOCK: u32 = 0xff7f;
const LEVEL3_SHIFT: u32 = 0xfe03;
const SHIFT_LEFT: u32 = 0xffe1;
const SHIFT_RIGHT: u32 = 0xffe2;

/// Bits of the eight modifiers.
const SHIFT: u8 = 1;
const LOCK: u8 = 2;

/// The modifiers that choose a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Levels {
    pub(super) shift: bool,
    pub(super) level3: bool,
}

/// The state of the keyboard apart from the keys that are down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Latches {
    /// Bits of the locked modifiers.
    pub(super) locked: u8,
    /// The layout in use, from 0.
    pub(super) group: u8,
}

/// How to press a keysym.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) code: u8,
    /// What must hold while the key goes down.
    pub(super) levels: Levels,
}

/// The layout of the server.
#[derive(Debug, Default)]
pub(super) struct Keymap {
    first: u8,
    columns: usize,
    syms: Vec<u32>,
    modifiers: Vec<u8>,
    latches: Latches,
    index: HashMap<u32, Vec<(u8, u8)>>,
    level3_bit: u8,
    num_bit: u8,
}

impl Keymap {
    /// The layout as the core protocol tells it: `columns` keysyms for each keycode from `first`, and the modifier
    /// bits of each of the 256 keycodes.
    pub(super) fn new(
        first: u8,
        columns: usize,
        syms: Vec<u32>,
        modifiers: Vec<u8>,
        latches: Latches,
    ) -> Self {
        let mut map = Self { first, columns: columns.max(1), syms, modifiers, latches, ..Self::default() };
        map.level3_bit = map.modifier_of(LEVEL3_SHIFT);
        map.num_bit = map.modifier_of(NUM_LOCK);
        map.build_index();
        map
    }

    pub(super) fn set_latches(&mut self, latches: Latches) {
        let group = std::mem::replace(&mut self.latches, latches).group;
        if group != latches.group {
            self.build_index();
        }
    }

    /// The key for this keysym that changes the least of what is `held`; `None` when the layout lacks it.
    pub(super) fn stroke(&self, keysym: Keysym, held: Levels, has_shortcut: bool) -> Option<Stroke> {
        let wanted = canonical(keysym.0);
        let places = self.index.get(&wanted)?;
        if !depends_on_level(wanted)
            && let Some((code, _)) = places.iter().find(|(_, level)| *level == 0)
        {
            return Some(Stroke { code: *code, levels: held });
        }
        if is_modifier(wanted) {
            return places.first().map(|(code, _)| Stroke { code: *code, levels: held });
        }
        if has_shortcut
            && let Some((code, _)) = places.iter().find(|(code, level)| self.is_letter(*code, *level))
        {
            return Some(Stroke { code: *code, levels: held });
        }
        // The first of the least: keys come in order of level and code.
        candidates(held).into_iter().find_map(|levels| {
            let fits = |(code, _): &&(u8, u8)| {
                self.is_reachable(levels, held) && self.means(*code, levels) == wanted
            };
            places.iter().find(fits).map(|(code, _)| Stroke { code: *code, levels })
        })
    }

    /// Binds a keycode to a keysym on all levels, as the server was told to.
    pub(super) fn bind(&mut self, code: u8, keysym: Keysym) {
        let Some(start) = self.start(code) else { return };
        self.syms[start..start + self.columns].fill(keysym.0);
        self.build_index();
    }

    pub(super) fn modifiers(&self, code: u8) -> u8 {
        self.modifiers.get(usize::from(code)).copied().unwrap_or(0)
    }

    /// The levels that this key chooses while it is down.
    pub(super) fn levels_of(&self, code: u8) -> Levels {
        let bits = self.modifiers(code);
        Levels { shift: bits & SHIFT != 0, level3: bits & self.level3_bit != 0 }
    }

    /// Whether this key makes shortcuts of others: Control, Alt, Super.
    pub(super) fn is_shortcut(&self, code: u8) -> bool {
        let others = !(SHIFT | LOCK | self.level3_bit | self.num_bit);
        self.modifiers(code) & others != 0
    }

    /// Whether this key switches a lock on or off.
    pub(super) fn is_lock(&self, code: u8) -> bool {
        matches!(self.sym(code, 0), CAPS_LOCK | SHIFT_LOCK | NUM_LOCK | ISO_LOCK | 0xfe06..=0xfe0f)
    }

    pub(super) fn shift_key(&self) -> Option<u8> {
        self.key_of(&[SHIFT_LEFT, SHIFT_RIGHT]).filter(|code| self.modifiers(*code) & SHIFT != 0)
    }

    pub(super) fn level3_key(&self) -> Option<u8> {
        self.key_of(&[LEVEL3_SHIFT]).filter(|_| self.level3_bit != 0)
    }

    /// Keycodes without any keysym, the highest first. Keycode 8 is one that some clients take for none.
    pub(super) fn empty_codes(&self) -> impl Iterator<Item = u8> {
        self.codes().rev().filter(|code| *code > 8 && self.modifiers(*code) == 0 && self.is_empty(*code))
    }

    /// Whether a keycode is empty, or bound as we bind spare ones: to one character on all levels.
    pub(super) fn looks_spare(&self, code: u8) -> bool {
        let row = self.row(code);
        let sym = row.first().copied().unwrap_or(NO_SYMBOL);
        let is_same = row.iter().all(|other| *other == sym || *other == NO_SYMBOL);
        self.modifiers(code) == 0 && is_same && row.get(1) == Some(&sym)
    }

    /// Keycodes of keys that type nothing and change nothing, the highest first: media keys and the like.
    pub(super) fn expendable_codes(&self) -> impl Iterator<Item = u8> {
        self.codes().rev().filter(|code| self.modifiers(*code) == 0 && self.sym(*code, 0) >= 0x1008_0000)
    }

    /// The keysyms of a keycode, as many as there are columns.
    pub(super) fn row(&self, code: u8) -> &[u32] {
        self.start(code).map_or(&[], |start| &self.syms[start..start + self.columns])
    }

    fn codes(&self) -> impl DoubleEndedIterator<Item = u8> {
        let count = self.syms.len() / self.columns.max(1);
        let first = self.first;
        (0..count).map(move |at| first + at as u8)
    }

    fn start(&self, code: u8) -> Option<usize> {
        let start = usize::from(code.checked_sub(self.first)?) * self.columns;
        (start + self.columns <= self.syms.len()).then_some(start)
    }

    fn is_empty(&self, code: u8) -> bool {
        self.row(code).iter().all(|sym| *sym == NO_SYMBOL)
    }

    /// The keysym at a level of the layout in use. The core protocol puts two levels of two layouts first, then the
    /// next two levels of both.
    fn sym(&self, code: u8, level: usize) -> u32 {
        let group = usize::from(self.latches.group.min(1));
        let column = (level / 2) * 4 + group * 2 + level % 2;
        self.row(code).get(column).copied().unwrap_or(NO_SYMBOL)
    }

    /// What a key means with these modifiers down and the locks as they are.
    fn means(&self, code: u8, levels: Levels) -> u32 {
        canonical(self.sym(code, self.level(code, levels)))
    }

    fn level(&self, code: u8, levels: Levels) -> usize {
        let has = |level| self.sym(code, level) != NO_SYMBOL;
        let pair = if levels.level3 && (has(2) || has(3)) { 2 } else { 0 };
        let (low, high) = (self.sym(code, pair), self.sym(code, pair + 1));
        if high == NO_SYMBOL {
            return pair;
        }
        let inverts = (self.latches.locked & LOCK != 0 && is_letter_pair(low, high))
            || (self.latches.locked & self.num_bit != 0 && (is_keypad(low) || is_keypad(high)));
        pair + usize::from(levels.shift != inverts)
    }

    fn is_letter(&self, code: u8, level: u8) -> bool {
        level < 2 && is_letter_pair(self.sym(code, 0), self.sym(code, 1))
    }

    fn is_reachable(&self, levels: Levels, held: Levels) -> bool {
        (!levels.shift || held.shift || self.shift_key().is_some())
            && (!levels.level3 || held.level3 || self.level3_key().is_some())
    }

    fn key_of(&self, syms: &[u32]) -> Option<u8> {
        syms.iter().find_map(|sym| self.index.get(sym)?.first().map(|(code, _)| *code))
    }

    fn modifier_of(&self, sym: u32) -> u8 {
        self.codes()
            .filter(|code| self.row(*code).contains(&sym))
            .fold(0, |bits, code| bits | self.modifiers(code))
    }

    fn build_index(&mut self) {
        let mut index = std::mem::take(&mut self.index);
        index.clear();
        for level in 0..LEVELS {
            for code in self.codes() {
                let sym = canonical(self.sym(code, level));
                if sym != NO_SYMBOL {
                    index.entry(sym).or_default().push((code, level as u8));
                }
            }
        }
        self.index = index;
    }
}

/// What may hold when a key goes down, from nothing changed to everything changed.
fn candidates(held: Levels) -> [Levels; LEVELS] {
    let Levels { shift, level3 } = held;
    [
        held,
        Levels { shift: !shift, level3 },
        Levels { shift, level3: !level3 },
        Levels { shift: !shift, level3: !level3 },
    ]
}

/// One keysym for each character: many have an older one beside the one made of their code point.
fn canonical(sym: u32) -> u32 {
    match sym {
        0x100..=0xfcff => {
            xkeysym::Keysym::new(sym).key_char().map_or(sym, |character| Keysym::from_char(character).0)
        }
        0x0100_0000..=0x0110_ffff => {
            char::from_u32(sym - 0x0100_0000).map_or(sym, |c| Keysym::from_char(c).0)
        }
        _ => sym,
    }
}

/// Whether a keysym is another thing on each level of its key: characters, dead keys and the keypad are, Tab and F1
/// stay what they are with Shift.
fn depends_on_level(sym: u32) -> bool {
    matches!(sym, 0..=0xfcff | 0xfe50..=0xfe93 | 0x0100_0000..=0x0110_ffff) || is_keypad(sym)
}

fn is_modifier(sym: u32) -> bool {
    matches!(sym, 0xffe1..=0xffee | 0xfe01..=0xfe0f | 0xff7e | NUM_LOCK)
}

fn is_keypad(sym: u32) -> bool {
    matches!(sym, 0xff80..=0xffbd)
}

fn is_letter_pair(low: u32, high: u32) -> bool {
    let character = |sym| xkeysym::Keysym::new(sym).key_char();
    low != high
        && !is_keypad(low)
        && character(low).zip(character(high)).is_some_and(|(low, high)| low.to_uppercase().eq([high]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: u32 = NO_SYMBOL;

    /// A layout of eight keys with what the German one has on them, one group, and Shift, AltGr, Control on 50 to 52.
    fn german(latches: Latches) -> Keymap {
        let rows: [[u32; 8]; 11] = [
            [0x71, 0x51, 0x71, 0x51, 0x40, 0x7d9, 0x40, 0x7d9], // 40: q Q @ Greek_OMEGA
            [0x65, 0x45, 0x65, 0x45, 0x20ac, 0x20ac, 0x20ac, 0x20ac], // 41: e E EuroSign
            [0x32, 0x22, 0x32, 0x22, 0xb2, 0x5c6, 0xb2, 0x5c6], // 42: 2 " twosuperior
            [0xff09, 0xfe20, 0xff09, 0xfe20, NONE, NONE, NONE, NONE], // 43: Tab
            [0xff97, 0xffb8, 0xff97, 0xffb8, NONE, NONE, NONE, NONE], // 44: KP_Up KP_8
            [0xfe51, 0xfe50, 0xfe51, 0xfe50, NONE, NONE, NONE, NONE], // 45: dead_acute dead_grave
            [0x20, NONE, 0x20, NONE, NONE, NONE, NONE, NONE],   // 46: space
            [NONE; 8],                                          // 47: a spare
            [0xffe1, NONE, 0xffe1, NONE, NONE, NONE, NONE, NONE], // 48: Shift_L
            [0xfe03, NONE, 0xfe03, NONE, NONE, NONE, NONE, NONE], // 49: ISO_Level3_Shift
            [0xff7f, NONE, 0xff7f, NONE, NONE, NONE, NONE, NONE], // 50: Num_Lock
        ];
        let mut modifiers = vec![0; 256];
        (modifiers[48], modifiers[49], modifiers[50]) = (1, 0x80, 0x10);
        Keymap::new(40, 8, rows.concat(), modifiers, latches)
    }

    fn check(latches: Latches, held: &str, sym: u32, expected: Option<(u8, &str)>) {
        let levels = |text: &str| Levels { shift: text.contains('S'), level3: text.contains('3') };
        let stroke = german(latches).stroke(Keysym(sym), levels(held), held.contains('C'));
        let expected = expected.map(|(code, text)| Stroke { code, levels: levels(text) });
        assert_eq!(stroke, expected, "{sym:#x} with {held:?} held, {latches:?}");
    }

    #[test]
    fn keysyms_are_found_at_their_level() {
        let plain = Latches::default();
        for (held, sym, expected) in [
            ("", 0x71, Some((40, ""))),
            ("", 0x51, Some((40, "S"))),
            ("S", 0x51, Some((40, "S"))),
            ("S", 0x71, Some((40, ""))),
            ("", 0x40, Some((40, "3"))),
            ("3", 0x40, Some((40, "3"))),
            ("S", 0x40, Some((40, "3"))),
            ("3", 0x22, Some((42, "S"))),
            ("", 0x20ac, Some((41, "3"))),
            ("", 0x0100_20ac, Some((41, "3"))),
            ("S3", 0x20ac, Some((41, "S3"))),
            ("", 0x0100_2126, None),
            ("", 0x0100_03a9, Some((40, "S3"))),
            ("", 0xe9, None),
            ("S", 0x20, Some((46, "S"))),
            ("S", 0xff09, Some((43, "S"))),
            ("", 0xfe20, Some((43, "S"))),
            ("S", 0xfe51, Some((45, ""))),
            ("", 0xfe50, Some((45, "S"))),
            ("S", 0xfe03, Some((49, "S"))),
        ] {
            check(plain, held, sym, expected);
        }
    }

    #[test]
    fn locks_turn_the_levels_round() {
        let caps = Latches { locked: LOCK, group: 0 };
        let num = Latches { locked: 0x10, group: 0 };
        for (latches, held, sym, expected) in [
            (caps, "", 0x51, Some((40, ""))),
            (caps, "", 0x71, Some((40, "S"))),
            (caps, "S", 0x71, Some((40, "S"))),
            (caps, "", 0x32, Some((42, ""))),
            (num, "", 0xffb8, Some((44, ""))),
            (num, "", 0xff97, Some((44, "S"))),
            (Latches::default(), "", 0xffb8, Some((44, "S"))),
            (num, "", 0x71, Some((40, ""))),
        ] {
            check(latches, held, sym, expected);
        }
    }

    #[test]
    fn shortcuts_keep_the_modifiers_of_letters() {
        let plain = Latches::default();
        check(plain, "C", 0x71, Some((40, "")));
        check(plain, "CS", 0x51, Some((40, "S")));
        check(plain, "CS", 0x71, Some((40, "S")));
        check(plain, "C", 0x51, Some((40, "")));
        check(plain, "C", 0x22, Some((42, "S")));
    }

    #[test]
    fn a_bound_spare_is_found_whatever_is_held() {
        let mut map = german(Latches::default());
        assert_eq!(map.empty_codes().collect::<Vec<_>>(), [47]);
        map.bind(47, Keysym::from_char('漢'));
        for held in [Levels::default(), Levels { shift: true, level3: true }] {
            assert_eq!(
                map.stroke(Keysym::from_char('漢'), held, false),
                Some(Stroke { code: 47, levels: held })
            );
        }
        assert_eq!(map.empty_codes().count(), 0);
    }

    #[test]
    fn the_second_layout_is_used_when_it_is_in_use() {
        let syms = vec![0x79, 0x59, 0x7a, 0x5a];
        let mut map = Keymap::new(40, 4, syms, vec![0; 256], Latches::default());
        assert_eq!(map.stroke(Keysym(0x7a), Levels::default(), false), None);
        map.set_latches(Latches { locked: 0, group: 1 });
        assert!(map.stroke(Keysym(0x7a), Levels::default(), false).is_some());
        assert_eq!(map.stroke(Keysym(0x79), Levels::default(), false), None);
    }
}
