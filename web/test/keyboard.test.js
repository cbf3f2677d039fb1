/** What is typed, and what the desktop is told of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KeyTranslator } from '../js/keyboard.js';
import { characterKeysym, namedKeysym } from '../js/keysyms.js';
import { textChange } from '../js/typing.js';

/** @typedef {import('../js/keyboard.js').Platform} Platform */

/**
 * One event: `+` or `-`, the key, the code; then the modifiers that are on, and what else there is to say.
 * @typedef {[string, string, string?, Partial<import('../js/keyboard.js').KeyInput>?]} Event
 */

/** @type {Record<string, string>} */
const MODIFIERS = { S: 'Shift', C: 'Control', A: 'Alt', M: 'Meta', G: 'AltGraph', L: 'CapsLock' };

/** @type {[string, Platform, Event[], string][]} name, platform, events, messages */
const CASES = [
  ['a letter', 'other', [['+a', 'KeyA'], ['-a', 'KeyA']], '61+ 61-'],
  ['a letter of a French keyboard', 'other', [['+a', 'KeyQ'], ['-a', 'KeyQ']], '61+ 61-'],
  ['German umlaut and sharp s', 'other', [['+ü', 'BracketLeft'], ['-ü', 'BracketLeft'], ['+ß', 'Minus'], ['-ß', 'Minus']], 'fc+ fc- df+ df-'],
  ['Cyrillic and the euro', 'other', [['+ж', 'Semicolon'], ['-ж', 'Semicolon'], ['+€', 'KeyE', 'G'], ['-€', 'KeyE', 'G']],
    '1000436+ 1000436- 10020ac+ 10020ac-'],
  ['a character beyond the first plane', 'other', [['+😀', 'KeyE'], ['-😀', 'KeyE']], '101f600+ 101f600-'],
  ['a key that gives two characters', 'other', [['+لا', 'KeyB'], ['-لا', 'KeyB']], 'text:لا'],
  ['keys with names', 'other',
    [['+Enter', 'Enter'], ['-Enter', 'Enter'], ['+F12', 'F12'], ['-F12', 'F12'], ['+F24', 'F24'], ['-F24', 'F24'], ['+ArrowLeft', 'ArrowLeft'], ['-ArrowLeft', 'ArrowLeft']],
    'ff0d+ ff0d- ffc9+ ffc9- ffd5+ ffd5- ff51+ ff51-'],
  ['the keypad with Num Lock', 'other', [['+5', 'Numpad5', '', { location: 3 }], ['-5', 'Numpad5', '', { location: 3 }]], 'ffb5+ ffb5-'],
  ['the keypad without Num Lock', 'other', [['+Home', 'Numpad7', '', { location: 3 }], ['-Home', 'Numpad7', '', { location: 3 }]], 'ff95+ ff95-'],
  ['the keypad’s comma and Enter', 'other',
    [['+,', 'NumpadDecimal', '', { location: 3 }], ['-,', 'NumpadDecimal', '', { location: 3 }], ['+Enter', 'NumpadEnter', '', { location: 3 }], ['-Enter', 'NumpadEnter', '', { location: 3 }]],
    'ffac+ ffac- ff8d+ ff8d-'],
  ['the right modifiers', 'other',
    [['+Shift', 'ShiftRight', 'S', { location: 2 }], ['-Shift', 'ShiftRight', '', { location: 2 }], ['+Control', 'ControlRight', 'C', { location: 2 }], ['-Control', 'ControlRight', '', { location: 2 }]],
    'ffe2+ ffe2- ffe4+ ffe4-'],
  ['Shift released before the letter', 'other',
    [['+Shift', 'ShiftLeft', 'S'], ['+A', 'KeyA', 'S'], ['-Shift', 'ShiftLeft'], ['-a', 'KeyA']], 'ffe1+ 41+ ffe1- 41-'],
  ['a key that is held', 'other', [['+a', 'KeyA'], ['+a', 'KeyA', '', { repeat: true }], ['-a', 'KeyA']], '61+ 61-'],
  ['a key whose release was lost', 'other', [['+a', 'KeyA'], ['+a', 'KeyA'], ['-a', 'KeyA']], '61+ 61- 61+ 61-'],
  ['locks change nothing', 'other', [['+CapsLock', 'CapsLock', 'L'], ['-CapsLock', 'CapsLock', 'L'], ['+A', 'KeyA', 'L'], ['-A', 'KeyA', 'L']], '41+ 41-'],
  ['a lost release of Control', 'other', [['+Control', 'ControlLeft', 'C'], ['+a', 'KeyA']], 'ffe3+ ffe3- 61+'],
  ['a lost release of Shift, noticed at a release', 'other', [['+A', 'KeyA', 'S'], ['+Shift', 'ShiftLeft', 'S'], ['-a', 'KeyA']], '41+ ffe1+ 41- ffe1-'],
  ['Control pressed elsewhere', 'other', [['+c', 'KeyC', 'C'], ['-c', 'KeyC', 'C'], ['-Control', 'ControlLeft']], 'ffe3+ 63+ 63- ffe3-'],
  ['both Shifts, of which Windows releases one', 'windows',
    [['+Shift', 'ShiftLeft', 'S'], ['+Shift', 'ShiftRight', 'S', { location: 2 }], ['-Shift', 'ShiftRight', '', { location: 2 }]], 'ffe1+ ffe2+ ffe2- ffe1-'],
  ['AltGr on Linux', 'other', [['+AltGraph', 'AltRight', 'G'], ['+@', 'KeyQ', 'G'], ['-@', 'KeyQ', 'G'], ['-AltGraph', 'AltRight']], 'fe03+ 40+ 40- fe03-'],
  ['AltGr on Windows', 'windows',
    [['+Control', 'ControlLeft', 'C', { timeStamp: 10 }], ['+AltGraph', 'AltRight', 'CAG', { timeStamp: 11, location: 2 }], ['+@', 'KeyQ', 'CAG'], ['-@', 'KeyQ', 'CAG'], ['-Control', 'ControlLeft', 'AG'], ['-AltGraph', 'AltRight', '', { location: 2 }]],
    'ffe3+ ffe3- fe03+ 40+ 40- fe03-'],
  ['Control held, then AltGr on Windows', 'windows',
    [['+Control', 'ControlLeft', 'C', { timeStamp: 10 }], ['+AltGraph', 'AltRight', 'CAG', { timeStamp: 900, location: 2 }]], 'ffe3+ fe03+'],
  ['AltGr that is never told as a state', 'other', [['+AltGraph', 'AltRight'], ['+@', 'KeyQ'], ['-@', 'KeyQ'], ['-AltGraph', 'AltRight']], 'fe03+ 40+ 40- fe03-'],
  ['Alt called Meta under Shift', 'other', [['+Shift', 'ShiftLeft', 'S'], ['+Meta', 'AltLeft', 'SA', { location: 1 }], ['-Meta', 'AltLeft', 'S', { location: 1 }]], 'ffe1+ ffe9+ ffe9-'],
  ['a dead key, composed by the browser', 'other', [['+Dead', 'Equal'], ['-Dead', 'Equal'], ['+é', 'KeyE', '', { isComposing: true }], ['-é', 'KeyE']], ''],
  ['a dead key that gives a key', 'windows', [['+Dead', 'Equal'], ['-Dead', 'Equal'], ['+é', 'KeyE'], ['-é', 'KeyE']], 'e9+ e9-'],
  ['an input method at work', 'other', [['+Process', 'KeyA', '', { keyCode: 229 }], ['-a', 'KeyA']], ''],
  ['a shortcut in Cyrillic', 'other', [['+Control', 'ControlLeft', 'C'], ['+с', 'KeyC', 'C'], ['-с', 'KeyC', 'C']], 'ffe3+ 63+ 63-'],
  ['a shortcut with Shift in Greek', 'other', [['+Ψ', 'KeyC', 'CS']], 'ffe3+ 43+'],
  ['Print Screen on Windows', 'windows', [['-PrintScreen', 'PrintScreen']], 'ff61+ ff61-'],
  ['Japanese keys without a release', 'windows', [['+ZenkakuHankaku', 'Backquote']], 'ff2a+ ff2a-'],
  ['Command and C on a Mac', 'mac', [['+Meta', 'MetaLeft', 'M'], ['+c', 'KeyC', 'M'], ['-Meta', 'MetaLeft']], 'ffe3+ 63+ 63- ffe3-'],
  ['a key held when Command goes up', 'mac', [['+x', 'KeyX'], ['+Meta', 'MetaLeft', 'M'], ['-Meta', 'MetaLeft']], '78+ ffe3+ ffe3- 78-'],
  ['Option on a Mac', 'mac', [['+Alt', 'AltLeft', 'A'], ['+@', 'KeyL', 'A'], ['-@', 'KeyL', 'A'], ['-Alt', 'AltLeft']], 'fe03+ 40+ 40- fe03-'],
  ['both Command keys', 'mac', [['+Meta', 'MetaLeft', 'M'], ['+Meta', 'MetaRight', 'M', { location: 2 }], ['-Meta', 'MetaLeft', 'M'], ['-Meta', 'MetaRight', '', { location: 2 }]], 'ffe3+ ffe3+ ffe3-'],
  ['a key without a name', 'other', [['+Unidentified', 'KeyZ'], ['-Unidentified', 'KeyZ']], '7a+ 7a-'],
  ['a key that X11 does not know', 'other', [['+Soft1', ''], ['-Soft1', '']], ''],
];

for (const [name, platform, events, expected] of CASES) {
  test(name, () => {
    const keys = new KeyTranslator(platform);
    const messages = events.flatMap((event) => {
      const input = read(event);
      return (event[0][0] === '+' ? keys.down(input) : keys.up(input)) ?? [];
    });
    assert.equal(messages.map(written).join(' '), expected);
  });
}

test('what the browser composes is left to it', () => {
  const keys = new KeyTranslator('other');
  assert.equal(keys.down(read(['+Dead', 'Equal'])), null);
  assert.equal(keys.down(read(['+a', 'KeyA', '', { keyCode: 229 }])), null);
  assert.deepEqual(keys.down(read(['+a', 'KeyA', '', { repeat: true }])), []);
});

test('releasing all is told once, and only when something is pressed', () => {
  const keys = new KeyTranslator('other');
  assert.deepEqual(keys.releaseAll(), []);
  keys.down(read(['+a', 'KeyA']));
  assert.deepEqual(keys.releaseAll(), [{ kind: 'release-all' }]);
  assert.deepEqual(keys.up(read(['-a', 'KeyA'])), []);
});

test('a click tells of modifiers that were pressed elsewhere', () => {
  const keys = new KeyTranslator('other');
  assert.equal(keys.modifiers(read(['+', '', 'C'])).map(written).join(' '), 'ffe3+');
  assert.equal(keys.modifiers(read(['+', ''])).map(written).join(' '), 'ffe3-');
});

test('the Command key sends what was chosen', () => {
  const keys = new KeyTranslator('mac', 'super');
  assert.equal(keys.down(read(['+Meta', 'MetaLeft', 'M']))?.map(written).join(' '), 'ffeb+');
});

test('characters and names have the keysyms of X11', () => {
  for (const [character, keysym] of /** @type {[string, number][]} */ ([
    ['a', 0x61], ['~', 0x7e], ['\u00a0', 0xa0], ['ÿ', 0xff], ['Ā', 0x1000100], ['漢', 0x1006f22], ['😀', 0x101f600],
    ['\n', 0xff0d], ['\t', 0xff09], ['\u007f', 0xffff], ['\u0080', 0x1000080],
  ])) assert.equal(characterKeysym(character), keysym, JSON.stringify(character));
  for (const [key, location, keysym] of /** @type {[string, number, number | null][]} */ ([
    ['F1', 0, 0xffbe], ['F35', 0, 0xffe0], ['F36', 0, null], ['AudioVolumeUp', 0, 0x1008ff13], ['HangulMode', 0, 0xff31],
    ['9', 3, 0xffb9], ['9', 0, null], ['Enter', 3, 0xff8d], ['Alt', 2, 0xffea], ['toString', 0, null], ['toString', 3, null],
  ])) assert.equal(namedKeysym(key, location), keysym, key);
});

test('a touch keyboard’s change of text becomes keys', () => {
  for (const [before, after, backspaces, text] of /** @type {[string, string, number, string][]} */ ([
    ['', 'a', 0, 'a'], ['ab', 'a', 1, ''], ['teh', 'the', 2, 'he'], ['ni', '你', 2, '你'], ['😀', '😁', 1, '😁'], ['x', 'x', 0, ''],
  ])) assert.deepEqual(textChange(before, after), { backspaces, text });
});

/** @param {Event} event @returns {import('../js/keyboard.js').KeyInput} */
function read([key, code, states = '', more = {}]) {
  const on = [...states].map((state) => MODIFIERS[state]);
  return {
    key: key.slice(1), code, location: 0, repeat: false, isComposing: false, keyCode: 0, timeStamp: 0,
    getModifierState: (state) => on.includes(state), ...more,
  };
}

/** @param {import('../js/protocol.js').InputMessage} message */
function written(message) {
  if (message.kind === 'key') return `${message.keysym.toString(16)}${message.pressed ? '+' : '-'}`;
  return message.kind === 'text' ? `text:${message.text}` : message.kind;
}
