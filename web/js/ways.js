/** Which ways lead through the network, as the server tells: asked for before a connection, and again before its logins end. */

import { ApiError, ice } from './api.js';

/** @typedef {import('./api.js').Ways} Ways */

/** Milliseconds for which an answer is taken as it was. */
const FRESH = 60_000;
/** The part of its time after which a login is renewed. */
const RENEW = 0.75;

export class WaySource {
  /** @type {Ways} */
  #known = { transport: 'auto', iceServers: [] };
  #fresh = 0;
  #renew = Infinity;
  #asking = false;
  /** The answer for a new connection, while it is waited for. @type {Promise<Ways> | null} */
  #coming = null;

  /** @param {() => Promise<Ways & {lifetime?: number | null}>} ask */
  constructor(ask = ice) {
    this.ask = ask;
  }

  /**
   * The ways for a new connection. A server that tells none is reached without help.
   * @returns {Promise<Ways>}
   * @throws {ApiError} 401 when nobody is logged in
   */
  async get() {
    if (performance.now() > this.#fresh) {
      this.#coming ??= this.#fetch().finally(() => { this.#coming = null; });
      await this.#coming.catch((error) => {
        if (error instanceof ApiError && error.status === 401) throw error;
      });
    }
    return this.#known;
  }

  /** The ways anew, when logins are about to end that a connection uses; null otherwise. @returns {Promise<Ways | null>} */
  async renewed() {
    if (this.#asking || performance.now() < this.#renew) return null;
    this.#renew = performance.now() + FRESH;
    return this.#fetch().catch(() => null);
  }

  async #fetch() {
    this.#asking = true;
    try {
      const { lifetime, ...told } = await this.ask();
      const now = performance.now();
      const renew = typeof lifetime === 'number' ? lifetime * 1000 * RENEW : Infinity;
      this.#known = told;
      this.#renew = now + renew;
      this.#fresh = now + Math.min(FRESH, renew);
      return told;
    } finally {
      this.#asking = false;
    }
  }
}
