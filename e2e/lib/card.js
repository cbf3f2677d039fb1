/** A test card: text, patches of colour and a slope, of the size of the page. */

import assert from 'node:assert/strict';

/** @typedef {import('./desktop.js').Desktop} Desktop */

export const PATCHES = [
  '#ff0000', '#00ff00', '#0000ff', '#ffffff', '#000000', '#808080', '#ffff00', '#00ffff', '#ff00ff', '#ff8000', '#804020',
  '#205080',
];
export const PATCH = { top: 560, side: 80, gap: 20, inset: 16 };

const TEXT = `COSMOS 0123456789 The quick brown fox jumps over the lazy dog.
if (a[i] != b[i]) { return -1; }  // fine strokes: |l1I!;:.,'"
Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich`;

/** Programs that it takes. */
export const NEEDS = ['convert', 'display', 'import'];

/**
 * Shows it as the background of a screen of its size.
 * @param {Desktop} desktop
 * @returns the screen's pixels
 */
export async function showCard(desktop) {
  await draw(desktop);
  await desktop.show(desktop.file('card.png'));
  const screen = await desktop.grab();
  assert.ok(screen.rgb.subarray(0, 3).equals(Buffer.from([0xe8, 0xe8, 0xe8])), 'the screen does not show the card');
  return screen;
}

/** @param {Desktop} desktop */
async function draw(desktop) {
  const patches = PATCHES.flatMap((colour, index) => {
    const left = 20 + index * (PATCH.side + PATCH.gap);
    return ['-fill', colour, '-draw', `rectangle ${left},${PATCH.top} ${left + PATCH.side - 1},${PATCH.top + PATCH.side - 1}`];
  });
  const text = ['-font', 'DejaVu-Sans-Mono', '-fill', '#202020'];
  await desktop.must('convert', [
    '-size', '1280x720', 'xc:#e8e8e8', ...patches,
    ...text, '-pointsize', '14', '-annotate', '+40+60', TEXT,
    '-pointsize', '22', '-annotate', '+40+180', TEXT, '-fill', '#0040a0', '-pointsize', '32', '-annotate', '+40+340', TEXT,
    '(', '-size', '1200x60', 'gradient:#000000-#ffffff', '-resize', '1200x60!', ')', '-geometry', '+40+480', '-composite',
    'PNG24:' + desktop.file('card.png'),
  ]);
}
