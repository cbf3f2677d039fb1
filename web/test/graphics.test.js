/** How the desktop is drawn, in words. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { drawnBy } from '../js/graphics.js';

const gpu = { name: 'NVIDIA H200' };
const refused = [
  { mode: 'gpu-x-server', reasons: [{ id: 'no-display', text: 'it has no display engine' }, { id: 'x', text: 'nor a driver' }] },
  { mode: 'gpu-rendering', reasons: [{ id: 'not-wanted', text: 'software was asked for' }] },
];

for (const [name, graphics, mode, why] of /** @type {const} */ ([
  ['nothing is known', null, '', ''],
  ['the best', { mode: 'gpu-x-server', gpu, refused: [] }, 'X server on the GPU (NVIDIA H200)', ''],
  ['the second', { mode: 'gpu-rendering', gpu, refused: refused.slice(0, 1) }, 'GPU, in a software X server (NVIDIA H200)',
    'no X server on the GPU: it has no display engine; nor a driver'],
  ['the last', { mode: 'software', gpu, refused }, 'CPU',
    'no X server on the GPU: it has no display engine; nor a driver. no GPU, in a software X server: software was asked for'],
  ['one of a later version', { mode: 'new', gpu: null, refused: [] }, 'new', ''],
])) {
  test(name, () => assert.deepEqual(drawnBy(/** @type {any} */ (graphics)), { mode, why }));
}
