/** Several people on one desktop: who drives, and links that let others in. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { PASSWORD, USER } from './lib/desktop.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** @typedef {import('./lib/browser.js').Page} Page */

onEachDesktop((stage) => {
  it('lets the owner make a link, a guest come by it, drive for a while, and go when it is revoked', async (test) => {
    const owner = await (await stage.browser.page(test)).live(stage.desktop.url);
    await openPanel(owner);
    await owner.page.fill('#share-name', 'carol');
    await owner.page.selectOption('#share-rights', 'viewer');
    await owner.page.click('#share-make');
    await until('the link is there', async () => (await owner.page.inputValue('#share-address')).includes('#link='));
    const link = await owner.page.inputValue('#share-address');

    const guest = await stage.browser.page(test);
    await guest.page.goto(link);
    await guest.isLive();
    assert.ok(!guest.page.url().includes('link='), 'the address bar does not keep the link');
    await owner.page.locator('#people-panel > ul li').getByText('carol').waitFor();
    await moves(stage, guest, owner, 'carol', 300, 300, false);

    await openPanel(guest);
    await guest.page.click('#control-ask');
    await owner.page.getByText('carol asks for the control.').waitFor();
    await owner.page.getByRole('button', { name: 'Let drive' }).click();
    await guest.page.getByText('You drive now.').waitFor();
    await moves(stage, guest, owner, 'carol', 400, 300, true);
    await moves(stage, owner, guest, 'user', 300, 380, false);
    await openPanel(owner);
    await owner.page.click('#control-take');
    await guest.page.getByText('You are watching').first().waitFor();
    await moves(stage, guest, owner, 'carol', 350, 420, false);

    await openPanel(owner);
    await owner.page.getByRole('button', { name: 'Revoke' }).click();
    await guest.inState('login');
    await guest.page.goto(link);
    await guest.inState('login');
    assert.equal(await owner.state(), 'live');
    assert.deepEqual([owner.errors, guest.errors], [[], []]);
  });

  it('refuses the requests of other pages, whoever is logged in', async (test) => {
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    const other = await page.page.context().newPage();
    // A page of another origin in the same browser, which has the cookie.
    await other.route('https://evil.example/', (route) => route.fulfill({ body: '<title>evil</title>', contentType: 'text/html' }));
    await other.goto('https://evil.example/');
    const url = stage.desktop.url;
    const outcome = await other.evaluate(async (url) => {
      const post = await fetch(`${url}api/v1/links`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' })
        .then(({ type }) => type, () => 'failed');
      const socket = await new Promise((resolve) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}api/socket`);
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('failed');
      });
      return { post, socket };
    }, url);
    assert.equal(outcome.socket, 'failed');
    assert.notEqual(outcome.post, 'basic');
    const links = await page.page.evaluate(async () => (await (await fetch('./api/v1/links')).json()).links.length);
    assert.equal(links, 0);
    await other.close();
  });

  it('lets a script in with a name and a password', async () => {
    const headers = { Authorization: `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}` };
    const answer = await fetch(`${stage.desktop.url}api/session`, { headers });
    assert.equal((await answer.json()).user, USER);
  });
});

/** @param {Page} page */
async function openPanel(page) {
  await page.page.evaluate(() => {
    const panel = /** @type {HTMLElement} */ (document.querySelector('#people-panel'));
    if (panel.hidden) /** @type {HTMLElement} */ (document.querySelector('#people')).click();
  });
}

/**
 * Moves the pointer of a page, waits until the other page shows it, and tells whether the desktop's moved with it.
 * @param {import('./lib/stage.js').Stage} stage
 * @param {Page} page
 * @param {Page} other
 * @param {string} name what the other page calls it
 * @param {number} x @param {number} y
 * @param {boolean} expected
 */
async function moves(stage, page, other, name, x, y, expected) {
  const place = async () => /x:(\d+) y:(\d+)/.exec((await stage.desktop.must('xdotool', ['getmouselocation'])).text)?.slice(1).join() ?? '';
  const before = await place();
  await until(`the pointer of ${name} is shown`, async () => {
    await page.page.mouse.move(x - 9, y);
    await page.page.mouse.move(x, y);
    const shown = await other.page.locator('.other-pointer', { hasText: name }).evaluateAll((marks) =>
      marks.map((mark) => [mark.style.left, mark.style.top].map(parseFloat)));
    return shown.some(([left, top]) => Math.abs(left - x) < 12 && Math.abs(top - y) < 4);
  });
  if (expected) await until('the pointer moves', async () => (await place()) !== before);
  else assert.equal(await place(), before);
}
