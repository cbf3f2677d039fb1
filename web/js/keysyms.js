/** X11 keysyms of the keys that browsers name. No DOM in here. */

/** @type {Record<string, number>} what a key is called, or a pair of names for the left and the right one */
const NAMED = {
  Backspace: 0xff08, Tab: 0xff09, Clear: 0xff0b, Enter: 0xff0d, Pause: 0xff13, ScrollLock: 0xff14, Escape: 0xff1b,
  Delete: 0xffff, Home: 0xff50, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53, ArrowDown: 0xff54,
  PageUp: 0xff55, PageDown: 0xff56, End: 0xff57, Select: 0xff60, PrintScreen: 0xff61, Print: 0xff61, Execute: 0xff62,
  Insert: 0xff63, Undo: 0xff65, Redo: 0xff66, Again: 0xff66, ContextMenu: 0xff67, Find: 0xff68, Cancel: 0xff69,
  Help: 0xff6a, Break: 0xff6b, ModeChange: 0xff7e, AltGraph: 0xfe03,
  Compose: 0xff20, KanjiMode: 0xff21, NonConvert: 0xff22, Convert: 0xff23, Romaji: 0xff24, Hiragana: 0xff25,
  Katakana: 0xff26, HiraganaKatakana: 0xff27, Zenkaku: 0xff28, Hankaku: 0xff29, ZenkakuHankaku: 0xff2a,
  KanaMode: 0xff2d, Eisu: 0xff2f, Alphanumeric: 0xff30, HangulMode: 0xff31, HanjaMode: 0xff34, JunjaMode: 0xff38,
  CodeInput: 0xff37, SingleCandidate: 0xff3c, AllCandidates: 0xff3d, PreviousCandidate: 0xff3e,
  BrightnessUp: 0x1008ff02, BrightnessDown: 0x1008ff03, Standby: 0x1008ff10, AudioVolumeDown: 0x1008ff11,
  AudioVolumeMute: 0x1008ff12, AudioVolumeUp: 0x1008ff13, MediaPlayPause: 0x1008ff14, MediaPlay: 0x1008ff14,
  MediaStop: 0x1008ff15, MediaTrackPrevious: 0x1008ff16, MediaTrackNext: 0x1008ff17, BrowserHome: 0x1008ff18,
  LaunchMail: 0x1008ff19, BrowserSearch: 0x1008ff1b, MediaRecord: 0x1008ff1c, LaunchCalculator: 0x1008ff1d,
  LaunchApplication2: 0x1008ff1d, LaunchCalendar: 0x1008ff20, PowerOff: 0x1008ff21, Power: 0x1008ff2a,
  BrowserBack: 0x1008ff26, BrowserForward: 0x1008ff27, BrowserStop: 0x1008ff28, BrowserRefresh: 0x1008ff29,
  WakeUp: 0x1008ff2b, Eject: 0x1008ff2c, LaunchScreenSaver: 0x1008ff2d, BrowserFavorites: 0x1008ff30,
  MediaPause: 0x1008ff31, LaunchMediaPlayer: 0x1008ff32, LaunchMyComputer: 0x1008ff33, LaunchApplication1: 0x1008ff33,
  LaunchWebBrowser: 0x1008ff2e, Sleep: 0x1008ff2f, MediaRewind: 0x1008ff3e, Close: 0x1008ff56, Copy: 0x1008ff57,
  Cut: 0x1008ff58, LogOff: 0x1008ff61, New: 0x1008ff68, Open: 0x1008ff6b, Paste: 0x1008ff6d, MailReply: 0x1008ff72,
  Save: 0x1008ff77, MailSend: 0x1008ff7b, SpellCheck: 0x1008ff7c, ZoomIn: 0x1008ff8b, ZoomOut: 0x1008ff8c,
  MailForward: 0x1008ff90, MediaFastForward: 0x1008ff97, Hibernate: 0x1008ffa8, MicrophoneVolumeMute: 0x1008ffb2,
};

/** @type {Record<string, [number, number]>} left and right */
const SIDED = {
  Shift: [0xffe1, 0xffe2], Control: [0xffe3, 0xffe4], Alt: [0xffe9, 0xffea], Meta: [0xffeb, 0xffec],
  Super: [0xffeb, 0xffec], OS: [0xffeb, 0xffec], Hyper: [0xffed, 0xffee],
};

/** @type {Record<string, number>} the keypad, with and without Num Lock */
const KEYPAD = {
  Enter: 0xff8d, Home: 0xff95, ArrowLeft: 0xff96, ArrowUp: 0xff97, ArrowRight: 0xff98, ArrowDown: 0xff99,
  PageUp: 0xff9a, PageDown: 0xff9b, End: 0xff9c, Clear: 0xff9d, Insert: 0xff9e, Delete: 0xff9f,
  '=': 0xffbd, '*': 0xffaa, '+': 0xffab, ',': 0xffac, '-': 0xffad, '.': 0xffae, '/': 0xffaf,
};

/** Keysyms that the code needs by name. */
export const KEYSYM = {
  backspace: 0xff08, tab: 0xff09, enter: 0xff0d, escape: 0xff1b, delete: 0xffff, left: 0xff51, up: 0xff52,
  right: 0xff53, down: 0xff54, home: 0xff50, end: 0xff57, pageUp: 0xff55, pageDown: 0xff56,
  shift: 0xffe1, control: 0xffe3, alt: 0xffe9, super: 0xffeb, level3: 0xfe03,
};

/**
 * The keysym of a key that has a name.
 * @param {string} key as in `KeyboardEvent.key`
 * @param {number} location as in `KeyboardEvent.location`
 * @returns {number | null} null for characters and for keys that X11 does not know
 */
export function namedKeysym(key, location) {
  if (location === 3) {
    if (/^[0-9]$/.test(key)) return 0xffb0 + Number(key);
    if (Object.hasOwn(KEYPAD, key)) return KEYPAD[key];
  }
  if (Object.hasOwn(SIDED, key)) return SIDED[key][location === 2 ? 1 : 0];
  const functionKey = /^F([1-9]|[12][0-9]|3[0-5])$/.exec(key);
  if (functionKey) return 0xffbd + Number(functionKey[1]);
  return Object.hasOwn(NAMED, key) ? NAMED[key] : null;
}

/**
 * The keysym that stands for a character. Latin-1 characters are their own keysyms.
 * @param {string} character one code point
 * @returns {number}
 */
export function characterKeysym(character) {
  const code = /** @type {number} */ (character.codePointAt(0));
  if (code === 0x0a) return KEYSYM.enter;
  if (code === 0x7f) return KEYSYM.delete;
  if (code === 0x08 || code === 0x09 || code === 0x0d || code === 0x1b) return 0xff00 | code;
  const latin1 = (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xff);
  return latin1 ? code : 0x01000000 + code;
}

/**
 * What the key at this place has on a keyboard of the United States, for keys that have no usable name.
 * @param {string} code as in `KeyboardEvent.code`
 * @returns {string | null} one character
 */
export function latinCharacter(code) {
  const [, letter, digit] = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code) ?? [];
  if (letter) return letter.toLowerCase();
  return digit ?? PUNCTUATION[code] ?? null;
}

/** @type {Record<string, string>} */
const PUNCTUATION = {
  Minus: '-', Equal: '=', BracketLeft: '[', BracketRight: ']', Semicolon: ';', Quote: "'", Backquote: '`',
  Backslash: '\\', Comma: ',', Period: '.', Slash: '/', Space: ' ',
};
