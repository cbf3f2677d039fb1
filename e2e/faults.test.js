/** What fails around the server, and what the server and the page make of it. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { mkdirSync } from 'node:fs';
import { after, before, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { COSMOS_STREAM, Desktop, PASSWORD } from './lib/desktop.js';
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

  /** @param {string[]} args @param {Record<string, string>} [env] */
  const refuses = (args, env = {}) => desktop.run(COSMOS_STREAM, ['--no-audio', ...args], { env: { BASIC_AUTH_PASSWORD: PASSWORD, ...env } });

  it('says what it cannot do, and ends with the right code', async () => {
    const taken = createServer();
    await new Promise((resolve) => { taken.listen(0, '127.0.0.1', () => resolve(null)); });
    const { port } = /** @type {import('node:net').AddressInfo} */ (taken.address());
    const none = desktop.file('no-plugins');
    mkdirSync(none);
    const withoutPlugins = { GST_PLUGIN_PATH: none, GST_PLUGIN_SYSTEM_PATH: none, GST_REGISTRY: desktop.file('no-plugins.registry') };
    const free = ['--listen', '127.0.0.1:0'];
    for (const [what, args, env, codes, words] of /** @type {[string, string[], Record<string, string>, number[], RegExp[]][]} */ ([
      ['an unknown encoder', [...free, '--encoder', 'nosuch'], {}, [2, 64], [/nosuch/, /x264enc/, /auto/]],
      ['a port that is taken', ['--listen', `127.0.0.1:${port}`], {}, [2], [new RegExp(`127.0.0.1:${port}`), /--listen/]],
      ['no X server', free, { DISPLAY: ':97' }, [2], [/:97/]],
      ['no encoder installed', free, withoutPlugins, [2], [/gstreamer1\.0-plugins-/]],
      ['an unknown flag', ['--nosuch'], {}, [64], [/--nosuch/]],
      ['a frame rate out of range', [...free, '--fps', '0'], {}, [64], [/fps/]],
      ['everybody let in from everywhere', ['--listen', '0.0.0.0:0', '--no-password'], {}, [64], [/--allow-insecure/]],
      ['a password that everybody knows', free, { BASIC_AUTH_PASSWORD: 'mypasswd' }, [64], [/mypasswd/]],
    ])) {
      const { code, text } = await refuses(args, env);
      assert.ok(codes.includes(code ?? -1), `${what}: exit code ${code}\n${text}`);
      for (const word of words) assert.match(text, word, what);
      assert.doesNotMatch(text, /panicked/, what);
    }
    taken.close();
  });

  it('shows the picture again when a lost X server is back', async (test) => {
    const page = await (await browser.page(test)).live(desktop.url);
    await desktop.fill('#307030');
    await page.shows('#307030');
    await desktop.x.crash();
    await page.inState('lost');
    await until('the page says so', async () => /desktop/i.test(await page.page.innerText('#status')));
    assert.equal(desktop.stream.ended, null, 'the server must stay');
    await desktop.x.start();
    await desktop.fill('#7030a0');
    await page.inState('live', 20_000);
    await page.shows('#7030a0');
    await page.page.waitForFunction(() => document.querySelector('#status')?.hasAttribute('hidden'));
    assert.equal(desktop.stream.ended, null, 'the server must stay');
  });

  it('connects again when the server is back', async (test) => {
    const page = await (await browser.page(test)).live(desktop.url);
    const { port } = new URL(desktop.url);
    await desktop.stream.stop();
    await page.inState('lost', 20_000);
    await desktop.serve(['--no-audio', '--listen', `127.0.0.1:${port}`]);
    await page.inState('live', 20_000);
    await desktop.fill('#a07030');
    await page.shows('#a07030');
  });

  it('ends soon when asked to, with pages connected', async (test) => {
    const page = await (await browser.page(test)).live(desktop.url);
    await page.isLive();
    const begun = performance.now();
    desktop.stream.signalAlone('SIGTERM');
    const ended = await desktop.stream.end;
    const took = Math.round(performance.now() - begun);
    test.diagnostic(`ended after ${took} ms`);
    assert.deepEqual(ended, { code: 0, signal: null });
    assert.ok(took < 3000, `${took} ms`);
  });
});
