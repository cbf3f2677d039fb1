/**
 * How the picture follows a link that becomes narrow and wide again: prints a table and draws the course of it. Takes root,
 * two minutes, and a machine that does nothing else: `node adaptation.js`.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { exit, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

import { Browser } from './lib/browser.js';
import { Desktop } from './lib/desktop.js';
import { ADDRESS, Network, canNetwork } from './lib/network.js';
import { until } from './lib/wait.js';

const RELAY = 9000;
/** From which second how much fits, in kbit/s. */
const LINK = [[0, 10_000], [30, 1000], [60, 5000]];
const END = 100;
/** Milliseconds of each direction: 40 there and back. */
const DELAY = 20;
/** A picture that stands for longer is frozen. */
const FREEZE_MS = 300;
/** What is as good as recovered: pictures no older than this, in milliseconds, or this part of what fits. */
const FRESH_MS = 150;
const USED = 0.7;
const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * What the page found in a second: when, in seconds; what came, what was asked for and what the network was thought to carry,
 * in kbit/s; how old pictures were in the middle, in milliseconds.
 * @typedef {{at: number, kbps: number, target: number, estimate: number, age: number}} Second
 */

/** Runs in the page: notes when pictures are shown. */
function notePictures() {
  const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
  /** @type {number[]} */
  const shown = [];
  Object.assign(window, { shown });
  const note = (/** @type {number} */ now) => {
    shown.push(now);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
}

/** @param {number[]} values @param {number} part */
function quantile(values, part) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length > 0 ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] : NaN;
}

/** Something that changes all over the screen, thirty times a second. @param {Desktop} desktop */
function scribble(desktop) {
  const lines = 'while :; do head -c 9000 /dev/urandom | base64 -w 200; sleep 0.03; done';
  desktop.start('xterm', ['-geometry', '200x60+0+0', '-e', 'sh', '-c', lines]);
}

/** @param {Network} network @param {Browser} browser @param {Desktop} desktop @returns {Promise<{shown: number[], seconds: Second[]}>} */
async function watch(network, browser, desktop) {
  const to = ['meta nfproto ipv6 drop'];
  const incoming = [`iifname "to-client" ip daddr ${ADDRESS.server} udp dport 8080 dnat ip to 10.81.1.1:${RELAY}`];
  await network.rules({ forward: to, translate: { incoming, outgoing: [] } });
  const conditions = JSON.stringify({ kbps: LINK, delay: DELAY, queue: 300 });
  const [enter, ...rest] = network.at('router');
  const relay = desktop.start(enter, [...rest, execPath, path('./lib/relay.js'), String(RELAY), ADDRESS.server, '8080', conditions]);
  await until('the relay is ready', () => relay.output.includes('ready'));
  /** @type {(() => Promise<void>)[]} */
  const after = [];
  try {
    const page = await browser.page({ after: (done) => after.push(done) }, { ignoreHTTPSErrors: true });
    await page.live(`https://${ADDRESS.server}:8080/?transport=udp`);
    await page.page.evaluate(notePictures);
    const begun = await page.page.evaluate(() => performance.now());
    /** @type {Second[]} */
    const seconds = [];
    for (let at = 1; at <= END; at += 1) {
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
      const [now, { kbps, latencyMs, stats }] = await page.page.evaluate(
        () => [performance.now(), /** @type {any} */ (window).cosmos.stats()]);
      seconds.push({ at: (now - begun) / 1000, kbps, target: stats.targetKbps, estimate: stats.estimateKbps, age: latencyMs });
    }
    const shown = await page.page.evaluate(() => /** @type {any} */ (window).shown);
    return { shown: shown.map((/** @type {number} */ now) => (now - begun) / 1000), seconds };
  } finally {
    for (const done of after) await done();
  }
}

/** One row for each width of the link. @param {number[]} shown @param {Second[]} seconds */
function table(shown, seconds) {
  console.log('| link, kbit/s | pictures fresh after, s | used after, s | received, kbit/s | age of pictures p50 / p95, ms | pictures/s | frozen |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const [index, [from, kbps]] of LINK.entries()) {
    const until_ = LINK[index + 1]?.[0] ?? END;
    const within = (/** @type {number} */ at) => at >= from && at < until_;
    const [pictures, read] = [shown.filter(within), seconds.filter(({ at }) => within(at))];
    const gaps = pictures.slice(1).map((at, before) => 1000 * (at - pictures[before])).filter((gap) => gap > FREEZE_MS);
    const stale = read.findLast(({ age }) => age > FRESH_MS)?.at ?? from;
    const used = read.find((second) => second.kbps >= USED * kbps)?.at;
    const [ages, received] = [read.map(({ age }) => age), read.map((second) => second.kbps)];
    console.log([
      '', kbps, (stale - from).toFixed(0), used === undefined ? 'never' : (used - from).toFixed(0), Math.round(quantile(received, 0.5)),
      `${Math.round(quantile(ages, 0.5))} / ${Math.round(quantile(ages, 0.95))}`, Math.round(pictures.length / (until_ - from)),
      `${gaps.length} times, ${Math.round(gaps.reduce((sum, gap) => sum + gap, 0))} ms`, '',
    ].join(' | ').trim());
  }
}

/** @param {string} name @param {object} chart as the example of the benches reads it */
function draw(name, chart) {
  const drawn = spawnSync('cargo', ['run', '--quiet', '-p', 'cosmos-benches', '--example', 'plot'], { cwd: path('..'), input: JSON.stringify(chart), stdio: ['pipe', 'pipe', 'inherit'] });
  if (drawn.status !== 0) throw new Error('the chart could not be drawn');
  mkdirSync(path('../benches/curves'), { recursive: true });
  writeFileSync(path(`../benches/curves/${name}.svg`), drawn.stdout);
}

/** @param {Second[]} seconds */
function drawAll(seconds) {
  const link = LINK.flatMap(([from, kbps], index) => [[from, kbps], [LINK[index + 1]?.[0] ?? END, kbps]]);
  const course = (/** @type {'kbps' | 'target' | 'estimate' | 'age'} */ name) => seconds.map((second) => [second.at, second[name]]);
  draw('adaptation-rate', {
    title: 'A link of 10, 1 and 5 Mbit/s with 40 ms', x: 'seconds', y: 'kbit/s',
    curves: [['link', link], ['received', course('kbps')], ['asked of encoder', course('target')], ['estimated', course('estimate')]],
  });
  draw('adaptation-age', { title: 'How old the pictures are that are shown', x: 'seconds', y: 'ms', curves: [['median of a second', course('age')]] });
}

if (!canNetwork({ name: 'adaptation', skip: () => {} })) exit(2);
const network = await Network.open();
/** @type {{close: () => Promise<void>}[]} */
const opened = [network];
try {
  const browser = await Browser.open({ at: network.at('client'), args: ['--ignore-certificate-errors'] });
  opened.push(browser);
  const args = ['--no-audio', '--listen', '0.0.0.0:8080', '--stun', 'off', '--bitrate', '12000'];
  const desktop = await Desktop.open('Xvfb', { at: network.at('server'), args });
  opened.push(desktop);
  scribble(desktop);
  const { shown, seconds } = await watch(network, browser, desktop);
  table(shown, seconds);
  drawAll(seconds);
} finally {
  for (const thing of opened.reverse()) await thing.close();
}
