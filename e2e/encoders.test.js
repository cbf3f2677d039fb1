/** Each encoder of this machine in a browser that decodes its codec, on both ways to the page. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { NEEDS, showCard } from './lib/card.js';
import { psnr } from './lib/compare.js';
import { state } from './lib/http.js';
import { needs } from './lib/programs.js';
import { onAnyDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** Elements with what WebRTC and WebCodecs call what they make. @type {[string, string, string][]} */
const ENCODERS = [
  ['x264enc', 'video/H264', 'avc1.42e01f'],
  ['openh264enc', 'video/H264', 'avc1.42e01f'],
  ['vp8enc', 'video/VP8', 'vp8'],
  ['vp9enc', 'video/VP9', 'vp09.00.51.08'],
  ['av1enc', 'video/AV1', 'av01.0.13M.08'],
  ['x265enc', 'video/H265', 'hev1.1.6.L153.B0'],
];

/** As like the screen must the picture be once it stands still, in dB. */
const LIKE = 35;

onAnyDesktop('a picture of each encoder', (stage) => {
  for (const [element, mimeType, codec] of ENCODERS) {
    it(`of ${element} is decoded, and is the screen`, async (test) => {
      if (!needs(test, ...NEEDS)) return;
      const { browser, desktop } = stage;
      if (!(await serves(desktop, element))) return skip(test, 'it is not installed');
      const decodes = await decoders(browser, test, desktop.url, mimeType, codec);
      if (!decodes.webrtc && !decodes.websocket) return skip(test, Object.values(decodes.why).join('; '));
      for (const way of /** @type {const} */ (['webrtc', 'websocket'])) {
        if (!decodes[way]) {
          console.log(`SKIPPED ${element} over ${way}: ${decodes.why[way]}`);
          continue;
        }
        const viewer = await (await browser.page(test)).live(`${desktop.url}?transport=${way}`);
        assert.equal((await viewer.rung()) === 'websocket', way === 'websocket');
        await until('the desktop has the size of the page', async () => (await desktop.size()) === '1280x720');
        const screen = await showCard(desktop);
        let best = 0;
        await until('the picture is as good as the screen', async () => {
          const shown = way === 'webrtc' ? await viewer.grab() : await viewer.grabDrawn();
          best = Math.max(best, psnr(screen, shown));
          return best >= LIKE;
        }).catch((error) => { throw new Error(`${way}: the best PSNR is ${best.toFixed(1)} dB`, { cause: error }); });
        test.diagnostic(`${element} over ${way}: PSNR of the luma ${best.toFixed(1)} dB`);
        await desktop.fill('#20a040');
        await viewer.shows('#20a040');
        await until('the server names the encoder', async () => (await state(desktop.url)).encoder?.element === element);
        await until('the page names it', async () => (await viewer.statistics()).encoder === element);
        assert.deepEqual(viewer.errors, []);
        await viewer.page.context().close();
      }
    });
  }

  it('is encoded on the CPU where the GPU that is asked for has no encoder, and the page says why', async (test) => {
    const { browser, desktop } = stage;
    await serves(desktop, 'nvh264enc');
    const viewer = await (await browser.page(test)).live(desktop.url);
    await desktop.fill('#3060a0');
    await viewer.shows('#3060a0');
    const log = desktop.stream.output.replace(/\x1b\[[0-9;]*m/g, '');
    if (!/nvh264enc does not work here/.test(log)) return skip(test, 'this machine has NVENC');
    assert.match(log, /WARN.*nvh264enc does not work here .*NVENC.*encoder="(x264|openh264|vp8)enc"/);
    await viewer.page.evaluate(() => { for (const id of ['handle', 'statistics-toggle']) document.getElementById(id)?.click(); });
    const told = await until('the page says why', async () => {
      const rows = await viewer.page.locator('#statistics [data-row=encoder], #statistics [data-row=reason]').allInnerTexts();
      const text = rows.join(': ');
      return /^(x264|openh264|vp8)enc .*nvh264enc does not work here .*NVENC/.test(text) && text;
    });
    test.diagnostic(told);
    assert.deepEqual(viewer.errors, []);
  });
});

/** Serves with an encoder; tells whether it is installed. @param {Desktop} desktop @param {string} element */
async function serves(desktop, element) {
  await desktop.stream.stop();
  return desktop.serve(['--no-audio', '--encoder', element]).then(() => true, (error) => {
    if (!/not installed/.test(error.message)) throw error;
    return false;
  });
}

/**
 * Which ways lead to a picture of a codec in this browser, and why the others do not.
 * @param {Browser} browser @param {any} test @param {string} url @param {string} mimeType @param {string} codec
 */
async function decoders(browser, test, url, mimeType, codec) {
  const { page } = await browser.page(test);
  await page.goto(url);
  return page.evaluate(async ([type, name]) => {
    const offered = RTCRtpReceiver.getCapabilities('video')?.codecs.map(({ mimeType: has }) => has) ?? [];
    const { supported } = await VideoDecoder.isConfigSupported({ codec: name, optimizeForLatency: true });
    const why = {
      webrtc: `RTCRtpReceiver.getCapabilities has ${[...new Set(offered)].join(', ')}, and not ${type}`,
      websocket: `VideoDecoder.isConfigSupported answers ${supported} for ${name}`,
    };
    return { webrtc: offered.includes(type), websocket: supported === true, why };
  }, [mimeType, codec]);
}

/** @param {{name: string, skip: (why: string) => void}} test @param {string} why */
function skip(test, why) {
  console.log(`SKIPPED ${test.name}: ${why}`);
  test.skip(why);
}
