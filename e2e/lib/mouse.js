/** What an X client saw of the pointer, from the text of `xev`. */

/** @typedef {{type: 'press' | 'release', button: number, x: number, y: number}} Click with root coordinates */

/**
 * @param {string} text
 * @returns {Click[]}
 */
export function clicks(text) {
  const pattern = /^Button(Press|Release) event,.*\n.*root:\((-?\d+),(-?\d+)\),\n.*button (\d+),/gm;
  return [...text.matchAll(pattern)].map(([, type, x, y, button]) => ({
    type: type === 'Press' ? 'press' : 'release', button: Number(button), x: Number(x), y: Number(y),
  }));
}
