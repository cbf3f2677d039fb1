/** The page works below a path of somebody else's server. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { Desktop } from './lib/desktop.js';
import { proxy } from './lib/proxy.js';
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

  it('logs in and shows the desktop behind a reverse proxy', async (test) => {
    const before = await proxy(desktop.url, '/desk/');
    test.after(() => before.close());
    const page = await browser.page(test);
    /** @type {string[]} */
    const outside = [];
    page.page.on('request', (asked) => { if (!asked.url().startsWith(before.url) && asked.url().startsWith('http')) outside.push(asked.url()); });
    await page.live(before.url);
    await desktop.fill('#a04080');
    await page.shows('#a04080');
    await page.page.reload();
    await page.isLive();
    assert.deepEqual(outside, [], 'requests that leave the sub-path');
  });
});
