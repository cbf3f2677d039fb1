/** One connection to the server over a WebSocket, for networks that carry nothing but HTTP. It is never revived. */

import { ConnectionError, read, within } from './connection.js';
import { encode } from './protocol.js';

/**
 * @typedef {import('./protocol.js').ClientMessage} ClientMessage
 * @typedef {import('./connection.js').ConnectionPorts} ConnectionPorts
 */

/** Milliseconds within which it must be open. */
const OPENING = 10_000;
/** Milliseconds without any message after which the server is gone. */
const SILENCE = 6000;
/** The arrival of messages of so many bytes and more is told at once. */
const TOLD = 1000;

export class SocketConnection {
  /** @type {'websocket'} */
  rung = 'websocket';
  #open = false;
  #heard = 0;
  #received = 0;
  #frames = 0;

  /**
   * @param {Pick<ConnectionPorts, 'onMessage' | 'onLost'>} ports
   * @param {string[] | null} [codecs] which this page decodes; null when it does not know
   */
  constructor(ports, codecs = null) {
    this.ports = ports;
    const address = new URL('./api/socket', document.baseURI);
    if (codecs) address.search = `codecs=${codecs.join(',')}`;
    address.protocol = address.protocol.replace('http', 'ws');
    this.socket = new WebSocket(address);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onmessage = ({ data }) => this.#message(data);
    this.socket.onclose = () => this.#lost('The server closed the connection.');
  }

  /**
   * Connects.
   * @returns {Promise<void>} once messages can be sent
   * @throws {ConnectionError}
   */
  async open() {
    await within(OPENING, new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      const { socket } = this;
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('close', () => reject(new ConnectionError('A WebSocket to the server was refused.')), { once: true });
    }));
    this.#open = true;
    this.#heard = performance.now();
  }

  /** It is the one that is used from now on. */
  begin() {}

  /** @param {ClientMessage} message */
  send(message) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (message.kind === 'ping') this.#tell();
    this.socket.send(encode(message));
  }

  /** @param {number} bytes @returns {Promise<void>} once no more than these are on their way, or the connection is lost */
  async drained(bytes) {
    while (this.socket.readyState === WebSocket.OPEN && this.socket.bufferedAmount > bytes) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Whether the server has been silent for too long. It answers a ping each second. */
  get silent() {
    return this.#open && performance.now() - this.#heard > SILENCE;
  }

  /** What has arrived, in the form of an entry of an RTCStatsReport. @returns {Promise<Iterable<any>>} */
  async report() {
    return [{ id: 'socket', type: 'cosmos-socket', timestamp: performance.now(), bytesReceived: this.#received, frames: this.#frames }];
  }

  /** Ends it without a report. */
  close() {
    this.#open = false;
    this.socket.onclose = null;
    this.socket.onmessage = null;
    this.socket.close();
  }

  /** @param {unknown} data */
  #message(data) {
    this.#heard = performance.now();
    if (!(data instanceof ArrayBuffer)) return;
    this.#received += data.byteLength;
    if (data.byteLength >= TOLD) this.#tell();
    const message = read(data);
    if (message?.kind === 'video') this.#frames += 1;
    if (message) this.ports.onMessage(message);
  }

  #tell() {
    this.socket.send(encode({ kind: 'received', total: this.#received >>> 0 }));
  }

  /** @param {string} reason */
  #lost(reason) {
    const report = this.#open;
    this.close();
    if (report) this.ports.onLost(reason);
  }
}
