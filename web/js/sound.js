/** The desktop's sound, in an element of its own so that it never holds back the picture. */

/**
 * Whether sound can be heard: `blocked` waits for a gesture, which browsers ask for.
 * @typedef {'off' | 'on' | 'blocked' | 'none'} SoundState
 */

/** What makes it heard. @typedef {{play: () => Promise<void>, pause: () => void, volume: number}} Output */

export class Sound {
  #volume = 1;
  #offered = false;
  #wanted = false;
  /** @type {SoundState} */
  #state = 'none';

  /**
   * @param {HTMLAudioElement} element
   * @param {{onState: (state: SoundState) => void, send: (wanted: boolean) => void}} ports `send` tells the server
   */
  constructor(element, ports) {
    this.element = element;
    /** @type {Output} */
    this.output = element;
    this.ports = ports;
    for (const type of ['pointerup', 'keydown']) document.addEventListener(type, () => this.unblock());
  }

  get state() { return this.#state; }

  /** @param {MediaStreamTrack} track */
  show(track) {
    this.through(this.element);
    this.element.srcObject = new MediaStream([track]);
  }

  /** It is heard through this from now on. @param {Output} output */
  through(output) {
    if (this.output !== output) this.output.pause();
    this.output = output;
    output.volume = this.#volume;
  }

  /** A connection has begun. @param {boolean} offered whether the server has sound */
  begin(offered) {
    this.#offered = offered;
    this.#apply();
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    this.#apply();
  }

  /** Tries again what the browser has not allowed without a gesture. */
  unblock() {
    if (this.#state === 'blocked') this.#play();
  }

  /** @param {number} volume from 0 to 1 */
  set volume(volume) {
    this.#volume = volume;
    this.output.volume = volume;
  }

  #apply() {
    if (!this.#offered) return this.#become('none');
    if (this.#wanted) return this.#play();
    this.output.pause();
    this.#become('off');
  }

  #play() {
    this.#become('on');
    this.output.play().catch((error) => {
      if (error.name === 'NotAllowedError' && this.#wanted) this.#become('blocked');
    });
  }

  /** @param {SoundState} state */
  #become(state) {
    if (this.#offered) this.ports.send(state === 'on');
    this.#state = state;
    this.ports.onState(state);
  }
}
