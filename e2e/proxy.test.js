/** The page works below a path of somebody else's server. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { proxy } from './lib/proxy.js';
import { onEachDesktop } from './lib/stage.js';

onEachDesktop((stage) => {
  it('logs in and shows the desktop behind a reverse proxy', async (test) => {
    const before = await proxy(stage.desktop.url, '/desk/');
    test.after(() => before.close());
    const page = await stage.browser.page(test);
    /** @type {string[]} */
    const outside = [];
    page.page.on('request', (asked) => { if (!asked.url().startsWith(before.url) && asked.url().startsWith('http')) outside.push(asked.url()); });
    await page.live(before.url);
    await stage.desktop.fill('#a04080');
    await page.shows('#a04080');
    await page.page.reload();
    await page.isLive();
    assert.deepEqual(outside, [], 'requests that leave the sub-path');
  });
});
