/** Decodes pictures that came as messages, and draws them. */

/** @typedef {Extract<import('./protocol.js').ServerMessage, {kind: 'video'}>} VideoMessage */

/** So many pictures may wait for the decoder; with more, it is behind and begins anew at the next keyframe. */
const BEHIND = 8;

/** @typedef {VideoMessage['codec']} Codec */

/** Decoders by the codec's name in WebCodecs (W3C WebCodecs codec registry); a picture of H.264 tells its own. */
const NAMES = { h264: 'avc1.42e01f', h265: 'hev1.1.6.L153.B0', vp8: 'vp8', vp9: 'vp09.00.51.08', av1: 'av01.0.13M.08' };

export class Player {
  /** @type {VideoDecoder | null} */
  #decoder = null;
  #name = '';
  #waits = true;
  #asked = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{onDrawn: (capturedUs: number) => void, onKeyframeWanted: () => void}} ports
   */
  constructor(canvas, ports) {
    this.canvas = canvas;
    this.ports = ports;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false, desynchronized: true }));
  }

  /** Whether this browser decodes pictures that come as messages. Browsers do so only in a secure context. */
  static get isOffered() { return 'VideoDecoder' in window; }

  /** The codecs that this browser decodes, as far as it says. @returns {Promise<Codec[]>} */
  static async decodes() {
    const codecs = /** @type {Codec[]} */ (Object.keys(NAMES));
    const answers = codecs.map((codec) => VideoDecoder.isConfigSupported(configOf(NAMES[codec])).catch(() => null));
    const supported = await Promise.all(answers);
    return codecs.filter((_, at) => supported[at]?.supported);
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
    const name = codec === 'h264' ? nameOfH264(data) : NAMES[codec];
    if (this.#decoder?.state !== 'configured' || name !== this.#name || this.#waits) {
      this.reset();
      this.#name = name;
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
    this.ports.onDrawn(timestamp);
  }

  /** @param {DOMException} error */
  #failed(error) {
    console.warn('The picture cannot be decoded:', error);
    this.reset();
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
