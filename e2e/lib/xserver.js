/** Real X servers: Xvfb, and Xorg with its dummy driver. */

import { describe } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { find, start } from './programs.js';
import { until } from './wait.js';

/** @typedef {'Xvfb' | 'Xorg'} Kind */

const XORG_CONF = `
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
EndSection
Section "Device"
    Identifier "dummy"
    Driver "dummy"
    VideoRam 256000
EndSection
Section "Monitor"
    Identifier "monitor"
    HorizSync 5.0 - 1000.0
    VertRefresh 5.0 - 200.0
    Option "ReducedBlanking" "true"
    Modeline "1280x720" 74.50 1280 1344 1472 1664 720 723 728 748 -hsync +vsync
EndSection
Section "Screen"
    Identifier "screen"
    Device "dummy"
    Monitor "monitor"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Modes "1280x720"
        Virtual 1280 720
    EndSubSection
EndSection
`;

/**
 * Describes the same for each kind of server; says so where one is not installed.
 * @param {(kind: Kind) => void} tests
 */
export function onEachServer(tests) {
  for (const kind of /** @type {const} */ (['Xvfb', 'Xorg'])) {
    if (find(kind)) describe(`on ${kind}`, () => tests(kind));
    else console.log(`SKIPPED all tests on ${kind}: not installed`);
  }
}

/** A running X server. */
export class XServer {
  /** @type {import('./programs.js').Program | null} */
  program = null;
  /** `:N` once it runs. */
  display = '';
  #dir = mkdtempSync(join(tmpdir(), 'cosmos-x-'));

  /** @param {Kind} kind @param {string} [size] of the screen; Xorg has one */
  constructor(kind, size = '1280x720') {
    this.kind = kind;
    this.size = size;
    writeFileSync(join(this.#dir, 'xorg.conf'), XORG_CONF);
  }

  /** Starts it, on the number that it had before, if any. */
  async start() {
    const { command, args } = this.#command();
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe'];
    const number = this.display ? [this.display] : [];
    const env = { PATH: process.env.PATH ?? '', HOME: this.#dir };
    const program = start(command, [...number, ...args, '-displayfd', '3'], { env, stdio });
    let told = '';
    program.child.stdio[3]?.on('data', (/** @type {Buffer} */ part) => { told += part; });
    await until(`${this.kind} starts`, () => told.endsWith('\n') || program.ended);
    if (program.ended) throw new Error(`${this.kind} does not start:\n${program.output}`);
    this.display = `:${told.trim()}`;
    this.program = program;
    return this;
  }

  /** Ends it as a crash does. */
  async crash() {
    this.program?.signalAlone('SIGKILL');
    await this.program?.stop();
  }

  async stop() {
    await this.program?.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #command() {
    const common = ['-noreset', '-nolisten', 'tcp'];
    const file = (/** @type {string} */ name) => join(this.#dir, name);
    return this.kind === 'Xvfb'
      ? { command: 'Xvfb', args: ['-screen', '0', `${this.size}x24`, ...common] }
      : {
        command: find('/usr/lib/xorg/Xorg') ?? 'Xorg',
        args: ['-config', file('xorg.conf'), '-logfile', file('Xorg.log'), '-novtswitch', '-sharevts', ...common],
      };
  }
}
