/** What a session needs and has no browser in it: waits, descriptions, figures, choices. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError } from '../js/api.js';
import { Undecoded, isFullFormat, withoutFull } from '../js/full.js';
import { Ladder } from '../js/ladder.js';
import { Player, nameOf, nameOfH264 } from '../js/player.js';
import { byPreference, withStereo, withoutLipSync } from '../js/sdp.js';
import { backOff } from '../js/session.js';
import { tokenOf, within } from '../js/share.js';
import { Settings } from '../js/settings.js';
import { NO_READING, readFigures } from '../js/statistics.js';
import { line } from '../js/statistics-panel.js';
import { WaySource } from '../js/ways.js';

test('attempts to reconnect are spread, and never rare', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 50].map(backOff), [250, 500, 1000, 2000, 2000, 2000]);
});

test('stereo is asked for once', () => {
  const sdp = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n';
  const stereo = withStereo(sdp);
  assert.match(stereo, /a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n/);
  assert.equal(withStereo(stereo), stereo);
  assert.equal(withStereo('m=video 9\r\n'), 'm=video 9\r\n');
});

test('sound and picture are of different streams', () => {
  const sdp = 'v=0\r\nm=video 9 X 1\r\na=msid:desk video\r\nm=audio 9 X 2\r\na=msid:desk audio\r\na=ssrc:7 msid:desk audio\r\nm=application 9 Y\r\n';
  assert.equal(
    withoutLipSync(sdp),
    'v=0\r\nm=video 9 X 1\r\na=msid:desk video\r\nm=audio 9 X 2\r\na=msid:sound audio\r\na=ssrc:7 msid:sound audio\r\nm=application 9 Y\r\n',
  );
});

test('H.264 comes first, and nothing is left out', () => {
  const codecs = [
    ['video/VP8', ''], ['video/rtx', ''], ['video/H264', 'packetization-mode=0'], ['video/H264', 'a=1;packetization-mode=1'], ['video/AV1', ''],
  ].map(([mimeType, sdpFmtpLine]) => ({ mimeType, sdpFmtpLine }));
  assert.deepEqual(byPreference(codecs), [codecs[3], codecs[2], codecs[0], codecs[1], codecs[4]]);
});

const SERVER = {
  targetKbps: 0, sentKbps: 0, estimateKbps: 0, fps: 60, captureUs: 1000, convertUs: 500, encodeUs: 5500, skipped: 0, viewers: 1,
};

/** @param {object} video @param {object} [pair] */
function report(video, pair) {
  return [
    { id: 'v', type: 'inbound-rtp', kind: 'video', codecId: 'c', frameWidth: 1280, frameHeight: 720, packetsLost: 3, ...video },
    { id: 'a', type: 'inbound-rtp', kind: 'audio', bytesReceived: 5 },
    { id: 'c', type: 'codec', mimeType: 'video/H264' },
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', localCandidateId: 'l', remoteCandidateId: 'r', currentRoundTripTime: 0.004, ...pair },
    { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    { id: 'r', type: 'remote-candidate', candidateType: 'srflx', protocol: 'udp' },
  ];
}

test('figures are of the time since the last reading', () => {
  const first = { timestamp: 1000, framesDecoded: 10, totalDecodeTime: 1, jitterBufferDelay: 1, jitterBufferEmittedCount: 10 };
  const second = { timestamp: 3000, framesDecoded: 70, totalDecodeTime: 1.3, jitterBufferDelay: 1.6, jitterBufferEmittedCount: 70 };
  const none = { frames: 0, toScreen: 0, endToEnd: 0 };
  const before = readFigures(report(first, { bytesReceived: 1000 }), NO_READING, none, null, 0);
  assert.equal(before.figures.fps, 0);
  const { figures } = readFigures(report(second, { bytesReceived: 251000 }), before.reading, none, SERVER, 0);
  assert.equal(figures.fps, 30);
  assert.equal(figures.kbps, 1000);
  assert.equal(Math.round(figures.decodeMs), 5);
  assert.equal(Math.round(figures.bufferMs), 10);
  assert.equal(Math.round(figures.latencyMs), 7 + 2 + 15);
  assert.equal(figures.measured, false);
  assert.equal(figures.transport, 'UDP, host to srflx');
  assert.equal(figures.resolution, '1280 × 720');
  assert.equal(figures.lost, 3);
  const restarted = readFigures(report(first, { bytesReceived: 10 }), { ...before.reading, bytes: 999999 }, none, null, 0);
  assert.equal(restarted.figures.kbps, 0);
});

test('latency is what the frames tell, if they tell it', () => {
  const read = (/** @type {import('../js/picture.js').Frames} */ frames) => readFigures(report({}), NO_READING, frames, SERVER, 10).figures;
  assert.equal(read({ frames: 1, toScreen: 8, endToEnd: 0 }).latencyMs, 7 + 5 + 8);
  const measured = read({ frames: 1, toScreen: 8, endToEnd: 21 });
  assert.deepEqual([measured.latencyMs, measured.measured], [21, true]);
});

test('a connection over TCP or a relay is named so', () => {
  const entries = report({});
  const other = (/** @type {object} */ local) => readFigures(entries.map((entry) => (entry.id === 'l' ? { ...entry, ...local } : entry)), NO_READING, { frames: 0, toScreen: 0, endToEnd: 0 }, null, 0).figures.transport;
  assert.equal(other({ protocol: 'tcp' }), 'TCP, host to srflx');
  assert.equal(other({ candidateType: 'relay', relayProtocol: 'tls' }), 'TLS, relay');
});

test('the line of the figures ends at the right edge and stays within', () => {
  const points = line([0, 100, 50], 118, 40, 2);
  assert.deepEqual(points, [[114, 38], [116, 2], [118, 20]]);
});

test('a page says what it decodes of what it would ask its decoder for', async () => {
  /** @type {VideoDecoderConfig[]} */
  const asked = [];
  const answers = { vp8: true, 'vp09.00.51.08': false, 'vp09.01.51.08.03.01.01.01.00': true };
  Object.assign(globalThis, {
    VideoDecoder: {
      isConfigSupported: async (/** @type {VideoDecoderConfig} */ config) => {
        asked.push(config);
        if (config.codec.startsWith('av01')) throw new TypeError('never heard of it');
        return { supported: /** @type {any} */ (answers)[config.codec] ?? config.codec.startsWith('avc1') };
      },
    },
  });
  assert.deepEqual(await Player.decodes(), ['h264', 'vp8', 'h264-444', 'vp9-444']);
  assert.ok(asked.length === 8 && asked.every((config) => config.optimizeForLatency));
  delete (/** @type {any} */ (globalThis).VideoDecoder);
});

test('the decoder is chosen by what the keyframe tells', () => {
  const name = (/** @type {any} */ codec, /** @type {number[]} */ ...bytes) => nameOf(codec, new Uint8Array(bytes));
  assert.equal(name('h264', 0, 0, 0, 1, 0x67, 0xf4, 0, 0x1f, 1), 'avc1.f4001f');
  assert.equal(name('vp8', 0x10), 'vp8');
  assert.deepEqual([0x82, 0xa2, 0x92].map((byte) => name('vp9', byte, 0x49)), ['vp09.00.51.08', 'vp09.01.51.08.03.01.01.01.00', 'vp09.00.51.08']);
  const [main, high] = ['av01.0.13M.08', 'av01.1.13M.08.0.000.01.01.01.0'];
  // A temporal delimiter, then the sequence header; one unit has an extension, and one a size of two bytes.
  assert.equal(name('av1', 0x12, 0, 0x0a, 2, 0x00, 0), main);
  assert.equal(name('av1', 0x12, 0, 0x0a, 2, 0x20, 0), high);
  assert.equal(name('av1', 0x16, 0, 0x00, 0x2a, 0x81, 0x00, 7, 0x0a, 2, 0x20, 0), high);
  for (const broken of [[], [0x12], [0x0a], [0x2a, 0xff, 0xff]]) assert.equal(name('av1', ...broken), main);
});

test('what is at 4:4:4 is told by its format', () => {
  const full = [
    'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=f4001f', 'profile-id=1', 'level-idx=5;profile=1;tier=0',
  ];
  const others = [
    'packetization-mode=1;profile-level-id=42e01f', 'profile-id=0', 'profile-id=2', 'level-idx=5;profile=0;tier=0', '', undefined,
  ];
  assert.deepEqual([...full, ...others].map(isFullFormat), [...full.map(() => true), ...others.map(() => false)]);
  const codecs = [...others, ...full].map((sdpFmtpLine) => ({ sdpFmtpLine }));
  assert.deepEqual(withoutFull(codecs), codecs.slice(0, others.length));
});

test('pictures at 4:4:4 that come and are not decoded are noticed, and no others', () => {
  const seconds = (/** @type {string} */ sdpFmtpLine, /** @type {number[][]} */ ...readings) => {
    const undecoded = new Undecoded();
    return readings.map(([framesReceived, framesDecoded]) => undecoded.look([
      { id: 'v', type: 'inbound-rtp', kind: 'video', codecId: 'c', framesReceived, framesDecoded },
      { id: 'c', type: 'codec', sdpFmtpLine },
    ])).indexOf(true);
  };
  const stuck = [[2, 0], [4, 0], [6, 0], [8, 0]];
  assert.equal(seconds('profile-id=1', ...stuck), 2);
  assert.equal(seconds('profile-id=0', ...stuck), -1);
  assert.equal(seconds('profile-id=1', [30, 30], [60, 60], [61, 60], [61, 60], [61, 60], [61, 60]), -1);
  assert.equal(seconds('profile-id=1', [30, 30], [32, 30], [34, 30], [36, 30]), 3, 'they began later');
  assert.equal(new Undecoded().look([]), false);
});

test('choices are remembered', () => {
  const storage = memory();
  const settings = new Settings(() => storage);
  /** @type {number[]} */
  const told = [];
  settings.onChange((choices, before) => told.push(before.maxKbps, choices.maxKbps));
  settings.change({ maxKbps: 4000 });
  assert.deepEqual(told, [0, 4000]);
  assert.equal(new Settings(() => storage).choices.maxKbps, 4000);
});

test('a browser that remembers nothing, or nonsense, gives the defaults', () => {
  const refusing = () => { throw new DOMException('denied', 'SecurityError'); };
  const settings = new Settings(refusing);
  settings.change({ maxFps: 30 });
  assert.equal(settings.choices.maxFps, 30);
  const full = { ...memory(), setItem: refusing };
  new Settings(() => full).change({ maxFps: 30 });
  const defaults = new Settings(refusing).choices;
  for (const stored of ['', '{', 'null', '[]', '7', '{"maxFps":"60","scale":"huge","volume":9,"maxKbps":-1,"other":1,"__proto__":{}}']) {
    assert.deepEqual(new Settings(() => ({ ...memory(), getItem: () => stored })).choices, defaults, stored);
  }
});

/** @returns {Storage} */
function memory() {
  /** @type {Record<string, string>} */
  const items = {};
  return /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => items[key] ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => { items[key] = value; },
  });
}

test('figures of a WebSocket are those of what it carried', () => {
  const at = (/** @type {number} */ timestamp, /** @type {number} */ bytesReceived, /** @type {number} */ frames) =>
    [{ id: 'socket', type: 'cosmos-socket', timestamp, bytesReceived, frames }];
  const none = { frames: 0, toScreen: 0, endToEnd: 12 };
  const before = readFigures(at(1000, 5000, 10), NO_READING, none, null, 0);
  const { figures } = readFigures(at(2000, 130_000, 40), before.reading, none, null, 3);
  assert.deepEqual([figures.fps, figures.kbps, figures.latencyMs, figures.transport], [30, 1000, 12, 'WebSocket']);
});

test('the decoder is named by the sequence parameter set', () => {
  assert.equal(nameOfH264(Uint8Array.of(0, 0, 0, 1, 9, 16, 0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x29, 1, 2)), 'avc1.42c029');
  assert.equal(nameOfH264(Uint8Array.of(0, 0, 1, 0x41, 1, 2, 3, 4)), 'avc1.42e01f');
});

/**
 * A way that opens, or fails, after so many milliseconds; never, without them.
 * @param {'webrtc' | 'websocket'} rung
 * @param {string[]} log
 * @param {number} [opens]
 * @param {{after: number, error: Error}} [fails]
 */
function way(rung, log, opens, fails) {
  return () => {
    log.push(`try ${rung}`);
    /** @type {(error: Error) => void} */
    let reject = () => {};
    return {
      rung,
      open: () => new Promise((/** @type {(value: void) => void} */ resolve, no) => {
        reject = no;
        if (opens !== undefined) setTimeout(resolve, opens);
        if (fails) setTimeout(() => no(fails.error), fails.after);
      }),
      close: () => {
        log.push(`close ${rung}`);
        reject(new Error('closed'));
      },
    };
  };
}

test('a way that is made when the better one is taken is not opened', async () => {
  /** @type {string[]} */
  const log = [];
  const slow = async () => { await later(200); return way('websocket', log, 0)(); };
  const found = new Ladder({ webrtc: way('webrtc', log, 800), websocket: slow }, ({ rung }) => log.push(`take ${rung}`));
  await found.climb();
  await later(200);
  assert.deepEqual(log, ['try webrtc', 'take webrtc', 'try websocket', 'close websocket']);
});

test('the ways are asked for once by those who ask at the same time', async () => {
  let asked = 0;
  const ways = new WaySource(async () => { asked += 1; await later(5); return { transport: 'tcp', iceServers: [] }; });
  assert.deepEqual((await Promise.all([ways.get(), ways.get()])).map(({ transport }) => transport), ['tcp', 'tcp']);
  assert.equal(asked, 1);
});

/** @param {ReturnType<typeof way> | null} webrtc @param {ReturnType<typeof way> | null} websocket @param {string[]} log */
function ladder(webrtc, websocket, log) {
  return new Ladder({ webrtc, websocket }, ({ rung }) => log.push(`take ${rung}`));
}

const later = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('the better way is taken alone when it is quick', async () => {
  /** @type {string[]} */
  const log = [];
  await ladder(way('webrtc', log, 20), way('websocket', log, 0), log).climb();
  assert.deepEqual(log, ['try webrtc', 'take webrtc']);
});

test('the better way takes over when it comes later', async () => {
  /** @type {string[]} */
  const log = [];
  await ladder(way('webrtc', log, 900), way('websocket', log, 20), log).climb();
  assert.deepEqual(log, ['try webrtc', 'try websocket', 'take websocket']);
  await later(400);
  assert.deepEqual(log.slice(3), ['take webrtc']);
});

test('what is no longer needed is closed', async () => {
  /** @type {string[]} */
  const log = [];
  await ladder(way('webrtc', log, 800), way('websocket', log), log).climb();
  assert.deepEqual(log, ['try webrtc', 'try websocket', 'close websocket', 'take webrtc']);
});

test('a way that fails gives way at once, says why, and is tried again when asked', async () => {
  /** @type {string[]} */
  const log = [];
  const climbed = ladder(way('webrtc', log, undefined, { after: 10, error: new Error('no UDP') }), way('websocket', log, 10), log);
  const began = performance.now();
  await climbed.climb();
  assert.ok(performance.now() - began < 500, 'the head start was waited for');
  assert.equal(climbed.failed.webrtc, 'no UDP');
  climbed.again();
  climbed.again();
  await later(50);
  assert.deepEqual(log, ['try webrtc', 'close webrtc', 'try websocket', 'take websocket', 'try webrtc', 'close webrtc']);
});

test('what no way can change ends the climb', async () => {
  for (const status of [401, 403]) {
    /** @type {string[]} */
    const log = [];
    const error = new ApiError(status, 'no');
    await assert.rejects(ladder(way('webrtc', log, undefined, { after: 10, error }), way('websocket', log, 10), log).climb(), error);
    assert.ok(!log.includes('try websocket'));
  }
  /** @type {string[]} */
  const log = [];
  const [first, second] = [new Error('first'), new Error('second')];
  const none = ladder(way('webrtc', log, undefined, { after: 5, error: first }), way('websocket', log, undefined, { after: 5, error: second }), log);
  await assert.rejects(none.climb(), first);
  await assert.rejects(ladder(null, way('websocket', log, undefined, { after: 5, error: second }), log).climb(), second);
});

test('a link hands on no more than its maker has', () => {
  for (const [rights, most, expected] of /** @type {[string, string, boolean][]} */ ([
    ['viewer', 'viewer', true], ['viewer', 'controller', true], ['controller', 'viewer', false], ['viewer+sound', 'viewer', true],
    ['viewer', 'viewer+sound', false], ['controller', 'controller+picture+sound', false], ['viewer', 'controller+picture+sound', true],
  ])) assert.equal(within(rights, most), expected, `${rights} of ${most}`);
});

test('the address of a link holds its token', () => {
  for (const [hash, token] of [['#link=a-b_c.d', 'a-b_c.d'], ['#link=', ''], ['', ''], ['#other', ''], ['#link=a b', ''], [`#link=${'x'.repeat(300)}`, '']]) {
    assert.equal(tokenOf(hash), token, hash);
  }
});
