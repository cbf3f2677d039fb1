/** Decodes pictures that came as messages, and draws them. */

/** @typedef {Extract<import('./protocol.js').ServerMessage, {kind: 'video'}>} VideoMessage */

import { isFullName } from './full.js';

/** So many pictures may wait for the decoder; with more, it is behind and begins anew at the next keyframe. */
const BEHIND = 8;

/** @typedef {VideoMessage['codec']} Codec */

/** Decoders by the codec's name in WebCodecs (W3C WebCodecs codec registry); a picture of H.264 tells its own. */
const NAMES = { h264: 'avc1.42e01f', h265: 'hev1.1.6.L153.B0', vp8: 'vp8', vp9: 'vp09.00.51.08', av1: 'av01.0.13M.08' };

/** The same of pictures at 4:4:4. */
const FULL = { h264: 'avc1.f40033', vp9: 'vp09.01.51.08.03.01.01.01.00', av1: 'av01.1.13M.08.0.000.01.01.01.0' };

export class Player {
  /** @type {VideoDecoder | null} */
  #decoder = null;
  #name = '';
  #waits = true;
  #drawn = false;
  #asked = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{onDrawn: (capturedUs: number) => void, onKeyframeWanted: () => void, onFullUndecoded: () => void}} ports
   *   `onFullUndecoded` where the decoder fails at 4:4:4 before anything was seen
   */
  constructor(canvas, ports) {
    this.canvas = canvas;
    this.ports = ports;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false, desynchronized: true }));
  }

  /** Whether this browser decodes pictures that come as messages. Browsers do so only in a secure context. */
  static get isOffered() { return 'VideoDecoder' in window; }

  /**
   * The codecs that this browser decodes, as far as it says; `h264-444` is H.264 at 4:4:4.
   * @returns {Promise<string[]>}
   */
  static async decodes() {
    const full = Object.entries(FULL).map(([codec, name]) => [`${codec}-444`, name]);
    const all = [...Object.entries(NAMES), ...full];
    const answers = all.map(([, name]) => VideoDecoder.isConfigSupported(configOf(name)).catch(() => null));
    const supported = await Promise.all(answers);
    return all.filter((_, at) => supported[at]?.supported).map(([codec]) => codec);
  }

  /** @param {VideoMessage} message */
  take({ keyframe, codec, capturedUs, data }) {
    if (keyframe) this.#begin(codec, data);
    if (this.#waits || !this.#decoder) return this.#want();
    if (this.#decoder.decodeQueueSize > BEHIND) {
      this.#waits = true;
      return this.#want();
    }
    this.#decoder.decode(new EncodedVideoChunk({ type: keyframe ? 'key' : 'delta', timestamp: capturedUs, data }));
  }

  /** Forgets the picture. */
  reset() {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = null;
    this.#waits = true;
  }

  /** @param {VideoMessage['codec']} codec @param {Uint8Array} data */
  #begin(codec, data) {
    const name = nameOf(codec, data);
    if (this.#decoder?.state !== 'configured' || name !== this.#name || this.#waits) {
      this.reset();
      this.#name = name;
      this.#drawn = false;
      this.#decoder = new VideoDecoder({ output: (frame) => this.#draw(frame), error: (error) => this.#failed(error) });
      this.#decoder.configure(configOf(name));
    }
    this.#waits = false;
  }

  /** @param {VideoFrame} frame */
  #draw(frame) {
    const { canvas } = this;
    const { displayWidth: width, displayHeight: height, timestamp } = frame;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.context.drawImage(frame, 0, 0);
    frame.close();
    this.#drawn = true;
    this.ports.onDrawn(timestamp);
  }

  /** @param {DOMException} error */
  #failed(error) {
    console.warn('The picture cannot be decoded:', error);
    this.reset();
    if (isFullName(this.#name) && !this.#drawn) this.ports.onFullUndecoded();
    this.#want();
  }

  /** Asks for a keyframe, twice a second at most. */
  #want() {
    if (performance.now() - this.#asked < 500) return;
    this.#asked = performance.now();
    this.ports.onKeyframeWanted();
  }
}

/** @param {string} codec @returns {VideoDecoderConfig} */
function configOf(codec) {
  return { codec, optimizeForLatency: true };
}

/**
 * The codec's name, as the keyframe tells it.
 * @param {Codec} codec @param {Uint8Array} data
 */
export function nameOf(codec, data) {
  if (codec === 'h264') return nameOfH264(data);
  // The profile is told in the third and the fourth bit of VP9, the higher of the two last.
  if (codec === 'vp9') return (data[0] >> 4 & 3) === 2 ? FULL.vp9 : NAMES.vp9;
  if (codec === 'av1') return profileOfAv1(data) === 1 ? FULL.av1 : NAMES.av1;
  return NAMES[codec];
}

/**
 * The profile that the sequence header tells (AV1 bitstream specification, sections 5.3 and 5.5).
 * @param {Uint8Array} data units with their sizes
 */
function profileOfAv1(data) {
  let at = 0;
  while (at < data.length) {
    const header = data[at];
    at += header & 4 ? 2 : 1;
    let size = 0;
    for (let shift = 0; at < data.length; shift += 7) {
      size += (data[at] & 0x7f) * 2 ** shift;
      at += 1;
      if (data[at - 1] < 0x80) break;
    }
    if ((header >> 3 & 15) === 1) return data[at] >> 5;
    at += size;
  }
  return 0;
}

/**
 * The codec's name with profile and level as the sequence parameter set tells them (RFC 6381, section 3.3).
 * @param {Uint8Array} data in Annex B form
 * @returns {string}
 */
export function nameOfH264(data) {
  for (let at = 0; at + 6 < data.length; at += 1) {
    const starts = data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1;
    if (starts && (data[at + 3] & 0x1f) === 7) {
      return `avc1.${[...data.subarray(at + 4, at + 7)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    }
  }
  return NAMES.h264;
}
