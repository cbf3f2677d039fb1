/** What the server does not let anybody do. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { PASSWORD, USER } from './lib/desktop.js';
import { ask, cookie, logIn, state } from './lib/http.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

const FOREIGN = { Origin: 'https://elsewhere.example' };
const OFFER = { type: 'offer', sdp: 'v=0\r\n' };

onEachDesktop((stage) => {
  it('answers each with its status and a reason', async () => {
    const { url } = stage.desktop;
    const mine = await cookie(url);
    const forged = mine.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const [name] = mine.split('=');
    for (const [what, path, options, status] of /** @type {[string, string, object, number][]} */ ([
      ['a wrong password', './api/login', { body: { user: USER, password: 'wrong' } }, 401],
      ['a wrong name', './api/login', { body: { user: 'root', password: PASSWORD } }, 401],
      ['a login from elsewhere', './api/login', { body: { user: USER, password: PASSWORD }, headers: FOREIGN }, 403],
      ['a login that is none', './api/login', { body: '{"user":1}' }, 400],
      ['an offer from elsewhere', './api/offer', { body: OFFER, headers: { ...FOREIGN, Cookie: mine } }, 403],
      ['a log-out from elsewhere', './api/logout', { body: {}, headers: FOREIGN }, 403],
      ['an offer of nobody', './api/offer', { body: OFFER }, 401],
      ['the state for nobody', './api/state', {}, 401],
      ['the session of nobody', './api/session', {}, 401],
      ['a forged cookie', './api/session', { headers: { Cookie: forged } }, 401],
      ['a forged cookie with an offer', './api/offer', { body: OFFER, headers: { Cookie: forged } }, 401],
      ['an empty cookie', './api/session', { headers: { Cookie: `${name}=` } }, 401],
      ['a good cookie', './api/session', { headers: { Cookie: mine } }, 200],
      ['an offer that is none', './api/offer', { body: { type: 'offer', sdp: 'garbage' }, headers: { Cookie: mine } }, 400],
      ['no JSON', './api/offer', { body: 'garbage', headers: { Cookie: mine } }, 400],
      ['an offer that is too long', './api/offer', { body: { type: 'offer', sdp: 'v=0\r\n'.repeat(20_000) }, headers: { Cookie: mine } }, 413],
      ['a file outside of the page', './js/../../Cargo.toml', {}, 404],
      ['an unknown path', './etc/passwd', {}, 404],
      ['the page for nobody', './', {}, 200],
      ['health for nobody', './healthz', {}, 200],
    ])) {
      const answer = await ask(url, path, options).catch((error) => ({ status: 0, body: String(error), headers: {} }));
      assert.equal(answer.status, status, `${what}: ${answer.body}`);
      assert.doesNotMatch(answer.body, /0x[0-9a-f]{6}/, `${what} tells an address of memory`);
      if (status < 400) continue;
      assert.doesNotMatch(answer.body, new RegExp(PASSWORD), what);
      const error = JSON.parse(answer.body).error;
      assert.ok(error.length > 5, `${what}: ${answer.body}`);
    }
  });

  it('tells browsers what the page may do, and keeps the cookie from scripts', async () => {
    const { headers } = await ask(stage.desktop.url, './');
    const policy = String(headers['content-security-policy']);
    for (const part of ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'", "form-action 'self'"]) {
      assert.ok(policy.includes(part), policy);
    }
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const login = await logIn(stage.desktop.url);
    assert.match(login.headers['set-cookie']?.[0] ?? '', /; HttpOnly/);
    assert.match(login.headers['set-cookie']?.[0] ?? '', /; SameSite=Strict/);
  });

  it('tells no secret', async (test) => {
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    const told = [JSON.stringify(await state(stage.desktop.url)), stage.desktop.stream.output, await page.page.content()].join('\n');
    assert.ok(!told.includes(PASSWORD));
    const [, token] = (await page.page.context().cookies())[0].value.split('=');
    assert.ok(!told.includes(token ?? (await page.page.context().cookies())[0].value));
    assert.deepEqual(page.errors, []);
  });

  it('asks for patience after many wrong passwords, and says so in the page', async (test) => {
    let answer = await logIn(stage.desktop.url, 'wrong');
    for (let count = 0; count < 30 && answer.status === 401; count += 1) answer = await logIn(stage.desktop.url, 'wrong');
    assert.equal(answer.status, 429, answer.body);
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 3600, `Retry-After: ${answer.headers['retry-after']}`);
    test.diagnostic(`Retry-After: ${wait} s`);
    assert.equal((await logIn(stage.desktop.url)).status, 429, 'the right password must not get around the limit');
    const page = await stage.browser.page(test);
    await page.page.goto(stage.desktop.url);
    await until('the page asks for patience', async () => {
      while ((await logIn(stage.desktop.url, 'wrong')).status === 401);
      await page.logIn('wrong');
      await page.page.waitForFunction(() => /Too many/.test(document.querySelector('#login-error')?.textContent ?? ''), { timeout: 1000 });
      return true;
    });
  });
});
