/** The page for noVNC, which is loaded from the package that the server found: its core, and none of its own page. */

import { ApiError, session } from './api.js';
import { Login } from './login.js';
import { SocketConnection } from './socket.js';
import { Speaker } from './speaker.js';

/**
 * What is used of noVNC.
 * @typedef {EventTarget & {
 *   scaleViewport: boolean, resizeSession: boolean, viewOnly: boolean, focus(): void, disconnect(): void,
 *   clipboardPasteFrom(text: string): void, sendCtrlAltDel(): void, sendCredentials(credentials: object): void,
 * }} Rfb
 */

/** Milliseconds between two pings of the connection that carries sound. */
const PING = 1000;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const stage = element('stage');
const text = /** @type {HTMLTextAreaElement} */ (element('text'));
/** @type {Rfb | null} */
let rfb = null;

/** @param {string} state @param {string} words */
function say(state, words) {
  document.documentElement.dataset.state = state;
  element('state').textContent = words;
  element('again').hidden = state !== 'lost';
}

/** Loads noVNC and connects. */
async function connect() {
  say('connecting', 'Connecting');
  const { default: Rfb } = await import(new URL('./core/rfb.js', document.baseURI).href);
  const address = new URL('./websockify', document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  const made = /** @type {Rfb} */ (new Rfb(stage, address.href, { shared: true, wsProtocols: ['binary'] }));
  rfb = made;
  made.scaleViewport = true;
  made.resizeSession = new URLSearchParams(location.search).get('resize') === 'remote';
  made.addEventListener('connect', () => {
    say('live', 'Connected');
    made.focus();
  });
  made.addEventListener('disconnect', (event) => {
    const { clean } = /** @type {CustomEvent<{clean: boolean}>} */ (event).detail;
    rfb = null;
    say('lost', clean ? 'The server ended the connection.' : 'The connection was lost.');
  });
  made.addEventListener('securityfailure', (event) => {
    say('lost', /** @type {CustomEvent<{reason?: string}>} */ (event).detail.reason ?? 'The server refused the connection.');
  });
  made.addEventListener('clipboard', (event) => {
    text.value = /** @type {CustomEvent<{text: string}>} */ (event).detail.text;
  });
}

/** Sound, which RFB has no place for: a second connection, without a picture. */
class Sound {
  /** @type {SocketConnection | null} */
  #connection = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pings;
  #speaker = new Speaker();

  /** Turns it on, or off. @returns {Promise<boolean>} whether it is on now */
  async turn() {
    if (this.#connection) {
      this.stop();
      return false;
    }
    await this.#speaker.play();
    const connection = new SocketConnection({
      onMessage: (message) => { if (message.kind === 'audio') this.#speaker.take(message); },
      onLost: () => this.stop(),
    });
    this.#connection = connection;
    await connection.open();
    connection.send({ kind: 'video', wanted: false });
    connection.send({ kind: 'audio', wanted: true });
    let number = 0;
    this.#pings = setInterval(() => connection.send({ kind: 'ping', number: (number += 1) }), PING);
    return true;
  }

  stop() {
    clearInterval(this.#pings);
    this.#connection?.close();
    this.#connection = null;
    this.#speaker.pause();
    element('sound').setAttribute('aria-pressed', 'false');
  }
}

const login = new Login(/** @type {HTMLFormElement} */ (element('login')), () => begin());

async function begin() {
  try {
    await session();
    await connect();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      say('login', '');
      login.show('user');
    } else {
      say('lost', String(error));
    }
  }
}

const sound = new Sound();
element('sound').hidden = !Speaker.isOffered;
element('sound').addEventListener('click', async () => {
  try {
    element('sound').setAttribute('aria-pressed', String(await sound.turn()));
  } catch (error) {
    sound.stop();
    element('state').textContent = `There is no sound: ${error}`;
  }
});
element('again').addEventListener('click', begin);
element('keys').addEventListener('click', () => rfb?.sendCtrlAltDel());
element('copy').addEventListener('click', () => {
  const panel = element('clipboard');
  panel.hidden = !panel.hidden;
  element('copy').setAttribute('aria-expanded', String(!panel.hidden));
});
text.addEventListener('change', () => rfb?.clipboardPasteFrom(text.value));
begin();
