/** A desktop for VNC viewers, and a picture on it. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { Desktop, Place } from './desktop.js';
import { SoundServer } from './sound.js';
import { until } from './wait.js';

/** Free most of the time, and told apart from those of other tests. */
export const PORT = 20_000 + process.pid % 10_000;
export const VIEW_PASSWORD = 'lookonly';

/**
 * @param {string} root the folder of noVNC
 * @param {{args?: string[], sounds?: boolean, port?: number}} [options] `args` are further ones of `cosmos-stream`
 */
export async function open(root, { args = [], sounds = false, port = PORT } = {}) {
  const place = new Place();
  const file = place.file('view');
  writeFileSync(file, VIEW_PASSWORD, { mode: 0o600 });
  const sound = new SoundServer(place);
  if (sounds) await sound.start();
  const desktop = await Desktop.open('Xvfb', {
    args: [
      ...sounds ? [] : ['--no-audio'], '--novnc-root', root, '--view-password-file', file, '--vnc-listen', `127.0.0.1:${port}`, ...args,
    ],
    env: sounds ? sound.env : {},
  });
  return { desktop, place, sound };
}

/** Something with text and lines, of few colours unless there are to be `many`. @param {Desktop} desktop */
export async function draw(desktop, many = true) {
  const card = desktop.file('card.png');
  await desktop.must('convert', [
    '-size', '1280x720', many ? 'gradient:#203050-#d0c0a0' : 'xc:#203050', many ? '-antialias' : '+antialias', '-fill', 'white', '-draw', 'rectangle 40,40 600,300',
    '-fill', 'black', '-pointsize', '20', '-draw', 'text 60,90 "COSMOS 0123456789 fox" text 60,140 "if (a[i] != b[i]) return;"',
    '-fill', 'red', '-draw', 'circle 900,200 900,300', '-fill', 'none', '-stroke', 'blue', '-draw', 'line 0,700 1279,320',
    ...many ? ['(', '-size', '300x200', 'plasma:fractal', ')', '-geometry', '+700+420', '-composite'] : [], '-depth', '8', card,
  ]);
  await desktop.show(card);
}

/**
 * What is typed arrives in the file that a terminal writes, or nothing of it where the viewer `may` only look.
 * @param {boolean} may @param {string} written @param {string} text @param {() => Promise<unknown>} type types it
 */
export async function types(may, written, text, type) {
  const typed = () => existsSync(written) && readFileSync(written, 'utf8').includes(text);
  if (may) {
    await until('what is typed arrives', async () => {
      await type();
      return typed();
    });
  } else {
    for (let round = 0; round < 3; round += 1) await type();
    assert.ok(!typed(), 'who may only look has typed');
  }
}
