/** The messages, held to the file that the Rust side is held to. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Assembler, MAX_CLIPBOARD, PART, ProtocolError, clipboardMessages, decode, encode, textMessages } from '../js/protocol.js';

const GOLDEN = new URL('../../crates/protocol/testdata/messages.txt', import.meta.url);
const ascii = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** @type {Record<string, import('../js/protocol.js').ClientMessage>} */
const CLIENT = {
  'key 97 down': { kind: 'key', keysym: 97, pressed: true },
  'key 16905728 up': { kind: 'key', keysym: 16905728, pressed: false },
  'text é漢': { kind: 'text', text: 'é漢' },
  'pointer to 1920,1080': { kind: 'pointer-to', x: 1920, y: 1080 },
  'pointer by -1,2': { kind: 'pointer-by', dx: -1, dy: 2 },
  'button 2 down': { kind: 'button', button: 2, pressed: true },
  'scroll 0,-120': { kind: 'scroll', dx: 0, dy: -120 },
  'release all': { kind: 'release-all' },
  'resize 1280x720': { kind: 'resize', width: 1280, height: 720 },
  'clipboard of 1048576 bytes': { kind: 'clipboard-begin', bytes: 1048576 },
  'clipboard part abc': { kind: 'clipboard-part', part: ascii('abc') },
  'ping 7': { kind: 'ping', number: 7 },
  'video on': { kind: 'video', wanted: true },
  'audio off': { kind: 'audio', wanted: false },
  'received 65536 bytes': { kind: 'received', total: 65536 },
  'ask for control': { kind: 'ask-control', asks: true },
  'give control to 7': { kind: 'give-control', person: 7 },
  'take control': { kind: 'take-control' },
  'release control': { kind: 'release-control' },
  'quality 8000 kbit/s 60 fps': { kind: 'quality', maxKbps: 8000, maxFps: 60 },
};

/** @type {Record<string, import('../js/protocol.js').ServerMessage>} */
const SERVER = {
  'hello version 1, control true, audio false, user user': { kind: 'hello', version: 1, control: true, audio: false, user: 'user' },
  'cursor 1x1 hot 0,0 ff0000ff': {
    kind: 'cursor', size: { width: 1, height: 1 }, hot: { x: 0, y: 0 }, rgba: Uint8Array.of(255, 0, 0, 255),
  },
  'clipboard of 3 bytes': { kind: 'clipboard-begin', bytes: 3 },
  'clipboard part abc': { kind: 'clipboard-part', part: ascii('abc') },
  'pong 7 at 1000000': { kind: 'pong', number: 7, serverUs: 1_000_000 },
  'stats 8000 7936 8192 600 1000 500 5000 2 3': {
    kind: 'stats',
    stats: {
      targetKbps: 8000, sentKbps: 7936, estimateKbps: 8192, fps: 60, captureUs: 1000, convertUs: 500, encodeUs: 5000,
      skipped: 2, viewers: 3,
    },
  },
  'desktop lost: gone': { kind: 'desktop', state: 'lost', message: 'gone' },
  'resized 1280x720': { kind: 'resized', width: 1280, height: 720 },
  'notice 2: no': { kind: 'notice', level: 'error', text: 'no' },
  'video H264 keyframe true at 1000000 0000000165': {
    kind: 'video', keyframe: true, codec: 'h264', capturedUs: 1_000_000, data: new Uint8Array([0, 0, 0, 1, 0x65]),
  },
  'people 1 Owner you holds drives ada, 7 Viewer asks eve': {
    kind: 'people',
    people: [
      { id: 1, standing: 'owner', you: true, holds: true, asks: false, drives: true, name: 'ada' },
      { id: 7, standing: 'viewer', you: false, holds: false, asks: true, drives: false, name: 'eve' },
    ],
  },
  'people nobody': { kind: 'people', people: [] },
  'control true': { kind: 'control', mine: true },
  '7 points to 1920,1080': { kind: 'pointer', id: 7, x: 1920, y: 1080 },
  'unseen: VP8': { kind: 'unseen', why: 'VP8' },
  seen: { kind: 'unseen', why: '' },
  'audio at 480 fc01': { kind: 'audio', pts: 480, data: new Uint8Array([0xfc, 1]) },
  'encoder x264enc H.264: best': { kind: 'encoder', element: 'x264enc', codec: 'H.264', reason: 'best' },
};

const golden = readFileSync(GOLDEN, 'utf8')
  .split('\n')
  .map((line) => /^(client|server) ([0-9a-f ]+?) \| (.*)$/.exec(line))
  .filter((line) => line !== null)
  .map(([, side, hex, meaning]) => ({ side, hex: hex.replaceAll(' ', ''), meaning }));

test('messages are the bytes of the golden file', () => {
  assert.ok(golden.length > 20);
  for (const { side, hex, meaning } of golden) {
    if (side === 'client') assert.equal(Buffer.from(encode(CLIENT[meaning])).toString('hex'), hex, meaning);
    else assert.deepEqual(decode(buffer(hex)), SERVER[meaning], meaning);
  }
});

test('what the server does not make is refused', () => {
  for (const hex of [
    '', '7f', '00', '8802', '88050002d000', '8101020075', '8701ff', '890378', '8a05ab', '8200010001000000000000ff', '90020000000000000f4240', '90010500000000000f4240', '9000000000', '910000',
    '8b010000000103000161', '8b010000000100100161', '8b0200000001000000', '8c02', '8b0000',
    `84${'00'.repeat(PART + 1)}`,
  ]) {
    assert.throws(() => decode(buffer(hex)), ProtocolError, hex.slice(0, 20));
  }
  for (const { side, hex } of golden) {
    if (side === 'server' && !/^(8[1-47-9ae]|9[01])/.test(hex)) assert.throws(() => decode(buffer(hex.slice(0, -2))), ProtocolError, hex);
  }
});

test('a clipboard text that was cut within characters comes together', () => {
  for (const text of ['', 'a', '漢é😀'.repeat(20_000), `x${'é'.repeat(PART)}`]) {
    const [begin, ...parts] = [...clipboardMessages(text)];
    const assembler = new Assembler();
    let whole = begin.kind === 'clipboard-begin' ? assembler.begin(begin.bytes) : null;
    for (const message of parts) {
      assert.ok(message.kind === 'clipboard-part' && message.part.length <= PART);
      assert.equal(whole, null);
      whole = assembler.part(message.part);
    }
    assert.equal(whole, text);
  }
});

test('a clipboard text that is not what it said is dropped', () => {
  const cases = /** @type {[number, string[], string | null][]} */ ([
    [3, ['61626364'], null], [3, ['6162'], null], [2, ['fffe'], null], [MAX_CLIPBOARD + 1, ['61'], null], [2, ['61', '62'], 'ab'],
  ]);
  for (const [bytes, parts, expected] of cases) {
    const assembler = new Assembler();
    const texts = [assembler.begin(bytes), ...parts.map((hex) => assembler.part(new Uint8Array(buffer(hex))))];
    assert.equal(texts.find((text) => text !== null) ?? null, expected);
  }
  assert.deepEqual([...clipboardMessages('a'.repeat(MAX_CLIPBOARD + 1))], []);
});

test('a long typed text is cut between characters', () => {
  const text = '😀'.repeat(3000);
  const messages = [...textMessages(text)].map((message) => (message.kind === 'text' ? message.text : ''));
  assert.equal(messages.join(''), text);
  assert.ok(messages.every((part) => Buffer.byteLength(part) <= 4096 && !part.includes('\ufffd')));
  assert.equal(messages.length, 3);
});

/** @param {string} hex */
function buffer(hex) {
  return new Uint8Array(Buffer.from(hex, 'hex')).buffer;
}
