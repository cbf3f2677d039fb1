/** Full screen, and what belongs to it: all keys for the desktop, and a display that stays awake. */

export class Fullscreen {
  #lockKeys = false;
  /** @type {WakeLockSentinel | null} */
  #awake = null;

  /** @param {{onChange: (on: boolean) => void}} ports */
  constructor(ports) {
    this.ports = ports;
    document.addEventListener('fullscreenchange', () => this.#changed());
    document.addEventListener('visibilitychange', () => this.#stayAwake());
  }

  get on() { return document.fullscreenElement !== null; }

  get isOffered() { return document.fullscreenEnabled === true; }

  get canLockKeys() { return typeof navigator.keyboard?.lock === 'function'; }

  /** Whether full screen takes the keys that otherwise are the system's. @param {boolean} wanted */
  set lockKeys(wanted) {
    this.#lockKeys = wanted;
    this.#applyLock();
  }

  /** Needs a gesture. @returns {Promise<void>} */
  async toggle() {
    if (this.on) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
  }

  #changed() {
    this.#applyLock();
    this.#stayAwake();
    this.ports.onChange(this.on);
  }

  #applyLock() {
    if (!this.canLockKeys) return;
    if (this.on && this.#lockKeys) navigator.keyboard?.lock().catch(() => undefined);
    else navigator.keyboard?.unlock();
  }

  async #stayAwake() {
    const wanted = this.on && !document.hidden;
    if (!wanted) {
      const awake = this.#awake;
      this.#awake = null;
      await awake?.release();
    } else if (!this.#awake || this.#awake.released) {
      this.#awake = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
    }
  }
}
