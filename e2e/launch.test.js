/** The whole product: `cosmos-launch` brings up a desktop, people use it, and it goes without a trace. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { COSMOS_LAUNCH, COSMOS_STREAM, PASSWORD, Place } from './lib/desktop.js';
import { find, needs } from './lib/programs.js';
import { free } from './lib/proxy.js';
import { until } from './lib/wait.js';
import { onEachServer } from './lib/xserver.js';

const SESSIONS = ['xfce4-session', 'mate-session'];
/** Where to leave a picture of the product. */
const SCREENSHOT = process.env.COSMOS_SCREENSHOT;
const TERMINALS = ['xfce4-terminal', 'mate-terminal', 'xterm'];

/** @type {Browser} */
let browser;
before(async () => { browser = await Browser.open(); });
after(() => browser?.close());

onEachServer((kind) => {
  it('is a desktop in the browser', async (test) => {
    if (!needs(test, COSMOS_LAUNCH, COSMOS_STREAM, 'dbus-daemon', 'xdotool')) return;
    if (!SESSIONS.some(find)) return void needs(test, SESSIONS[0]);
    const place = new Place();
    test.after(() => place.remove());
    const port = await free();
    const isFile = kind === 'Xorg';
    const secret = place.file('password');
    writeFileSync(secret, PASSWORD, { mode: 0o600 });
    const launch = place.start(COSMOS_LAUNCH, [
      'desktop', '--software', '--xserver', kind.toLowerCase(), '--size', '1280x720', '--listen', `127.0.0.1:${port}`,
      '--stream', COSMOS_STREAM, ...(SCREENSHOT && find('startxfce4') ? ['--session', 'startxfce4'] : []),
      ...(isFile ? ['--password-file', secret] : []),
    ], isFile ? {} : { BASIC_AUTH_PASSWORD: PASSWORD });
    const url = `http://127.0.0.1:${port}/`;
    await until('the page is served', async () => {
      if (launch.ended) throw new Error('it ended');
      return (await fetch(`${url}healthz`)).ok;
    }, 40_000).catch((error) => { throw new Error(launch.output, { cause: error }); });
    const page = await (await browser.page(test)).live(url);
    Object.assign(place.env, environment(launch.pid));
    await until('the session shows a window', async () => {
      const { text } = await place.run('xdotool', ['search', '--onlyvisible', '--name', '.+']);
      return text.trim().split('\n').length >= 2;
    }, 40_000);
    assert.ok(!launch.output.includes(PASSWORD), 'the password is told');

    await typeInTerminal(place, page);
    if (SCREENSHOT && kind === 'Xorg') await picture(page, SCREENSHOT);

    const server = descendants(launch.pid).find(({ name }) => name === kind || name === 'Xorg' || name === 'Xvfb');
    assert.ok(server, 'there is no X server');
    process.kill(server.pid, 'SIGKILL');
    await page.inState('lost');
    await page.isLive(40_000);
    await until('the session is back', async () => {
      Object.assign(place.env, environment(launch.pid));
      const { text } = await place.run('xdotool', ['search', '--onlyvisible', '--name', '.+']);
      return text.trim().split('\n').length >= 2;
    }, 40_000);

    const all = descendants(launch.pid);
    const { DISPLAY, XDG_RUNTIME_DIR } = place.env;
    assert.ok(all.length >= 4, JSON.stringify(all));
    launch.signalAlone('SIGINT');
    const ended = await until('it ends', () => launch.ended, 20_000);
    assert.equal(ended.code, 0, launch.output);
    await until('nothing is left', () => {
      const left = all.filter(({ pid, begun }) => startOf(pid) === begun);
      if (left.length > 0) throw new Error(JSON.stringify(left));
      return true;
    });
    const number = DISPLAY.slice(1);
    for (const file of [`/tmp/.X${number}-lock`, `/tmp/.X11-unix/X${number}`]) assert.ok(!existsSync(file), file);
    for (const { pid } of all) assert.ok(!existsSync(`/tmp/.ICE-unix/${pid}`), 'the session manager left its socket');
    assert.deepEqual(readdirSync(XDG_RUNTIME_DIR).filter((name) => /cosmos/.test(name)), []);
  });
});

/**
 * @param {Place} place
 * @param {import('./lib/browser.js').Page} page
 */
async function typeInTerminal(place, page) {
  const terminal = TERMINALS.find(find) ?? 'xterm';
  place.start(terminal, terminal === 'xterm' ? [] : ['--geometry', '80x20+116+64']);
  await until('the terminal has the keyboard', async () => {
    const { text } = await place.run('xdotool', ['getactivewindow', 'getwindowname']);
    if (!/terminal|xterm|@/i.test(text)) throw new Error(`the active window is ${text}`);
    return true;
  }, 30_000);
  await page.page.keyboard.type(`printf 'h\u00e9llo' > ${place.file('said')}`);
  await page.page.keyboard.press('Enter');
  await until('what was typed was done', () => readFileSync(place.file('said'), 'utf8') === 'héllo');
}

/**
 * A picture for people who wonder what this is.
 * @param {import('./lib/browser.js').Page} page
 * @param {string} path
 */
async function picture(page, path) {
  await page.page.keyboard.type(`PS1='\\[\\e[1;32m\\]user@cosmos\\[\\e[0m\\]:\\[\\e[1;34m\\]~\\[\\e[0m\\]$ '; clear; ${COSMOS_STREAM} --help | head -16`);
  await page.page.keyboard.press('Enter');
  await page.page.mouse.move(640, 500);
  await page.page.evaluate(() => {
    for (const id of ['handle', 'statistics-toggle']) /** @type {HTMLElement} */ (document.getElementById(id)).click();
  });
  await until('the figures are there', async () => Number((await page.statistics()).fps) > 0);
  await new Promise((resolve) => { setTimeout(resolve, 4000); });
  await page.page.screenshot({ path });
}

/** The X display and session bus of a launched desktop, from its session's environment. @param {number} pid */
function environment(pid) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const { pid: child } of descendants(pid)) {
    const pairs = read(`/proc/${child}/environ`).split('\0').map((pair) => pair.split(/=(.*)/s));
    const env = Object.fromEntries(pairs);
    if (!env.DISPLAY) continue;
    for (const name of ['DISPLAY', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS']) if (env[name]) found[name] = env[name];
  }
  return found;
}

/** @typedef {{pid: number, name: string, begun: string}} Process */

/** @param {number} ancestor @returns {Process[]} */
function descendants(ancestor) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(all.map((pid) => [pid, Number(fields(pid)[1])]));
  const below = (/** @type {number} */ pid) => {
    for (let at = parents.get(pid); at; at = parents.get(at)) if (at === ancestor) return true;
    return false;
  };
  return all.filter(below).map((pid) => ({ pid, name: read(`/proc/${pid}/comm`).trim(), begun: startOf(pid) }))
    .filter(({ begun }) => begun !== '');
}

/** What tells a process from a later one of the same number. @param {number} pid */
function startOf(pid) { return fields(pid)[19] ?? ''; }

/** @param {number} pid */
function fields(pid) { return read(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' '); }

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
