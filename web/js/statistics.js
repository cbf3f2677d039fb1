/** The figures of the last second, out of what the browser and the server count. No DOM in here. */

import { selectedPair } from './route.js';

/**
 * @typedef {object} Figures
 * @property {number} latencyMs from the change on the desktop to this screen; 0 while unknown
 * @property {boolean} measured whether the frames themselves told it, or it was put together of its parts
 * @property {number} roundTripMs
 * @property {number} fps frames shown per second
 * @property {number} kbps received, in kbit/s
 * @property {string} resolution
 * @property {string} codec
 * @property {string} decoder
 * @property {number} decodeMs mean time of the decoder
 * @property {number} bufferMs mean time in the jitter buffer
 * @property {number} lost packets since the connection began
 * @property {string} transport
 */

/**
 * What is kept of one reading for the next.
 * @typedef {object} Reading
 * @property {number} time in milliseconds
 * @property {number} bytes
 * @property {number} emitted
 * @property {number} buffered in seconds
 * @property {number} decoded
 * @property {number} decoding in seconds
 */

/** @typedef {import('./protocol.js').ServerStats} ServerStats */
/** @typedef {import('./picture.js').Frames} Frames */

/** @type {Reading} */
export const NO_READING = { time: 0, bytes: 0, emitted: 0, buffered: 0, decoded: 0, decoding: 0 };

/**
 * The figures since the last reading.
 * @param {Iterable<any>} report the entries of an RTCStatsReport
 * @param {Reading} before
 * @param {Frames} frames of the same time
 * @param {ServerStats | null} server
 * @param {number} roundTripMs as the pings tell it
 * @returns {{figures: Figures, reading: Reading}}
 */
export function readFigures(report, before, frames, server, roundTripMs) {
  const entries = new Map([...report].map((entry) => [entry.id, entry]));
  const socket = find(entries, (entry) => entry.type === 'cosmos-socket');
  const video = socket ? { ...socket, framesDecoded: socket.frames } : find(entries, (entry) => entry.type === 'inbound-rtp' && entry.kind === 'video') ?? {};
  const pair = selectedPair(entries);
  const reading = read(video, pair);
  const since = difference(reading, before);
  const roundTrip = roundTripMs || (pair?.currentRoundTripTime ?? 0) * 1000;
  const figures = {
    ...latency(frames, server, roundTrip, since),
    roundTripMs: roundTrip,
    fps: since.time > 0 ? (since.decoded * 1000) / since.time : 0,
    kbps: since.time > 0 ? (since.bytes * 8) / since.time : 0,
    resolution: video.frameWidth ? `${video.frameWidth} × ${video.frameHeight}` : '',
    codec: (entries.get(video.codecId)?.mimeType ?? '').replace('video/', ''),
    decoder: decoderName(video),
    decodeMs: perFrame(since.decoding, since.decoded),
    bufferMs: perFrame(since.buffered, since.emitted),
    lost: video.packetsLost ?? 0,
    transport: socket ? 'WebSocket' : transportName(entries, pair),
  };
  return { figures, reading };
}

/** @param {any} video @param {any} pair @returns {Reading} */
function read(video, pair) {
  return {
    time: video.timestamp ?? 0,
    bytes: pair?.bytesReceived ?? video.bytesReceived ?? 0,
    emitted: video.jitterBufferEmittedCount ?? 0,
    buffered: video.jitterBufferDelay ?? 0,
    decoded: video.framesDecoded ?? 0,
    decoding: video.totalDecodeTime ?? 0,
  };
}

/** A counter that has gone back belongs to another connection. @param {Reading} now @param {Reading} before */
function difference(now, before) {
  const names = /** @type {(keyof Reading)[]} */ (Object.keys(now));
  const same = before.time > 0 && names.every((name) => now[name] >= before[name]);
  const entries = names.map((name) => [name, same ? now[name] - before[name] : 0]);
  return /** @type {Reading} */ (Object.fromEntries(entries));
}

/**
 * @param {Frames} frames
 * @param {ServerStats | null} server
 * @param {number} roundTrip
 * @param {Reading} since
 */
function latency(frames, server, roundTrip, since) {
  if (frames.endToEnd > 0) return { latencyMs: frames.endToEnd, measured: true };
  const here = frames.toScreen || perFrame(since.buffered, since.emitted) + perFrame(since.decoding, since.decoded);
  const there = server ? (server.captureUs + server.convertUs + server.encodeUs) / 1000 : 0;
  return { latencyMs: here > 0 ? there + roundTrip / 2 + here : 0, measured: false };
}

/** @param {number} seconds @param {number} count */
function perFrame(seconds, count) {
  return count > 0 ? (seconds * 1000) / count : 0;
}

/** @param {Map<string, any>} entries @param {any} pair */
function transportName(entries, pair) {
  const remote = entries.get(pair?.remoteCandidateId);
  const local = entries.get(pair?.localCandidateId);
  if (!remote || !local) return '';
  const relayed = [local, remote].find((candidate) => candidate.candidateType === 'relay');
  const protocol = (relayed?.relayProtocol ?? local.protocol ?? '').toUpperCase();
  return `${protocol}, ${relayed ? 'relay' : `${local.candidateType} to ${remote.candidateType}`}`;
}

/** @param {any} video */
function decoderName(video) {
  const name = video.decoderImplementation;
  if (!name || name === 'unknown') return '';
  return video.powerEfficientDecoder ? `${name} (hardware)` : name;
}

/** @param {Map<string, any>} entries @param {(entry: any) => boolean} wanted */
function find(entries, wanted) {
  return [...entries.values()].find(wanted);
}
