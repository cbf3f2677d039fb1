/** How the desktop is drawn, in words. No DOM in here. */

/**
 * What the server tells of it.
 * @typedef {object} Graphics
 * @property {string} mode
 * @property {{name: string | null} | null} gpu
 * @property {{mode: string, reasons: {id: string, text: string}[]}[]} refused the better modes, best first
 */

/** @type {Record<string, string>} */
const MODES = {
  'gpu-x-server': 'X server on the GPU',
  'gpu-rendering': 'GPU, in a software X server',
  software: 'CPU',
};

/**
 * Who draws, and why nobody better does.
 * @param {Graphics | null} graphics
 * @returns {{mode: string, why: string}}
 */
export function drawnBy(graphics) {
  if (!graphics) return { mode: '', why: '' };
  const words = (/** @type {string} */ mode) => MODES[mode] ?? mode;
  const name = graphics.mode === 'software' ? '' : graphics.gpu?.name ?? '';
  const why = (graphics.refused ?? []).map(({ mode, reasons }) =>
    `no ${words(mode)}: ${reasons.map(({ text }) => text).join('; ')}`);
  return { mode: words(graphics.mode) + (name && ` (${name})`), why: why.join('. ') };
}
