/** A sound server of our own, and a tone to play on it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from './wait.js';

const RATE = 48_000;

/** A PulseAudio server with one sink that nobody hears. */
export class SoundServer {
  /** @param {import('./desktop.js').Place} place */
  constructor(place) {
    this.place = place;
    this.socket = join(place.env.XDG_RUNTIME_DIR, 'sound');
    this.env = { PULSE_SERVER: `unix:${this.socket}` };
  }

  async start() {
    this.program = this.place.start('pulseaudio', [
      '-n', '--daemonize=no', '--exit-idle-time=-1', '--disable-shm=yes', '--use-pid-file=no',
      '-L', `module-native-protocol-unix auth-anonymous=1 socket=${this.socket}`,
      '-L', 'module-null-sink sink_name=cosmos rate=48000 channels=2', '-L', 'module-always-sink',
    ]);
    await until('the sound server answers', async () => (await this.place.run('pactl', ['info'], { env: this.env })).code === 0);
    return this;
  }

  /** Plays a tone for a minute. @param {number} hertz */
  play(hertz) {
    const file = this.place.file(`tone-${hertz}.wav`);
    writeFileSync(file, tone(hertz, 60));
    return this.place.start('paplay', [file], this.env);
  }

  /** What it plays during a second: one channel, 16 bits with a sign. @returns {Promise<Buffer>} */
  async record() {
    const { out } = await this.place.run(
      'timeout', ['1.5', 'parec', '--device=cosmos.monitor', '--raw', '--format=s16le', `--rate=${RATE}`, '--channels=1', '--latency-msec=50'],
      { env: this.env, within: 5000 });
    return out;
  }

  /** Ends it as a crash does. */
  async crash() {
    this.program?.signalAlone('SIGKILL');
    await this.program?.stop();
  }
}

/** @param {number} hertz @param {number} seconds @returns {Buffer} a WAV file */
export function tone(hertz, seconds) {
  const samples = RATE * seconds;
  const wav = Buffer.alloc(44 + samples * 4);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 4, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 4, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 4, 40);
  for (let at = 0; at < samples; at += 1) {
    const value = Math.round(12_000 * Math.sin((2 * Math.PI * hertz * at) / RATE));
    wav.writeInt16LE(value, 44 + at * 4);
    wav.writeInt16LE(value, 46 + at * 4);
  }
  return wav;
}

/**
 * The loudest frequency that the page receives, in hertz; 0 for silence.
 * @param {import('./browser.js').Page} page
 */
export function loudest(page) {
  return page.page.evaluate(async () => {
    const { srcObject } = /** @type {HTMLAudioElement} */ (document.querySelector('#audio'));
    if (!srcObject) return 0;
    const context = new AudioContext({ sampleRate: 48_000 });
    const analyser = new AnalyserNode(context, { fftSize: 32_768, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(/** @type {MediaStream} */ (srcObject)).connect(analyser);
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const most = levels.reduce((best, level, bin) => (level > levels[best] ? bin : best), 0);
    const level = levels[most];
    await context.close();
    return level > -60 ? (most * 48_000) / 32_768 : 0;
  });
}

/** Turns the page's sound on. @param {import('./browser.js').Page} page */
export async function turnOn(page) {
  await page.page.evaluate(() => {
    const button = /** @type {HTMLElement} */ (document.querySelector('#sound'));
    if (button.getAttribute('aria-pressed') !== 'true') button.click();
  });
  await until('the sound is on', () => page.page.evaluate(
    () => document.querySelector('#sound')?.getAttribute('aria-pressed') === 'true'));
}

/** Waits until a tone is heard. @param {import('./browser.js').Page} page @param {number} hertz @param {number} [patience] */
export function heard(page, hertz, patience) {
  return until(`${hertz} Hz are heard`, async () => {
    const found = await loudest(page);
    if (Math.abs(found - hertz) > 5) throw new Error(`the loudest is ${found} Hz`);
    return true;
  }, patience);
}

/** Runs in the page: `loudest()` is the loudest frequency that is on its way to the speakers. */
export function tapSpeakers() {
  const all = /** @type {any} */ (window);
  const { connect } = AudioNode.prototype;
  /** @type {any} */ (AudioNode.prototype).connect = function join(/** @type {any} */ to, /** @type {any[]} */ ...rest) {
    if (to instanceof AudioDestinationNode && !(this instanceof AnalyserNode)) {
      const analyser = new AnalyserNode(this.context, { fftSize: 32_768, smoothingTimeConstant: 0 });
      connect.call(this, analyser);
      all.loudest = () => {
        const levels = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(levels);
        const top = levels.reduce((best, level, at) => (level > levels[best] ? at : best), 0);
        return levels[top] > -60 ? (top * this.context.sampleRate) / analyser.fftSize : 0;
      };
    }
    return connect.call(this, to, ...rest);
  };
}

/** Waits until a tone is on its way to the speakers, where `tapSpeakers` runs. @param {import('./browser.js').Page} page @param {number} hertz */
export function heardInSpeakers(page, hertz) {
  return until(`${hertz} Hz are heard`, async () => {
    const found = await page.page.evaluate(() => /** @type {any} */ (window).loudest?.() ?? 0);
    if (Math.abs(found - hertz) > 5) throw new Error(`the loudest is ${found} Hz`);
    return true;
  });
}

/** The pitch of a tone in hertz, by how often it rises through zero; 0 for silence. @param {Buffer} recorded as `record` gives it */
export function pitch(recorded) {
  const samples = Array.from({ length: recorded.length >> 1 }, (_, at) => recorded.readInt16LE(at * 2));
  const loud = samples.findIndex((value) => Math.abs(value) > 1000);
  const heard = samples.slice(Math.max(loud, 0));
  if (loud < 0 || heard.length < RATE / 2) return 0;
  const rises = heard.filter((value, at) => at > 0 && value >= 0 && heard[at - 1] < 0).length;
  return (rises * RATE) / heard.length;
}
