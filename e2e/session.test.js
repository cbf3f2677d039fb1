/** Logging in, coming back, and several people at once. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

onEachDesktop((stage) => {
  it('refuses a wrong password with words, and shows the desktop for the right one', async (test) => {
    await stage.desktop.fill('#204080');
    const page = await stage.browser.page(test);
    await page.page.goto(stage.desktop.url);
    await page.logIn('wrong');
    await until('the refusal is told', () => page.page.isVisible('#login-error'));
    assert.match(await page.page.textContent('#login-error') ?? '', /wrong/);
    assert.equal(await page.state(), 'login');
    const begun = performance.now();
    await page.logIn();
    await page.isLive();
    test.diagnostic(`first frame after ${Math.round(performance.now() - begun)} ms`);
    await page.shows('#204080');
    assert.deepEqual(page.errors, []);
  });

  it('shows the desktop again soon after the page is loaded anew', async (test) => {
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      const begun = performance.now();
      await page.page.reload();
      await page.isLive();
      times.push(Math.round(performance.now() - begun));
    }
    test.diagnostic(`live after ${times.join(', ')} ms`);
    assert.ok(Math.min(...times) < 2000, `${times} ms`);
  });

  it('is loaded again when a part of it did not come', async (test) => {
    for (const part of ['**/js/main.js', '**/css/base.css']) {
      const page = await stage.browser.page(test);
      let lost = 0;
      await page.page.route(part, (route) => ((lost += 1) > 2 ? route.continue() : route.abort('internetdisconnected')));
      await page.page.goto(stage.desktop.url);
      await until('it came', () => lost === 3);
      await page.logIn();
      await page.isLive();
    }
  });

  it('says that a part of it does not come, and does not load it for ever', async (test) => {
    const page = await stage.browser.page(test);
    let lost = 0;
    await page.page.route('**/js/main.js', (route) => { lost += 1; return route.abort(); });
    await page.page.goto(stage.desktop.url);
    await until('it is said', async () => /Load it again\./.test(await page.page.textContent('.status-title') ?? ''));
    assert.equal(lost, 4);
  });

  it('lets three watch at once, with one encoder for all', async (test) => {
    const pages = [];
    for (let count = 0; count < 3; count += 1) pages.push(await (await stage.browser.page(test)).live(stage.desktop.url));
    for (const colour of ['#c02020', '#20a040', '#2040c0']) {
      await stage.desktop.fill(colour);
      await Promise.all(pages.map((page) => page.shows(colour)));
    }
    const state = await pages[0].page.evaluate(async () => (await fetch('./api/state')).json());
    assert.equal(state.viewers, 3);
    assert.equal(typeof state.encoder.element, 'string');
  });

  it('lets people log out', async (test) => {
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    await page.page.evaluate(() => /** @type {HTMLElement} */ (document.querySelector('#logout')).click());
    await page.inState('login');
    const answer = await page.page.evaluate(async () => (await fetch('./api/session')).status);
    assert.equal(answer, 401);
  });
});
