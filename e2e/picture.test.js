/** The picture in the page is the picture on the screen, and costs nothing where nothing happens. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

import { VIEWPORT } from './lib/browser.js';
import { NEEDS, PATCH, PATCHES, showCard } from './lib/card.js';
import { meanColour, psnr } from './lib/compare.js';
import { state } from './lib/http.js';
import { needs } from './lib/programs.js';
import { onEachDesktop } from './lib/stage.js';
import { pause, until } from './lib/wait.js';

/** Percent of a core that a still screen may take; most of it is the padding that keeps the estimate of the network up. */
const STILL = 10;

onEachDesktop((stage) => {
  it('is the same as the screen', async (test) => {
    if (!needs(test, ...NEEDS)) return;
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    await until('the desktop has the size of the page', async () => (await stage.desktop.size()) === '1280x720');
    const screen = await showCard(stage.desktop);
    let best = 0;
    const shown = await until('the picture is as good as the screen', async () => {
      const grabbed = await page.grab();
      best = Math.max(best, psnr(screen, grabbed));
      return best >= 35 ? grabbed : null;
    }).catch((error) => { throw new Error(`the best PSNR is ${best.toFixed(1)} dB`, { cause: error }); });
    test.diagnostic(`PSNR of the luma ${best.toFixed(1)} dB`);
    assert.deepEqual(shown.colorSpace, { fullRange: false, matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' });
    const wrong = [];
    for (const [index, colour] of PATCHES.entries()) {
      const area = {
        x: 20 + index * (PATCH.side + PATCH.gap) + PATCH.inset, y: PATCH.top + PATCH.inset,
        width: PATCH.side - 2 * PATCH.inset, height: PATCH.side - 2 * PATCH.inset,
      };
      const [is, should] = [meanColour(shown, area), meanColour(screen, area)];
      const off = should.map((value, channel) => is[channel] - value);
      if (off.some((value) => Math.abs(value) > 6)) wrong.push(`${colour}: ${is.map(Math.round)}`);
    }
    assert.deepEqual(wrong, [], 'colours that differ by more than 6');
  });

  it('follows the size of the window', async (test) => {
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    for (const { width, height } of [{ width: 1000, height: 600 }, { width: 800, height: 700 }, VIEWPORT]) {
      await page.page.setViewportSize({ width, height });
      const size = `${width}x${height}`;
      await until(`the screen is ${size}`, async () => (await stage.desktop.size()) === size);
      await until(`the video is ${size}`, async () => (await page.videoSize()) === size);
    }
    await stage.desktop.fill('#406020');
    await page.shows('#406020');
  });

  it('costs nothing while nobody watches, and next to nothing while nothing changes', async (test) => {
    await until('all pages are forgotten', async () => (await state(stage.desktop.url)).viewers === 0, 40_000);
    const idle = await load(stage.desktop.stream.pid);
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    await stage.desktop.fill('#303030');
    await page.shows('#303030');
    let watched = 100;
    await until('a still screen costs little', async () => {
      watched = await load(stage.desktop.stream.pid);
      return watched < STILL;
    }, 20_000).catch(() => {});
    test.diagnostic(`nobody watches: ${idle.toFixed(1)} % of a core, a still screen: ${watched.toFixed(1)} %`);
    assert.ok(idle < 2, `${idle} % of a core while nobody watches`);
    assert.ok(watched < STILL, `${watched} % of a core for a still screen`);
    const latencies = await page.page.evaluate(async (seconds) => {
      const told = [];
      for (let second = 0; second < seconds; second += 1) {
        await new Promise((done) => setTimeout(done, 1000));
        told.push(/** @type {any} */ (window).cosmos.stats().latencyMs);
      }
      return told;
    }, 5);
    assert.ok(Math.max(...latencies) < 1500, `the frames that keep a still screen alive are late: ${latencies} ms`);
  });
});

/** How much of a core a process takes, in percent, over five seconds. @param {number} pid */
async function load(pid) {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const [before, begun] = [ticks(), performance.now()];
  await pause(5000);
  return (ticks() - before) / (performance.now() - begun) * 1000;
}
