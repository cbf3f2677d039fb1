/** A page in a real browser, before a stand-in for the server. */

import assert from 'node:assert/strict';

import { install } from './stand-in.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */

export const PATIENCE = 20_000;
/** Folder for pictures of the page; none are taken without. */
const PICTURES = process.env.COSMOS_PICTURES;

const HELLO = [
  '81 01 01 01 75736572',
  '88 0500 02d0',
  '8a 07 78323634656e63 05 482e323634 4e56454e433a206e6f20647269766572',
  '87 00',
  '82 0002 0002 0001 0001 ff0000ff00ff00ff0000ffffffffffff',
];

const GRAPHICS = {
  mode: 'gpu-rendering', gpu: { name: 'NVIDIA H200' },
  refused: [{ mode: 'gpu-x-server', reasons: [{ id: 'no-display', text: 'it has <b>no</b> display engine' }] }],
};

/** A browser page at the desktop, and the page that plays the server. */
export class Desk {
  loggedIn = true;
  busy = 0;
  /** Where people may sign in instead. @type {string | null} */
  provider = null;
  /** Whether a password does as well. */
  password = true;
  /** Where they are sent then. */
  elsewhere = '';
  policy = { resize: true, cursors: true, clipboard_in: true, clipboard_out: true };
  /** @type {any} */
  choices = { choices: {}, fixed: {}, may_choose: false };
  /** @type {{status: number, error: string, retryAfter?: number} | null} */
  refusal = null;
  /** @type {string[]} */
  faults = [];

  /**
   * @param {BrowserContext} context
   * @param {Page} server
   * @param {Page} page
   * @param {string} url
   */
  constructor(context, server, page, url) {
    Object.assign(this, { context, server, page, url });
    this.context = context;
    this.server = server;
    this.page = page;
    this.url = url;
  }

  async close() { await this.context.close(); }

  /** Opens the page and waits for its picture. */
  async connect() {
    await this.page.goto(this.url);
    await this.live();
  }

  async live() {
    await this.state('live');
    await this.page.waitForFunction(() => 'picture' in document.documentElement.dataset, undefined, { timeout: PATIENCE });
  }

  /** @param {string} state */
  async state(state) {
    await this.page.waitForFunction((wanted) => document.documentElement.dataset.state === wanted, state, { timeout: PATIENCE });
  }

  /** @param {string} id */
  async focused(id) {
    await this.page.waitForFunction((wanted) => document.activeElement?.id === wanted, id, { timeout: PATIENCE });
  }

  /** Waits until these messages have come, one after the other on each channel. @param {string[]} wanted */
  async received(wanted) {
    const find = (/** @type {string[]} */ messages) => {
      const { received } = /** @type {any} */ (window).standIn;
      /** @type {Record<string, number>} */
      const next = {};
      return messages.every((message) => {
        const [label] = message.split(' ');
        const index = received.indexOf(message, next[label] ?? 0);
        next[label] = index + 1;
        return index >= 0;
      });
    };
    await this.server.waitForFunction(find, wanted, { timeout: PATIENCE, polling: 50 }).catch(async () => {
      const all = await this.server.evaluate(() => /** @type {any} */ (window).standIn.received);
      assert.deepEqual(all, wanted, 'the messages that came');
    });
  }

  /** Nothing was refused by the policy, nothing was thrown. @param {string[]} expected parts of faults that may be */
  async faultless(expected = []) {
    assert.deepEqual(this.faults.filter((fault) => !expected.some((part) => fault.includes(part))), []);
  }

  /** @param {string} name @param {number} [settle] milliseconds */
  async picture(name, settle = 200) {
    if (!PICTURES) return;
    await this.page.waitForTimeout(settle);
    await this.page.screenshot({ path: `${PICTURES}/${name}.png` });
  }

  /** @param {import('playwright-core').Route} route */
  async serve(route) {
    const name = new URL(route.request().url()).pathname.split('/api/')[1];
    const error = (/** @type {number} */ status, /** @type {string} */ text, headers = {}) =>
      route.fulfill({ status, headers, json: { error: text } });
    if (name === 'login' && route.request().method() === 'GET') return route.fulfill({ json: { provider: this.provider, password: this.password } });
    if (name === 'oidc/begin') return route.fulfill({ json: { url: this.elsewhere } });
    if (name === 'login') {
      if (this.busy > 0) return error(429, 'slow down', { 'Retry-After': String(this.busy) });
      if (route.request().postDataJSON().password !== 'right') return error(401, 'no');
      this.loggedIn = true;
      return route.fulfill({ status: 204 });
    }
    if (name === 'logout') {
      this.loggedIn = false;
      return route.fulfill({ status: 204 });
    }
    if (!this.loggedIn) return error(401, 'nobody');
    if (name === 'ice') return route.fulfill({ json: { transport: 'auto', iceServers: [], lifetime: null } });
    if (name === 'v1/state') return route.fulfill({ json: { graphics: GRAPHICS, policy: this.policy } });
    if (name === 'v1/choices') {
      if (route.request().method() === 'PUT') this.choices.choices = route.request().postDataJSON();
      return route.fulfill({ json: this.choices });
    }
    if (name === 'session') return route.fulfill({ json: { user: 'user', role: 'owner' } });
    if (this.refusal) return error(this.refusal.status, this.refusal.error, { 'Retry-After': String(this.refusal.retryAfter ?? 0) });
    const { sdp } = route.request().postDataJSON();
    const answer = await this.server.evaluate((offer) => /** @type {any} */ (window).standIn.answer(offer), sdp);
    return route.fulfill({ json: { type: 'answer', sdp: answer } });
  }
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function open(browser, url, options = { viewport: { width: 1280, height: 720 } }) {
  const context = await browser.newContext(options);
  const server = await context.newPage();
  await server.goto('about:blank');
  await server.evaluate(install, { hello: HELLO });
  const page = await context.newPage();
  const desk = new Desk(context, server, page, url);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) desk.faults.push(message.text());
  });
  page.on('pageerror', (error) => desk.faults.push(String(error)));
  await page.route('**/api/**', (route) => desk.serve(route));
  return desk;
}
