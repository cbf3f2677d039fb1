/**
 * A bad network for UDP: it passes datagrams on, late, some of them not at all, and no more than fit. Runs by itself:
 * `node relay.js PORT HOST PORT '{"loss": 5, "delay": 20, "jitter": 50, "kbps": 2000, "queue": 150}'`; percent,
 * milliseconds and kbit/s. Each end is delayed and limited on its own. A limit that changes is a list of pairs: the second
 * from which it holds, counted from the first datagram, and the kbit/s.
 */

import { createSocket } from 'node:dgram';
import { argv } from 'node:process';

const [, , port, host, hostPort, conditions] = argv;
const { loss = 0, delay = 0, jitter = 0, kbps = 0, queue = 150 } = JSON.parse(conditions ?? '{}');
/** @type {[number, number][]} */
const limits = Array.isArray(kbps) ? kbps : [[0, kbps]];
/** When the first datagram came, in milliseconds. */
let begun = 0;

/** What fits now, in kbit/s; 0 for anything. */
function limit() {
  begun ||= performance.now();
  const seconds = (performance.now() - begun) / 1000;
  return limits.findLast(([from]) => from <= seconds)?.[1] ?? 0;
}

/** One direction of the way. */
class Way {
  /** When the last datagram that was let in will have left, in milliseconds. */
  #busyUntil = 0;

  /** @param {number} bytes @returns {number | null} after how many milliseconds it arrives; null for never */
  pass(bytes) {
    if (Math.random() * 100 < loss) return null;
    const [now, fits] = [performance.now(), limit()];
    const starts = Math.max(now, this.#busyUntil);
    if (fits > 0 && starts - now > queue) return null;
    this.#busyUntil = starts + (fits > 0 ? ((bytes + 28) * 8) / fits : 0);
    return this.#busyUntil - now + delay + Math.random() * jitter;
  }
}

const there = new Way();
const back = new Way();
/** @type {Map<string, import('node:dgram').Socket>} */
const guests = new Map();

const front = createSocket('udp4');
front.on('message', (data, from) => later(there.pass(data.length), () => guest(from).send(data)));
front.bind(Number(port), () => console.log('ready'));

/** The socket that stands for this address. @param {import('node:dgram').RemoteInfo} from */
function guest({ address, port: guestPort }) {
  const name = `${address}:${guestPort}`;
  const known = guests.get(name);
  if (known) return known;
  const socket = createSocket('udp4');
  socket.connect(Number(hostPort), host);
  socket.on('message', (data) => later(back.pass(data.length), () => front.send(data, guestPort, address)));
  socket.on('error', () => {});
  const made = { send: (/** @type {Buffer} */ data) => (connected ? socket.send(data) : socket.once('connect', () => socket.send(data))) };
  let connected = false;
  socket.once('connect', () => { connected = true; });
  guests.set(name, /** @type {any} */ (made));
  return made;
}

/** @param {number | null} milliseconds @param {() => void} action */
function later(milliseconds, action) {
  if (milliseconds === null) return;
  if (milliseconds < 1) action();
  else setTimeout(action, milliseconds);
}
