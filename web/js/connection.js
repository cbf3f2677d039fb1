/** One connection to the server, from its offer until it is lost. It is never revived: a new one takes its place. */

import { withoutFull } from './full.js';
import { decode, encode } from './protocol.js';
import { offers, refusal, routeOf, whyNot } from './route.js';
import { byPreference, only, withStereo, withoutLipSync } from './sdp.js';

/**
 * @typedef {import('./protocol.js').ClientMessage} ClientMessage
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 */

/**
 * Where a connection reports to.
 * @typedef {object} ConnectionPorts
 * @property {(sdp: string, signal: AbortSignal) => Promise<import('./api.js').Answer>} exchange gives the server's answer to an offer
 * @property {(session: number, candidates: string[]) => Promise<void>} tell tells the server candidates that came after the offer
 * @property {(track: MediaStreamTrack, receiver: RTCRtpReceiver) => void} onTrack only after `begin`
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(reason: string) => void} onLost at most once, and only after `open` has returned
 */

/** Milliseconds for which candidates are collected before they are told. */
const COLLECTING = 50;
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
  /** The way through the network; null before there is one. @type {import('./route.js').Route | null} */
  route = null;
  /** Why it takes no better way. */
  failed = '';
  /** @type {[MediaStreamTrack, RTCRtpReceiver][]} */
  #tracks = [];
  /** What the server said before it was the one that is used. @type {ServerMessage[] | null} */
  #early = [];
  #ended = new AbortController();
  #open = false;
  #heard = 0;
  /** @type {import('./route.js').Tried} */
  #tried = { offered: [], relayed: false, refusals: new Map() };
  /** Candidates that the server does not know yet. @type {string[]} */
  #found = [];
  /** @type {number | undefined} */
  #session;
  #telling = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #interruption;

  /** @param {ConnectionPorts} ports @param {import('./api.js').Ways} ways @param {boolean} [full] whether pictures may be at 4:4:4 */
  constructor(ports, ways, full = true) {
    this.ports = ports;
    this.full = full;
    this.transport = ways.transport;
    this.peer = new RTCPeerConnection(configuration(ways));
    this.input = this.#channel('input');
    this.control = this.#channel('control');
    this.peer.ontrack = ({ track, receiver }) => this.#tracks.push([track, receiver]);
    this.peer.onconnectionstatechange = () => this.#stateChanged();
    this.peer.onicecandidate = ({ candidate }) => this.#candidate(candidate);
    this.peer.onicecandidateerror = (event) => this.#refused(/** @type {RTCPeerConnectionIceErrorEvent} */ (event));
  }

  /**
   * Connects.
   * @returns {Promise<void>} once messages can be sent
   * @throws {ConnectionError | import('./api.js').ApiError}
   */
  async open() {
    try {
      await this.#connect();
    } catch (error) {
      throw error instanceof ConnectionError ? await this.#explained() : error;
    }
    this.#open = true;
    this.#heard = performance.now();
    await this.report();
  }

  async #connect() {
    this.#receive();
    await this.#describe();
    const offered = this.peer.localDescription?.sdp ?? '';
    // What is found later is told later: nobody waits for a STUN or TURN server that does not answer.
    const { sdp, session } = await this.ports.exchange(offered, this.#ended.signal);
    this.#session = session;
    const answer = this.#pinned(sdp);
    this.#tried.offered = offers(answer);
    await this.peer.setRemoteDescription({ type: 'answer', sdp: withoutLipSync(answer) });
    this.#tell();
    const channels = [this.input, this.control].map((channel) => opened(channel, this.#ended.signal));
    await within(OPENING, Promise.all(channels));
  }

  /** It is the one that is used from now on. */
  begin() {
    for (const [track, receiver] of this.#tracks.splice(0)) this.ports.onTrack(track, receiver);
    const early = this.#early ?? [];
    this.#early = null;
    for (const message of early) this.ports.onMessage(message);
  }

  /** What the browser counts. @returns {Promise<Iterable<any>>} */
  async report() {
    const report = [...(await this.peer.getStats()).values()];
    this.route = routeOf(report) ?? this.route;
    this.failed = whyNot(this.#tried, this.route);
    return report;
  }

  /** Uses these servers and logins from now on. @param {import('./api.js').Ways} ways */
  renew(ways) {
    this.peer.setConfiguration(configuration(ways));
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
    const taken = this.full ? codecs : withoutFull(codecs);
    if (codecs.length > 0) video.setCodecPreferences?.(byPreference(taken));
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
    if (!message) return;
    if (this.#early) this.#early.push(message);
    else this.ports.onMessage(message);
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
    // Before it is open, nobody is told but who waits for it, and who then asks why.
    if (!this.#open) return this.#ended.abort();
    this.close();
    this.ports.onLost(reason);
  }

  /** The answer, without the addresses that are not to be used. @param {string} sdp */
  #pinned(sdp) {
    const { transport } = this;
    return transport === 'udp' || transport === 'tcp' ? only(sdp, transport) : sdp;
  }

  /** @param {RTCIceCandidate | null} candidate */
  #candidate(candidate) {
    if (!candidate?.candidate) return;
    const { url } = /** @type {{url?: string}} */ (candidate);
    if (candidate.type === 'relay') {
      this.#tried.relayed = true;
      this.#tried.refusals.delete(url ?? '');
    }
    // A name that means something within the browser's own network alone is no address for the server.
    if (!candidate.address?.endsWith('.local')) this.#found.push(candidate.candidate);
    this.#tell();
  }

  /** Tells the server what was found, several at a time. */
  #tell() {
    const session = this.#session;
    if (session === undefined || this.#telling || this.#found.length === 0) return;
    this.#telling = true;
    setTimeout(async () => {
      const found = this.#found.splice(0);
      // The server finds most of them by itself, when they speak to it.
      if (!this.#ended.signal.aborted) await this.ports.tell(session, found).catch(() => undefined);
      this.#telling = false;
      this.#tell();
    }, COLLECTING);
  }

  /** @param {RTCPeerConnectionIceErrorEvent} event */
  #refused({ url, errorCode, errorText }) {
    const { refusals } = this.#tried;
    if (url.startsWith('turn') && !refusals.has(url)) refusals.set(url, refusal(errorCode, errorText));
  }

  async #explained() {
    await this.report().catch(() => undefined);
    const why = this.failed ? ` ${this.failed}.` : '';
    return new ConnectionError(`No way through the network to the server was found.${why}`);
  }
}

/** @param {import('./api.js').Ways} ways @returns {RTCConfiguration} */
function configuration({ transport, iceServers }) {
  const direct = transport === 'udp' || transport === 'tcp';
  const isStun = (/** @type {RTCIceServer} */ { urls }) => [urls].flat().every((url) => url.startsWith('stun'));
  return {
    bundlePolicy: 'max-bundle',
    iceServers: direct ? iceServers.filter(isStun) : iceServers,
    iceTransportPolicy: transport === 'turn' ? 'relay' : 'all',
  };
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
