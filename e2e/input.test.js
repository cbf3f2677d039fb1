/** What is typed and clicked in the page arrives on the screen as it was meant. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { it } from 'node:test';

import { Desktop } from './lib/desktop.js';
import { clicks } from './lib/mouse.js';
import { needs } from './lib/programs.js';
import { onEachDesktop } from './lib/stage.js';
import { until } from './lib/wait.js';

onEachDesktop((stage) => {
  it('types what was typed', async (test) => {
    if (!needs(test, 'xterm', 'xdotool', 'openbox')) return;
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    const typed = await terminal(test, stage.desktop, 'cat');
    const { keyboard } = page.page;
    const lines = [
      ['plain', () => keyboard.type('the quick brown fox 0123456789'), 'the quick brown fox 0123456789'],
      ['with Shift', () => keyboard.type('ABC!@#$%^&*()_+{}|:"<>?~'), 'ABC!@#$%^&*()_+{}|:"<>?~'],
      ['with AltGr', () => pressAltGr(page, [['@', 'KeyQ'], ['€', 'KeyE'], ['µ', 'KeyM'], ['{', 'Digit7']]), '@€µ{'],
      ['keys of another layout', () => press(page, [['é', 'Digit2'], ['ß', 'Minus'], ['ñ', 'Semicolon'], ['ж', 'Semicolon']]), 'éßñж'],
      ['composed', () => keyboard.insertText('naïve é ß 漢字'), 'naïve é ß 漢字'],
      ['beyond the first plane', () => keyboard.insertText('a😀b'), 'a😀b'],
      ['a dead key', () => deadKey(page, '´', 'ú'), 'ú'],
    ];
    let expected = '';
    for (const [name, type, text] of /** @type {[string, () => Promise<void>, string][]} */ (lines)) {
      await type();
      await keyboard.press('Enter');
      expected += `${text}\n`;
      await until(`${name}: a line arrives`, () => typed().split('\n').length >= expected.split('\n').length)
        .catch((error) => { throw new Error(`${name}: there is ${JSON.stringify(typed())}`, { cause: error }); });
      assert.equal(typed(), expected, name);
    }
    await keyboard.press('Backspace');
    await keyboard.type('wrong');
    for (let count = 0; count < 5; count += 1) await keyboard.press('Backspace');
    await keyboard.press('Control+d');
    await until('Control and D end the input', () => existsSync(stage.desktop.file('typed.done')));
    assert.equal(typed(), expected);
  });

  it('clicks and scrolls where the pointer is, also in a scaled picture', async (test) => {
    if (!needs(test, 'xev', 'openbox')) return;
    const page = await (await stage.browser.page(test)).live(stage.desktop.url);
    const xev = stage.desktop.start('xev', ['-geometry', '1400x900+0+0', '-event', 'button']);
    test.after(() => xev.stop());
    await until('the window is there', async () => (await stage.desktop.run('xdotool', ['search', '--onlyvisible', '--name', 'Event Tester'])).code === 0);
    for (const view of [{ width: 1280, height: 720 }, { width: 1000, height: 700 }]) {
      if (view.width !== 1280) await keepSize(page);
      await page.page.setViewportSize(view);
      const place = await picturePlace(page, stage.desktop, view);
      for (const [number, button] of /** @type {const} */ ([[1, 'left'], [3, 'right'], [2, 'middle']])) {
        const at = { x: 200 + 211 * number, y: 150 + 101 * number };
        await clickAt(page, place(at), button);
        const seen = await gained(xev, 2);
        assert.deepEqual(seen.map(({ type, button: which }) => [type, which]), [['press', number], ['release', number]]);
        for (const { x, y } of seen) {
          assert.ok(Math.abs(x - at.x) <= 1 && Math.abs(y - at.y) <= 1, `at ${x},${y} instead of ${at.x},${at.y}`);
        }
      }
      for (const [delta, number] of [[100, 5], [-100, 4]]) {
        await page.page.mouse.wheel(0, delta);
        const seen = await gained(xev, 2);
        assert.deepEqual(seen.map(({ type, button }) => [type, button]), [['press', number], ['release', number]]);
      }
    }
  });
});

/**
 * A terminal that keeps what is typed into it; the function tells what that is.
 * @param {import('node:test').TestContext} test @param {Desktop} desktop @param {string} command
 */
async function terminal(test, desktop, command) {
  const file = desktop.file('typed');
  const script = `${command} > ${file}; echo > ${file}.done; exec sleep 1000`;
  const xterm = desktop.start('xterm', ['-u8', '-geometry', '100x30+40+40', '-e', 'sh', '-c', script]);
  test.after(() => xterm.stop());
  await until('the terminal has the keyboard', async () => {
    const { text } = await desktop.run('xdotool', ['getwindowfocus', 'getwindowpid']);
    return existsSync(file) && Number(text) === xterm.pid;
  });
  return () => readFileSync(file, 'utf8');
}

/**
 * Real key events as a keyboard of another layout makes them.
 * @param {import('./lib/browser.js').Page} page @param {string[][]} keys each with its character and its place
 * @param {number} [modifiers]
 */
async function press(page, keys, modifiers = 0) {
  const devtools = await page.page.context().newCDPSession(page.page);
  for (const [key, code] of keys) {
    await devtools.send('Input.dispatchKeyEvent', { type: 'keyDown', key, code, text: key, modifiers });
    await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code, modifiers });
  }
  await devtools.detach();
}

/** @param {import('./lib/browser.js').Page} page @param {string[][]} keys */
async function pressAltGr(page, keys) {
  const devtools = await page.page.context().newCDPSession(page.page);
  const key = { key: 'AltGraph', code: 'AltRight', location: 2, windowsVirtualKeyCode: 225 };
  await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
  await press(page, keys);
  await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  await devtools.detach();
}

/** A dead key and what it composes with the next. @param {import('./lib/browser.js').Page} page @param {string} dead @param {string} composed */
async function deadKey(page, dead, composed) {
  const devtools = await page.page.context().newCDPSession(page.page);
  await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Dead', code: 'Equal' });
  await devtools.send('Input.imeSetComposition', { text: dead, selectionStart: 1, selectionEnd: 1 });
  await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Dead', code: 'Equal' });
  await devtools.send('Input.insertText', { text: composed });
  await devtools.detach();
}

/** The desktop keeps its size from now on. @param {import('./lib/browser.js').Page} page */
async function keepSize(page) {
  await page.page.evaluate(() => {
    const box = /** @type {HTMLInputElement} */ (document.querySelector('#resize'));
    box.checked = false;
    box.dispatchEvent(new Event('change'));
  });
}

/**
 * Where a pixel of the desktop lies in the page, from where the picture lies.
 * @param {import('./lib/browser.js').Page} page @param {Desktop} desktop @param {{width: number, height: number}} view
 */
async function picturePlace(page, desktop, view) {
  const size = await until('screen and picture are of one size', async () => {
    const [screen, video] = [await desktop.size(), await page.videoSize()];
    return screen === '1280x720' && video === screen && { width: 1280, height: 720 };
  });
  const box = await until('the picture lies within the window', async () => {
    const box = await page.page.locator('#screen').boundingBox();
    return box && Math.abs(box.width - view.width) < 1 && box.height <= view.height && box;
  });
  return (/** @type {{x: number, y: number}} */ { x, y }) => ({
    x: box.x + (x + 0.5) * box.width / size.width, y: box.y + (y + 0.5) * box.height / size.height,
  });
}

/**
 * @param {import('./lib/browser.js').Page} page @param {{x: number, y: number}} at
 * @param {'left' | 'right' | 'middle'} button
 */
function clickAt(page, { x, y }, button) {
  return page.page.mouse.click(x, y, { button });
}

const counted = new WeakMap();

/**
 * The next clicks that `xev` tells of.
 * @param {import('./lib/programs.js').Program} xev @param {number} count
 */
async function gained(xev, count) {
  const from = counted.get(xev) ?? 0;
  const seen = await until(`${count} more presses and releases`, () => {
    const all = clicks(xev.output).slice(from);
    return all.length >= count && all;
  }).catch((error) => { throw new Error(`xev tells\n${xev.output.slice(-2000)}`, { cause: error }); });
  counted.set(xev, from + seen.length);
  return seen;
}
