/** What most tests begin with. */

import { after, before, describe } from 'node:test';

import { Browser } from './browser.js';
import { Desktop } from './desktop.js';
import { find } from './programs.js';
import { onEachServer } from './xserver.js';

/** Where a test plays: there once the tests run. @typedef {{browser: Browser, desktop: Desktop}} Stage */

/**
 * Defines tests for each kind of X server, with a browser and a streamed desktop of their own.
 * @param {(stage: Stage, kind: import('./xserver.js').Kind) => void} tests
 */
export function onEachDesktop(tests) {
  onEachServer((kind) => tests(set(kind), kind));
}

/**
 * Defines tests that have nothing to do with the kind of the X server: on the first that is there.
 * @param {string} name @param {(stage: Stage) => void} tests
 */
export function onAnyDesktop(name, tests) {
  const kind = /** @type {const} */ (['Xvfb', 'Xorg']).find((one) => find(one));
  if (kind) describe(name, () => tests(set(kind)));
  else console.log(`SKIPPED ${name}: neither Xvfb nor Xorg is installed`);
}

/** @param {import('./xserver.js').Kind} kind */
function set(kind) {
  const stage = /** @type {Stage} */ ({});
  before(async () => {
    stage.browser = await Browser.open();
    stage.desktop = await Desktop.open(kind);
  });
  after(async () => {
    await stage.desktop?.close();
    await stage.browser?.close();
  });
  return stage;
}
