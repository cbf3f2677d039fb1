/** Signing in at a provider of OpenID Connect, in a real browser and at a real provider. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { Desktop } from './lib/desktop.js';
import { ask, logIn } from './lib/http.js';
import { CLIENT, Elsewhere, provider } from './lib/provider.js';
import { proxy } from './lib/proxy.js';
import { onAnyDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** @typedef {import('./lib/browser.js').Page} Page */

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
    '--trusted-proxies', '127.0.0.0/8',
  ];
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
