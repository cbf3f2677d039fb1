/** The clipboard of this computer and that of the desktop, kept the same as far as the browser allows. */

import { Assembler, clipboardMessages } from './protocol.js';

/**
 * @typedef {import('./protocol.js').ControlMessage} ControlMessage
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 */

/**
 * What the clipboard needs of the page.
 * @typedef {object} ClipboardPorts
 * @property {(message: ControlMessage) => void} send
 * @property {(bytes: number) => Promise<void>} drained resolves when no more bytes than these are on their way
 * @property {(text: string) => void} onText the shared text has changed
 */

/** Bytes that are put on the channel ahead, so that a long text holds nothing else up. */
const AHEAD = 64 * 1024;

export class Clipboard {
  #assembler = new Assembler();
  /** The text that both sides have. */
  #shared = '';
  /** @type {string | null} a text of the desktop that the browser has not let us keep yet */
  #waiting = null;
  #turn = 0;
  /** Whether the desktop takes texts. */
  takes = true;

  /** @param {ClipboardPorts} ports */
  constructor(ports) {
    this.ports = ports;
  }

  /** Begins to follow this page's focus and gestures. */
  listen() {
    window.addEventListener('focus', () => this.pull());
    for (const type of ['pointerup', 'keyup']) {
      document.addEventListener(type, () => this.#retry(), true);
    }
  }

  /** Whether the browser can be asked for its clipboard at all. */
  get canRead() {
    return typeof navigator.clipboard?.readText === 'function';
  }

  /** @param {Extract<ServerMessage, {kind: 'clipboard-begin' | 'clipboard-part'}>} message */
  receive(message) {
    const text = message.kind === 'clipboard-begin'
      ? this.#assembler.begin(message.bytes)
      : this.#assembler.part(message.part);
    if (text === null || text === this.#shared) return;
    this.#shared = text;
    this.ports.onText(text);
    this.#keep(text);
  }

  /**
   * Gives a text to the desktop.
   * @param {string} local
   * @returns {Promise<void>} once it is on its way
   */
  async offer(local) {
    const text = local.replaceAll('\r\n', '\n');
    if (!this.takes || text === '' || text === this.#shared) return;
    this.#shared = text;
    this.#waiting = null;
    this.#turn += 1;
    const turn = this.#turn;
    for (const message of clipboardMessages(text)) {
      if (turn !== this.#turn) return;
      this.ports.send(message);
      await this.ports.drained(AHEAD);
    }
    await this.ports.drained(0);
  }

  /** A new connection knows nothing of the last one's text. */
  forget() {
    this.#turn += 1;
    this.#shared = '';
    this.#assembler = new Assembler();
  }

  /** Reads this computer's clipboard where that needs no question. */
  async pull() {
    if (this.takes && this.#waiting === null && this.canRead && (await allowed('clipboard-read'))) await this.ask();
  }

  /**
   * Reads this computer's clipboard; the browser may ask the person. Needs a gesture.
   * @returns {Promise<boolean>} whether it could be read
   */
  async ask() {
    try {
      const text = await navigator.clipboard.readText();
      await this.offer(text);
      this.ports.onText(this.#shared);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} text */
  async #keep(text) {
    this.#waiting = text;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!copyByCommand(text)) return;
    }
    if (this.#waiting === text) this.#waiting = null;
  }

  #retry() {
    if (this.#waiting !== null) this.#keep(this.#waiting);
  }
}

/**
 * Copies without the clipboard interface, which pages without TLS do not have. Leaves the focus where it is.
 * @param {string} text
 * @returns {boolean} whether it was copied
 */
function copyByCommand(text) {
  let copied = false;
  const copy = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    copied = event.clipboardData !== null;
  };
  document.addEventListener('copy', copy, { capture: true, once: true });
  const done = document.execCommand('copy');
  document.removeEventListener('copy', copy, { capture: true });
  return done && copied;
}

/** @param {string} permission */
async function allowed(permission) {
  try {
    const { state } = await navigator.permissions.query({ name: /** @type {PermissionName} */ (permission) });
    return state === 'granted';
  } catch {
    return false;
  }
}
