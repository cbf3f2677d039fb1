/** The desktop's sound reaches the page, and comes back when the sound server does. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { Desktop } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { loudest, SoundServer } from './lib/sound.js';
import { until } from './lib/wait.js';
import { onEachServer } from './lib/xserver.js';

/** @type {Browser} */
let browser;
before(async () => { browser = await Browser.open(); });
after(() => browser?.close());

onEachServer((kind) => {
  /** @type {Desktop} */
  let desktop;
  before(async () => { desktop = await Desktop.open(kind); });
  after(() => desktop?.close());

  it('is heard in the page, also after the sound server was lost', async (test) => {
    if (!needs(test, 'pulseaudio', 'pactl', 'paplay')) return;
    const sound = await new SoundServer(desktop).start();
    await desktop.serve([], sound.env);
    const page = await (await browser.page(test)).live(desktop.url);
    await turnOn(page);
    sound.play(440);
    await heard(page, 440);

    await sound.crash();
    await until('the loss is told', async () => /sound/i.test(await page.page.textContent('#notices') ?? ''));
    await desktop.fill('#806020');
    await page.shows('#806020');
    assert.equal(await page.state(), 'live');

    await sound.start();
    sound.play(660);
    await heard(page, 660, 30_000);
  });
});

/** @param {import('./lib/browser.js').Page} page */
async function turnOn(page) {
  await page.page.evaluate(() => {
    const button = /** @type {HTMLElement} */ (document.querySelector('#sound'));
    if (button.getAttribute('aria-pressed') !== 'true') button.click();
  });
  await until('the sound is on', () => page.page.evaluate(
    () => document.querySelector('#sound')?.getAttribute('aria-pressed') === 'true'));
}

/** @param {import('./lib/browser.js').Page} page @param {number} hertz @param {number} [patience] */
function heard(page, hertz, patience) {
  return until(`${hertz} Hz are heard`, async () => {
    const found = await loudest(page);
    if (Math.abs(found - hertz) > 5) throw new Error(`the loudest is ${found} Hz`);
    return true;
  }, patience);
}
