/**
 * Key events to messages: what a key means in the person's own layout, and nothing that stays pressed.
 *
 * No DOM in here: events are read, never acted upon. `typing.js` is the part that listens.
 */

import { KEYSYM, characterKeysym, latinCharacter, namedKeysym } from './keysyms.js';

/**
 * @typedef {import('./protocol.js').InputMessage} InputMessage
 * @typedef {'mac' | 'windows' | 'other'} Platform
 * @typedef {'control' | 'super' | 'alt'} Command what the Command key of a Mac sends
 */

/**
 * What is read of a KeyboardEvent.
 * @typedef {object} KeyInput
 * @property {string} key
 * @property {string} code
 * @property {number} location
 * @property {boolean} repeat
 * @property {boolean} isComposing
 * @property {number} keyCode
 * @property {number} timeStamp in milliseconds
 * @property {(state: string) => boolean} getModifierState
 */

/** What is read of any event to learn which modifiers are down. @typedef {Pick<KeyInput, 'getModifierState'>} Modifiers */

/**
 * @typedef {object} Held
 * @property {number} keysym
 * @property {string} modifier name of the modifier it is; empty when it is none
 * @property {boolean} seen whether the browser has told that the modifier is on while this was held
 * @property {number} since in milliseconds
 */

/** The modifiers that browsers tell, and the keysym for one that went down while nobody listened; 0 for none. */
const MODIFIERS = { Shift: 0, AltGraph: 0, Control: KEYSYM.control, Alt: KEYSYM.alt, Meta: KEYSYM.super };

/** Windows makes Control and AltGraph of one AltGr key, within this many milliseconds. */
const ALTGR_PAIR = 50;

/** Their effect is already in the characters that come. */
const LOCKS = new Set(['CapsLock', 'NumLock', 'Fn', 'FnLock']);

/** Keys that browsers give a press of, but no release. */
const UNRELEASED = new Set([
  'Zenkaku', 'Hankaku', 'ZenkakuHankaku', 'KanaMode', 'KanjiMode', 'Eisu', 'Alphanumeric', 'Hiragana', 'Katakana',
  'HiraganaKatakana', 'Romaji', 'HangulMode', 'HanjaMode',
]);

/** Turns key events into messages. */
export class KeyTranslator {
  /** @type {Map<string, Held>} by `code` */
  #held = new Map();

  /**
   * @param {Platform} platform
   * @param {Command} command
   */
  constructor(platform, command = 'control') {
    this.platform = platform;
    this.command = command;
  }

  /**
   * A key went down.
   * @param {KeyInput} event
   * @returns {InputMessage[] | null} null when the browser must be left to compose text of it
   */
  down(event) {
    if (isComposed(event)) return null;
    const messages = this.modifiers(event, event.code);
    if (LOCKS.has(event.key)) return messages;
    const keysym = this.#keysym(event);
    if (keysym === null) return [...messages, ...unnamed(event.key)];
    const modifier = modifierName(event);
    if (!modifier && (this.#commandHeld(event) || UNRELEASED.has(event.key))) return [...messages, ...tap(keysym)];
    if (event.repeat) return messages;
    if (event.key === 'AltGraph') messages.push(...this.#undoAltGrPair(event));
    messages.push(...this.#release(idOf(event)));
    this.#held.set(idOf(event), { keysym, modifier, seen: false, since: event.timeStamp });
    this.#see(event);
    messages.push(press(keysym));
    return messages;
  }

  /**
   * A key went up.
   * @param {KeyInput} event
   * @returns {InputMessage[]}
   */
  up(event) {
    const known = this.#held.has(idOf(event));
    if (!known && event.key === 'PrintScreen') return tap(namedKeysym('PrintScreen', 0) ?? 0);
    const messages = this.#release(idOf(event));
    if (this.platform === 'mac' && event.key === 'Meta') messages.push(...this.#releaseOrdinary());
    messages.push(...this.#releaseStale(event, event.code));
    return messages;
  }

  /**
   * Brings the modifiers in step with what an event says of them.
   * @param {Modifiers} event
   * @param {string} [except] `code` of a key that speaks for itself
   * @returns {InputMessage[]}
   */
  modifiers(event, except = '') {
    this.#see(event);
    return [...this.#releaseStale(event, except), ...this.#pressMissing(event, except)];
  }

  /**
   * Nothing is pressed any more.
   * @returns {InputMessage[]} none when nothing was
   */
  releaseAll() {
    if (this.#held.size === 0) return [];
    this.#held.clear();
    return [{ kind: 'release-all' }];
  }

  /** @param {KeyInput} event */
  #keysym(event) {
    const { key, code, location } = event;
    if (this.platform === 'mac' && key === 'Alt') return KEYSYM.level3;
    if (this.platform === 'mac' && key === 'Meta') return KEYSYM[this.command];
    if (modifierName(event) === 'Alt') return namedKeysym('Alt', location);
    const named = namedKeysym(key, location);
    if (named !== null) return named;
    if (key === 'Unidentified') return characterOrNull(latinCharacter(code));
    if ([...key].length !== 1) return null;
    return characterKeysym(this.#shortcut(event) ?? key);
  }

  /**
   * Control and the key of the Latin C must copy, whatever script the person writes.
   * @param {KeyInput} event
   */
  #shortcut(event) {
    const { key, code } = event;
    const on = (/** @type {string} */ state) => event.getModifierState(state);
    const wanted = !on('AltGraph') && (on('Control') || on('Meta') || (on('Alt') && this.platform !== 'mac'));
    const latin = wanted && (key.codePointAt(0) ?? 0) > 0x24f ? latinCharacter(code) : null;
    return latin && on('Shift') ? latin.toUpperCase() : latin;
  }

  /** macOS tells no release of a key while Command is down. @param {KeyInput} event */
  #commandHeld(event) {
    return this.platform === 'mac' && event.getModifierState('Meta');
  }

  /** @param {KeyInput} event */
  #undoAltGrPair(event) {
    const control = this.#held.get('ControlLeft');
    const pair = this.platform === 'windows' && control && event.timeStamp - control.since < ALTGR_PAIR;
    return pair ? this.#release('ControlLeft') : [];
  }

  /** @param {Modifiers} event */
  #see(event) {
    for (const held of this.#held.values()) {
      if (held.modifier && event.getModifierState(held.modifier)) held.seen = true;
    }
  }

  /**
   * @param {Modifiers} event
   * @param {string} except
   */
  #releaseStale(event, except) {
    const stale = [...this.#held].filter(
      ([id, held]) => id !== except && held.seen && !event.getModifierState(held.modifier),
    );
    return stale.flatMap(([id]) => this.#release(id));
  }

  /**
   * @param {Modifiers} event
   * @param {string} except
   */
  #pressMissing(event, except) {
    if (event.getModifierState('AltGraph') || this.#holds('AltGraph')) return [];
    /** @type {InputMessage[]} */
    const messages = [];
    for (const [modifier, plain] of Object.entries(MODIFIERS)) {
      const keysym = this.platform === 'mac' ? this.#macModifier(modifier, plain) : plain;
      if (!keysym || !event.getModifierState(modifier) || this.#holds(modifier) || isSide(except, modifier)) continue;
      this.#held.set(`${modifier}Left`, { keysym, modifier, seen: true, since: -Infinity });
      messages.push(press(keysym));
    }
    return messages;
  }

  /**
   * @param {string} modifier
   * @param {number} plain
   */
  #macModifier(modifier, plain) {
    if (modifier === 'Alt') return 0;
    return modifier === 'Meta' ? KEYSYM[this.command] : plain;
  }

  /** @param {string} modifier */
  #holds(modifier) {
    return [...this.#held.values()].some((held) => held.modifier === modifier);
  }

  /** @param {string} id @returns {InputMessage[]} */
  #release(id) {
    const held = this.#held.get(id);
    this.#held.delete(id);
    const shared = held && [...this.#held.values()].some((other) => other.keysym === held.keysym);
    return held && !shared ? [{ kind: 'key', keysym: held.keysym, pressed: false }] : [];
  }

  #releaseOrdinary() {
    const ordinary = [...this.#held].filter(([, held]) => !held.modifier);
    return ordinary.flatMap(([id]) => this.#release(id));
  }
}

/**
 * The kind of system that the page runs on.
 * @param {Pick<Navigator, 'platform' | 'userAgentData'>} navigator
 * @returns {Platform}
 */
export function platformOf(navigator) {
  const name = navigator.userAgentData?.platform || navigator.platform || '';
  if (/mac|iphone|ipad|ipod/i.test(name)) return 'mac';
  return /win/i.test(name) ? 'windows' : 'other';
}

/**
 * A key pressed and released.
 * @param {number} keysym
 * @returns {InputMessage[]}
 */
export function tap(keysym) {
  return [press(keysym), { kind: 'key', keysym, pressed: false }];
}

/** @param {number} keysym @returns {InputMessage} */
function press(keysym) {
  return { kind: 'key', keysym, pressed: true };
}

/** @param {KeyInput} event */
function isComposed(event) {
  return event.isComposing || event.keyCode === 229 || event.key === 'Dead' || event.key === 'Process';
}

/** Some keys give two characters at once. @param {string} key @returns {InputMessage[]} */
function unnamed(key) {
  return /^[A-Z][A-Za-z0-9]+$/.test(key) ? [] : [{ kind: 'text', text: key }];
}

/** @param {KeyInput} event */
function idOf(event) {
  return event.code || event.key;
}

/** Alt with Shift is called Meta in some X11 layouts. @param {KeyInput} event */
function modifierName({ key, code }) {
  if (key === 'Meta' && code.startsWith('Alt')) return 'Alt';
  if (key === 'OS' || key === 'Super') return 'Meta';
  return Object.hasOwn(MODIFIERS, key) ? key : '';
}

/**
 * @param {string} code
 * @param {string} modifier
 */
function isSide(code, modifier) {
  return code === `${modifier}Left` || code === `${modifier}Right`;
}

/** @param {string | null} character */
function characterOrNull(character) {
  return character === null ? null : characterKeysym(character);
}
