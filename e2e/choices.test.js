/** What a person chooses in the page: it outlives the server, and is there in another browser. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { state } from './lib/http.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

onEachDesktop((stage) => {
  it('is kept by the server and taken over by the next browser', async (test) => {
    const { desktop } = stage;
    const first = await (await stage.browser.page(test)).live(desktop.url);
    await first.page.evaluate(() => { for (const id of ['handle', 'quality']) document.getElementById(id)?.click(); });
    await first.page.selectOption('#max-kbps', '2000');
    await until('the server knows', async () => (await state(desktop.url)).settings.video_bitrate.value === 2000);
    await first.page.context().close();

    desktop.stream.signal('SIGKILL');
    await desktop.stream.end;
    await desktop.serve(['--no-audio']);
    assert.deepEqual((await state(desktop.url)).settings.video_bitrate, { value: 2000, source: 'page', name: null });
    const second = await (await stage.browser.page(test)).live(desktop.url);
    await until('the page shows it', () => second.page.evaluate(() =>
      /** @type {HTMLSelectElement} */ (document.getElementById('max-kbps')).value === '2000'));
    assert.deepEqual(second.errors, []);
    await second.page.context().close();

    desktop.stream.signal('SIGKILL');
    await desktop.stream.end;
    await desktop.serve(['--no-audio', '--bitrate', '4000']);
    const { value, source, name } = (await state(desktop.url)).settings.video_bitrate;
    assert.deepEqual([value, source, name], [4000, 'flag', '--bitrate']);
  });
});
