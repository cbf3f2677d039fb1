/** The page through real networks: which way it takes, what it says of the ways that it cannot take, and how it moves. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Beside, LONG_TERM, PROXIED, TURN, turnServer } from './lib/beside.js';
import { Browser } from './lib/browser.js';
import { Desktop } from './lib/desktop.js';
import { ADDRESS, ADDRESS_6, NO_STUN, Network, OUTSIDE, canNetwork, only } from './lib/network.js';
import { needs } from './lib/programs.js';
import { types } from './lib/vnc.js';
import { until } from './lib/wait.js';

const DIRECT = `https://${ADDRESS.server}:8080/`;
const NO_UDP = { forward: ['meta l4proto udp drop'] };
/** To the page behind nginx, and answers. */
const PROXY = [`iifname "to-client" ip daddr ${ADDRESS.beside} tcp dport 443 accept`, 'ct state established,related accept'];
const HOUR = 3600;
/** Milliseconds that a move may take on a busy machine: a loss is noticed after seconds. */
const MOVE = 60_000;

const here = { name: 'through networks', skip: () => {} };
const skip = !(canNetwork(here) && needs(here, 'Xvfb', 'turnserver', 'nginx', 'openssl'));

describe('through networks', { skip }, () => {
  /** @type {Network} */
  let network;
  /** @type {Beside} */
  let beside;
  /** @type {Desktop} */
  let desktop;
  /** @type {Browser} */
  let browser;

  before(async () => {
    network = await Network.open();
    [beside, browser] = await Promise.all([
      Beside.open(network), Browser.open({ at: network.at('client'), args: ['--ignore-certificate-errors'] }),
    ]);
    desktop = await Desktop.open('Xvfb', { at: network.at('server'), args: server() });
  });
  after(async () => {
    await browser?.close();
    await desktop?.close();
    await beside?.remove();
    await network?.close();
  });
  beforeEach(async () => {
    await network.rules();
    servers([]);
  });

  /** Arguments of the stream. @param {string[]} more */
  function server(...more) {
    return ['--no-audio', '--listen', '[::]:8080', '--stun', 'off', '--rtc-config', beside.file('rtc.json'), ...more];
  }

  /** The servers that the page is told from now on. @param {object[]} list */
  function servers(list) {
    writeFileSync(beside.file('rtc.json'), JSON.stringify({ iceServers: list }));
  }

  /** Opens the page and sees the desktop. @param {import('node:test').TestContext} test @param {string} [url] */
  async function open(test, url = DIRECT) {
    const page = await browser.page(/** @type {any} */ (test), { ignoreHTTPSErrors: true });
    await page.live(url);
    await shows(page);
    return page;
  }

  let colours = 0;
  /** @param {import('./lib/browser.js').Page} page @param {number} [patience] */
  async function shows(page, patience = undefined) {
    const colour = ['#a04080', '#20a040', '#2040c0'][(colours += 1) % 3];
    await desktop.fill(colour);
    await page.shows(colour, patience);
  }

  /** @param {import('./lib/browser.js').Page} page @param {string} route @param {number} [patience] */
  const goes = (page, route, patience = undefined) => until(`the way is ${route}`, async () => {
    const found = await page.route();
    if (found !== route) throw new Error(`it is ${found}: ${await page.failed()}`);
    return true;
  }, patience);

  it('takes UDP where it works', async (test) => {
    const page = await open(test);
    await goes(page, 'udp');
    assert.equal(await page.failed(), '');
  });

  it('takes TCP of the same port where UDP is blocked, and says so', async (test) => {
    for (const rules of [NO_UDP, only('tcp dport 8080 accept', 'tcp sport 8080 accept')]) {
      await network.rules(rules);
      const page = await open(test);
      await goes(page, 'tcp');
      await until('the reason is told', async () => /UDP: no answer from .*:8080/.test(await page.failed()));
    }
  });

  it('goes over IPv6 alone', async (test) => {
    await network.rules({ forward: ['meta nfproto ipv4 drop'] });
    await goes(await open(test, `https://[${ADDRESS_6.server}]:8080/`), 'udp');
  });

  for (const [way, port] of /** @type {const} */ ([['udp', TURN.secret], ['tcp', TURN.secret], ['tls', TURN.tls], ['udp', TURN.longTerm]])) {
    it(`takes a TURN server over ${way} at port ${port}, where nothing else leads to the server`, async (test) => {
      const login = port === TURN.longTerm ? LONG_TERM : beside.login(Math.floor(Date.now() / 1000) + HOUR);
      servers([turnServer(port, way, login)]);
      const transport = way === 'udp' ? 'udp' : 'tcp';
      await network.rules(only(...PROXY, `iifname "to-client" ip daddr ${ADDRESS.beside} ${transport} dport ${port} accept`));
      const page = await open(test, PROXIED);
      await goes(page, `turn-${way}`, MOVE);
      await shows(page);
      await until('the reasons are told', async () => /UDP: no answer.*TCP: no answer/.test(await page.failed()));
    });
  }

  for (const way of /** @type {const} */ (['udp', 'tcp', 'tls'])) {
    it(`is reached by way of a TURN server to which the server goes over ${way}, where nobody can send to it`, async (test) => {
      const login = beside.login(Math.floor(Date.now() / 1000) + HOUR);
      servers([{ urls: `stun:${ADDRESS.beside}:${TURN.longTerm}` }, turnServer(way === 'tls' ? TURN.tls : TURN.secret, way, login)]);
      // The browser reaches what the TURN server lends, and not the TURN server; the server goes there by one protocol.
      const here = `iifname "to-client" ip daddr ${ADDRESS.beside} udp dport`;
      const { forward } = only(...PROXY, `${here} { ${TURN.longTerm}, 49160-49200 } accept`);
      if (way !== 'udp') forward.unshift('iifname "to-server" meta l4proto udp drop');
      // Only behind a translator does a browser tell an address of its own.
      await network.rules({ forward, translate: { incoming: [], outgoing: [`iifname "to-client" snat ip to ${OUTSIDE}`] } });
      await desktop.stream.stop();
      await desktop.serve(server('--turn-relay'), { SSL_CERT_FILE: beside.file('cert.pem') });
      for (const more of [1, 2]) {
        const page = await open(test, PROXIED);
        await goes(page, 'turn-server', MOVE);
        await shows(page);
        const lent = () => desktop.stream.output.match(/lends us an address/g)?.length ?? 0;
        await until('one address is in use, and one ready for the next page', async () => lent() === more + 1);
        await page.page.close();
      }
    });
  }

  it('takes a WebSocket where no login of a TURN server holds, and says what is wrong', async (test) => {
    const now = Math.floor(Date.now() / 1000);
    servers([turnServer(TURN.secret, 'udp', beside.login(now - 60)), turnServer(TURN.secret, 'tcp', beside.login(now + HOUR, 'south'))]);
    await network.rules(only(...PROXY, `iifname "to-client" ip daddr ${ADDRESS.beside} meta l4proto { tcp, udp } th dport ${TURN.secret} accept`));
    const page = await open(test, PROXIED);
    await goes(page, 'websocket');
    await until('the reasons are told', async () => {
      const failed = await page.failed();
      if (/UDP: no answer.*TCP: no answer.*udp: the login is wrong or has expired \(401\).*tcp: the login is wrong/.test(failed)) return true;
      throw new Error(failed);
    }, MOVE);
    await shows(page);
  });

  it('moves down and up again without a reload', async (test) => {
    const page = await open(test);
    await goes(page, 'udp');
    await network.rules(NO_UDP);
    await goes(page, 'tcp', MOVE);
    await shows(page, MOVE);
    await network.rules();
    await until('UDP takes over', async () => {
      await page.page.evaluate(() => window.dispatchEvent(new Event('online')));
      return (await page.route()) === 'udp';
    }, MOVE);
    await shows(page, MOVE);
    assert.deepEqual(page.errors, []);
  });

  it('finds a server behind a translator of addresses by the address that it was told', async (test) => {
    await desktop.stream.stop();
    await desktop.serve(server('--public-ip', OUTSIDE));
    await network.rules({
      forward: ['ct state established,related accept', 'ct status dnat accept', 'iifname "to-client" oifname "to-server" drop'],
      translate: {
        incoming: [`ip daddr ${OUTSIDE} meta l4proto { tcp, udp } th dport 8080 dnat ip to ${ADDRESS.server}:8080`],
        outgoing: [`iifname "to-server" oifname "to-client" snat ip to ${OUTSIDE}`],
      },
    });
    const page = await open(test, `https://${OUTSIDE}:8080/`);
    await goes(page, 'udp');
    await network.rules({
      forward: ['meta l4proto udp drop', 'ct state established,related accept', 'ct status dnat accept', 'iifname "to-client" oifname "to-server" drop'],
      translate: { incoming: [`ip daddr ${OUTSIDE} tcp dport 8080 dnat ip to ${ADDRESS.server}:8080`], outgoing: [] },
    });
    await goes(await open(test, `https://${OUTSIDE}:8080/`), 'tcp');
  });

  it('goes on when the address of the browser changes', async (test) => {
    const page = await open(test);
    const moved = '10.81.1.77';
    await network.moveClient(moved);
    test.after(() => network.moveClientBack(moved));
    await shows(page, MOVE);
    await goes(page, 'udp', MOVE);
    assert.deepEqual(page.errors, []);
  });

  for (const way of /** @type {const} */ (['udp', 'tcp'])) {
    it(`takes the TURN server of the one port over ${way}`, async (test) => {
      const { forward } = only('tcp dport 8080 accept', 'tcp sport 8080 accept');
      await network.rules(way === 'udp' ? {} : { forward });
      await desktop.stream.stop();
      await desktop.serve(server('--turn-embedded', '--transport', 'turn'));
      const page = await open(test);
      await until('the way is a TURN server', async () => {
        const found = String(await page.route());
        // Both are streams to the one port.
        if (way === 'udp' ? found !== 'turn-udp' : !['turn-tcp', 'turn-tls'].includes(found)) throw new Error(`it is ${found}: ${await page.failed()}`);
        return true;
      }, MOVE);
      await shows(page);
    });
  }

  it('carries a whole session through the TURN server of the one port over TLS, where no STUN can be seen to pass', async (test) => {
    if (!needs(/** @type {any} */ (test), 'xterm', 'openbox')) return;
    await network.rules(NO_STUN);
    await desktop.stream.stop();
    await desktop.serve(server('--turn-embedded'));
    const page = await open(test);
    await goes(page, 'turn-tls', MOVE);
    await until('the reasons are told', async () => {
      const failed = await page.failed();
      if (/UDP: no answer from .*:8080; TCP: no answer from .*:8080$/.test(failed)) return true;
      throw new Error(failed);
    });
    await until('what is dropped was tried', async () => {
      const [turn, ice] = await network.counted();
      if (turn > 0 && ice > 0) return true;
      throw new Error(`${turn} packets of TURN, ${ice} of ICE`);
    });

    const written = desktop.file('typed');
    const xterm = desktop.start('xterm', ['-geometry', '60x20+40+40', '-e', 'sh', '-c', `cat > ${written}`]);
    test.after(() => xterm.stop());
    await types(true, written, 'the quick brown fox', async () => {
      await page.page.keyboard.type('the quick brown fox');
      await page.page.keyboard.press('Enter');
    });
    for (let round = 0; round < 3; round += 1) await shows(page);
    assert.deepEqual([await page.rung(), await page.route()], ['webrtc', 'turn-tls'], 'and no other way in the meantime');
    assert.deepEqual(page.errors, []);
  });
});
