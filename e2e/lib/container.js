/** A desktop in a container, run by the very command that `cosmos-launch docker` prints. */

import { chmodSync, writeFileSync } from 'node:fs';

import { COSMOS_LAUNCH, PASSWORD } from './desktop.js';
import { find, run } from './programs.js';
import { free } from './proxy.js';
import { until } from './wait.js';

/** The image under test, and the command that runs containers, such as `podman --runtime runc`. */
export const IMAGE = process.env.COSMOS_IMAGE ?? '';
const RUNTIME = (process.env.COSMOS_CONTAINER ?? (find('podman') ? 'podman' : 'docker')).split(' ');

/** Where programs find the desktop: the environment of one that runs in it. */
const ENTER = `export $(tr '\\0' '\\n' < /proc/$(pgrep -o -x mate-panel)/environ |
  grep -E '^(DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|PULSE_SERVER|XDG_RUNTIME_DIR)='); `;

/**
 * Runs the container runtime.
 * @param {string[]} args
 * @param {{input?: string | Buffer, within?: number}} [options]
 */
export async function runtime(args, options = {}) {
  const [command, ...before] = RUNTIME;
  const result = await run(command, [...before, ...args], { within: 60_000, ...options, env: environment() });
  if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.code}\n${result.text}`);
  return result.out.toString('utf8').trim();
}

/** @returns {Record<string, string>} */
function environment() { return /** @type {any} */ ({ ...process.env }); }

let count = 0;

export class Container {
  name = `cosmos-e2e-${process.pid}-${count += 1}`;
  url = '';

  /**
   * @param {import('./desktop.js').Place} place
   * @param {string[]} [options] more of the container runtime
   */
  constructor(place, options = []) {
    this.place = place;
    this.options = options;
  }

  /** Starts it; a second start finds the home of the first. */
  async start() {
    const port = await free();
    this.url = `http://127.0.0.1:${port}/`;
    const script = await this.#command(port);
    const result = await run('sh', ['-euc', script], { env: environment(), within: 60_000 });
    if (result.code !== 0) throw new Error(`${script}\n${result.text}`);
    return this;
  }

  /** The printed command, with another runtime and more options. @param {number} port */
  async #command(port) {
    const secret = this.place.file('password');
    writeFileSync(secret, PASSWORD);
    // In the container another user reads it.
    chmodSync(secret, 0o644);
    const { out } = await this.place.must(COSMOS_LAUNCH, [
      'docker', '--software', '--image', IMAGE, '--name', this.name, '--size', '1280x720',
      '--listen', `0.0.0.0:${port}`, '--password-file', secret,
    ]);
    const command = out.toString('utf8').replace(/^#.*\n/gm, '');
    if (!command.startsWith('docker run ')) throw new Error(command);
    const options = this.options.map((word) => `'${word}'`).join(' ');
    return command.replace('docker run ', `${RUNTIME.join(' ')} run ${options} `);
  }

  /** Waits until the page is served. */
  async serves() {
    await until('the page is served', async () => (await fetch(`${this.url}healthz`)).ok, 60_000).catch(async (error) => {
      throw new Error(await this.log(), { cause: error });
    });
  }

  async log() { return runtime(['logs', this.name]).catch(String); }

  /**
   * Runs a script in the container, as its user.
   * @param {string} script
   * @param {string | Buffer} [input]
   */
  sh(script, input) {
    return runtime(['exec', ...(input === undefined ? [] : ['--interactive']), this.name, 'sh', '-c', script], { input });
  }

  /** Runs a script that finds the desktop. @param {string} script */
  inDesktop(script) { return this.sh(ENTER + script); }

  /** Starts a program on the desktop, and does not wait. @param {string} command */
  open(command) { return runtime(['exec', '--detach', this.name, 'sh', '-c', `${ENTER} exec ${command}`]); }

  /** Waits until a window has this in its name or class. @param {RegExp} pattern @param {number} [patience] */
  window(pattern, patience = 40_000) {
    return until(`there is a window of ${pattern}`, async () => {
      const tree = await this.inDesktop('xwininfo -root -tree');
      if (!pattern.test(tree)) throw new Error(tree);
      return true;
    }, patience);
  }

  /** Waits until this program has the keyboard. @param {RegExp} pattern */
  focus(pattern) {
    return until(`${pattern} has the keyboard`, async () => {
      const id = "$(xprop -root _NET_ACTIVE_WINDOW | grep -o '0x[0-9a-f]*')";
      const found = await this.inDesktop(`xprop -id ${id} WM_CLASS`);
      if (!pattern.test(found)) throw new Error(found);
      return true;
    }, 30_000);
  }

  /** @param {string} format */
  inspect(format) { return runtime(['inspect', '--format', format, this.name]); }

  /**
   * Asks it to end, and ends it when that takes too long.
   * @param {number} seconds
   * @returns {Promise<{code: number, took: number}>} the exit code and the milliseconds
   */
  async stop(seconds) {
    const begun = performance.now();
    await runtime(['stop', '--time', String(seconds), this.name]);
    const took = performance.now() - begun;
    return { code: Number(await this.inspect('{{.State.ExitCode}}')), took };
  }

  /** Ends it as a loss of power does; what is on its volume stays. */
  async kill() { await runtime(['rm', '--force', this.name]); }

  /** Removes all of it. */
  async remove() {
    await this.kill().catch(() => {});
    await runtime(['volume', 'rm', '--force', `${this.name}-home`]).catch(() => {});
  }
}
