/**
 * The messages between the page and the server: a kind in the first byte, then fields in network byte order.
 *
 * The Rust crate `cosmos-protocol` is the other half; both are held to its `testdata/messages.txt`.
 */

/** The version that the server's hello must tell. */
export const VERSION = 1;
/** The most bytes of a clipboard text that travel in one message. */
export const PART = 16 * 1024;
/** The longest clipboard text that is sent or taken, in bytes. */
export const MAX_CLIPBOARD = 16 * 1024 * 1024;
/** The longest typed text of one message, in bytes. */
export const MAX_TEXT = 4096;

/**
 * @typedef {{width: number, height: number}} Size in desktop pixels
 * @typedef {{x: number, y: number}} Point in desktop pixels
 */

/**
 * What a person did. Scroll is in 120ths of a notch; right and down are positive.
 * @typedef {{kind: 'key', keysym: number, pressed: boolean}
 *   | {kind: 'text', text: string}
 *   | {kind: 'pointer-to', x: number, y: number}
 *   | {kind: 'pointer-by', dx: number, dy: number}
 *   | {kind: 'button', button: number, pressed: boolean}
 *   | {kind: 'scroll', dx: number, dy: number}
 *   | {kind: 'release-all'}} InputMessage
 */

/**
 * What the page tells besides input. A bound of 0 leaves it to the server.
 * @typedef {{kind: 'resize', width: number, height: number}
 *   | {kind: 'clipboard-begin', bytes: number}
 *   | {kind: 'clipboard-part', part: Uint8Array}
 *   | {kind: 'ping', number: number}
 *   | {kind: 'video', wanted: boolean}
 *   | {kind: 'audio', wanted: boolean}
 *   | {kind: 'received', total: number}
 *   | {kind: 'quality', maxKbps: number, maxFps: number}
 *   | {kind: 'ask-control', asks: boolean}
 *   | {kind: 'give-control', person: number}
 *   | {kind: 'take-control'}
 *   | {kind: 'release-control'}} ControlMessage
 */

/** @typedef {InputMessage | ControlMessage} ClientMessage */

/**
 * Figures of the last second, as the server sees them.
 * @typedef {object} ServerStats
 * @property {number} targetKbps what the encoder was asked for, in kbit/s
 * @property {number} sentKbps what left for this page, in kbit/s
 * @property {number} estimateKbps what the network is thought to carry, in kbit/s; 0 while unknown
 * @property {number} fps frames encoded per second
 * @property {number} captureUs from the change on the screen to the picture in memory, in microseconds
 * @property {number} convertUs colour conversion, in microseconds
 * @property {number} encodeUs encoder, in microseconds
 * @property {number} skipped frames this page was too slow for, since it connected
 * @property {number} viewers pages connected
 */

/** @typedef {'info' | 'warning' | 'error'} Level */

/**
 * A page that is connected, and whoever sits before it.
 * @typedef {object} Person
 * @property {number} id by which the control is given to them
 * @property {'viewer' | 'controller' | 'owner'} standing
 * @property {boolean} you whether it is this page
 * @property {boolean} holds whether they have taken the control for themselves
 * @property {boolean} asks whether they ask for it
 * @property {boolean} drives whether their keys and pointer reach the desktop
 * @property {string} name
 */

/** @typedef {'h264' | 'h265' | 'vp8' | 'vp9' | 'av1'} VideoCodec */

/**
 * What the server tells. `unseen` says why no picture comes to this page; it comes when there is no reason.
 * @typedef {{kind: 'hello', version: number, control: boolean, audio: boolean, user: string}
 *   | {kind: 'cursor', size: Size, hot: Point, rgba: Uint8Array<ArrayBuffer>}
 *   | {kind: 'clipboard-begin', bytes: number}
 *   | {kind: 'clipboard-part', part: Uint8Array}
 *   | {kind: 'pong', number: number, serverUs: number}
 *   | {kind: 'stats', stats: ServerStats}
 *   | {kind: 'desktop', state: 'up' | 'lost', message: string}
 *   | {kind: 'resized', width: number, height: number}
 *   | {kind: 'notice', level: Level, text: string}
 *   | {kind: 'encoder', element: string, codec: string, reason: string}
 *   | {kind: 'people', people: Person[]}
 *   | {kind: 'control', mine: boolean}
 *   | {kind: 'pointer', id: number, x: number, y: number}
 *   | {kind: 'unseen', why: string}
 *   | {kind: 'video', keyframe: boolean, codec: VideoCodec, capturedUs: number, data: Uint8Array<ArrayBuffer>}
 *   | {kind: 'audio', pts: number, data: Uint8Array<ArrayBuffer>}} ServerMessage
 */

/** A message that means nothing. */
export class ProtocolError extends Error {}

/**
 * The message as bytes.
 * @param {ClientMessage} message
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encode(message) {
  switch (message.kind) {
    case 'key': return fields(0x01, 5).u8(+message.pressed).u32(message.keysym).bytes;
    case 'text': return tail(0x02, new TextEncoder().encode(message.text));
    case 'pointer-to': return fields(0x03, 4).u16(message.x).u16(message.y).bytes;
    case 'pointer-by': return fields(0x04, 4).u16(message.dx).u16(message.dy).bytes;
    case 'button': return fields(0x05, 2).u8(message.button).u8(+message.pressed).bytes;
    case 'scroll': return fields(0x06, 4).u16(message.dx).u16(message.dy).bytes;
    case 'release-all': return fields(0x07, 0).bytes;
    case 'resize': return fields(0x10, 4).u16(message.width).u16(message.height).bytes;
    case 'clipboard-begin': return fields(0x11, 4).u32(message.bytes).bytes;
    case 'clipboard-part': return tail(0x12, message.part);
    case 'ping': return fields(0x13, 4).u32(message.number).bytes;
    case 'video': return fields(0x14, 1).u8(+message.wanted).bytes;
    case 'audio': return fields(0x15, 1).u8(+message.wanted).bytes;
    case 'received': return fields(0x17, 4).u32(message.total).bytes;
    case 'ask-control': return fields(0x20, 1).u8(+message.asks).bytes;
    case 'give-control': return fields(0x21, 4).u32(message.person).bytes;
    case 'take-control': return fields(0x22, 0).bytes;
    case 'release-control': return fields(0x23, 0).bytes;
    case 'quality': return fields(0x16, 5).u32(message.maxKbps).u8(message.maxFps).bytes;
  }
}

/**
 * Reads one message.
 * @param {ArrayBuffer} message
 * @returns {ServerMessage}
 * @throws {ProtocolError} for every input that the server does not make
 */
export function decode(message) {
  const reader = new Reader(message);
  const decoded = decodeKind(reader.u8(), reader);
  reader.end();
  return decoded;
}

/**
 * The messages in which a clipboard text travels; none when it is longer than {@link MAX_CLIPBOARD}.
 * @param {string} text
 * @returns {Generator<ControlMessage>}
 */
export function* clipboardMessages(text) {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_CLIPBOARD) return;
  yield { kind: 'clipboard-begin', bytes: bytes.length };
  for (let start = 0; start < bytes.length; start += PART) {
    yield { kind: 'clipboard-part', part: bytes.subarray(start, start + PART) };
  }
}

/**
 * The messages in which a typed text travels, cut between characters.
 * @param {string} text
 * @returns {Generator<InputMessage>}
 */
export function* textMessages(text) {
  const most = MAX_TEXT / 4;
  const characters = [...text];
  for (let start = 0; start < characters.length; start += most) {
    yield { kind: 'text', text: characters.slice(start, start + most).join('') };
  }
}

/** Puts the parts of a clipboard text together again. */
export class Assembler {
  /** @type {Uint8Array | null} */
  #bytes = null;
  #filled = 0;

  /**
   * A text of so many bytes begins; what was incomplete is forgotten.
   * @param {number} bytes
   * @returns {string | null} the text, when it is empty and so complete
   */
  begin(bytes) {
    this.#bytes = bytes > MAX_CLIPBOARD ? null : new Uint8Array(bytes);
    this.#filled = 0;
    return this.#finish();
  }

  /**
   * The next bytes of it.
   * @param {Uint8Array} part
   * @returns {string | null} the text, once it is complete; one that is no UTF-8 or longer than it said is dropped
   */
  part(part) {
    if (!this.#bytes) return null;
    if (this.#filled + part.length > this.#bytes.length) {
      this.#bytes = null;
      return null;
    }
    this.#bytes.set(part, this.#filled);
    this.#filled += part.length;
    return this.#finish();
  }

  #finish() {
    if (!this.#bytes || this.#filled < this.#bytes.length) return null;
    const bytes = this.#bytes;
    this.#bytes = null;
    try {
      return utf8(bytes);
    } catch {
      return null;
    }
  }
}

/**
 * @param {number} kind
 * @param {Reader} reader
 * @returns {ServerMessage}
 */
function decodeKind(kind, reader) {
  switch (kind) {
    case 0x81: return {
      kind: 'hello', version: reader.u8(), control: reader.bool(), audio: reader.bool(), user: utf8(reader.tail()),
    };
    case 0x82: return decodeCursor(reader);
    case 0x83: return { kind: 'clipboard-begin', bytes: reader.u32() };
    case 0x84: return { kind: 'clipboard-part', part: reader.tail(PART) };
    case 0x85: return { kind: 'pong', number: reader.u32(), serverUs: reader.u64() };
    case 0x86: return { kind: 'stats', stats: decodeStats(reader) };
    case 0x87: return { kind: 'desktop', state: reader.bool() ? 'lost' : 'up', message: utf8(reader.tail()) };
    case 0x88: return { kind: 'resized', width: reader.u16(), height: reader.u16() };
    case 0x89: return { kind: 'notice', level: decodeLevel(reader.u8()), text: utf8(reader.tail()) };
    case 0x8a: return { kind: 'encoder', element: reader.shortText(), codec: reader.shortText(), reason: utf8(reader.tail()) };
    case 0x8b: return { kind: 'people', people: Array.from({ length: reader.u8() }, () => decodePerson(reader)) };
    case 0x8c: return { kind: 'control', mine: reader.bool() };
    case 0x8d: return { kind: 'pointer', id: reader.u32(), x: reader.u16(), y: reader.u16() };
    case 0x8e: return { kind: 'unseen', why: utf8(reader.tail()) };
    case 0x90: return { kind: 'video', keyframe: reader.bool(), codec: decodeCodec(reader.u8()), capturedUs: reader.u64(), data: reader.tail() };
    case 0x91: return { kind: 'audio', pts: reader.u64(), data: reader.tail() };
    default: throw new ProtocolError(`there is no message of kind ${kind}`);
  }
}

/**
 * @param {Reader} reader
 * @returns {ServerMessage}
 */
function decodeCursor(reader) {
  const size = { width: reader.u16(), height: reader.u16() };
  const hot = { x: reader.u16(), y: reader.u16() };
  const rgba = reader.tail();
  if (rgba.length !== 4 * size.width * size.height) throw new ProtocolError('the cursor has a wrong number of bytes');
  return { kind: 'cursor', size, hot, rgba };
}

/**
 * @param {Reader} reader
 * @returns {Person}
 */
function decodePerson(reader) {
  const id = reader.u32();
  const standing = /** @type {const} */ (['viewer', 'controller', 'owner'])[reader.u8()];
  const marks = reader.u8();
  if (!standing || marks > 15) throw new ProtocolError('somebody is what nobody can be');
  const [you, holds, asks, drives] = [1, 2, 4, 8].map((mark) => (marks & mark) !== 0);
  return { id, standing, you, holds, asks, drives, name: reader.shortText() };
}

/**
 * @param {Reader} reader
 * @returns {ServerStats}
 */
function decodeStats(reader) {
  return {
    targetKbps: reader.u32(),
    sentKbps: reader.u32(),
    estimateKbps: reader.u32(),
    fps: reader.u16() / 10,
    captureUs: reader.u32(),
    convertUs: reader.u32(),
    encodeUs: reader.u32(),
    skipped: reader.u32(),
    viewers: reader.u16(),
  };
}

/**
 * @param {number} value
 * @returns {Level}
 */
function decodeLevel(value) {
  const level = /** @type {const} */ (['info', 'warning', 'error'])[value];
  if (!level) throw new ProtocolError('the level means nothing');
  return level;
}

/**
 * @param {number} value
 * @returns {VideoCodec}
 */
function decodeCodec(value) {
  const codec = /** @type {const} */ (['h264', 'h265', 'vp8', 'vp9', 'av1'])[value];
  if (!codec) throw new ProtocolError('the codec means nothing');
  return codec;
}

/** @param {Uint8Array} bytes */
function utf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError('a text is not UTF-8', { cause });
  }
}

/**
 * @param {number} kind
 * @param {Uint8Array} bytes
 */
function tail(kind, bytes) {
  const message = new Uint8Array(1 + bytes.length);
  message[0] = kind;
  message.set(bytes, 1);
  return message;
}

/**
 * @param {number} kind
 * @param {number} length of the fields, in bytes
 */
function fields(kind, length) {
  return new Writer(new Uint8Array(1 + length)).u8(kind);
}

/** Puts fields one behind the other. Negative numbers become their two's complement. */
class Writer {
  #at = 0;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** @param {number} value */
  u8(value) {
    this.view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }

  /** @param {number} value */
  u16(value) {
    this.view.setUint16(this.#at, value);
    this.#at += 2;
    return this;
  }

  /** @param {number} value */
  u32(value) {
    this.view.setUint32(this.#at, value);
    this.#at += 4;
    return this;
  }
}

/** Takes fields off the front of a message. */
class Reader {
  #at = 0;

  /** @param {ArrayBuffer} message */
  constructor(message) {
    this.view = new DataView(message);
  }

  /** @param {number} bytes */
  #take(bytes) {
    const at = this.#at;
    this.#at += bytes;
    if (this.#at > this.view.byteLength) throw new ProtocolError('the message ends before its last field');
    return at;
  }

  u8() { return this.view.getUint8(this.#take(1)); }

  u16() { return this.view.getUint16(this.#take(2)); }

  u32() { return this.view.getUint32(this.#take(4)); }

  u64() { return Number(this.view.getBigUint64(this.#take(8))); }

  bool() {
    const value = this.u8();
    if (value > 1) throw new ProtocolError('a yes or no is neither');
    return value === 1;
  }

  shortText() {
    const length = this.u8();
    return utf8(new Uint8Array(this.view.buffer, this.#take(length), length));
  }

  /** @param {number} [most] bytes */
  tail(most = Infinity) {
    const length = this.view.byteLength - this.#at;
    if (length > most) throw new ProtocolError('a part is too long');
    return new Uint8Array(/** @type {ArrayBuffer} */ (this.view.buffer), this.#take(length), length);
  }

  end() {
    if (this.#at < this.view.byteLength) throw new ProtocolError('the message goes on after its last field');
  }
}
