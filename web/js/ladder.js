/** The ways to the server, best first: which of them leads there, and why those above it do not. */

import { ApiError } from './api.js';

/**
 * One way, as far as the ladder sees it.
 * @typedef {object} Way
 * @property {'webrtc' | 'websocket'} rung
 * @property {() => Promise<void>} open
 * @property {() => void} close
 */

/**
 * How a way is made; null where this browser does not know it, or it may not be taken.
 * @template {Way} T
 * @typedef {{webrtc: (() => T | Promise<T>) | null, websocket: (() => T | Promise<T>) | null}} Makers
 */

/** Milliseconds by which the better way is tried earlier. */
const HEAD_START = 700;

/** Answers of the server that hold for every way. */
const FINAL = new Set([400, 401, 403]);

/**
 * Tries the ways at the same time, the better one with a head start. The first that leads to the server is taken; when
 * that was not the best, the best goes on being tried and may still be taken in its place.
 * @template {Way} T
 */
export class Ladder {
  /** Why the ways that were tried did not lead to the server. @type {Partial<Record<Way['rung'], string>>} */
  failed = {};
  /** @type {Set<T>} */
  #trying = new Set();
  /** @type {Partial<Record<Way['rung'], unknown>>} */
  #errors = {};
  #closed = false;
  /** How often all that was being tried was given up. */
  #givenUp = 0;

  /**
   * @param {Makers<T>} makers
   * @param {(way: T) => void} onOpen at most once for each way, the better one last
   */
  constructor(makers, onOpen) {
    this.makers = makers;
    this.onOpen = onOpen;
  }

  /**
   * Tries all ways.
   * @returns {Promise<void>} once one is taken
   * @throws what the best way failed with, when none leads to the server
   */
  async climb() {
    const best = this.#try('webrtc');
    const held = within(HEAD_START, best);
    if (await held === 'open') return;
    if (this.#errors.webrtc instanceof ApiError && FINAL.has(this.#errors.webrtc.status)) throw this.#errors.webrtc;
    const other = this.#try('websocket');
    const first = await Promise.race([best, other]);
    const any = first === 'open' || (await Promise.all([best, other])).includes('open');
    if (!any) throw this.#errors.webrtc ?? this.#errors.websocket;
  }

  /** Tries the best way again, in the background. */
  again() {
    const busy = [...this.#trying].some(({ rung }) => rung === 'webrtc');
    if (!busy) this.#try('webrtc').catch(() => undefined);
  }

  /** Gives up what is still being tried. */
  close() {
    this.#closed = true;
    this.#giveUp();
  }

  /**
   * @param {Way['rung']} rung
   * @returns {Promise<'open' | 'failed'>}
   */
  async #try(rung) {
    const make = this.makers[rung];
    if (!make || this.#closed) {
      this.failed[rung] ??= 'not offered by this browser';
      return 'failed';
    }
    /** @type {T | undefined} */
    let way;
    const givenUp = this.#givenUp;
    try {
      const made = make();
      way = made instanceof Promise ? await made : made;
      if (this.#givenUp !== givenUp) {
        way.close();
        return 'failed';
      }
      this.#trying.add(way);
      await way.open();
      // One that was given up in the meantime has been closed.
      if (!this.#trying.delete(way)) return 'failed';
      this.#taken(way);
      return 'open';
    } catch (error) {
      this.failed[rung] = error instanceof Error ? error.message : String(error);
      this.#errors[rung] = error;
      if (way && this.#trying.delete(way)) way.close();
      return 'failed';
    }
  }

  /** @param {T} way */
  #taken(way) {
    delete this.failed[way.rung];
    if (way.rung === 'webrtc') this.#giveUp();
    this.onOpen(way);
  }

  #giveUp() {
    this.#givenUp += 1;
    const trying = [...this.#trying];
    this.#trying.clear();
    for (const way of trying) way.close();
  }
}

/**
 * What a promise comes to within so many milliseconds; null when that is not enough.
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} promise
 * @returns {Promise<T | null>}
 */
function within(milliseconds, promise) {
  return Promise.race([promise, new Promise((/** @type {(value: null) => void} */ resolve) => setTimeout(() => resolve(null), milliseconds))]);
}
