/** Keys that touch keyboards do not have. Modifiers stay down until the next key. */

import { KEYSYM, characterKeysym } from './keysyms.js';
import { tap } from './keyboard.js';

/** @typedef {import('./protocol.js').InputMessage} InputMessage */

/** @type {[string, string, number][]} what is written on it, what it is called, its keysym */
const KEYS = [
  ['Esc', 'Escape', KEYSYM.escape],
  ['Tab', 'Tab', KEYSYM.tab],
  ['Ctrl', 'Control', KEYSYM.control],
  ['Alt', 'Alt', KEYSYM.alt],
  ['Super', 'Super', KEYSYM.super],
  ['←', 'Left', KEYSYM.left],
  ['↑', 'Up', KEYSYM.up],
  ['↓', 'Down', KEYSYM.down],
  ['→', 'Right', KEYSYM.right],
  ['Home', 'Home', KEYSYM.home],
  ['End', 'End', KEYSYM.end],
  ['PgUp', 'Page up', KEYSYM.pageUp],
  ['PgDn', 'Page down', KEYSYM.pageDown],
  ['Del', 'Delete', KEYSYM.delete],
];

const STICKY = new Set([KEYSYM.control, KEYSYM.alt, KEYSYM.super]);

export class TouchKeys {
  /** @type {Map<number, HTMLButtonElement>} the modifiers that are down */
  #down = new Map();

  /**
   * @param {HTMLElement} element `#touch-keys`
   * @param {(messages: InputMessage[]) => void} send
   */
  constructor(element, send) {
    this.element = element;
    this.send = send;
    element.append(...KEYS.map(([text, name, keysym]) => this.#button(text, name, keysym)));
    element.addEventListener('mousedown', (event) => event.preventDefault());
    for (const type of ['resize', 'scroll']) window.visualViewport?.addEventListener(type, () => this.#place());
  }

  /** @param {boolean} shown */
  show(shown) {
    this.element.hidden = !shown;
    this.#place();
    if (!shown) this.send(this.#release());
  }

  /**
   * What the person types, with the modifiers that are down. They are used up.
   * @param {InputMessage[]} messages
   * @returns {InputMessage[]}
   */
  applied(messages) {
    const uses = messages.some(({ kind }) => kind === 'key' || kind === 'text');
    if (this.#down.size === 0 || !uses) return messages;
    const keys = messages.flatMap((message) => (message.kind === 'text' ? keysOf(message.text) : [message]));
    return [...keys, ...this.#release()];
  }

  /** @param {string} text @param {string} name @param {number} keysym */
  #button(text, name, keysym) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.setAttribute('aria-label', name);
    if (STICKY.has(keysym)) button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', () => {
      if (STICKY.has(keysym)) this.#toggle(button, keysym);
      else this.send([...tap(keysym), ...this.#release()]);
    });
    return button;
  }

  /** @param {HTMLButtonElement} button @param {number} keysym */
  #toggle(button, keysym) {
    const pressed = !this.#down.has(keysym);
    if (pressed) this.#down.set(keysym, button);
    else this.#down.delete(keysym);
    button.setAttribute('aria-pressed', String(pressed));
    this.send([{ kind: 'key', keysym, pressed }]);
  }

  /** @returns {InputMessage[]} */
  #release() {
    const down = [...this.#down];
    this.#down.clear();
    for (const [, button] of down) button.setAttribute('aria-pressed', 'false');
    return down.map(([keysym]) => ({ kind: 'key', keysym, pressed: false }));
  }

  /** Above the keyboard, which covers the page in some browsers. */
  #place() {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const covered = window.innerHeight - viewport.height - viewport.offsetTop;
    this.element.style.bottom = `${Math.max(0, covered)}px`;
  }
}

/** @param {string} text @returns {InputMessage[]} */
function keysOf(text) {
  return [...text].flatMap((character) => tap(characterKeysym(character)));
}
