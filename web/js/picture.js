/** The desktop's picture: where it lies, how large it should be, and how late it comes. */

import { place, toBox, toDesktop, wantedSize } from './geometry.js';

/**
 * @typedef {import('./protocol.js').Size} Size
 * @typedef {import('./geometry.js').Scale} Scale
 */

/** Milliseconds for which the window must keep its size before the desktop follows. */
const SETTLED = 150;
/** A latency beyond this many milliseconds is a mistake of the clocks. */
const CREDIBLE = 10_000;
/** The longest time in milliseconds from one refresh of a screen to the next. */
const REFRESH = 100;

/** Milliseconds from the beginning of NTP's time to that of Unix. */
const NTP_EPOCH = 2_208_988_800_000;

/** What the frames of the last second showed. @typedef {{frames: number, toScreen: number, endToEnd: number}} Frames */

export class Picture {
  /** @type {Size} */
  size = { width: 0, height: 0 };
  /** @type {Scale} */
  #scale = 'fit';
  /** @type {Size} in physical pixels */
  #box = { width: 0, height: 0 };
  /** @type {number[]} from the last packet's arrival to the screen, in milliseconds */
  #toScreen = [];
  /** @type {number[]} from the capture to the screen, in milliseconds, where frames tell when they were captured */
  #endToEnd = [];
  #frames = 0;
  #shown = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;
  /** @type {RTCRtpReceiver | null} */
  #receiver = null;

  /**
   * @param {HTMLElement} stage the picture's box
   * @param {HTMLVideoElement} video within it, for pictures that come as a track
   * @param {HTMLCanvasElement} canvas within it, for pictures that come one by one
   * @param {{onBox: () => void, onFirstFrame: () => void, clockOffset: () => number | null}} ports
   *   `onBox` is told that `wanted` may have changed; `clockOffset` leads from this clock to the server's, in milliseconds
   */
  constructor(stage, video, canvas, ports) {
    this.stage = stage;
    this.video = video;
    this.canvas = canvas;
    this.ports = ports;
    new ResizeObserver(([entry]) => this.#boxed(entry)).observe(stage);
    video.addEventListener('resize', () => {
      if (this.size.width === 0) this.resized({ width: video.videoWidth, height: video.videoHeight });
    });
    this.#watch();
  }

  /** Shows a track. @param {MediaStreamTrack} track @param {RTCRtpReceiver} receiver */
  show(track, receiver) {
    this.#by(this.video);
    this.#shown = 0;
    this.#receiver = receiver;
    this.video.srcObject = new MediaStream([track]);
    this.video.play().catch((error) => { if (error.name !== 'AbortError') console.warn('The picture does not play:', error); });
  }

  /** Pictures come one by one from now on; each is told by {@link drawn}. */
  draw() {
    this.#by(this.canvas);
    this.#shown = 0;
    this.#receiver = null;
    this.video.srcObject = null;
  }

  /** A picture was drawn. @param {number} capturedUs by the server's clock, in microseconds since 1970 */
  drawn(capturedUs) {
    const offset = this.ports.clockOffset();
    this.#counted();
    if (offset !== null) note(this.#endToEnd, performance.now(), capturedUs / 1000 - offset - performance.timeOrigin);
  }

  /** @param {HTMLVideoElement | HTMLCanvasElement} shown */
  #by(shown) {
    this.video.hidden = shown !== this.video;
    this.canvas.hidden = shown !== this.canvas;
    this.layOut();
  }

  #counted() {
    this.#frames += 1;
    this.#shown += 1;
    if (this.#shown === 1) this.ports.onFirstFrame();
  }

  /** The desktop has this size now. @param {Size} size */
  resized(size) {
    if (size.width === 0 || size.height === 0) return;
    this.size = size;
    this.layOut();
  }

  /** @param {Scale} scale */
  set scale(scale) {
    this.#scale = scale;
    this.layOut();
  }

  /** The size to ask the server for; null while the picture has no place. @returns {Size | null} */
  get wanted() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.stage;
    const { width, height } = this.#box.width ? this.#box : { width: clientWidth * ratio, height: clientHeight * ratio };
    return width && height ? wantedSize(width, height) : null;
  }

  /** Desktop pixels per CSS pixel. */
  get density() {
    const { width } = this.#area();
    return width > 0 ? this.size.width / width : 1;
  }

  /**
   * @param {number} clientX
   * @param {number} clientY
   */
  toDesktop(clientX, clientY) {
    const box = this.stage.getBoundingClientRect();
    return toDesktop(this.#area(), this.size, clientX - box.left, clientY - box.top);
  }

  /**
   * @param {number} x in desktop pixels
   * @param {number} y
   * @returns {{left: number, top: number}} in CSS pixels of the stage
   */
  toBox(x, y) {
    return toBox(this.#area(), this.size, x, y);
  }

  /** What the frames since the last call showed; latencies are medians in milliseconds, 0 while unknown. @returns {Frames} */
  takeFrames() {
    const taken = { frames: this.#frames, toScreen: median(this.#toScreen), endToEnd: median(this.#endToEnd) };
    this.#frames = 0;
    this.#toScreen = [];
    this.#endToEnd = [];
    return taken;
  }

  layOut() {
    if (this.size.width === 0) return;
    const area = this.#area();
    for (const side of /** @type {const} */ (['left', 'top', 'width', 'height'])) {
      this.video.style[side] = `${area[side]}px`;
      this.canvas.style[side] = `${area[side]}px`;
    }
  }

  #area() {
    const box = { width: this.stage.clientWidth, height: this.stage.clientHeight };
    return place(box, this.size.width ? this.size : { width: 16, height: 9 }, this.#scale, window.devicePixelRatio || 1);
  }

  /** @param {ResizeObserverEntry} entry */
  #boxed(entry) {
    this.#box = physicalBox(entry, window.devicePixelRatio || 1);
    this.layOut();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.ports.onBox(), SETTLED);
  }

  #watch() {
    if (!('requestVideoFrameCallback' in this.video)) return;
    this.video.requestVideoFrameCallback((_, frame) => {
      this.#framed(frame);
      this.#watch();
    });
  }

  /** @param {VideoFrameCallbackMetadata} frame */
  #framed({ presentationTime, expectedDisplayTime, receiveTime, rtpTimestamp }) {
    this.#counted();
    // After a pause, Chromium expects to show a frame as late as the next one would come.
    const early = expectedDisplayTime > presentationTime && expectedDisplayTime < presentationTime + REFRESH;
    const shown = early ? expectedDisplayTime : presentationTime;
    note(this.#toScreen, shown, receiveTime);
    note(this.#endToEnd, shown, this.#captured(rtpTimestamp));
  }

  /**
   * When a frame was captured, on this page's clock in milliseconds; 0 while unknown.
   * @param {number | undefined} rtpTimestamp
   */
  #captured(rtpTimestamp) {
    const offset = this.ports.clockOffset();
    const sources = /** @type {any[]} */ (this.#receiver?.getSynchronizationSources?.() ?? []);
    const source = sources.find((each) => each.rtpTimestamp === rtpTimestamp && each.captureTimestamp);
    return source && offset !== null ? source.captureTimestamp - NTP_EPOCH - offset - performance.timeOrigin : 0;
  }
}

/**
 * The box in physical pixels: as the browser rounds it, where it tells that and means it.
 * @param {ResizeObserverEntry} entry
 * @param {number} ratio
 * @returns {Size}
 */
function physicalBox({ contentRect, devicePixelContentBoxSize }, ratio) {
  const computed = { width: contentRect.width * ratio, height: contentRect.height * ratio };
  const told = devicePixelContentBoxSize?.[0];
  if (!told || Math.abs(told.inlineSize - computed.width) > 2) return computed;
  return { width: told.inlineSize, height: told.blockSize };
}

/** @param {number[]} list @param {number} end @param {number | undefined} start */
function note(list, end, start) {
  const took = start ? end - start : -1;
  if (took >= 0 && took < CREDIBLE) list.push(took);
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
