/** What was chosen for everybody, between the page and the server. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Settings } from '../js/settings.js';
import { Shared } from '../js/shared.js';

const NOTHING = { video_bitrate: null, framerate: null, audio: null, resize: null, encoder: null };

/** A page whose server keeps this. @param {object} told */
async function page(told) {
  const storage = /** @type {any} */ ({ getItem: () => null, setItem: () => {} });
  const settings = new Settings(() => storage);
  /** @type {any[]} */
  const chosen = [];
  /** @type {string[]} */
  const refused = [];
  const server = {
    read: async () => /** @type {any} */ (structuredClone({ choices: NOTHING, fixed: {}, may_choose: true, ...told })),
    choose: async (/** @type {any} */ choices) => {
      if (choices.framerate === 30) throw new Error('not today');
      return chosen.push(structuredClone(choices)), /** @type {any} */ (null);
    },
  };
  const shared = new Shared(settings, server, (why) => refused.push(why));
  await shared.pull();
  return { settings, chosen, refused, shared };
}

test('what the server keeps is taken over, and not given back', async () => {
  const { settings, chosen } = await page({ choices: { ...NOTHING, video_bitrate: 900, audio: false } });
  assert.deepEqual([settings.choices.maxKbps, settings.choices.sound, settings.choices.maxFps], [900, false, 60]);
  assert.deepEqual(chosen, []);
});

test('what a person changes is given to the server, and nothing else', async () => {
  const { settings, chosen } = await page({});
  settings.change({ scale: 'exact' });
  settings.change({ maxKbps: 4000 });
  settings.change({ sound: false });
  settings.change({ maxKbps: 0 });
  assert.deepEqual(chosen, [
    { ...NOTHING, video_bitrate: 4000 },
    { ...NOTHING, video_bitrate: 4000, audio: false },
    { ...NOTHING, audio: false },
  ]);
});

test('what something stronger sets is not given', async () => {
  const { settings, chosen } = await page({ fixed: { framerate: 'WEBRTC_FRAMERATE' } });
  settings.change({ maxFps: 24 });
  settings.change({ maxFps: 25, resize: false });
  assert.deepEqual(chosen, [{ ...NOTHING, resize: false }]);
});

test('who may not choose for everybody chooses for one', async () => {
  const { settings, chosen } = await page({ may_choose: false });
  settings.change({ maxKbps: 4000 });
  assert.deepEqual([chosen, settings.choices.maxKbps], [[], 4000]);
});

test('a refusal is told', async () => {
  const { settings, refused } = await page({});
  settings.change({ maxFps: 30 });
  await new Promise((resolve) => { setTimeout(resolve); });
  assert.deepEqual(refused, ['not today']);
});
