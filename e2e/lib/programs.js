/** Starting programs, and ending them: only those that were started here, by their process groups. */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { pause } from './wait.js';

/** Milliseconds between asking a program to end and ending it. */
const GRACE = 4000;

/** @type {Set<Program>} */
const running = new Set();
process.on('exit', () => { for (const program of running) program.signal('SIGKILL'); });

/** A program that runs in a process group of its own. */
export class Program {
  /** @type {Buffer[]} what it wrote, both streams together */
  parts = [];
  /** @type {{code: number | null, signal: NodeJS.Signals | null} | null} how it ended */
  ended = null;

  /**
   * @param {string} name
   * @param {import('node:child_process').ChildProcess} child
   */
  constructor(name, child) {
    this.name = name;
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (part) => { this.parts.push(part); });
    }
    running.add(this);
    this.end = new Promise((resolve) => {
      const over = (/** @type {any} */ code, /** @type {any} */ signal) => {
        this.ended ??= { code, signal };
        resolve(this.ended);
      };
      child.on('error', (error) => { this.parts.push(Buffer.from(String(error))); over(null, null); });
      child.on('close', over);
    });
  }

  /** What it wrote, both streams together. */
  get output() { return Buffer.concat(this.parts).toString('utf8'); }

  get pid() { return this.child.pid ?? 0; }

  /** Sends a signal to the whole group. @param {NodeJS.Signals} name */
  signal(name) {
    if (!this.pid) return;
    try {
      process.kill(-this.pid, name);
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'ESRCH') throw error;
    }
  }

  /** Sends a signal to the program alone. @param {NodeJS.Signals} name */
  signalAlone(name) {
    if (!this.ended) process.kill(this.pid, name);
  }

  /** Ends it, gently first. */
  async stop() {
    if (!this.ended) this.signalAlone('SIGTERM');
    await Promise.race([this.end, pause(GRACE)]);
    this.signal('SIGKILL');
    await this.end;
    running.delete(this);
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{env: Record<string, string | undefined>, cwd?: string, stdio?: any[]}} options
 */
export function start(command, args, { env, cwd, stdio = ['ignore', 'pipe', 'pipe'] }) {
  return new Program(command, spawn(command, args, { env, cwd, stdio, detached: true }));
}

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{env: Record<string, string>, input?: string | Buffer, within?: number}} options `within` so many milliseconds
 * @returns {Promise<{code: number | null, out: Buffer, text: string}>} `text` is all that it wrote
 */
export async function run(command, args, { env, input, within = 20_000 }) {
  const program = start(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  /** @type {Buffer[]} */
  const parts = [];
  const { stdout, stdin } = program.child;
  stdout?.on('data', (part) => parts.push(part));
  stdin?.on('error', () => {});
  stdin?.end(input ?? '');
  const timer = setTimeout(() => program.signal('SIGKILL'), within);
  const { code } = await program.end;
  clearTimeout(timer);
  running.delete(program);
  return { code, out: Buffer.concat(parts), text: program.output };
}

/** @param {string} program @returns {string | null} its path */
export function find(program) {
  const places = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  for (const place of [...places, ...(program.includes('/') ? [] : ['/usr/lib/xorg'])]) {
    const path = place ? join(place, program) : program;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch { /* look elsewhere */ }
  }
  return null;
}

/**
 * Whether all of these are installed; says so when one is not.
 * @param {{name: string, skip: (why: string) => void}} test
 * @param {string[]} programs
 */
export function needs(test, ...programs) {
  const missing = programs.filter((program) => !find(program));
  if (missing.length === 0) return true;
  const reason = `${missing.join(', ')} not installed`;
  console.log(`SKIPPED ${test.name}: ${reason}`);
  test.skip(reason);
  return false;
}
