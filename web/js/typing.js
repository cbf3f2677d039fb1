/**
 * Listens to the keyboard through a textarea that nobody sees: only an editable element gets composed text (input
 * methods, dead keys, touch keyboards) and pastes.
 */

import { KEYSYM } from './keysyms.js';
import { tap } from './keyboard.js';
import { textMessages } from './protocol.js';

/**
 * @typedef {import('./protocol.js').InputMessage} InputMessage
 * @typedef {import('./keyboard.js').KeyTranslator} KeyTranslator
 */

/**
 * What typing needs of the page.
 * @typedef {object} TypingPorts
 * @property {(messages: InputMessage[]) => void} send
 * @property {(text: string) => Promise<void>} onPaste resolves when the desktop has the text
 * @property {() => void} onMenu the person asks for the toolbar
 */

/** Milliseconds that a paste may hold the keyboard back. */
const PASTE = 500;
/** Milliseconds within which a browser tells of a paste. */
const PASTE_EVENT = 120;
/** What the textarea of a touch keyboard holds, so that it has something to delete. */
const FILLING = '\u00a0\u00a0';

/** Kinds of input that the end of a composition has told already. */
const COMPOSED = new Set(['insertCompositionText', 'insertFromComposition', 'deleteCompositionText']);
/** Kinds of input that came without a key. */
const TYPED = new Set(['insertText', 'insertReplacementText']);

/**
 * What leads from one text to another by typing at its end.
 * @param {string} before
 * @param {string} after
 * @returns {{backspaces: number, text: string}}
 */
export function textChange(before, after) {
  const [old, now] = [[...before], [...after]];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same += 1;
  return { backspaces: old.length - same, text: now.slice(same).join('') };
}

export class Typing {
  /** @type {InputMessage[] | null} what waits for a paste to reach the desktop */
  #held = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #holding;
  #touch = false;
  #told = '';

  /**
   * @param {HTMLTextAreaElement} sink
   * @param {KeyTranslator} keys
   * @param {TypingPorts} ports
   */
  constructor(sink, keys, ports) {
    this.sink = sink;
    this.keys = keys;
    this.ports = ports;
    this.#listen();
  }

  /** Takes the keyboard. */
  focus() {
    this.sink.focus({ preventScroll: true });
  }

  /**
   * Whether a touch keyboard is wanted. It tells texts, hardly ever keys, and they are passed on as they are composed.
   * @param {boolean} wanted
   */
  set touchKeyboard(wanted) {
    this.#touch = wanted;
    this.sink.inputMode = wanted ? 'text' : 'none';
    this.#clear();
    this.sink.blur();
    if (wanted) this.focus();
  }

  get touchKeyboard() { return this.#touch; }

  /** Where composed text appears: at what was pressed last. @param {number} x @param {number} y in CSS pixels */
  moveTo(x, y) {
    this.sink.style.left = `${x}px`;
    this.sink.style.top = `${y}px`;
  }

  #listen() {
    const { sink } = this;
    sink.addEventListener('keydown', (event) => this.#down(event));
    sink.addEventListener('keyup', (event) => this.#up(event));
    sink.addEventListener('compositionend', (event) => this.#composed(event));
    sink.addEventListener('input', (event) => this.#input(/** @type {InputEvent} */ (event)));
    sink.addEventListener('paste', (event) => this.#paste(event));
    for (const type of ['copy', 'cut', 'drop']) sink.addEventListener(type, (event) => event.preventDefault());
    sink.addEventListener('blur', () => this.#send(this.keys.releaseAll()));
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#send(this.keys.releaseAll());
    });
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (isMenuChord(event)) {
      event.preventDefault();
      this.#send(this.keys.releaseAll());
      return this.ports.onMenu();
    }
    const messages = this.keys.down(event);
    if (!messages) return;
    if (isPaste(event, this.keys.platform) && !event.repeat) this.#hold();
    else event.preventDefault();
    this.#send(messages);
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    event.preventDefault();
    this.#send(this.keys.up(event));
  }

  /** @param {CompositionEvent} event */
  #composed(event) {
    if (this.#touch) return;
    this.#send([...textMessages(event.data)]);
    setTimeout(() => this.#clear());
  }

  /** @param {InputEvent} event */
  #input(event) {
    if (this.#touch) return this.#touched(event);
    if (event.isComposing || COMPOSED.has(event.inputType)) return;
    if (event.data && TYPED.has(event.inputType)) this.#send([...textMessages(event.data)]);
    this.#clear();
  }

  /** @param {InputEvent} event */
  #touched(event) {
    const value = this.sink.value;
    const { backspaces, text } = textChange(this.#told, value);
    const messages = Array.from({ length: backspaces }, () => tap(KEYSYM.backspace)).flat();
    messages.push(...typed(text));
    this.#told = value;
    this.#send(messages);
    if (!event.isComposing) this.#clear();
  }

  #clear() {
    this.#told = this.#touch ? FILLING : '';
    this.sink.value = this.#told;
    this.sink.setSelectionRange(this.#told.length, this.#told.length);
  }

  /** The key that pastes must not reach the desktop before the text that it pastes. */
  #hold() {
    this.#held ??= [];
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => this.#letGo(), PASTE_EVENT);
  }

  /** @param {ClipboardEvent} event */
  async #paste(event) {
    event.preventDefault();
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => this.#letGo(), PASTE);
    await this.ports.onPaste(event.clipboardData?.getData('text/plain') ?? '');
    this.#letGo();
  }

  #letGo() {
    clearTimeout(this.#holding);
    const messages = this.#held;
    this.#held = null;
    if (messages) this.#send(messages);
  }

  /** @param {InputMessage[]} messages */
  #send(messages) {
    if (messages.length === 0) return;
    if (this.#held) this.#held.push(...messages);
    else this.ports.send(messages);
  }
}

/** Lines of a text are ended by the key, as some programs take a line feed for something else. @param {string} text */
function typed(text) {
  return text.split('\n').flatMap((line, index) => [...(index > 0 ? tap(KEYSYM.enter) : []), ...textMessages(line)]);
}

/** Control, Alt, Shift and M, for those who have no pointer. @param {KeyboardEvent} event */
function isMenuChord(event) {
  return event.ctrlKey && event.altKey && event.shiftKey && event.code === 'KeyM';
}

/** @param {KeyboardEvent} event @param {import('./keyboard.js').Platform} platform */
function isPaste(event, platform) {
  if (event.key === 'Insert') return event.shiftKey && platform !== 'mac';
  const modifier = platform === 'mac' ? event.metaKey : event.ctrlKey && !event.altKey;
  return modifier && (event.key.toLowerCase() === 'v' || (event.code === 'KeyV' && event.key > '\u024f'));
}
