/** Ten people on one server, seven of them without a browser, one of them on a bad line: what the others see of that. */

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { Desktop, PASSWORD, USER } from './lib/desktop.js';
import { ADDRESS, Network, canNetwork } from './lib/network.js';
import { needs, start } from './lib/programs.js';
import { pause, until } from './lib/wait.js';

/** @typedef {import('./lib/browser.js').Page} Page */
/** @typedef {import('./lib/viewers.js').Seen} Seen */

const URL_ = `https://${ADDRESS.server}:8080/`;
const NATIVE = 7;
/** Pictures a second and kbit/s: what two cores encode, decode thrice, and carry ten times. */
const SERVER = ['--no-audio', '--listen', '[::]:8080', '--stun', 'off', '--fps', '15', '--bitrate', '2500', '--encoder', 'h264enc'];
const BAD = { loss: 5, delay: 30, kbps: 300 };
const RELAY = 9000;
/** Seconds for a rate to be found, and seconds over which it is looked at. */
const [SETTLE, LOOK] = [15, 10];
const PATIENCE = 60_000;

const here = { name: 'ten people, one on a bad line', skip: () => {} };
const skip = !(canNetwork(here) && needs(here, 'Xvfb', 'xterm'));

describe('ten people, one on a bad line', { skip }, () => {
  /** @type {Network} */
  let network;
  /** @type {Desktop} */
  let desktop;
  /** @type {Browser[]} */
  let browsers = [];
  /** @type {import('./lib/programs.js').Program[]} */
  const programs = [];

  before(async () => {
    network = await Network.open();
    desktop = await Desktop.open('Xvfb', { at: network.at('server'), args: SERVER });
    // By now the networks have settled: a browser gives up whatever it does when they change.
    browsers = await Promise.all(/** @type {const} */ (['beside', 'client']).map((part) =>
      Browser.open({ at: network.at(part), args: ['--ignore-certificate-errors'] })));
    // Noise: it takes whatever it is given.
    desktop.start('xterm', ['-geometry', '80x20+40+40', '-e', 'sh', '-c', 'while :; do head -c 400 /dev/urandom | base64; sleep 0.06; done']);
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await Promise.all(browsers.map((browser) => browser.close()));
    await desktop?.close();
    await network?.close();
  });

  /** Runs a script of ours at this place. @param {'beside' | 'router'} part @param {string} script @param {string[]} args */
  function run(part, script, args) {
    const [enter, ...rest] = network.at(part);
    const file = fileURLToPath(new URL(`./lib/${script}`, import.meta.url));
    const env = { PATH: process.env.PATH ?? '', LOGIN: JSON.stringify({ user: USER, password: PASSWORD }) };
    const program = start(enter, [...rest, process.execPath, file, ...args], { env });
    programs.push(program);
    return program;
  }

  it('leaves the others as they were', async (test) => {
    const good = await Promise.all([1, 2].map(() => browsers[0].page(/** @type {any} */ (test), { ignoreHTTPSErrors: true })));
    for (const page of good) await page.live(`${URL_}?transport=udp`);
    const native = run('beside', 'viewers.js', [URL_, String(NATIVE)]);
    const alone = await watch(good, native);

    // What is bad is UDP of IPv4 alone: no other way may lead past it.
    await network.rules({
      forward: ['meta nfproto ipv6 drop'],
      translate: { incoming: [`iifname "to-client" ip daddr ${ADDRESS.server} udp dport 8080 dnat ip to 10.81.1.1:${RELAY}`], outgoing: [] },
    });
    const relay = run('router', 'relay.js', [String(RELAY), ADDRESS.server, '8080', JSON.stringify(BAD)]);
    await until('the relay is ready', () => relay.output.includes('ready'));
    const bad = await browsers[1].page(/** @type {any} */ (test), { ignoreHTTPSErrors: true });
    await bad.page.goto(`${URL_}?transport=udp`);
    await bad.logIn();
    await bad.isLive(PATIENCE);
    const beside = await watch([...good, bad], native);
    const [onIt] = beside.splice(good.length, 1);
    const { stats } = await figures(bad);
    console.log(`alone ${JSON.stringify(alone)}\nbeside a bad line ${JSON.stringify(beside)}\non it ${JSON.stringify({ ...onIt, stats })}`);

    assert.equal(await bad.route(), 'udp');
    assert.ok(stats.estimateKbps < 1000, `the bad line is thought to carry ${stats.estimateKbps} kbit/s`);
    assert.equal(stats.viewers, NATIVE + 3);
    // It is shown an encode of its own, at a rate that fits.
    assert.ok(onIt.targetKbps < 1000 && onIt.fps >= 2 && onIt.latencyMs < 1500, `the bad line shows ${JSON.stringify(onIt)}`);
    assert.equal(alone.length, NATIVE + 2);
    for (const [at, before] of alone.entries()) {
      const now = beside[at];
      const figures = `viewer ${at}: ${JSON.stringify({ before, now })}`;
      assert.ok(before.fps > 5, `the measure itself: ${figures}`);
      assert.ok(now.fps > before.fps * 0.7, `fewer pictures: ${figures}`);
      assert.ok(now.latencyMs < before.latencyMs * 1.5 + 60, `later pictures: ${figures}`);
      assert.ok(now.targetKbps > before.targetKbps * 0.7, `worse pictures: ${figures}`);
    }
  });
});

/**
 * What each of them sees, as medians of some seconds: those in browsers first.
 * @param {Page[]} pages @param {import('./lib/programs.js').Program} native @returns {Promise<Seen[]>}
 */
async function watch(pages, native) {
  await pause(1000 * SETTLE);
  const before = lines(native).length;
  /** @type {Seen[][]} */
  const seconds = [];
  for (let second = 0; second < LOOK; second += 1) {
    await pause(1000);
    seconds.push(await Promise.all(pages.map(async (page) => {
      const { fps, latencyMs, stats } = await figures(page);
      return { fps, latencyMs, targetKbps: stats.targetKbps };
    })));
  }
  const seen = [column(seconds), column(lines(native).slice(before))].flat();
  return seen.map((one) => ({
    fps: median(one.map(({ fps }) => fps)),
    latencyMs: median(one.map(({ latencyMs }) => latencyMs)),
    targetKbps: median(one.map(({ targetKbps }) => targetKbps)),
  }));
}

/** The lines that are whole. @param {import('./lib/programs.js').Program} native @returns {Seen[][]} */
function lines(native) {
  if (native.ended) throw new Error(native.output);
  return native.output.split('\n').slice(0, -1).map((line) => JSON.parse(line));
}

/** By viewer instead of by second. @param {Seen[][]} seconds */
function column(seconds) {
  return (seconds[0] ?? []).map((_, at) => seconds.map((second) => second[at]));
}

/** @param {number[]} values */
function median(values) {
  return Math.round(values.sort((a, b) => a - b)[values.length >> 1] ?? NaN);
}

/** @param {Page} page */
function figures(page) {
  return page.page.evaluate(() => /** @type {any} */ (window).cosmos.stats());
}
