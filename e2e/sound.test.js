/** The desktop's sound reaches the page, and comes back when the sound server does. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { needs } from './lib/programs.js';
import { heard, SoundServer, turnOn } from './lib/sound.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

onEachDesktop((stage) => {
  it('is heard in the page, also after the sound server was lost', async (test) => {
    if (!needs(test, 'pulseaudio', 'pactl', 'paplay')) return;
    const sound = await new SoundServer(stage.desktop).start();
    await stage.desktop.serve([], sound.env);
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    await turnOn(page);
    sound.play(440);
    await heard(page, 440);

    await sound.crash();
    await until('the loss is told', async () => /sound/i.test(await page.page.textContent('#notices') ?? ''));
    await stage.desktop.fill('#806020');
    await page.shows('#806020');
    assert.equal(await page.state(), 'live');

    await sound.start();
    sound.play(660);
    await heard(page, 660, 30_000);
  });
});
