/** The life of a session: connect, notice a loss, connect again, for as long as somebody looks. */

import { ApiError, offer, tellCandidates } from './api.js';
import { Connection, ConnectionError, within } from './connection.js';
import { Ladder } from './ladder.js';
import { Player } from './player.js';
import { VERSION } from './protocol.js';
import { BEST, rank } from './route.js';
import { SocketConnection } from './socket.js';
import { WaySource } from './ways.js';

/**
 * @typedef {import('./protocol.js').ClientMessage} ClientMessage
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 */

/**
 * What a session is doing. `seconds` is how long it waits before the next attempt.
 * @typedef {{name: 'login'}
 *   | {name: 'connecting'}
 *   | {name: 'live'}
 *   | {name: 'lost', reason: string, seconds: number, desktop: boolean}
 *   | {name: 'failed', reason: string, help: string}} State
 */

/**
 * How the server is reached, and why not in a better way.
 * @typedef {{name: 'webrtc' | 'websocket', route: string, failed: string}} Rung
 */

/**
 * Where a session reports to.
 * @typedef {object} SessionPorts
 * @property {(state: State) => void} onState
 * @property {(message: ServerMessage) => void} onMessage all but pongs
 * @property {(rung: Rung) => void} onRung before the first message of a connection
 * @property {(track: MediaStreamTrack, receiver: RTCRtpReceiver) => void} onTrack
 * @property {(version: number) => void} onOutdated the server is of this version, and the page is not
 */

/**
 * Why an attempt ended.
 * @typedef {object} End
 * @property {State | null} state what to tell; null when the session was stopped
 * @property {number} retryAfter seconds that the server asks to wait
 * @property {number} lasted milliseconds that the session was live
 * @property {boolean} network whether no way through the network was found
 */

/** Milliseconds between two pings. */
const PING = 1000;
/** How much slower than the quickest an answer may be, after each second, to tell the time. */
const FORGET = 1.1;
/** A connection that lasted so many milliseconds was a good one. */
const GOOD = 5000;
/** Attempts without a connection after which the advice is given. */
const PATIENT = 3;

/** Milliseconds after which a better way is looked for again, the first time and at most. */
const BETTER = [30_000, 300_000];

/** Milliseconds that the browser may take to say what it decodes. */
const ASKING = 1000;

/** Attempts that end so will end so again. @type {Record<number, string>} */
const HOPELESS = {
  400: 'Reload the page. If that changes nothing, the page and the server may be of different versions.',
  403: 'Open the page by the address that the server was set up for, or add this address to those it allows.',
  406: 'Use a browser that plays H.264 or VP8, or choose another encoder on the server.',
};

const NETWORK_HELP = 'A firewall may block UDP. Ask for the server’s TCP port or a TURN relay to be opened.';

/**
 * Milliseconds to wait before the attempt of this number; the first has number 0.
 * @param {number} attempt
 * @returns {number}
 */
export function backOff(attempt) {
  return Math.min(250 * 2 ** attempt, 2000);
}

/** A session with the server. */
export class Session {
  /** @type {Connection | SocketConnection | null} */
  #connection = null;
  /** @type {Ladder<Connection | SocketConnection> | null} */
  #ladder = null;
  /** @type {((why: End) => void) | null} */
  #end = null;
  #running = false;
  #wake = () => {};
  #since = 0;
  /** Whether pictures may be at 4:4:4. */
  #full = true;
  #pings = new Pings();
  #ways = new WaySource();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #higher;
  #patience = BETTER[0];

  /** @param {SessionPorts} ports */
  constructor(ports) {
    this.ports = ports;
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.#wake(); });
    const changed = () => {
      this.#wake();
      this.#lookHigher();
    };
    window.addEventListener('online', changed);
    /** @type {any} */ (navigator).connection?.addEventListener?.('change', changed);
    window.addEventListener('pagehide', () => this.#finish(this.#loss('')));
  }

  /** The connection's statistics; null without one. @returns {Promise<Iterable<any> | null>} */
  async report() {
    return this.#connection?.report() ?? null;
  }

  /** How the server is reached, and why not in a better way; null without a connection. @returns {Rung | null} */
  get rung() {
    const connection = this.#connection;
    if (!connection) return null;
    if (connection.rung === 'webrtc') return { name: 'webrtc', route: connection.route ?? 'webrtc', failed: connection.failed };
    return { name: 'websocket', route: 'websocket', failed: this.#ladder?.failed.webrtc ?? '' };
  }

  /** The way to the server and back, in milliseconds; 0 while unknown. */
  get roundTrip() { return this.#pings.roundTrip; }

  /** What must be added to this computer's clock to have the server's, in milliseconds; null while unknown. */
  get clockOffset() { return this.#pings.clockOffset; }

  /** Asks for the ways to the server ahead of `start`. */
  prepare() {
    this.#ways.get().catch(() => undefined);
  }

  /** Connects until `stop`. */
  async start() {
    if (this.#running) return;
    this.#running = true;
    let failures = 0;
    let wasLive = false;
    while (this.#running) {
      this.ports.onState(wasLive ? lost('', 0) : { name: 'connecting' });
      const why = await this.#attempt();
      if (!this.#running) return;
      wasLive ||= why.lasted > 0;
      failures = why.lasted > GOOD ? 0 : failures + 1;
      await this.#after(why, failures);
    }
  }

  /** Ends the connection, and makes no other. */
  stop() {
    this.#running = false;
    this.#finish(end(null));
    this.#wake();
  }

  /** Connects anew, and takes no pictures at 4:4:4 from now on. */
  doWithoutFull() {
    if (!this.#full) return;
    this.#full = false;
    this.#finish(this.#loss('This browser does not decode the colours.'));
  }

  /** Makes the next attempt now. */
  retry() { this.#wake(); }

  /**
   * Sends a message; without a connection it is dropped.
   * @param {ClientMessage} message
   */
  send(message) { this.#connection?.send(message); }

  /** @param {number} bytes @returns {Promise<void>} once no more than these are on their way */
  async drained(bytes) { await this.#connection?.drained(bytes); }

  /** @returns {Promise<End>} */
  async #attempt() {
    const ended = new Promise((/** @type {(why: End) => void} */ resolve) => { this.#end = resolve; });
    this.#since = 0;
    this.#begin().catch((error) => this.#finish(refused(error)));
    const pulse = setInterval(() => this.#pulse(), PING);
    const why = await ended;
    clearInterval(pulse);
    clearTimeout(this.#higher);
    this.#ladder?.close();
    this.#ladder = null;
    this.#connection?.close();
    this.#connection = null;
    return why;
  }

  async #begin() {
    const end = this.#end;
    const ways = await this.#ways.get();
    if (this.#end !== end) return;
    this.#ladder = new Ladder(this.#makers(pinned(ways)), (way) => this.#take(way));
    await this.#ladder.climb();
  }

  /**
   * @param {import('./api.js').Ways} ways
   * @returns {import('./ladder.js').Makers<Connection | SocketConnection>}
   */
  #makers(ways) {
    const rtc = 'RTCPeerConnection' in window && ways.transport !== 'websocket';
    const socket = Player.isOffered && (ways.transport === 'auto' || ways.transport === 'websocket');
    const own = { exchange: offer, tell: tellCandidates, onTrack: this.ports.onTrack };
    return {
      webrtc: rtc ? () => this.#heed((ports) => new Connection({ ...ports, ...own }, ways, this.#full)) : null,
      websocket: socket ? () => this.#socket() : null,
    };
  }

  async #socket() {
    const codecs = await decoded();
    const taken = this.#full ? codecs : codecs?.filter((codec) => !codec.endsWith('-444'));
    return this.#heed((ports) => new SocketConnection(ports, taken));
  }

  /**
   * Makes a connection that is listened to for as long as it is the one that is used.
   * @template {Connection | SocketConnection} T
   * @param {(ports: Pick<import('./connection.js').ConnectionPorts, 'onMessage' | 'onLost'>) => T} make
   * @returns {T}
   */
  #heed(make) {
    const connection = make({
      onMessage: (message) => { if (this.#connection === connection) this.#message(message); },
      onLost: (reason) => { if (this.#connection === connection) this.#finish(this.#loss(reason)); },
    });
    return connection;
  }

  /** A connection is open, the first or a better one. @param {Connection | SocketConnection} connection */
  #take(connection) {
    const before = this.#connection;
    if (before && height(connection) <= height(before)) {
      connection.close();
      return this.#lookLater();
    }
    this.#connection = connection;
    before?.close();
    const { rung } = this;
    if (rung) this.ports.onRung(rung);
    connection.begin();
    this.#pings.begin();
    this.#pulse();
    this.#lookLater(BETTER[0]);
  }

  /** Looks for a better way in so many milliseconds, and then ever more seldom. @param {number} [milliseconds] */
  #lookLater(milliseconds = this.#patience) {
    clearTimeout(this.#higher);
    this.#patience = Math.min(milliseconds * 2, BETTER[1]);
    this.#higher = setTimeout(() => this.#lookHigher(), milliseconds);
  }

  #lookHigher() {
    const connection = this.#connection;
    if (!connection) return;
    this.#lookLater();
    if (height(connection) < BEST && !document.hidden) this.#ladder?.again();
  }

  #pulse() {
    const connection = this.#connection;
    if (connection?.silent) this.#finish(this.#loss('The server has fallen silent.'));
    else connection?.send(this.#pings.next());
    this.#renew();
  }

  async #renew() {
    const ways = await this.#ways.renewed();
    if (ways && this.#connection instanceof Connection) this.#connection.renew(pinned(ways));
  }

  /** @param {End} why @param {number} failures */
  async #after(why, failures) {
    if (why.state && why.state.name !== 'lost') {
      this.ports.onState(why.state);
      if (why.state.name === 'login') this.#running = false;
      else await this.#pause(Infinity);
      return;
    }
    const reason = why.state?.reason ?? '';
    const advice = why.network && failures >= PATIENT ? ` ${NETWORK_HELP}` : '';
    const wait = Math.max(backOff(failures - 1), why.retryAfter * 1000);
    this.ports.onState(lost(reason + advice, wait / 1000));
    await this.#pause(wait);
    if (document.hidden && this.#running) await this.#pause(Infinity);
  }

  /** @param {number} milliseconds @returns {Promise<void>} earlier when something wakes it */
  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = Number.isFinite(milliseconds) ? setTimeout(() => this.#wake(), milliseconds) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }

  /** @param {ServerMessage} message */
  #message(message) {
    if (message.kind === 'pong') return this.#pings.answered(message);
    if (message.kind === 'hello') {
      if (message.version !== VERSION) return this.#outdated(message.version);
      this.#since = performance.now();
      this.ports.onState({ name: 'live' });
    }
    if (message.kind === 'desktop' && this.#since) this.#desktop(message);
    this.ports.onMessage(message);
  }

  /** @param {number} version */
  #outdated(version) {
    this.#finish(outdated(version));
    this.ports.onOutdated(version);
  }

  /** @param {{state: 'up' | 'lost', message: string}} desktop */
  #desktop({ state, message }) {
    this.ports.onState(state === 'up' ? { name: 'live' } : { ...lost(message, 0), desktop: true });
  }

  /** @param {string} reason @returns {End} */
  #loss(reason) {
    return { ...end(lost(reason, 0)), lasted: this.#since ? performance.now() - this.#since : 0 };
  }

  /** @param {End} why */
  #finish(why) {
    this.#end?.(why);
    this.#end = null;
  }
}

/** Pings and what their answers tell. */
class Pings {
  /** @type {Map<number, number>} when each was sent */
  #sent = new Map();
  #number = 0;
  /** The quickest answer tells the clocks' difference best; how quick it was is forgotten slowly. */
  #shortest = Infinity;
  roundTrip = 0;
  /** @type {number | null} */
  clockOffset = null;

  /** A new connection: what was sent on the last one stays unanswered. */
  begin() {
    this.#sent.clear();
    this.roundTrip = 0;
    this.#shortest = Infinity;
    this.clockOffset = null;
  }

  /** @returns {ClientMessage} */
  next() {
    this.#number = (this.#number + 1) >>> 0;
    this.#sent.set(this.#number, performance.now());
    return { kind: 'ping', number: this.#number };
  }

  /** @param {{number: number, serverUs: number}} pong */
  answered({ number, serverUs }) {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    const now = performance.now();
    for (const older of this.#sent.keys()) if (older <= number) this.#sent.delete(older);
    this.roundTrip = now - sent;
    this.#shortest *= FORGET;
    if (this.roundTrip > this.#shortest) return;
    this.#shortest = this.roundTrip;
    this.clockOffset = serverUs / 1000 - (performance.timeOrigin + (sent + now) / 2);
  }
}

/** The codecs that messages may be coded with; null where the browser does not say. @returns {Promise<string[] | null>} */
async function decoded() {
  return Player.isOffered ? within(ASKING, Player.decodes()).catch(() => null) : null;
}

/** The address of the page may pin a way that the server leaves open. @param {import('./api.js').Ways} ways */
function pinned(ways) {
  const transport = new URLSearchParams(location.search).get('transport');
  if (transport === 'webrtc') return { ...ways, transport: 'rtc' };
  return { ...ways, transport: transport ?? ways.transport };
}

/** How good the way is that a connection takes. @param {Connection | SocketConnection} connection */
function height(connection) {
  // Without statistics, WebRTC is taken for the best.
  if (connection.rung === 'websocket') return 0;
  return connection.route ? rank(connection.route) : BEST;
}

/** @param {string} reason @param {number} seconds @returns {Extract<State, {name: 'lost'}>} */
function lost(reason, seconds) {
  return { name: 'lost', reason, seconds, desktop: false };
}

/** @param {unknown} error @returns {End} */
function refused(error) {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError)) return { ...end(lost(reason, 0)), network: error instanceof ConnectionError };
  if (error.status === 401) return end({ name: 'login' });
  const help = HOPELESS[error.status];
  return { ...end(help ? { name: 'failed', reason, help } : lost(reason, 0)), retryAfter: error.retryAfter };
}

/** @param {number} version @returns {End} */
function outdated(version) {
  const reason = `The server speaks version ${version}, this page version ${VERSION}.`;
  return end({ name: 'failed', reason, help: 'Reload the page.' });
}

/** @param {State | null} state @returns {End} */
function end(state) {
  return { state, retryAfter: 0, lasted: 0, network: false };
}
