/**
 * Fingers on the picture: tap to click, two taps and a drag to drag, hold for the right button, two fingers to scroll
 * (or, tapped, for the right button).
 */

/**
 * @typedef {import('./protocol.js').InputMessage} InputMessage
 * @typedef {import('./protocol.js').Point} Point
 * @typedef {{id: number, x: number, y: number, time: number}} Finger with CSS pixels and milliseconds
 */

/** A finger that moves less than this many CSS pixels stands still. */
const STILL = 10;
/** Milliseconds after which a still finger means the right button. */
const HOLD = 500;
/** Milliseconds within which a second touch belongs to the first. */
const DOUBLE = 300;
/** 120ths of a notch for each CSS pixel that two fingers move. */
const SCROLL = 3;

const LEFT = 0;
const RIGHT = 2;

/** @typedef {'none' | 'touch' | 'moving' | 'dragging' | 'held' | 'two' | 'scrolling'} Gesture */

/** Makes pointer messages of finger movements. */
export class TouchGestures {
  /** @type {Map<number, Finger>} where each finger is */
  #fingers = new Map();
  /** @type {Gesture} */
  #gesture = 'none';
  /** @type {Finger | null} where the gesture began */
  #start = null;
  /** @type {Finger | null} where and when the last tap ended */
  #tapped = null;
  #rest = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(messages: InputMessage[]) => void} send */
  constructor(send) {
    this.send = send;
  }

  /**
   * A finger touches.
   * @param {Finger} finger
   * @param {Point} at the desktop pixel under it
   */
  down(finger, at) {
    this.#fingers.set(finger.id, finger);
    if (this.#fingers.size === 1) return this.#first(finger, at);
    if (this.#fingers.size === 2 && this.#gesture !== 'dragging') this.#become('two');
  }

  /**
   * A finger moves.
   * @param {Finger} finger
   * @param {Point} at
   */
  move(finger, at) {
    const before = this.#fingers.get(finger.id);
    if (!before || !this.#start) return;
    this.#fingers.set(finger.id, finger);
    const far = distance(finger, this.#start) >= STILL;
    if (this.#gesture === 'touch' && far) this.#become(this.#isSecond() ? 'dragging' : 'moving');
    if (this.#gesture === 'two' && distance(finger, before) > 0) this.#become('scrolling');
    if (this.#gesture === 'scrolling') return this.#scroll(finger, before);
    if (this.#gesture === 'moving' || this.#gesture === 'dragging') this.send([{ kind: 'pointer-to', ...at }]);
  }

  /**
   * A finger is lifted.
   * @param {Finger} finger
   * @param {boolean} cancelled whether the browser took it away
   */
  up(finger, cancelled) {
    this.#fingers.delete(finger.id);
    if (this.#fingers.size > 0) return;
    const gesture = this.#gesture;
    this.#become('none');
    if (gesture === 'dragging') this.send([button(LEFT, false)]);
    if (cancelled) return;
    if (gesture === 'touch') this.#tap(finger);
    if (gesture === 'two') this.send([button(RIGHT, true), button(RIGHT, false)]);
  }

  /**
   * @param {Finger} finger
   * @param {Point} at
   */
  #first(finger, at) {
    this.#start = finger;
    this.#rest = 0;
    this.#become('touch');
    this.send([{ kind: 'pointer-to', ...at }]);
    this.#timer = setTimeout(() => this.#hold(), HOLD);
  }

  #hold() {
    this.#become('held');
    this.send([button(RIGHT, true), button(RIGHT, false)]);
  }

  /** @param {Finger} finger */
  #tap(finger) {
    this.#tapped = finger;
    this.send([button(LEFT, true), button(LEFT, false)]);
  }

  /** @param {Finger} finger @param {Finger} before */
  #scroll(finger, before) {
    const turn = (before.y - finger.y) * (SCROLL / 2) + this.#rest;
    const dx = Math.round((before.x - finger.x) * (SCROLL / 2));
    const dy = Math.round(turn);
    this.#rest = turn - dy;
    if (dx || dy) this.send([{ kind: 'scroll', dx, dy }]);
  }

  /** @param {Gesture} gesture */
  #become(gesture) {
    clearTimeout(this.#timer);
    this.#gesture = gesture;
    if (gesture === 'dragging') this.send([button(LEFT, true)]);
  }

  #isSecond() {
    const [start, tapped] = [this.#start, this.#tapped];
    return !!start && !!tapped && start.time - tapped.time < DOUBLE && distance(start, tapped) < 4 * STILL;
  }
}

/** @param {number} number @param {boolean} pressed @returns {InputMessage} */
function button(number, pressed) {
  return { kind: 'button', button: number, pressed };
}

/** @param {Finger} a @param {Finger} b */
function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
