/** The clipboard is the same on both sides, also when it is large. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { it } from 'node:test';

import { needs } from './lib/programs.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

/** A text of one megabyte with characters of one to four bytes. @param {string} seed */
function longText(seed) {
  let text = '';
  for (let line = 0; text.length < 800_000; line += 1) text += `${seed} ${line}: ä € 😀 the quick brown fox\n`;
  const missing = 1_000_000 - Buffer.byteLength(text);
  return text + 'x'.repeat(missing);
}

onEachDesktop((stage, kind) => {
  const fromScreen = async () => (await stage.desktop.run('xclip', ['-selection', 'clipboard', '-o'])).out.toString('utf8');

  /** Owns the clipboard until somebody else does. @param {string} text */
  const copyOnScreen = (text) => {
    writeFileSync(stage.desktop.file('copied'), text);
    stage.desktop.start('xclip', ['-selection', 'clipboard', '-quiet', stage.desktop.file('copied')]);
  };

  it('takes a megabyte from the screen to the page', async (test) => {
    if (!needs(test, 'xclip')) return;
    const page = await (await stage.browser.page(test, { permissions: ['clipboard-read', 'clipboard-write'] })).live(stage.desktop.url);
    const text = longText('screen');
    copyOnScreen(text);
    await until('the panel has the text', () => page.page.evaluate(
      (length) => /** @type {HTMLTextAreaElement} */ (document.querySelector('#clipboard-text')).value.length === length, text.length));
    assert.ok(await page.page.inputValue('#clipboard-text') === text, 'the text in the panel is another');
    await until('this computer has the text', () => page.page.evaluate(
      async (length) => (await navigator.clipboard.readText()).length === length, text.length));
  });

  it('takes a megabyte from the page to the screen', async (test) => {
    if (!needs(test, 'xclip')) return;
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    const text = longText('page');
    await page.page.evaluate((written) => {
      const area = /** @type {HTMLTextAreaElement} */ (document.querySelector('#clipboard-text'));
      area.value = written;
      area.dispatchEvent(new InputEvent('input'));
    }, text);
    await until('the screen has the text', async () => (await fromScreen()) === text);
  });

  it('pastes with the keys', async (test) => {
    if (!needs(test, 'xclip')) return;
    const page = await (await stage.browser.page(test, { permissions: ['clipboard-read', 'clipboard-write'] })).live(stage.desktop.url);
    const text = `copied on this computer: ${kind} äöü`;
    await page.page.evaluate((written) => navigator.clipboard.writeText(written), text);
    await page.page.keyboard.press('Control+v');
    await until('the screen has the text', async () => (await fromScreen()) === text);
  });

  it('carries a short text back and forth', async (test) => {
    if (!needs(test, 'xclip')) return;
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    for (const round of [1, 2, 3]) {
      copyOnScreen(`screen ${round}`);
      await until('the panel has the text', async () => (await page.page.inputValue('#clipboard-text')) === `screen ${round}`);
      await page.page.evaluate((written) => {
        const area = /** @type {HTMLTextAreaElement} */ (document.querySelector('#clipboard-text'));
        area.value = written;
        area.dispatchEvent(new InputEvent('input'));
      }, `page ${round}`);
      await until('the screen has the text', async () => (await fromScreen()) === `page ${round}`);
    }
  });
});
