/**
 * Viewers without a browser, over WebSockets: they speak the page's protocol and do not decode. Runs by itself:
 * `node viewers.js URL COUNT` with the login as JSON in LOGIN. Prints once a second, as one line of JSON, what each
 * of them saw in it.
 */

import { request } from 'node:https';
import { argv, env } from 'node:process';

/** Kinds of messages, as crates/protocol numbers them. */
const KIND = { ping: 0x13, video: 0x14, received: 0x17, stats: 0x86, picture: 0x90 };
/** A message of so many bytes is acknowledged at once. */
const TOLD = 1000;
const [, , url, count] = argv;

/** @typedef {{fps: number, latencyMs: number, targetKbps: number}} Seen in one second; the latency is the median */

class Viewer {
  /** @type {number[]} */
  #ages = [];
  #target = 0;
  #total = 0;
  #pings = 0;
  #rest = Buffer.alloc(0);
  /** @type {import('node:stream').Duplex | null} */
  #socket = null;

  /** @param {string} cookie of a session */
  open(cookie) {
    const asked = request(new URL('api/socket?codecs=h264', url), {
      rejectUnauthorized: false,
      headers: {
        Cookie: cookie, Origin: new URL(url).origin,
        Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'bm90aGluZyBvZiB3b3J0aA==',
      },
    });
    asked.on('upgrade', (_, socket, head) => {
      this.#socket = socket;
      socket.on('data', (data) => this.#read(data));
      socket.on('close', () => fail('the server closed it'));
      socket.on('error', fail);
      this.#say(KIND.video, Buffer.from([1]));
      this.#read(head);
    });
    asked.on('response', ({ statusCode }) => fail(`refused: ${statusCode}`));
    asked.on('error', fail);
    asked.end();
  }

  /** @returns {Seen} */
  take() {
    const ages = this.#ages.sort((a, b) => a - b);
    this.#ages = [];
    this.#acknowledge();
    this.#say(KIND.ping, number(this.#pings += 1));
    return { fps: ages.length, latencyMs: ages[ages.length >> 1] ?? Infinity, targetKbps: this.#target };
  }

  /** Frames of RFC 6455, section 5.2; a server does not mask them. @param {Buffer} data */
  #read(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (;;) {
      const rest = this.#rest;
      if (rest.length < 10) return;
      const short = rest[1] & 127;
      const [head, length] = short === 127 ? [10, Number(rest.readBigUInt64BE(2))] : short === 126 ? [4, rest.readUInt16BE(2)] : [2, short];
      if (rest.length < head + length) return;
      this.#rest = rest.subarray(head + length);
      if ((rest[0] & 15) === 2) this.#message(rest.subarray(head, head + length));
    }
  }

  /** @param {Buffer} message */
  #message(message) {
    this.#total += message.length;
    if (message.length >= TOLD) this.#acknowledge();
    if (message[0] === KIND.stats) this.#target = message.readUInt32BE(1);
    if (message[0] === KIND.picture) this.#ages.push(Date.now() - Number(message.readBigUInt64BE(3)) / 1000);
  }

  #acknowledge() { this.#say(KIND.received, number(this.#total)); }

  /** @param {number} kind @param {Buffer} body */
  #say(kind, body) {
    this.#socket?.write(Buffer.concat([Buffer.from([0x82, 0x80 | (1 + body.length), 0, 0, 0, 0, kind]), body]));
  }
}

/** @param {number} value modulo 2^32 */
function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value % 2 ** 32);
  return bytes;
}

/** @param {unknown} why */
function fail(why) {
  console.error(String(why));
  process.exit(1);
}

/** Logs in, once for all of them. @param {(cookie: string) => void} then */
function logIn(then) {
  const asked = request(new URL('api/login', url), { method: 'POST', rejectUnauthorized: false, headers: { 'Content-Type': 'application/json', Origin: new URL(url).origin } });
  asked.on('response', ({ statusCode, headers }) => {
    const [cookie] = headers['set-cookie'] ?? [];
    if (cookie) then(cookie.split(';')[0]);
    else fail(`no login: ${statusCode}`);
  });
  asked.on('error', fail);
  asked.end(env.LOGIN);
}

logIn((cookie) => {
  const viewers = Array.from({ length: Number(count) }, () => new Viewer());
  viewers.forEach((viewer) => viewer.open(cookie));
  setInterval(() => console.log(JSON.stringify(viewers.map((viewer) => viewer.take()))), 1000);
});
