/** The desktop over a WebSocket, where nothing better leads to it, and over something better as soon as that does. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { it } from 'node:test';

import { needs } from './lib/programs.js';
import { proxy } from './lib/proxy.js';
import { heardInSpeakers, SoundServer, tapSpeakers } from './lib/sound.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

onEachDesktop((stage) => {
  it('shows, types and copies over a WebSocket behind a proxy', async (test) => {
    if (!needs(test, 'xclip', 'xdotool')) return;
    const before = await proxy(stage.desktop.url, '/desk/');
    test.after(() => before.close());
    const page = await (await stage.browser.page(test, { permissions: ['clipboard-read', 'clipboard-write'] }))
      .live(`${before.url}?transport=websocket`);
    assert.equal(await page.rung(), 'websocket');
    for (const colour of ['#a04080', '#20a040']) {
      await stage.desktop.fill(colour);
      await page.shows(colour);
    }
    await page.page.setViewportSize({ width: 1000, height: 600 });
    await until('the picture has the new size', async () => (await page.videoSize()) === '1000x600');

    await page.page.mouse.move(300, 200);
    await until('the pointer follows', async () =>
      /x:300 y:200/.test((await stage.desktop.run('xdotool', ['getmouselocation'])).text));
    const text = `ä € 😀 ${'0123456789abcdef'.repeat(60_000)}`;
    writeFileSync(stage.desktop.file('copied'), text);
    stage.desktop.start('xclip', ['-selection', 'clipboard', '-quiet', stage.desktop.file('copied')]);
    await until('this computer has the text', () => page.page.evaluate(
      async (length) => (await navigator.clipboard.readText()).length === length, text.length));
    await until('the figures name the way', () => page.page.evaluate(
      () => /** @type {any} */ (window).cosmos.stats().transport === 'WebSocket'));
    assert.deepEqual(page.errors, []);
  });

  it('is sent to TLS when it is opened by the address of the machine', async (test) => {
    const own = Object.values(networkInterfaces()).flat().find((face) => face?.family === 'IPv4' && !face.internal);
    if (!own) return test.skip('SKIPPED: this machine has no address but loopback');
    await stage.desktop.serve(['--no-audio', '--listen', '0.0.0.0:0']);
    const { port } = new URL(stage.desktop.url);
    const page = await stage.browser.page(test, { ignoreHTTPSErrors: true });
    await page.live(`http://${own.address}:${port}/?transport=websocket`);
    assert.equal(new URL(page.page.url()).origin, `https://${own.address}:${port}`);
    assert.equal(await page.rung(), 'websocket');
    await stage.desktop.fill('#a06020');
    await page.shows('#a06020');
    assert.deepEqual(page.errors, []);
  });

  it('is heard over a WebSocket', async (test) => {
    if (!needs(test, 'pulseaudio', 'pactl', 'paplay')) return;
    const sound = await new SoundServer(stage.desktop).start();
    await stage.desktop.serve([], sound.env);
    const page = await stage.browser.page(test);
    await page.page.addInitScript(tapSpeakers);
    await page.live(`${stage.desktop.url}?transport=websocket`);
    await page.page.evaluate(() => {
      const button = /** @type {HTMLElement} */ (document.querySelector('#sound'));
      if (button.getAttribute('aria-pressed') !== 'true') button.click();
    });
    sound.play(440);
    await heardInSpeakers(page, 440);
  });

  it('moves to a WebSocket when WebRTC finds no way, and back up when it does', async (test) => {
    const page = await stage.browser.page(test);
    await page.page.addInitScript(blockWebRtc);
    const begun = performance.now();
    await page.live(stage.desktop.url);
    test.diagnostic(`first frame over the WebSocket after ${Math.round(performance.now() - begun)} ms, login included`);
    assert.equal(await page.rung(), 'websocket');
    await stage.desktop.fill('#406020');
    await page.shows('#406020');
    await page.page.evaluate(() => { /** @type {any} */ (window).blocked = false; });
    await until('WebRTC takes over', async () => {
      await page.page.evaluate(() => window.dispatchEvent(new Event('online')));
      return (await page.rung()) === 'webrtc';
    }, 30_000);
    await stage.desktop.fill('#602040');
    await page.shows('#602040');
    assert.equal(await page.state(), 'live');
    await page.page.evaluate(() => {
      const now = /** @type {any} */ (window);
      now.blocked = true;
      now.peers.forEach((/** @type {RTCPeerConnection} */ peer) => peer.close());
    });
    await until('the WebSocket takes over', async () => (await page.rung()) === 'websocket', 30_000);
    await stage.desktop.fill('#204060');
    await page.shows('#204060');
    assert.deepEqual(page.errors, []);
  });
});

/** Runs in the page: no candidate is offered to any peer connection while `blocked` is set. */
function blockWebRtc() {
  const all = /** @type {any} */ (window);
  const Real = window.RTCPeerConnection;
  all.blocked = true;
  all.peers = [];
  all.RTCPeerConnection = class extends Real {
    /** @param {RTCConfiguration} config */
    constructor(config) {
      super({ ...config, iceTransportPolicy: all.blocked ? 'relay' : 'all' });
      all.peers.push(this);
    }
  };
}
