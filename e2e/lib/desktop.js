/** A desktop to stream: X server, window manager, `cosmos-stream`, each with directories of its own. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { find, run, start } from './programs.js';
import { until } from './wait.js';
import { XServer } from './xserver.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const built = (/** @type {string} */ name) => resolve(here, '../../target/debug', name);

/** The programs under test. */
export const COSMOS_STREAM = process.env.COSMOS_STREAM ?? built('cosmos-stream');
export const COSMOS_LAUNCH = process.env.COSMOS_LAUNCH ?? built('cosmos-launch');

export const USER = 'user';
export const PASSWORD = 'correct horse';

/** Looking for GStreamer's plugins takes seconds, and they are the same for all. */
const REGISTRY = join(tmpdir(), 'cosmos-e2e-gstreamer.registry');

/** Directories of its own, and programs in them. */
export class Place {
  dir = mkdtempSync(join(tmpdir(), 'cosmos-e2e-'));
  /** @type {import('./programs.js').Program[]} */
  programs = [];
  /** @type {Record<string, string>} */
  env = {
    PATH: process.env.PATH ?? '',
    HOME: this.dir,
    LC_ALL: 'C.UTF-8',
    XDG_RUNTIME_DIR: join(this.dir, 'run'),
    XDG_CONFIG_HOME: join(this.dir, 'config'),
    XDG_CACHE_HOME: join(this.dir, 'cache'),
    XDG_STATE_HOME: join(this.dir, 'state'),
    GST_REGISTRY: REGISTRY,
    ...(process.env.LD_LIBRARY_PATH ? { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH } : {}),
  };

  constructor() {
    mkdirSync(this.env.XDG_RUNTIME_DIR, { mode: 0o700 });
  }

  /** @param {string} name */
  file(name) { return join(this.dir, name); }

  /**
   * Starts a program that is ended with this place.
   * @param {string} command @param {string[]} args @param {Record<string, string | undefined>} [env]
   */
  start(command, args, env = {}) {
    const program = start(command, args, { env: { ...this.env, ...env }, cwd: this.dir });
    this.programs.push(program);
    return program;
  }

  /**
   * Runs a program to its end.
   * @param {string} command @param {string[]} args
   * @param {{input?: string | Buffer, env?: Record<string, string>, within?: number}} [options]
   */
  run(command, args, { input, env = {}, within } = {}) {
    return run(command, args, { env: { ...this.env, ...env }, input, within });
  }

  /** As `run`, and throws when the program fails. @param {string} command @param {string[]} args @param {object} [options] */
  async must(command, args, options) {
    const result = await this.run(command, args, options);
    if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.code}\n${result.text}`);
    return result;
  }

  /** The screen's pixels. @returns {Promise<{width: number, height: number, rgb: Buffer}>} */
  async grab() {
    const { out } = await this.must('import', ['-window', 'root', '-depth', '8', 'ppm:-']);
    const [head, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(out.subarray(0, 64).toString('latin1')) ?? [];
    if (!head) throw new Error('import gave no picture');
    return { width: Number(width), height: Number(height), rgb: out.subarray(head.length) };
  }

  async remove() {
    await Promise.all(this.programs.map((program) => program.stop()));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A streamed desktop. */
export class Desktop extends Place {
  /** @type {XServer} */
  x;
  /** @type {import('./programs.js').Program} */
  stream;
  /** The page's address. */
  url = '';
  /** Words that are put before the command of the stream. @type {string[]} */
  at = [];

  /** @param {XServer} x */
  constructor(x) {
    super();
    this.x = x;
    this.env.DISPLAY = x.display;
  }

  /**
   * @param {import('./xserver.js').Kind} kind
   * @param {{args?: string[], env?: Record<string, string>, at?: string[]}} [options] of `cosmos-stream`
   */
  static async open(kind, { args = ['--no-audio'], env = {}, at = [] } = {}) {
    const desktop = new Desktop(await new XServer(kind).start());
    desktop.at = at;
    try {
      if (find('openbox')) desktop.start('openbox', ['--sm-disable']);
      await desktop.serve(args, env);
      return desktop;
    } catch (error) {
      await desktop.close();
      throw error;
    }
  }

  /**
   * Starts `cosmos-stream`, with a password unless `env` has none.
   * @param {string[]} args @param {Record<string, string | undefined>} [env]
   */
  async serve(args, env = {}) {
    const ready = this.file(`ready-${this.programs.length}.json`);
    const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const all = [...listen, '--ready-file', ready, ...args];
    const [command, ...rest] = [...this.at, COSMOS_STREAM, ...all];
    this.stream = this.start(command, rest, { BASIC_AUTH_PASSWORD: PASSWORD, ...env });
    await until('cosmos-stream serves', () => {
      if (this.stream.ended) throw new Error(this.stream.output);
      this.url = JSON.parse(readFileSync(ready, 'utf8')).url;
      return true;
    }, 30_000).catch((error) => { throw new Error(`cosmos-stream does not serve:\n${this.stream.output}`, { cause: error }); });
  }

  /** Fills the screen's background. @param {string} colour `#rrggbb` */
  async fill(colour) { await this.must('xsetroot', ['-solid', colour]); }

  /** Shows an image as the screen's background; ImageMagick's exit code tells nothing here. @param {string} file */
  async show(file) { await this.run('display', ['-window', 'root', file]); }

  /** The screen's size. @returns {Promise<string>} `WIDTHxHEIGHT` */
  async size() {
    const { text } = await this.must('xdpyinfo', []);
    return /dimensions:\s+(\d+x\d+)/.exec(text)?.[1] ?? '';
  }

  async close() {
    await this.remove();
    await this.x.stop();
  }
}
