/** The page in a real browser, against a stand-in for the server. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';

import { PATIENCE, open } from './desk.js';
import { serve } from './static-server.js';

/** @typedef {import('./desk.js').Desk} Desk */

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];
const STATS = '86 00001f40 00001f00 00002000 0258 000003e8 000001f4 00001388 00000002 0003';

const skip = existsSync(CHROMIUM) ? false : `SKIPPED: there is no ${CHROMIUM}`;

describe('the page', { skip }, () => {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;

  before(async () => {
    site = await serve('/some/path/');
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });

  /** @type {Desk} */
  let desk;
  beforeEach(async (context) => {
    desk = await open(browser, site.url);
    /** @type {import('node:test').TestContext} */ (context).after?.(() => desk.close());
  });

  test('a login may be somebody else\'s business, and says how it went', async () => {
    desk.loggedIn = false;
    await desk.page.goto(site.url);
    await desk.state('login');
    await desk.page.locator('#sign-in').waitFor({ state: 'hidden' });
    Object.assign(desk, { provider: 'the <b>company</b>', elsewhere: `${site.url}icon.svg` });
    await desk.page.goto('about:blank');
    await desk.page.goto(`${site.url}#sign-in=uninvited`);
    await desk.page.getByText('nobody has let you in here').waitFor();
    assert.equal(desk.page.url(), site.url, 'the address does not keep it');
    await desk.picture('login-elsewhere');
    await desk.page.getByRole('button', { name: 'Sign in with the <b>company</b>' }).click();
    await desk.page.waitForURL(`${site.url}icon.svg`);
    desk.password = false;
    await desk.page.goto(site.url);
    await desk.page.locator('#sign-in:focus').waitFor();
    for (const name of ['User name', 'Password']) assert.ok(await desk.page.getByLabel(name).isHidden(), name);
    assert.ok(await desk.page.getByRole('button', { name: 'Log in' }).isHidden());
    await desk.picture('login-elsewhere-alone');
    desk.elsewhere = 'javascript:document.title="gone"';
    await desk.page.goto(site.url);
    await desk.page.locator('#sign-in').click();
    await desk.page.getByText('The server sends you nowhere.').waitFor();
    await desk.faultless(['401']);
  });

  test('a login leads to the picture', async () => {
    desk.loggedIn = false;
    await desk.page.goto(site.url);
    await desk.state('login');
    await desk.picture('login');
    await desk.page.keyboard.type('user');
    await desk.page.keyboard.press('Tab');
    await desk.page.keyboard.type('wrong');
    await desk.page.keyboard.press('Enter');
    await desk.page.getByText('The name or the password is wrong.').waitFor();
    await desk.picture('login-wrong');
    await desk.page.getByLabel('Password').fill('right');
    await desk.page.getByRole('button', { name: 'Log in' }).click();
    await desk.live();
    await desk.page.locator('#login').waitFor({ state: 'hidden' });
    await desk.faultless(['401']);
  });

  test('too many attempts count down', async () => {
    desk.loggedIn = false;
    desk.busy = 2;
    await desk.page.goto(site.url);
    await desk.state('login');
    await desk.page.locator('#user').fill('user');
    await desk.page.locator('#password').fill('right');
    await desk.page.keyboard.press('Enter');
    await desk.page.getByText(/Try again in [12] s/).waitFor();
    assert.equal(await desk.page.locator('#login .primary').isDisabled(), true);
    desk.busy = 0;
    await desk.page.locator('#login .primary:enabled').click();
    await desk.live();
  });

  test('what is done reaches the server as bytes', async () => {
    await desk.connect();
    await desk.page.mouse.move(640, 360);
    await desk.page.mouse.down({ button: 'right' });
    await desk.page.mouse.up({ button: 'right' });
    await desk.page.mouse.wheel(0, 100);
    await desk.page.keyboard.press('a');
    await desk.page.keyboard.press('Shift+A');
    await desk.page.keyboard.press('F5');
    await desk.page.keyboard.press('Control+c');
    await desk.received([
      'input 0302800168', 'input 050201', 'input 050200', 'input 0600000078',
      'input 010100000061', 'input 010000000061',
      'input 01010000ffe1', 'input 010100000041', 'input 010000000041', 'input 01000000ffe1',
      'input 01010000ffc2', 'input 01000000ffc2',
      'input 01010000ffe3', 'input 010100000063', 'input 010000000063', 'input 01000000ffe3',
    ]);
    await desk.faultless();
  });

  test('the server is told what it needs to know at the beginning', async () => {
    await desk.connect();
    await desk.received(['control 10050002d0']);
    await desk.received(['control 16000000003c']);
    await desk.received(['control 1501']);
    await desk.received(['control 1300000001']);
  });

  test('the pointer takes the shape that the desktop gives it', async () => {
    await desk.connect();
    const cursor = await desk.page.locator('#surface').evaluate((surface) => getComputedStyle(surface).cursor);
    assert.match(cursor, /^url\("data:image\/png;base64,.*"\) 1 1, auto$/);
    await desk.server.evaluate(() => /** @type {any} */ (window).standIn.send('82 0000 0000 0000 0000'));
    await desk.page.waitForFunction(() => document.getElementById('surface')?.style.cursor === 'none');
    await desk.faultless();
  });

  test('what the server does not let pages do is not offered', async () => {
    desk.policy = { resize: false, cursors: true, clipboard_in: false, clipboard_out: true };
    await desk.connect();
    await desk.page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.getElementById('resize')).disabled);
    await desk.page.evaluate(() => { for (const id of ['handle', 'clipboard']) document.getElementById(id)?.click(); });
    const text = desk.page.locator('#clipboard-text');
    assert.equal(await text.getAttribute('readonly'), '');
    assert.equal(await desk.page.locator('#clipboard-hint').textContent(), 'What is copied on the desktop appears here.');
    await desk.faultless();
  });

  test('figures are shown', async () => {
    await desk.connect();
    await desk.server.evaluate((stats) => /** @type {any} */ (window).standIn.send(stats), STATS);
    await desk.page.evaluate(() => document.getElementById('statistics-toggle')?.click());
    const panel = desk.page.locator('#statistics');
    await desk.page.waitForFunction(() => {
      const { fps, latency, kbps, encoder } = /** @type {HTMLElement} */ (document.getElementById('statistics')).dataset;
      return Number(fps) > 1 && Number(latency) > 1 && Number(kbps) > 1 && encoder === 'x264enc';
    }, undefined, { timeout: PATIENCE });
    await panel.getByText('NVENC: no driver').waitFor();
    await panel.getByText('GPU, in a software X server (NVIDIA H200)').waitFor();
    await panel.getByText('no X server on the GPU: it has <b>no</b> display engine').waitFor();
    await panel.getByText(/^UDP, host to (host|prflx)$/).waitFor();
    await desk.picture('statistics', 3000);
    assert.equal(await desk.page.evaluate(() => window.cosmos.state()), 'live');
    await desk.faultless();
  });

  test('the toolbar can be used with the keyboard alone', async () => {
    await desk.connect();
    await desk.page.keyboard.press('Control+Alt+Shift+M');
    await desk.focused('fullscreen');
    await desk.picture('toolbar', 400);
    for (const id of ['sound', 'clipboard']) {
      await desk.page.keyboard.press('ArrowRight');
      await desk.focused(id);
    }
    await desk.page.keyboard.press('Enter');
    await desk.focused('clipboard-text');
    await desk.page.keyboard.type('from here');
    await desk.received(['control 1100000009', 'control 1266726f6d2068657265']);
    await desk.picture('clipboard', 400);
    await desk.page.keyboard.press('Escape');
    await desk.focused('clipboard');
    await desk.page.keyboard.press('Escape');
    await desk.focused('keys');
    await desk.faultless();
  });

  test('the toolbar comes at the upper edge and leaves by itself', async () => {
    await desk.connect();
    const bar = desk.page.locator('#toolbar');
    assert.equal(await bar.isVisible(), false);
    await desk.page.mouse.move(600, 300);
    await desk.page.mouse.move(600, 0);
    await bar.waitFor({ state: 'visible' });
    await desk.page.locator('#quality').click();
    await desk.picture('quality', 400);
    await desk.page.locator('#max-kbps').selectOption('4000');
    await desk.received(['control 1600000fa03c']);
    await desk.page.mouse.click(300, 600);
    await bar.waitFor({ state: 'hidden' });
    await desk.focused('keys');
    await desk.faultless();
  });

  test('what is copied on the desktop can be pasted here, and the other way', async () => {
    await desk.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await desk.connect();
    await desk.server.evaluate(() => {
      const { standIn } = /** @type {any} */ (window);
      standIn.send('83 00000005');
      standIn.send('84 6162');
      standIn.send('84 63c3a9');
    });
    await desk.page.waitForFunction(async () => (await navigator.clipboard.readText()) === 'abcé', undefined, { timeout: PATIENCE });
    await desk.page.evaluate(() => navigator.clipboard.writeText('ü'));
    await desk.page.keyboard.press('Control+v');
    await desk.received(['control 1100000002', 'control 12c3bc', 'input 010100000076']);
    await desk.faultless();
  });

  test('composed text arrives as text', async () => {
    await desk.connect();
    const devtools = await desk.context.newCDPSession(desk.page);
    await devtools.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 });
    await devtools.send('Input.insertText', { text: '日' });
    await desk.received(['input 02e697a5']);
    await desk.page.keyboard.press('b');
    await desk.received(['input 010100000062']);
  });

  test('a pointer that is given to the desktop tells its movements', async () => {
    await desk.connect();
    await desk.page.mouse.move(400, 300);
    await desk.page.evaluate(() => document.getElementById('pointer-lock')?.click());
    await desk.page.waitForFunction(() => document.getElementById('pointer-lock')?.getAttribute('aria-pressed') === 'true', undefined, { timeout: PATIENCE });
    await desk.page.mouse.move(405, 297);
    await desk.page.mouse.move(410, 290);
    await desk.received(['input 040005fff9']);
    await desk.page.evaluate(() => document.exitPointerLock());
    await desk.page.waitForFunction(() => document.getElementById('pointer-lock')?.getAttribute('aria-pressed') === 'false');
    await desk.faultless();
  });

  test('a picture that nobody sees is not asked for', async () => {
    await desk.connect();
    await desk.page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Object.defineProperty(document, 'hidden', { value: false });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await desk.received(['control 1400', 'control 1401']);
  });

  test('a page of another version fetches the server’s own, once', async () => {
    await desk.server.evaluate(() => /** @type {any} */ (window).standIn.greet(['81 02 01 01 75736572']));
    let loads = 0;
    desk.page.on('load', () => { loads += 1; });
    await desk.page.goto(site.url);
    await desk.page.getByText('The server speaks version 2, this page version 1.').waitFor({ timeout: PATIENCE });
    await desk.state('failed');
    await desk.page.waitForFunction(() => sessionStorage.getItem('cosmos-version') === '2');
    assert.ok(loads <= 2, `${loads} loads`);
  });

  test('others are shown, asked, let drive, and drive', async () => {
    await desk.connect();
    const send = (/** @type {string} */ hex) =>
      desk.server.evaluate((message) => /** @type {any} */ (window).standIn.send(message), hex);
    await send('8b 02 00000001 02 09 03 616461 00000007 00 04 03 657665');
    await desk.page.getByText('eve asks for the control.').waitFor();
    await desk.page.keyboard.press('Control+Alt+Shift+M');
    await desk.page.locator('#people').click();
    assert.equal(await desk.page.locator('#people').getAttribute('data-others'), '1');
    await desk.page.getByText('ada (you)').waitFor();
    await desk.picture('people', 400);
    await desk.page.getByRole('button', { name: 'Let drive' }).click();
    await desk.received(['control 2100000007']);
    await desk.page.locator('#control-take').click();
    await desk.received(['control 22']);

    await send('8c 00');
    await send('8b 02 00000001 01 01 03 616461 00000007 00 0a 03 657665');
    await send('8d 00000007 0280 0168');
    const pointer = desk.page.locator('.other-pointer');
    await pointer.getByText('eve').waitFor();
    const { left, top } = await pointer.evaluate((mark) => /** @type {HTMLElement} */ (mark).style);
    assert.deepEqual([parseInt(left, 10), parseInt(top, 10)], [640, 360]);
    await desk.page.getByText('You are watching').waitFor();
    await desk.page.locator('#control-ask').click();
    await desk.received(['control 2001']);
    await desk.page.mouse.click(320, 600);
    await desk.page.keyboard.press('a');
    await desk.page.mouse.move(330, 610);
    await desk.received(['input 03014a0262']);
    const typed = await desk.server.evaluate(() => /** @type {any} */ (window).standIn.received);
    assert.ok(!typed.includes('input 010100000061'), 'who does not drive types nothing');
    await send('8b 01 00000001 01 01 03 616461');
    await pointer.waitFor({ state: 'detached' });
    await desk.faultless();
  });

  test('nothing stays pressed when the page loses the keyboard', async () => {
    await desk.connect();
    await desk.page.keyboard.down('Control');
    await desk.page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
    await desk.received(['input 01010000ffe3', 'input 07']);
  });

  test('a lost connection comes back by itself', async () => {
    await desk.connect();
    await desk.server.evaluate(() => /** @type {any} */ (window).standIn.drop());
    await desk.state('lost');
    await desk.live();
    await desk.page.keyboard.press('c');
    await desk.received(['input 010100000063']);
  });

  test('a lost desktop is told and comes back', async () => {
    await desk.connect();
    await desk.server.evaluate(() => /** @type {any} */ (window).standIn.send('87 01 676f6e65'));
    await desk.state('lost');
    await desk.page.getByText('The desktop is restarting').waitFor();
    await desk.picture('restarting', 400);
    await desk.server.evaluate(() => /** @type {any} */ (window).standIn.send('87 00'));
    await desk.state('live');
    await desk.page.locator('#status').waitFor({ state: 'hidden' });
  });

  test('a page that is not shown the picture says why, until it is', async () => {
    await desk.connect();
    const tell = (/** @type {string} */ hex) => desk.server.evaluate((message) => /** @type {any} */ (window).standIn.send(message), hex);
    await tell('8e 61 20 63 6f 64 65 63');
    await desk.page.getByText('A codec.').waitFor();
    await desk.page.getByText('No picture for this browser').waitFor();
    await desk.picture('unseen', 300);
    // What is told of the desktop meanwhile changes nothing.
    await tell('87 00');
    await tell('88 0500 02d0');
    await desk.page.getByText('A codec.').waitFor();
    await tell('8e');
    await desk.page.locator('#status').waitFor({ state: 'hidden' });
  });

  test('the encoder is chosen among those that work', async () => {
    desk.choices = {
      choices: { encoder: 'vp8enc' }, fixed: {}, may_choose: true,
      encoders: [
        { element: 'x264enc', codec: 'H.264', why: null }, { element: 'vp8enc', codec: 'VP8', why: null },
        { element: 'nvh264enc', codec: null, why: 'no GPU' },
      ],
    };
    await desk.connect();
    await desk.page.keyboard.press('Control+Alt+Shift+M');
    await desk.page.locator('#quality').click();
    const select = desk.page.locator('#encoder');
    assert.deepEqual(await select.locator('option').allTextContents(), ['Automatic', 'x264enc (H.264)', 'vp8enc (VP8)']);
    assert.equal(await select.inputValue(), 'vp8enc');
    assert.equal(await desk.page.locator('#encoder-why').innerText(), 'x264enc encodes H.264: NVENC: no driver.');
    await desk.picture('encoder', 300);
    await select.selectOption('x264enc');
    await desk.page.waitForFunction(() => !(/** @type {HTMLSelectElement} */ (document.querySelector('#encoder')).value === 'vp8enc'));
    assert.equal(desk.choices.choices.encoder, 'x264enc');
    Object.assign(desk.choices, { fixed: { encoder: '--encoder' } });
    await desk.page.locator('#quality').click();
    await desk.page.waitForFunction(() => /** @type {HTMLSelectElement} */ (document.querySelector('#encoder')).disabled);
  });

  test('what cannot work is said with what helps', async () => {
    desk.refusal = { status: 406, error: 'No codec in common.' };
    await desk.page.goto(site.url);
    await desk.state('failed');
    await desk.page.getByText('No codec in common.').waitFor();
    await desk.page.getByText(/H.264 or VP8/).waitFor();
    await desk.picture('failed', 300);
    desk.refusal = null;
    await desk.page.getByRole('button', { name: 'Try now' }).click();
    await desk.live();
  });

  test('a desktop that is not there yet is waited for', async () => {
    desk.refusal = { status: 503, error: 'The desktop is starting.', retryAfter: 2 };
    await desk.page.goto(site.url);
    await desk.page.getByText('The desktop is starting.').waitFor();
    desk.refusal = null;
    await desk.live();
  });

  test('logging out ends the connection', async () => {
    await desk.connect();
    await desk.page.keyboard.press('Control+Alt+Shift+M');
    await desk.page.locator('#logout').click();
    await desk.state('login');
    assert.equal(desk.loggedIn, false);
  });

  test('notices are texts, whatever is in them', async () => {
    await desk.connect();
    const text = Buffer.from('<img src=x onerror=alert(1)>').toString('hex');
    await desk.server.evaluate((hex) => /** @type {any} */ (window).standIn.send(`89 01 ${hex}`), text);
    await desk.page.getByText('<img src=x onerror=alert(1)>').waitFor();
    await desk.faultless();
  });

  test('fingers click, scroll and type on a small screen', async () => {
    const phone = await open(browser, site.url, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 3 });
    try {
      await phone.connect();
      await phone.received(['control 10049209e4']);
      await phone.page.touchscreen.tap(195, 422);
      await phone.received(['input 0302800169', 'input 050001', 'input 050000']);
      await phone.page.locator('#handle').tap();
      await phone.page.locator('#touch-keyboard').tap();
      await phone.focused('keys');
      await phone.picture('phone', 400);
      await (await phone.context.newCDPSession(phone.page)).send('Input.insertText', { text: 'x' });
      await phone.received(['input 0278']);
      await phone.page.getByRole('button', { name: 'Control' }).tap();
      await (await phone.context.newCDPSession(phone.page)).send('Input.insertText', { text: 'c' });
      await phone.received(['input 01010000ffe3', 'input 010100000063', 'input 010000000063', 'input 01000000ffe3']);
      await phone.faultless();
    } finally {
      await phone.close();
    }
  });
});
