/** What was chosen for everybody who watches: the server keeps it, for other browsers and for its next start. */

/**
 * @typedef {import('./settings.js').Choices} Choices
 * @typedef {import('./settings.js').Settings} Settings
 */

/**
 * What the server keeps; null where nothing was chosen.
 * @typedef {object} Kept
 * @property {number | null} video_bitrate in kbit/s
 * @property {number | null} framerate per second
 * @property {boolean | null} audio
 * @property {boolean | null} resize
 * @property {string | null} encoder the name of one of the server's
 */

/**
 * @typedef {{choices: Kept, fixed: Record<string, string>, may_choose: boolean, encoders?: import('./encoders.js').Offered[]}} Told
 */

/** @type {[keyof Kept, keyof Choices][]} */
const NAMES = [['video_bitrate', 'maxKbps'], ['framerate', 'maxFps'], ['audio', 'sound'], ['resize', 'resize']];

export class Shared {
  /** @type {Told | null} */
  #told = null;
  #taking = false;

  /**
   * @param {Settings} settings
   * @param {{read: () => Promise<Told>, choose: (choices: Kept) => Promise<Told>}} server
   * @param {(why: string) => void} onRefused
   * @param {(told: Told) => void} [onTold] what the server keeps, and lets be chosen
   */
  constructor(settings, server, onRefused, onTold = () => {}) {
    this.settings = settings;
    this.server = server;
    this.onRefused = onRefused;
    this.onTold = onTold;
    settings.onChange((choices, before) => this.#changed(choices, before));
  }

  /** Takes over what the server keeps. */
  async pull() {
    this.#told = await this.server.read().catch(() => null);
    if (!this.#told) return;
    this.onTold(this.#told);
    const { choices } = this.#told;
    const kept = NAMES.filter(([key]) => (choices[key] ?? null) !== null).map(([key, name]) => [name, choices[key]]);
    if (kept.length === 0) return;
    this.#taking = true;
    this.settings.change(Object.fromEntries(kept));
    this.#taking = false;
  }

  /** Chooses an encoder; null leaves it to the server. @param {string | null} encoder */
  async encodeWith(encoder) {
    if (!this.#told) return;
    await this.server.choose({ ...this.#told.choices, encoder }).catch((error) => this.onRefused(error.message));
    await this.pull();
  }

  /** @param {Choices} choices @param {Choices} before */
  async #changed(choices, before) {
    const told = this.#told;
    if (this.#taking || !told?.may_choose) return;
    const changed = NAMES.filter(([key, name]) => choices[name] !== before[name] && !(key in told.fixed));
    if (changed.length === 0) return;
    // A bound of 0 is none.
    Object.assign(told.choices, Object.fromEntries(changed.map(([key, name]) => [key, choices[name] === 0 ? null : choices[name]])));
    await this.server.choose(told.choices).catch((error) => this.onRefused(error.message));
  }
}
