/** Colours at 4:4:4: thin letters in colour are those of the screen, and whoever does not decode that sees them at 4:2:0. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { NEEDS } from './lib/card.js';
import { psnrOfEach } from './lib/compare.js';
import { state } from './lib/http.js';
import { needs } from './lib/programs.js';
import { onAnyDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** @typedef {import('./lib/browser.js').Page} Page */

const WAYS = /** @type {const} */ (['webrtc', 'websocket']);

/** As like the screen each channel must be at 4:4:4, in dB, and by so much more than at 4:2:0. */
const LIKE = 35;
const MORE = 8;

onAnyDesktop('a picture in full colour', (stage) => {
  /** @param {any} test @param {string} way @param {boolean} full whether its browser decodes 4:4:4 */
  async function comes(test, way, full) {
    const page = await stage.browser.page(test);
    if (!full) await page.page.addInitScript(lessen);
    if (way === 'websocket') await page.keepDecoded();
    return page.live(`${stage.desktop.url}?transport=${way}`);
  }

  /**
   * The picture's likeness to the screen once it gets no better: red, green and blue. An encoder that is slow may begin late.
   * @param {Page} page @param {number[]} least what it comes to at least
   */
  async function likeness(page, least = [0, 0, 0]) {
    const screen = await stage.desktop.grab();
    let best = [0, 0, 0];
    let since = 0;
    await until('the picture gets no better', async () => {
      const found = psnrOfEach(screen, await page.grab());
      const better = Math.min(...found) > Math.min(...best) + 0.1;
      since = better ? 0 : since + 1;
      if (better) best = found;
      if (!best.every((db, channel) => db > least[channel])) throw new Error(`it is at ${best} dB`);
      return since > 4 && best[0] > 0;
    });
    return best;
  }

  for (const element of ['x264enc', 'vp9enc']) {
    for (const way of WAYS) {
      it(`of ${element} is the screen over ${way}, and less for who does not decode it`, async (test) => {
        const { desktop } = stage;
        if (!needs(test, ...NEEDS)) return;
        await serves(desktop, element);
        const plain = await comes(test, way, false);
        await until('the desktop has the size of the page', async () => (await desktop.size()) === '1280x720');
        await showLetters(desktop);
        await sampled(desktop, '4:2:0');
        const half = await likeness(plain);
        const late = await comes(test, way, true);
        await sampled(desktop, '4:2:0');
        await plain.page.context().close();
        await sampled(desktop, '4:4:4');
        const full = await likeness(late, half.map((db) => Math.max(LIKE, db + MORE)));
        const told = [half, full].map((each) => each.map((db) => db.toFixed(1)).join(', '));
        test.diagnostic(`${element} over ${way}: red, green, blue ${told[0]} dB, at 4:4:4 ${told[1]} dB`);
        const other = await comes(test, way, false);
        await sampled(desktop, '4:2:0');
        await desktop.fill('#20a040');
        for (const page of [late, other]) {
          await page.shows('#20a040');
          assert.deepEqual(page.errors, []);
        }
      });
    }
  }

  for (const way of WAYS) {
    it(`is at 4:2:0 over ${way} for a browser that says it decodes 4:4:4 and does not`, async (test) => {
      const { desktop } = stage;
      await serves(desktop, 'x264enc');
      await desktop.fill('#a04080');
      const page = await stage.browser.page(test);
      await page.page.addInitScript(fail);
      await page.page.goto(`${desktop.url}?transport=${way}`);
      await page.logIn();
      await sampled(desktop, '4:2:0');
      await page.isLive();
      await page.shows('#a04080');
      const connections = await page.page.evaluate(() => /** @type {any} */ (window).connections);
      assert.ok(connections > 1, 'it was shown the picture at once');
      assert.equal((await page.rung()) === 'websocket', way === 'websocket');
      assert.deepEqual(page.errors, []);
    });
  }
});

/** @typedef {import('./lib/desktop.js').Desktop} Desktop */

/** Serves with one encoder, in full colour. @param {Desktop} desktop @param {string} element */
async function serves(desktop, element) {
  await desktop.stream.stop();
  await desktop.serve(['--no-audio', '--encoder', element, '--full-colour', 'true']);
}

/** @param {Desktop} desktop @param {string} sampling */
async function sampled(desktop, sampling) {
  await until(`colours are at ${sampling}`, async () => {
    const found = (await state(desktop.url)).encoder?.sampling;
    if (found !== sampling) throw new Error(`they are at ${found}`);
    return true;
  });
}

/** Red letters with strokes of one pixel, on blue. @param {Desktop} desktop */
async function showLetters(desktop) {
  const line = 'The quick brown fox jumps over the lazy dog. 0123456789 if (a[i] != b[i]) { return -1; } |l1I!;:.,';
  const lines = Array.from({ length: 44 }, (_, at) => `${at} ${line} ${line}`).join('\n');
  await desktop.must('convert', [
    '-size', '1280x720', 'xc:#0000ff', '+antialias', '-font', 'DejaVu-Sans-Mono', '-fill', '#ff0000', '-pointsize', '11',
    '-annotate', '+8+16', lines, 'PNG24:' + desktop.file('letters.png'),
  ]);
  await desktop.show(desktop.file('letters.png'));
  const { rgb } = await desktop.grab();
  assert.deepEqual([...rgb.subarray(0, 3)], [0, 0, 255], 'the screen does not show the letters');
}

/** Runs in the page: its browser decodes nothing at 4:4:4, and does not know. */
function fail() {
  window.VideoDecoder = class extends VideoDecoder {
    #fails;

    constructor(/** @type {VideoDecoderInit} */ init) {
      super(init);
      this.#fails = init.error;
    }

    configure(/** @type {VideoDecoderConfig} */ config) {
      super.configure(config);
      if (config.codec.startsWith('avc1.f4')) queueMicrotask(() => this.#fails(new DOMException('no such decoder', 'NotSupportedError')));
    }
  };
  Object.assign(window, { connections: 0 });
  const counted = (/** @type {any} */ made) => class extends made {
    constructor(/** @type {any[]} */ ...args) {
      super(...args);
      /** @type {any} */ (window).connections += 1;
    }
  };
  Object.assign(window, { RTCPeerConnection: counted(RTCPeerConnection), WebSocket: counted(WebSocket) });
  const getStats = RTCPeerConnection.prototype.getStats;
  Object.assign(RTCPeerConnection.prototype, {
    async getStats() {
      const report = new Map(/** @type {any} */ (await getStats.call(this)));
      for (const [id, entry] of report) {
        const format = report.get(entry.codecId)?.sdpFmtpLine ?? '';
        if (format.includes('profile-level-id=f4')) report.set(id, { ...entry, framesDecoded: 0 });
      }
      return report;
    },
  });
}

/** Runs in the page: its browser decodes nothing at 4:4:4. */
function lessen() {
  const full = /^(avc1\.f4|vp09\.01|av01\.1)/;
  const supported = VideoDecoder.isConfigSupported.bind(VideoDecoder);
  VideoDecoder.isConfigSupported = async (config) => (full.test(config.codec) ? { supported: false, config } : supported(config));
  const capabilities = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
  RTCRtpReceiver.getCapabilities = (kind) => {
    const all = capabilities(kind);
    const stays = ({ sdpFmtpLine = '' }) => !/profile-level-id=f4|profile-id=1|profile=1/.test(sdpFmtpLine);
    return all && { ...all, codecs: all.codecs.filter(stays) };
  };
}
