/**
 * The page through many networks, with figures: prints the table of README.md, as Markdown, and beside it why no better way
 * is taken. Takes root, minutes, and a machine that does nothing else.
 *
 * `node networks.js [NAME...]` runs those of these names, or all. SECONDS are those over which figures are taken.
 */

import { writeFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

import { Beside, LONG_TERM, PROXIED, TURN, turnServer } from './lib/beside.js';
import { Browser } from './lib/browser.js';
import { Desktop } from './lib/desktop.js';
import { ADDRESS, ADDRESS_6, NO_STUN, Network, OUTSIDE, canNetwork, only } from './lib/network.js';
import { until } from './lib/wait.js';

/** Seconds over which figures are taken. Of how many some are frozen is said beside the table. */
const LONG = Number(process.env.SECONDS ?? 20);
const DIRECT = `https://${ADDRESS.server}:8080/`;
const PROXY = [`iifname "to-client" ip daddr ${ADDRESS.beside} tcp dport 443 accept`, 'ct state established,related accept'];
const RELAY = 9000;
const relay = fileURLToPath(new URL('./lib/relay.js', import.meta.url));

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {Parameters<Network['rules']>[0]} [rules]
 * @property {object[]} [servers] of STUN and TURN
 * @property {string} [url]
 * @property {object} [bad] what UDP suffers, as relay.js takes it
 * @property {string[]} [args] of the stream, which is started anew where they change
 */

/** @param {Beside} beside @returns {Case[]} */
function cases(beside) {
  const now = Math.floor(Date.now() / 1000);
  const login = beside.login(now + 3600);
  const toTurn = (/** @type {string} */ transport, /** @type {number} */ port) =>
    only(...PROXY, `iifname "to-client" ip daddr ${ADDRESS.beside} ${transport} dport ${port} accept`);
  const udp = `${DIRECT}?transport=udp`;
  const nat = {
    forward: ['ct state established,related accept', 'ct status dnat accept', 'iifname "to-client" oifname "to-server" drop'],
    translate: {
      incoming: [`ip daddr ${OUTSIDE} meta l4proto { tcp, udp } th dport 8080 dnat ip to ${ADDRESS.server}:8080`],
      outgoing: [`iifname "to-server" oifname "to-client" snat ip to ${OUTSIDE}`],
    },
  };
  return [
    { name: 'nothing in the way' },
    { name: 'UDP blocked', rules: { forward: ['meta l4proto udp drop'] } },
    { name: 'all but TCP 8080 blocked', rules: only('tcp dport 8080 accept', 'tcp sport 8080 accept') },
    { name: 'nginx with TLS and a sub-path alone', rules: only(...PROXY), url: PROXIED },
    { name: 'TURN over UDP alone, shared secret', rules: toTurn('udp', TURN.secret), servers: [turnServer(TURN.secret, 'udp', login)], url: PROXIED },
    { name: 'TURN over UDP alone, user and password', rules: toTurn('udp', TURN.longTerm), servers: [turnServer(TURN.longTerm, 'udp', LONG_TERM)], url: PROXIED },
    { name: 'TURN over TCP alone, shared secret', rules: toTurn('tcp', TURN.secret), servers: [turnServer(TURN.secret, 'tcp', login)], url: PROXIED },
    { name: 'TURN over TCP alone, user and password', rules: toTurn('tcp', TURN.longTerm), servers: [turnServer(TURN.longTerm, 'tcp', LONG_TERM)], url: PROXIED },
    { name: 'TURN over TLS alone, shared secret', rules: toTurn('tcp', TURN.tls), servers: [turnServer(TURN.tls, 'tls', login)], url: PROXIED },
    { name: 'TURN with an expired login', rules: toTurn('udp', TURN.secret), servers: [turnServer(TURN.secret, 'udp', beside.login(now - 60))], url: PROXIED },
    { name: 'TURN with a wrong secret', rules: toTurn('udp', TURN.secret), servers: [turnServer(TURN.secret, 'udp', beside.login(now + 3600, 'south'))], url: PROXIED },
    { name: 'nothing but TLS, --turn-embedded', rules: NO_STUN, args: ['--turn-embedded'] },
    { name: 'server behind NAT, --public-ip', rules: nat, url: `https://${OUTSIDE}:8080/`, args: ['--public-ip', OUTSIDE] },
    { name: 'IPv6 alone', rules: { forward: ['meta nfproto ipv4 drop'] }, url: `https://[${ADDRESS_6.server}]:8080/` },
    { name: 'UDP, 2 Mbit/s', bad: { kbps: 2000, delay: 10 }, url: udp },
    { name: 'UDP, 500 kbit/s', bad: { kbps: 500, delay: 10 }, url: udp },
    { name: 'UDP, 1 % loss', bad: { loss: 1, delay: 10 }, url: udp },
    { name: 'UDP, 5 % loss', bad: { loss: 5, delay: 10 }, url: udp },
    { name: 'UDP, 10 % loss', bad: { loss: 10, delay: 10 }, url: udp },
    { name: 'UDP, 50 ms jitter', bad: { delay: 10, jitter: 50 }, url: udp },
  ];
}

/** Runs in the page: notes when the first picture was there. */
function noteFirst() {
  const all = /** @type {any} */ (window);
  new MutationObserver(() => {
    if (document.documentElement.dataset.picture !== undefined) all.firstPicture ??= performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-picture'] });
}

/** @param {number[]} values @param {number} part */
function quantile(values, part) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length > 0 ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] : NaN;
}

class Bench {
  /** What the stream was told last. @type {string[]} */
  served = [];

  async open() {
    this.network = await Network.open();
    this.beside = await Beside.open(this.network);
    this.browser = await Browser.open({ at: this.network.at('client'), args: ['--ignore-certificate-errors'] });
    this.desktop = await Desktop.open('Xvfb', { at: this.network.at('server'), args: this.args([]) });
    this.desktop.start('xterm', ['-geometry', '100x30+40+40', '-e', 'sh', '-c', 'while :; do date +%N%N%N%N%N%N; sleep 0.03; done']);
    return this;
  }

  /** @param {string[]} more */
  args(more) {
    return ['--no-audio', '--listen', '[::]:8080', '--stun', 'off', '--rtc-config', /** @type {Beside} */ (this.beside).file('rtc.json'), ...more];
  }

  /** @param {Case} one */
  async run({ name, rules = {}, servers = [], url = DIRECT, bad, args = [] }) {
    const { network, beside, browser, desktop } = /** @type {Required<Bench>} */ (/** @type {unknown} */ (this));
    writeFileSync(beside.file('rtc.json'), JSON.stringify({ iceServers: servers }));
    const relayed = { incoming: [`iifname "to-client" ip daddr ${ADDRESS.server} udp dport 8080 dnat ip to 10.81.1.1:${RELAY}`], outgoing: [] };
    // What is bad is UDP of IPv4 alone: no other way may lead past it.
    await network.rules(bad ? { forward: ['meta nfproto ipv6 drop'], translate: relayed } : rules);
    const [enter, ...rest] = network.at('router');
    const program = bad ? beside.start(enter, [...rest, process.execPath, relay, String(RELAY), ADDRESS.server, '8080', JSON.stringify(bad)]) : null;
    if (program) await until('the relay is ready', () => program.output.includes('ready'));
    if (String(args) !== String(this.served)) {
      await desktop.stream.stop();
      await desktop.serve(this.args(args));
      this.served = args;
    }
    /** @type {(() => Promise<void>)[]} */
    const after = [];
    try {
      const page = await browser.page({ after: (done) => after.push(done) }, { ignoreHTTPSErrors: true });
      await page.page.addInitScript(noteFirst);
      await page.live(url);
      await page.page.reload();
      await page.isLive(60_000);
      const first = await page.page.evaluate(() => /** @type {any} */ (window).firstPicture);
      // The way that is taken in the end, and the rate that the network was found to carry.
      await new Promise((resolve) => { setTimeout(resolve, 12_000); });
      const [latencies, rates] = await this.watch(page);
      const frozen = rates.filter((fps) => fps < 5).length;
      return {
        name, route: await page.route(), first: Math.round(first), failed: await page.failed(),
        p50: Math.round(quantile(latencies, 0.5)), p95: Math.round(quantile(latencies, 0.95)), fps: Math.round(quantile(rates, 0.5)), frozen,
      };
    } finally {
      for (const done of after) await done();
      await program?.stop();
    }
  }

  /** The figures of each second. @param {import('./lib/browser.js').Page} page @returns {Promise<[number[], number[]]>} */
  async watch(page) {
    /** @type {[number[], number[]]} */
    const read = [[], []];
    for (let second = 0; second < LONG; second += 1) {
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
      const { latencyMs, fps } = await page.page.evaluate(() => /** @type {any} */ (window).cosmos.stats());
      read[0].push(latencyMs);
      read[1].push(fps);
    }
    return read;
  }

  async close() {
    await this.browser?.close();
    await this.desktop?.close();
    await this.beside?.remove();
    await this.network?.close();
  }
}

if (!canNetwork({ name: 'networks', skip: () => {} })) exit(2);
const bench = new Bench();
let failures = 0;
try {
  await bench.open();
  const wanted = argv.slice(2);
  console.error(`${LONG} seconds each`);
  console.log('| network | way taken | first picture, ms | latency p50 / p95, ms | frames/s | frozen seconds |\n|---|---|---|---|---|---|');
  for (const one of cases(/** @type {Beside} */ (bench.beside)).filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    try {
      const { name, route, first, p50, p95, fps, frozen, failed } = await bench.run(one);
      console.log(`| ${name} | ${route} | ${first} | ${p50} / ${p95} | ${fps} | ${frozen} |`);
      if (failed) console.error(`  ${name}: ${failed}`);
    } catch (error) {
      failures += 1;
      console.log(`| ${one.name} | none | | | | |`);
      console.error(error);
    }
  }
} finally {
  await bench.close();
}
exit(failures > 0 ? 1 : 0);
