/** What most tests begin with. */

import { after, before } from 'node:test';

import { Browser } from './browser.js';
import { Desktop } from './desktop.js';
import { onEachServer } from './xserver.js';

/** Where a test plays: there once the tests run. @typedef {{browser: Browser, desktop: Desktop}} Stage */

/**
 * Defines tests for each kind of X server, with a browser and a streamed desktop of their own.
 * @param {(stage: Stage, kind: import('./xserver.js').Kind) => void} tests
 */
export function onEachDesktop(tests) {
  onEachServer((kind) => {
    const stage = /** @type {Stage} */ ({});
    before(async () => {
      stage.browser = await Browser.open();
      stage.desktop = await Desktop.open(kind);
    });
    after(async () => {
      await stage.desktop?.close();
      await stage.browser?.close();
    });
    tests(stage, kind);
  });
}
