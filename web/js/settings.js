/** What a person has chosen, remembered by the browser where it allows that. */

/**
 * @typedef {object} Choices
 * @property {boolean} sound whether sound is wanted
 * @property {number} volume from 0 to 1
 * @property {number} maxKbps upper bound of the bitrate in kbit/s; 0 is automatic
 * @property {number} maxFps upper bound of the frame rate per second; 0 is automatic
 * @property {boolean} resize whether the desktop takes the size of the window
 * @property {'fit' | 'stretch' | 'exact'} scale
 * @property {'control' | 'super' | 'alt'} command what the Command key of a Mac sends
 * @property {boolean} lockKeys whether full screen gives all keys to the desktop
 * @property {boolean} statistics whether the figures are shown
 * @property {string} user the name that was used last
 */

/** @type {Choices} */
const DEFAULTS = {
  sound: true,
  volume: 1,
  maxKbps: 0,
  maxFps: 60,
  resize: true,
  scale: 'fit',
  command: 'control',
  lockKeys: true,
  statistics: false,
  user: '',
};

/** @type {Record<string, readonly string[]>} */
const WORDS = { scale: ['fit', 'stretch', 'exact'], command: ['control', 'super', 'alt'] };

/** @type {Record<string, number>} the largest number of each; the smallest is 0 */
const MOST = { volume: 1, maxKbps: 1_000_000, maxFps: 240 };

const KEY = 'cosmos-settings';

/** The choices, and who wants to know of them. */
export class Settings {
  /** @type {((choices: Choices, before: Choices) => void)[]} */
  #listeners = [];

  /** @param {() => Storage} storage called when needed, as merely asking for it may fail */
  constructor(storage) {
    this.storage = storage;
    /** @type {Choices} */
    this.choices = { ...DEFAULTS, ...this.#load() };
  }

  /**
   * Changes some of the choices.
   * @param {Partial<Choices>} changes
   */
  change(changes) {
    const before = this.choices;
    this.choices = { ...before, ...changes };
    this.#save();
    for (const listener of this.#listeners) listener(this.choices, before);
  }

  /** @param {(choices: Choices, before: Choices) => void} listener */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** @returns {Partial<Choices>} */
  #load() {
    try {
      return accepted(JSON.parse(this.storage().getItem(KEY) ?? '{}'));
    } catch {
      return {};
    }
  }

  /** A browser that keeps nothing only means that choices end with the page. */
  #save() {
    try {
      this.storage().setItem(KEY, JSON.stringify(this.choices));
    } catch {
      return;
    }
  }
}

/**
 * What of a stored value can be used.
 * @param {any} stored
 * @returns {Partial<Choices>}
 */
function accepted(stored) {
  const entries = Object.entries(stored ?? {}).filter(([name, value]) => {
    if (!Object.hasOwn(DEFAULTS, name)) return false;
    const expected = DEFAULTS[/** @type {keyof Choices} */ (name)];
    if (typeof value !== typeof expected) return false;
    if (typeof value === 'number') return value >= 0 && value <= MOST[name];
    return !(name in WORDS) || WORDS[name].includes(value);
  });
  return Object.fromEntries(entries);
}
