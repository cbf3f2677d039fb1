/** The mouse, the pen, the wheel and the locked pointer, over the picture. Fingers are the matter of `touch.js`. */

import { TouchGestures } from './touch.js';

/**
 * @typedef {import('./protocol.js').InputMessage} InputMessage
 * @typedef {import('./protocol.js').Point} Point
 * @typedef {import('./keyboard.js').Modifiers} Modifiers
 */

/**
 * What the pointer needs of the page.
 * @typedef {object} PointerPorts
 * @property {HTMLElement} surface over which the pointer moves
 * @property {(x: number, y: number) => Point} toDesktop from client coordinates to desktop pixels
 * @property {() => number} scale desktop pixels per CSS pixel
 * @property {(messages: InputMessage[]) => void} send
 * @property {(event: Modifiers) => void} onModifiers before a press
 * @property {(x: number, y: number) => void} onPress with client coordinates
 * @property {(locked: boolean) => void} onLock
 */

/** Bits of `PointerEvent.buttons`, in the order of the protocol's button numbers. */
const BUTTON_BITS = [1, 4, 2, 8, 16];

/** 120ths of a notch for one unit of `WheelEvent.deltaMode`: a pixel, a line, a page. */
const WHEEL_UNITS = [1.2, 40, 360];

const MOST_DELTA = 32767;

/** Gathers what is less than one whole step, so that slow movements are not lost. */
export class Accumulator {
  #x = 0;
  #y = 0;

  /**
   * @param {number} x
   * @param {number} y
   * @returns {{dx: number, dy: number} | null} whole steps; null when there is none yet
   */
  add(x, y) {
    this.#x += x;
    this.#y += y;
    const dx = whole(this.#x);
    const dy = whole(this.#y);
    if (!dx && !dy) return null;
    this.#x -= dx;
    this.#y -= dy;
    return { dx: bounded(dx), dy: bounded(dy) };
  }
}

/**
 * What a wheel event means in 120ths of a notch.
 * @param {Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode'>} event
 * @returns {[number, number]} to the right and down
 */
export function wheelSteps({ deltaX, deltaY, deltaMode }) {
  const unit = WHEEL_UNITS[deltaMode] ?? WHEEL_UNITS[0];
  return [deltaX * unit, deltaY * unit];
}

/**
 * The button messages that lead from one `PointerEvent.buttons` to another.
 * @param {number} before
 * @param {number} after
 * @returns {InputMessage[]}
 */
export function buttonChanges(before, after) {
  return BUTTON_BITS.flatMap((bit, button) => {
    const pressed = (after & bit) !== 0;
    return pressed === ((before & bit) !== 0) ? [] : [{ kind: 'button', button, pressed }];
  });
}

/** Listens to a surface and sends what the pointer does there. */
export class Pointer {
  #buttons = 0;
  /** @type {Point | null} */
  #at = null;
  #wheel = new Accumulator();
  #motion = new Accumulator();
  #raw = (/** @type {Event} */ event) => this.#send(this.#moveBy(/** @type {PointerEvent} */ (event)));

  /** @param {PointerPorts} ports */
  constructor(ports) {
    this.ports = ports;
    this.touch = new TouchGestures((messages) => ports.send(messages));
    this.#listen();
  }

  get locked() {
    return document.pointerLockElement === this.ports.surface;
  }

  /** Gives the pointer to the desktop, for programs that want movements and no position. Needs a gesture. */
  async lock() {
    const { surface } = this.ports;
    try {
      await surface.requestPointerLock({ unadjustedMovement: true });
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotSupportedError') throw error;
      await surface.requestPointerLock();
    }
  }

  /** The connection is new: the next movement is told, wherever it leads. */
  forget() {
    this.#at = null;
    this.#buttons = 0;
  }

  #listen() {
    const { surface } = this.ports;
    const passive = { passive: false };
    for (const type of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel']) {
      surface.addEventListener(type, (event) => this.#pointer(/** @type {PointerEvent} */ (event)), passive);
    }
    surface.addEventListener('wheel', (event) => this.#scroll(event), passive);
    for (const type of ['contextmenu', 'mousedown', 'mouseup', 'auxclick', 'touchstart', 'dragstart', 'selectstart']) {
      surface.addEventListener(type, (event) => event.preventDefault(), passive);
    }
    document.addEventListener('pointerlockchange', () => this.#lockChanged());
  }

  /** @param {PointerEvent} event */
  #pointer(event) {
    event.preventDefault();
    if (event.type === 'pointerdown') this.#pressed(event);
    if (event.pointerType === 'touch') return this.#finger(event);
    const messages = this.locked ? this.#moveBy(event) : this.#moveTo(event.clientX, event.clientY);
    const buttons = event.type === 'pointercancel' ? 0 : event.buttons;
    messages.push(...buttonChanges(this.#buttons, buttons));
    this.#buttons = buttons;
    this.#send(messages);
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    this.ports.onPress(event.clientX, event.clientY);
    this.ports.onModifiers(event);
    if (!this.locked && event.isTrusted) this.ports.surface.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #finger(event) {
    const finger = { id: event.pointerId, x: event.clientX, y: event.clientY, time: event.timeStamp };
    const at = this.ports.toDesktop(event.clientX, event.clientY);
    if (event.type === 'pointerdown') this.touch.down(finger, at);
    else if (event.type === 'pointermove') this.touch.move(finger, at);
    else this.touch.up(finger, event.type === 'pointercancel');
  }

  /**
   * Movements of a locked pointer come as they are measured, where the browser offers that.
   * @param {PointerEvent} event
   * @returns {InputMessage[]}
   */
  #moveBy(event) {
    const told = event.type === 'pointerrawupdate' || !('onpointerrawupdate' in window);
    if (!told) return [];
    const scale = this.ports.scale();
    const by = this.#motion.add(event.movementX * scale, event.movementY * scale);
    return by ? [{ kind: 'pointer-by', ...by }] : [];
  }

  /**
   * @param {number} clientX
   * @param {number} clientY
   * @returns {InputMessage[]}
   */
  #moveTo(clientX, clientY) {
    const at = this.ports.toDesktop(clientX, clientY);
    if (this.#at && at.x === this.#at.x && at.y === this.#at.y) return [];
    this.#at = at;
    return [{ kind: 'pointer-to', ...at }];
  }

  /** @param {WheelEvent} event */
  #scroll(event) {
    event.preventDefault();
    const isPinch = event.ctrlKey && !Number.isInteger(event.deltaY);
    if (isPinch) return;
    const by = this.#wheel.add(...wheelSteps(event));
    const messages = this.locked ? [] : this.#moveTo(event.clientX, event.clientY);
    if (by) messages.push({ kind: 'scroll', ...by });
    this.#send(messages);
  }

  #lockChanged() {
    this.#at = null;
    if (this.locked) this.ports.surface.addEventListener('pointerrawupdate', this.#raw);
    else this.ports.surface.removeEventListener('pointerrawupdate', this.#raw);
    this.ports.onLock(this.locked);
  }

  /** @param {InputMessage[]} messages */
  #send(messages) {
    if (messages.length > 0) this.ports.send(messages);
  }
}

/** @param {number} value */
function whole(value) {
  const towardsZero = Math.trunc(value + Math.sign(value) * 1e-9);
  return towardsZero === 0 ? 0 : towardsZero;
}

/** @param {number} value */
function bounded(value) {
  return Math.min(Math.max(value, -MOST_DELTA), MOST_DELTA);
}
