/** Pages that decode different codecs, and an encoder that a person chooses: who is there sees the picture, and nobody comes back. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { state } from './lib/http.js';
import { onAnyDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** @typedef {import('./lib/browser.js').Page} Page */

const WAYS = /** @type {const} */ (['webrtc', 'websocket']);

onAnyDesktop('a picture of any codec', (stage) => {
  /** A page whose browser decodes nothing but these. @param {any} test @param {string[]} codecs @param {string} way */
  async function comes(test, codecs, way) {
    const page = await stage.browser.page(test);
    await page.page.addInitScript(lessen, codecs);
    await page.page.addInitScript(count);
    await page.page.goto(`${stage.desktop.url}?transport=${way}`);
    await page.logIn();
    return page;
  }

  /** @param {Page[]} pages @param {string} colour */
  async function show(pages, colour) {
    await stage.desktop.fill(colour);
    for (const page of pages) await page.shows(colour);
  }

  for (const way of WAYS) {
    it(`changes its codec for whoever comes later, and back, over ${way}`, async (test) => {
      const { desktop } = stage;
      const first = await comes(test, ['h264', 'vp8', 'vp9', 'av1'], way);
      await first.isLive();
      await encodes(desktop, 'H.264');
      const second = await comes(test, ['vp8', 'vp9'], way);
      await second.isLive();
      await encodes(desktop, 'VP8');
      await show([first, second], '#a04080');
      await first.page.getByText(/The picture is VP8 now instead of H\.264: the browser of user does not decode it/).waitFor();
      const third = await comes(test, ['vp8'], way);
      await third.isLive();
      await show([first, second, third], '#2060a0');
      await second.page.context().close();
      await third.page.context().close();
      await encodes(desktop, 'H.264');
      await show([first], '#40a020');
      assert.equal(await connections(first), 1, 'it connected once');
      for (const page of [first, second, third]) assert.deepEqual(page.errors, []);
    });
  }

  it('is not there for whoever has no codec in common, who is told why, and comes when there is one', async (test) => {
    const { desktop } = stage;
    const first = await comes(test, ['h264'], 'webrtc');
    await first.isLive();
    await encodes(desktop, 'H.264');
    const late = await comes(test, ['vp8'], 'websocket');
    await late.page.getByText('No picture for this browser').waitFor();
    await late.page.getByText(/This browser decodes VP8, and others who watch H\.264: the picture comes when they have left/).waitFor();
    // Over WebRTC there may be less than over a WebSocket, which is tried next.
    const refused = await comes(test, ['vp8'], 'webrtc');
    await refused.inState('failed');
    await refused.page.getByText(/this browser decodes VP8, and others who watch H\.264/).waitFor();
    await refused.page.context().close();
    await show([first], '#803010');
    await first.page.context().close();
    await late.isLive();
    await encodes(desktop, 'VP8');
    await show([late], '#108030');
    await late.page.locator('#status').waitFor({ state: 'hidden' });
    assert.equal(await connections(late), 1, 'it connected once');
    assert.deepEqual(late.errors, []);
  });

  it('is made by the encoder that a person chooses, while pages of both kinds watch', async (test) => {
    const { desktop } = stage;
    const all = ['h264', 'h265', 'vp8', 'vp9', 'av1'];
    const pages = [await comes(test, all, 'webrtc'), await comes(test, all, 'websocket')];
    for (const page of pages) await page.isLive();
    const [page] = pages;
    await page.page.evaluate(() => { for (const id of ['handle', 'quality']) document.getElementById(id)?.click(); });
    const select = page.page.locator('#encoder');
    const offered = await until('the encoders are offered', async () => {
      const values = await select.locator('option').evaluateAll((options) => options.map((option) => /** @type {HTMLOptionElement} */ (option).value));
      return values.length > 1 && values.filter(Boolean);
    });
    test.diagnostic(`offered: ${offered.join(', ')}`);
    const colours = ['#a04080', '#2060a0', '#40a020', '#803010', '#108030'];
    for (const [at, element] of [...offered, offered[0]].entries()) {
      await select.selectOption(element);
      await until(`${element} encodes`, async () => (await state(desktop.url)).encoder?.element === element);
      await show(pages, colours[at % colours.length]);
      assert.match(await page.page.locator('#encoder-why').innerText(), new RegExp(`^${element} encodes .*: asked for by name\\.$`));
    }
    await select.selectOption('');
    await until('the choice is given up', async () => (await state(desktop.url)).settings.encoder.source === 'default');
    await show(pages, '#505050');
    for (const each of pages) {
      assert.equal(await connections(each), 1, 'it connected once');
      assert.deepEqual(each.errors, []);
    }
  });
});

/** @param {Desktop} desktop @param {string} codec */
async function encodes(desktop, codec) {
  await until(`${codec} is encoded`, async () => (await state(desktop.url)).encoder?.codec === codec);
}

/** How often a page has connected. @param {Page} page @returns {Promise<number>} */
function connections(page) {
  return page.page.evaluate(() => /** @type {any} */ (window).connections);
}

/** Runs in the page: counts its connections. */
function count() {
  Object.assign(window, { connections: 0 });
  const counted = (/** @type {any} */ made) => class extends made {
    constructor(/** @type {any[]} */ ...args) {
      super(...args);
      /** @type {any} */ (window).connections += 1;
    }
  };
  Object.assign(window, { RTCPeerConnection: counted(RTCPeerConnection), WebSocket: counted(WebSocket) });
}

/** Runs in the page: its browser decodes nothing but these. @param {string[]} codecs */
function lessen(codecs) {
  const names = { h264: 'avc1', h265: 'hev1', vp8: 'vp8', vp9: 'vp09', av1: 'av01' };
  const known = (/** @type {string} */ name) => codecs.some((codec) => name.startsWith(/** @type {any} */ (names)[codec]));
  const supported = VideoDecoder.isConfigSupported.bind(VideoDecoder);
  VideoDecoder.isConfigSupported = async (config) => (known(config.codec) ? supported(config) : { supported: false, config });
  const capabilities = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
  RTCRtpReceiver.getCapabilities = (kind) => {
    const all = capabilities(kind);
    const stays = ({ mimeType = '' }) => kind !== 'video' || !/\/(h26[45]|vp[89]|av1)$/i.test(mimeType) || codecs.includes(mimeType.slice(6).toLowerCase());
    return all && { ...all, codecs: all.codecs.filter(stays) };
  };
}
