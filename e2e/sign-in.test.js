/** Signing in at a provider of OpenID Connect, in a real browser and at a real provider. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Desktop } from './lib/desktop.js';
import { ask, logIn } from './lib/http.js';
import { CLIENT, Elsewhere, provider } from './lib/provider.js';
import { proxy } from './lib/proxy.js';
import { onAnyDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** @typedef {import('./lib/browser.js').Page} Page */

const NOVNC = fileURLToPath(new URL('./node_modules/@novnc/novnc', import.meta.url));
const Provider = await provider();
if (Provider) {
  onAnyDesktop('signing in elsewhere', (stage) => {
    /** @type {Elsewhere} */
    let elsewhere;
    /** @type {Desktop | undefined} */
    let desktop;
    /** @type {Awaited<ReturnType<typeof proxy>>} */
    let below;
    let left = '';

    before(async () => {
      elsewhere = await Elsewhere.at(Provider);
      desktop = new Desktop(stage.desktop.x);
      // The provider is away when the server starts.
      await desktop.serve(arguments_(elsewhere.issuer), { COSMOS_OIDC_CLIENT_SECRET: CLIENT.secret }).catch(() => {
        if (!desktop?.stream.output.includes('built without')) throw new Error(desktop?.stream.output);
        left = 'cosmos-stream was built without the feature oidc';
        console.log(`SKIPPED signing in elsewhere: ${left}`);
      });
      if (left) return;
      below = await proxy(desktop.url, '/desk/');
      elsewhere.redirects = [`${desktop.url}api/oidc/callback`, `${below.url}api/oidc/callback`];
    });
    after(async () => {
      below?.close();
      elsewhere?.close();
      await desktop?.remove();
    });

    const test = (/** @type {string} */ name, /** @type {(context: any, desk: Desktop) => Promise<void>} */ run) =>
      it(name, (context) => (left ? context.skip(left) : run(context, /** @type {Desktop} */ (desktop))));

    test('goes on with the password while the provider is away, and comes back to it', async (context, desk) => {
      await until('the warning', () => /nobody can sign in with the company now, which is tried again/.test(desk.stream.output));
      const page = await stage.browser.page(context);
      await page.page.goto(desk.url);
      await page.page.click('#sign-in');
      await page.page.getByText('it does not answer; try again later').waitFor();
      await page.logIn();
      await page.isLive();
      await elsewhere.open();
      const other = await stage.browser.page(context);
      await signIn(other, desk.url, 'ada');
      await other.isLive();
      assert.deepEqual(page.errors, []);
    });

    for (const [who, role] of [['ada', 'owner'], ['bob', 'viewer']]) {
      test(`lets ${who} in as ${role}, by what the provider says, also below a path`, async (context, desk) => {
        for (const url of [desk.url, below.url]) {
          const page = await stage.browser.page(context);
          await signIn(page, url, who);
          await page.isLive();
          assert.equal(page.page.url(), url, 'nothing of it stays in the address');
          const account = await page.page.evaluate(() => fetch('./api/session').then((answer) => answer.json()));
          assert.deepEqual([account.user, account.role], [`${who}@example.org`, role]);
          const cookies = await page.page.context().cookies(url);
          const kept = cookies.filter(({ name }) => name.startsWith('cosmos_'));
          assert.deepEqual(kept.map(({ httpOnly, sameSite }) => [httpOnly, sameSite]), [[true, 'Strict']]);
          await page.page.reload();
          await page.isLive();
          assert.deepEqual(page.errors, []);
        }
      });
    }

    test('comes back to the page for noVNC where it began there, below a path too, and shows the desktop', async (context, desk) => {
      for (const url of [desk.url, below.url]) {
        const page = await stage.browser.page(context);
        await signIn(page, `${url}vnc/`, 'ada');
        await page.inState('live');
        assert.equal(page.page.url(), `${url}vnc/`);
        await drawsAtVnc(page, desk);
        assert.deepEqual(page.errors, []);
      }
      const declines = await stage.browser.page(context);
      await declines.page.goto(`${desk.url}vnc/`);
      await declines.page.click('#sign-in');
      await declines.page.getByText('[ Cancel ]').click();
      await declines.page.getByText('You were not signed in.').waitFor();
      assert.equal(declines.page.url(), `${desk.url}vnc/`);
      const stranger = await stage.browser.page(context);
      await stranger.page.goto(`${desk.url}vnc/`);
      await stranger.inState('login');
    });

    test('is the only way in where there is no password, from the page for noVNC too', async (context) => {
      const alone = new Desktop(stage.desktop.x);
      context.after(() => alone.remove());
      const env = { COSMOS_OIDC_CLIENT_SECRET: CLIENT.secret, BASIC_AUTH_PASSWORD: undefined };
      await alone.serve([...arguments_(elsewhere.issuer), '--oidc-only'], env);
      elsewhere.close();
      elsewhere.redirects.push(`${alone.url}api/oidc/callback`);
      await elsewhere.open();
      for (const path of ['vnc/', '']) {
        const page = await stage.browser.page(context);
        const url = `${alone.url}${path}`;
        await page.page.goto(url);
        // It has the keyboard, as nothing else can be done here.
        await page.page.locator('#sign-in:focus').waitFor();
        for (const part of ['#user', '#password', '#login [type=submit]']) assert.ok(await page.page.isHidden(part), part);
        await signIn(page, url, 'ada');
        await page.inState('live');
        assert.equal(page.page.url(), url);
        if (path) await drawsAtVnc(page, alone);
        else await page.isLive();
        assert.deepEqual(page.errors, []);
      }
      const stranger = await stage.browser.page(context);
      await signIn(stranger, `${alone.url}vnc/`, 'eve');
      await stranger.page.getByText('nobody has let you in here').waitFor();
      assert.equal(stranger.page.url(), `${alone.url}vnc/`);
      assert.equal((await logIn(alone.url)).status, 401);
      assert.ok(!existsSync(`${alone.env.XDG_CONFIG_HOME}/cosmos/password`), 'no password was made');
    });

    test('lets nobody in whom no list names, and says so', async (context, desk) => {
      const page = await stage.browser.page(context);
      await signIn(page, desk.url, 'eve');
      await page.page.getByText('nobody has let you in here').waitFor();
      await page.inState('login');
      assert.equal(page.page.url(), desk.url);
      assert.match(desk.stream.output, /is refused.*eve@example\.org/s);
      assert.deepEqual(page.errors, []);
    });

    test('says that somebody declined', async (context, desk) => {
      const page = await stage.browser.page(context);
      await page.page.goto(desk.url);
      await page.page.click('#sign-in');
      await page.page.getByText('[ Cancel ]').click();
      await page.page.getByText('You were not signed in.').waitFor();
    });

    test('takes an answer once, and only in the browser that asked', async (context, desk) => {
      const page = await stage.browser.page(context);
      /** @type {Promise<import('playwright-core').Request>} */
      const came = page.page.waitForEvent('request', (asked) => asked.url().includes('/api/oidc/callback'));
      await signIn(page, desk.url, 'ada');
      const answer = await came;
      await page.isLive();
      const { cookie = '' } = await answer.allHeaders();
      assert.match(cookie, /cosmos_sign_in_/);
      const stale = '../../#sign-in=stale';
      for (const headers of [{ Cookie: cookie }, {}]) {
        const again = await ask(answer.url(), '', { headers });
        assert.deepEqual([again.status, again.headers.location], [303, stale]);
        assert.ok(!String(again.headers['set-cookie']).includes('cosmos_session'));
      }
      // Somebody else's answer, which is sent to a person to make them work in another's name.
      const other = await stage.browser.page(context);
      await other.page.goto(answer.url());
      await other.page.getByText('began in another browser').waitFor();
      await other.inState('login');
      assert.equal(other.page.url(), desk.url);
    });

    test('tells no secret', async (_, desk) => {
      assert.ok(!desk.stream.output.includes(CLIENT.secret));
      assert.equal((await logIn(desk.url)).status, 204);
    });
  });
}

/** @param {string} issuer */
function arguments_(issuer) {
  return [
    '--no-audio', '--oidc-issuer', issuer, '--oidc-client-id', CLIENT.id, '--oidc-name', 'the company',
    '--oidc-scopes', 'email groups', '--oidc-role-claim', 'groups', '--oidc-owners', 'admins', '--oidc-viewers', 'staff',
    '--trusted-proxies', '127.0.0.0/8', '--novnc-root', NOVNC,
  ];
}

/** Waits until noVNC shows what the desktop does. @param {Page} page @param {Desktop} desk */
async function drawsAtVnc(page, desk) {
  await desk.fill('#3060c0');
  await until('the desktop is shown', () => page.page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#stage canvas'));
    const [red, green, blue] = canvas.getContext('2d')?.getImageData(5, 5, 1, 1).data ?? [];
    return red === 0x30 && green === 0x60 && blue === 0xc0;
  }));
}

/** Through the forms of the provider. @param {Page} page @param {string} url @param {string} who */
async function signIn(page, url, who) {
  await page.page.goto(url);
  await page.page.getByRole('button', { name: 'Sign in with the company' }).click();
  await page.page.fill('input[name=login]', who);
  await page.page.fill('input[name=password]', 'anything');
  await page.page.click('button[type=submit]');
  await page.page.getByText('Continue').click();
}
