/** Plays sound that came as messages, as soon as it comes. It is used like an audio element. */

/** Seconds of sound that wait, so that a late packet is not heard. */
const LEAD = 0.05;
/** Seconds beyond which waiting sound is dropped: it would be late for the picture. */
const MOST = 0.25;

export class Speaker {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {AudioDecoder | null} */
  #decoder = null;
  #next = 0;
  #volume = 1;

  /** Whether this browser decodes sound that comes as messages. */
  static get isOffered() { return 'AudioDecoder' in window; }

  get volume() { return this.#volume; }

  /** @param {number} volume from 0 to 1 */
  set volume(volume) {
    this.#volume = volume;
    if (this.#gain) this.#gain.gain.value = volume;
  }

  /** Waits for the gesture that browsers ask for. @throws {DOMException} NotAllowedError without one */
  async play() {
    const context = (this.#context ??= new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' }));
    this.#gain ??= new GainNode(context, { gain: this.#volume });
    this.#gain.connect(context.destination);
    await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 200))]);
    if (context.state !== 'running') throw new DOMException('sound waits for a gesture', 'NotAllowedError');
  }

  pause() {
    this.#context?.suspend();
  }

  /** @param {{pts: number, data: Uint8Array}} packet */
  take({ pts, data }) {
    if (this.#context?.state !== 'running' || !Speaker.isOffered) return;
    if (this.#decoder?.state !== 'configured') {
      this.#decoder = new AudioDecoder({ output: (sound) => this.#sound(sound), error: (error) => console.warn('Sound cannot be decoded:', error) });
      this.#decoder.configure({ codec: 'opus', sampleRate: 48_000, numberOfChannels: 2 });
    }
    this.#decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: Math.round((pts * 1000) / 48), data }));
  }

  /** @param {AudioData} sound */
  #sound(sound) {
    const context = this.#context;
    const now = context?.currentTime ?? 0;
    if (context && this.#gain && this.#next < now + MOST) {
      const { numberOfChannels: channels, numberOfFrames: frames, sampleRate } = sound;
      const buffer = context.createBuffer(channels, frames, sampleRate);
      for (let channel = 0; channel < channels; channel += 1) {
        sound.copyTo(buffer.getChannelData(channel), { planeIndex: channel, format: 'f32-planar' });
      }
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(this.#gain);
      if (this.#next < now) this.#next = now + LEAD;
      source.start(this.#next);
      this.#next += buffer.duration;
    }
    sound.close();
  }
}
