/** The pointer: where it is, what it presses, how far it scrolls. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { place, toDesktop, wantedSize } from '../js/geometry.js';
import { Accumulator, buttonChanges, wheelSteps } from '../js/pointer.js';
import { TouchGestures } from '../js/touch.js';

test('the picture lies where its scale says', () => {
  /** @type {[[number, number], [number, number], import('../js/geometry.js').Scale, number, [number, number, number, number]][]} */
  const cases = [
    [[1280, 720], [1280, 720], 'fit', 1, [0, 0, 1280, 720]],
    [[1000, 1000], [1920, 1080], 'fit', 1, [0, 218, 1000, 562.5]],
    [[2000, 1000], [1000, 1000], 'fit', 1, [500, 0, 1000, 1000]],
    [[2000, 1000], [1000, 1000], 'stretch', 1, [0, 0, 2000, 1000]],
    [[2000, 1000], [800, 600], 'exact', 1, [600, 200, 800, 600]],
    [[2000, 1000], [800, 600], 'exact', 2, [800, 350, 400, 300]],
    [[500, 500], [1000, 1000], 'exact', 1, [0, 0, 500, 500]],
    [[1281, 721], [1280, 720], 'fit', 1, [0, 0, 1280, 720]],
    [[1281, 721], [1280, 720], 'stretch', 1, [0, 0, 1280, 720]],
    [[640.5, 360.5], [1280, 720], 'fit', 2, [0, 0, 640, 360]],
  ];
  for (const [[width, height], [pictureWidth, pictureHeight], scale, ratio, expected] of cases) {
    const area = place({ width, height }, { width: pictureWidth, height: pictureHeight }, scale, ratio);
    assert.deepEqual([area.left, area.top, area.width, area.height], expected);
  }
});

test('a point of the page is a pixel of the desktop', () => {
  const picture = { width: 1920, height: 1080 };
  const area = place({ width: 1000, height: 1000 }, picture, 'fit', 1);
  for (const [x, y, expected] of /** @type {[number, number, [number, number]][]} */ ([
    [0, 218, [0, 0]], [999.9, 780.4, [1919, 1079]], [500, 499.25, [960, 540]], [-50, 0, [0, 0]], [5000, 5000, [1919, 1079]],
  ])) {
    const at = toDesktop(area, picture, x, y);
    assert.deepEqual([at.x, at.y], expected);
  }
  assert.deepEqual(toDesktop({ left: 0, top: 0, width: 0, height: 0 }, picture, 5, 5), { x: 0, y: 0 });
});

test('the size that is asked for is even and within reason', () => {
  for (const [width, height, expected] of /** @type {[number, number, [number, number]][]} */ ([
    [1281, 721.9, [1280, 720]], [10, 10, [64, 64]], [99999, 1080, [16384, 1080]],
  ])) {
    const size = wantedSize(width, height);
    assert.deepEqual([size.width, size.height], expected);
  }
});

test('wheels of all kinds turn notches into 120ths', () => {
  /** @type {[number, number[], number[]][]} mode, deltas, what is sent */
  const cases = [
    [0, [100, -100], [120, -120]],
    [1, [3, -3], [120, -120]],
    [2, [1], [360]],
    [0, [0.3, 0.3, 0.3, 0.3], [1]],
    [0, [0.5, -0.5], []],
    [0, [1e9], [32767]],
    [9, [100], [120]],
  ];
  for (const [deltaMode, deltas, expected] of cases) {
    const wheel = new Accumulator();
    const sent = deltas.map((deltaY) => wheel.add(...wheelSteps({ deltaX: 0, deltaY, deltaMode }))?.dy).filter((dy) => dy !== undefined);
    assert.deepEqual(sent, expected, JSON.stringify(deltas));
  }
});

test('slow movements add up', () => {
  const motion = new Accumulator();
  const sums = Array.from({ length: 10 }, () => motion.add(0.25, -0.5)).reduce((sum, by) => [sum[0] + (by?.dx ?? 0), sum[1] + (by?.dy ?? 0)], [0, 0]);
  assert.deepEqual(sums, [2, -5]);
});

test('buttons follow what the browser says is down', () => {
  for (const [before, after, expected] of /** @type {[number, number, string][]} */ ([
    [0, 1, '0+'], [1, 3, '2+'], [3, 2, '0-'], [0, 4, '1+'], [0, 24, '3+ 4+'], [31, 0, '0- 1- 2- 3- 4-'], [1, 1, ''],
  ])) {
    const told = buttonChanges(before, after).map((message) => message.kind === 'button' && `${message.button}${message.pressed ? '+' : '-'}`);
    assert.equal(told.join(' '), expected);
  }
});

test('fingers do what a mouse does', () => {
  /** @typedef {['down' | 'move' | 'up' | 'cancel', number, number, number, number] | ['wait', number]} Step id, x, y, time */
  /** @type {[string, Step[], string][]} */
  const cases = [
    ['a tap clicks', [['down', 1, 50, 60, 0], ['up', 1, 52, 60, 80]], '50,60 0+ 0-'],
    ['a finger that moves only points', [['down', 1, 50, 60, 0], ['move', 1, 90, 60, 50], ['up', 1, 90, 60, 90]], '50,60 90,60'],
    ['holding is the right button', [['down', 1, 5, 6, 0], ['wait', 600], ['up', 1, 5, 6, 700]], '5,6 2+ 2-'],
    ['tap and drag', [['down', 1, 5, 5, 0], ['up', 1, 5, 5, 50], ['down', 1, 6, 5, 150], ['move', 1, 60, 5, 200], ['up', 1, 60, 5, 300]], '5,5 0+ 0- 6,5 0+ 60,5 0-'],
    ['a drag that is cancelled', [['down', 1, 5, 5, 0], ['up', 1, 5, 5, 50], ['down', 1, 6, 5, 150], ['move', 1, 60, 5, 200], ['cancel', 1, 60, 5, 300]], '5,5 0+ 0- 6,5 0+ 60,5 0-'],
    ['two taps click twice', [['down', 1, 5, 5, 0], ['up', 1, 5, 5, 50], ['down', 1, 5, 5, 150], ['up', 1, 5, 5, 200]], '5,5 0+ 0- 5,5 0+ 0-'],
    ['two fingers scroll', [['down', 1, 5, 50, 0], ['down', 2, 25, 50, 5], ['move', 1, 5, 30, 20], ['move', 2, 25, 30, 20], ['up', 1, 5, 30, 30], ['up', 2, 25, 30, 30]], '5,50 scroll:30 scroll:30'],
    ['two fingers tapped are the right button', [['down', 1, 5, 50, 0], ['down', 2, 25, 50, 5], ['up', 1, 5, 50, 60], ['up', 2, 25, 50, 61]], '5,50 2+ 2-'],
    ['a cancelled touch clicks nothing', [['down', 1, 5, 5, 0], ['cancel', 1, 5, 5, 50]], '5,5'],
  ];
  // Not by the mocked timers of Node, which differ between its versions.
  /** @type {Map<number, {act: () => void, after: number}>} */
  const timers = new Map();
  let last = 0;
  mock.method(globalThis, 'setTimeout', (/** @type {() => void} */ act, /** @type {number} */ after) => {
    timers.set(last += 1, { act, after });
    return last;
  });
  mock.method(globalThis, 'clearTimeout', (/** @type {number} */ timer) => { timers.delete(timer); });
  for (const [name, steps, expected] of cases) {
    /** @type {string[]} */
    const told = [];
    const touch = new TouchGestures((messages) => told.push(...messages.map(written)));
    for (const [kind, id, x, y, time] of steps) {
      const finger = { id, x: Number(x), y: Number(y), time: Number(time) };
      if (kind === 'wait') [...timers.values()].filter(({ after }) => after <= id).forEach(({ act }) => act());
      else if (kind === 'down') touch.down(finger, finger);
      else if (kind === 'move') touch.move(finger, finger);
      else touch.up(finger, kind === 'cancel');
    }
    assert.equal(told.join(' '), expected, name);
  }
  mock.restoreAll();
});

/** @param {import('../js/protocol.js').InputMessage} message */
function written(message) {
  if (message.kind === 'pointer-to') return `${message.x},${message.y}`;
  if (message.kind === 'button') return `${message.button}${message.pressed ? '+' : '-'}`;
  return message.kind === 'scroll' ? `scroll:${message.dy}` : message.kind;
}
