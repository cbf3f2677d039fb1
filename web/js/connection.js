/** One connection to the server, from its offer until it is lost. It is never revived: a new one takes its place. */

import { decode, encode } from './protocol.js';
import { byPreference, withStereo, withoutLipSync } from './sdp.js';

/**
 * @typedef {import('./protocol.js').ClientMessage} ClientMessage
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 */

/**
 * Where a connection reports to.
 * @typedef {object} ConnectionPorts
 * @property {(sdp: string, signal: AbortSignal) => Promise<string>} exchange gives the server's answer to an offer
 * @property {(track: MediaStreamTrack, receiver: RTCRtpReceiver) => void} onTrack only after `begin`
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(reason: string) => void} onLost at most once, and only after `open` has returned
 */

/** Milliseconds that are given to the gathering of candidates: the host's own come at once. */
const GATHERING = 300;
/** Milliseconds within which the channels must be open. */
const OPENING = 10_000;
/** Milliseconds after which an interruption is a loss. */
const INTERRUPTION = 2000;
/** Milliseconds without an answer to any ping after which the server is gone. */
const SILENCE = 6000;

/** Input kinds travel on their own channel, so that no long text stands in their way. */
const INPUT = new Set(['key', 'text', 'pointer-to', 'pointer-by', 'button', 'scroll', 'release-all']);

/** No way to the server was found, or it was lost. */
export class ConnectionError extends Error {}

export class Connection {
  /** @type {'webrtc'} */
  rung = 'webrtc';
  /** @type {[MediaStreamTrack, RTCRtpReceiver][]} */
  #tracks = [];
  #ended = new AbortController();
  #open = false;
  #heard = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #interruption;

  /** @param {ConnectionPorts} ports */
  constructor(ports) {
    this.ports = ports;
    this.peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.input = this.#channel('input');
    this.control = this.#channel('control');
    this.peer.ontrack = ({ track, receiver }) => this.#tracks.push([track, receiver]);
    this.peer.onconnectionstatechange = () => this.#stateChanged();
  }

  /**
   * Connects.
   * @returns {Promise<void>} once messages can be sent
   * @throws {ConnectionError | import('./api.js').ApiError}
   */
  async open() {
    this.#receive();
    await this.#describe();
    await within(GATHERING, gathered(this.peer)).catch(() => undefined);
    const offered = this.peer.localDescription?.sdp ?? '';
    const answer = await this.ports.exchange(offered, this.#ended.signal);
    await this.peer.setRemoteDescription({ type: 'answer', sdp: withoutLipSync(answer) });
    const channels = [this.input, this.control].map((channel) => opened(channel, this.#ended.signal));
    await within(OPENING, Promise.all(channels));
    this.#open = true;
    this.#heard = performance.now();
  }

  /** It is the one that is used from now on. */
  begin() {
    for (const [track, receiver] of this.#tracks.splice(0)) this.ports.onTrack(track, receiver);
  }

  /** What the browser counts. @returns {Promise<Iterable<any>>} */
  async report() {
    return (await this.peer.getStats()).values();
  }

  /**
   * Sends a message; without a connection it is dropped.
   * @param {ClientMessage} message
   */
  send(message) {
    const channel = INPUT.has(message.kind) ? this.input : this.control;
    if (channel.readyState === 'open') channel.send(encode(message));
  }

  /**
   * Waits until at most so many bytes are on their way on the control channel.
   * @param {number} bytes
   * @returns {Promise<void>} also when the connection is lost
   */
  async drained(bytes) {
    const { control } = this;
    control.bufferedAmountLowThreshold = bytes;
    while (control.readyState === 'open' && control.bufferedAmount > bytes) {
      await within(1000, new Promise((resolve) => control.addEventListener('bufferedamountlow', resolve, { once: true })))
        .catch(() => undefined);
    }
  }

  /** Whether the server has been silent for too long. It answers a ping each second. */
  get silent() {
    return this.#open && performance.now() - this.#heard > SILENCE;
  }

  /** Ends it without a report. */
  close() {
    this.#open = false;
    this.#ended.abort();
    clearTimeout(this.#interruption);
    this.peer.onconnectionstatechange = null;
    this.peer.close();
  }

  /** @param {string} label */
  #channel(label) {
    const channel = this.peer.createDataChannel(label, { ordered: true });
    channel.binaryType = 'arraybuffer';
    channel.onclose = () => this.#lost('The server closed the connection.');
    channel.onmessage = ({ data }) => this.#message(data);
    return channel;
  }

  #receive() {
    const video = this.peer.addTransceiver('video', { direction: 'recvonly' });
    this.peer.addTransceiver('audio', { direction: 'recvonly' });
    const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
    if (codecs.length > 0) video.setCodecPreferences?.(byPreference(codecs));
    askForCaptureTime(video);
    hurry(video.receiver);
  }

  async #describe() {
    const offer = await this.peer.createOffer();
    const stereo = { type: offer.type, sdp: withStereo(offer.sdp ?? '') };
    await this.peer.setLocalDescription(stereo).catch(() => this.peer.setLocalDescription(offer));
  }

  /** @param {unknown} data */
  #message(data) {
    this.#heard = performance.now();
    const message = data instanceof ArrayBuffer ? read(data) : null;
    if (message) this.ports.onMessage(message);
  }

  #stateChanged() {
    clearTimeout(this.#interruption);
    const state = this.peer.connectionState;
    if (state === 'failed' || state === 'closed') this.#lost('No way through the network to the server.');
    if (state === 'disconnected') {
      this.#interruption = setTimeout(() => this.#lost('The network to the server is interrupted.'), INTERRUPTION);
    }
  }

  /** @param {string} reason */
  #lost(reason) {
    const report = this.#open;
    this.close();
    if (report) this.ports.onLost(reason);
  }
}

/**
 * What the server said; null, and a warning, when it means nothing.
 * @param {ArrayBuffer} data
 * @returns {ServerMessage | null}
 */
export function read(data) {
  try {
    return decode(data);
  } catch (error) {
    console.warn('A message of the server was dropped:', error);
    return null;
  }
}

/**
 * Shows each frame when it comes, and not when it would be smoothest.
 * @param {RTCRtpReceiver} receiver
 */
function hurry(receiver) {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0;
}

/**
 * Lets frames tell when they were captured, where the browser can read that.
 * @param {any} transceiver
 */
function askForCaptureTime(transceiver) {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  const capture = extensions?.find((/** @type {{uri: string}} */ { uri }) => uri.endsWith('/abs-capture-time'));
  if (!capture) return;
  capture.direction = 'sendrecv';
  transceiver.setHeaderExtensionsToNegotiate(extensions);
}

/** @param {RTCPeerConnection} peer @returns {Promise<void>} */
function gathered(peer) {
  return new Promise((resolve) => {
    const check = () => { if (peer.iceGatheringState === 'complete') resolve(); };
    peer.addEventListener('icegatheringstatechange', check);
    check();
  });
}

/** @param {RTCDataChannel} channel @param {AbortSignal} ended @returns {Promise<void>} */
function opened(channel, ended) {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new ConnectionError('No way through the network to the server was found.'));
    if (channel.readyState === 'open') resolve();
    if (ended.aborted) lost();
    channel.addEventListener('open', () => resolve(), { once: true });
    ended.addEventListener('abort', lost, { once: true });
  });
}

/**
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function within(milliseconds, promise) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionError('The server took too long.')), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
