/** Where the picture lies in the page, and which desktop pixel is under a point of it. No DOM in here. */

/**
 * @typedef {import('./protocol.js').Size} Size
 * @typedef {{left: number, top: number, width: number, height: number}} Area in CSS pixels
 * @typedef {'fit' | 'stretch' | 'exact'} Scale
 */

/** A picture that misses its place by no more than this many physical pixels is not scaled, and so stays sharp. */
const SHARP = 2;

/** A point this close to the next pixel is meant to be in it. */
const ROUNDING = 1e-6;

/** What the server is asked for at least and at most, in pixels. */
const LEAST = 64;
const MOST = 16384;

/**
 * The area that the picture takes within its box.
 *
 * `fit` keeps the shape, `stretch` fills the box, `exact` shows each desktop pixel as one physical pixel where that
 * fits and is `fit` where it does not.
 * @param {{width: number, height: number}} box in CSS pixels
 * @param {Size} picture in desktop pixels
 * @param {Scale} scale
 * @param {number} ratio physical pixels per CSS pixel
 * @returns {Area}
 */
export function place(box, picture, scale, ratio) {
  const natural = { width: picture.width / ratio, height: picture.height / ratio };
  const size = fits(natural, box, scale, ratio) ? natural : scaled(natural, box, scale);
  const centre = (/** @type {number} */ free) => Math.max(0, Math.floor((free * ratio) / 2) / ratio);
  return { left: centre(box.width - size.width), top: centre(box.height - size.height), ...size };
}

/**
 * The desktop pixel under a point of the box; points outside of the picture give its nearest pixel.
 * @param {Area} area of the picture, in CSS pixels
 * @param {Size} picture in desktop pixels
 * @param {number} x in CSS pixels from the box's left edge
 * @param {number} y in CSS pixels from its top edge
 * @returns {{x: number, y: number}}
 */
export function toDesktop(area, picture, x, y) {
  return {
    x: pixel((x - area.left) / area.width, picture.width),
    y: pixel((y - area.top) / area.height, picture.height),
  };
}

/**
 * Where the middle of a desktop pixel lies in the box.
 * @param {Area} area of the picture, in CSS pixels
 * @param {Size} picture in desktop pixels
 * @param {number} x in desktop pixels
 * @param {number} y
 * @returns {{left: number, top: number}} in CSS pixels
 */
export function toBox(area, picture, x, y) {
  const along = (/** @type {number} */ pixel, /** @type {number} */ pixels) => (pixel + 0.5) / Math.max(pixels, 1);
  return {
    left: area.left + area.width * along(x, picture.width),
    top: area.top + area.height * along(y, picture.height),
  };
}

/**
 * The size to ask the server for, even on both sides.
 * @param {number} width of the picture's box, in physical pixels
 * @param {number} height
 * @returns {Size}
 */
export function wantedSize(width, height) {
  const side = (/** @type {number} */ length) => Math.min(Math.max(Math.floor(length), LEAST), MOST) & ~1;
  return { width: side(width), height: side(height) };
}

/**
 * @param {{width: number, height: number}} natural
 * @param {{width: number, height: number}} box
 * @param {Scale} scale
 * @param {number} ratio
 */
function fits(natural, box, scale, ratio) {
  const free = [box.width - natural.width, box.height - natural.height].map((side) => side * ratio);
  const near = free.every((side) => side > -0.5 && side <= SHARP);
  return near || (scale === 'exact' && free.every((side) => side > -0.5));
}

/**
 * @param {{width: number, height: number}} natural
 * @param {{width: number, height: number}} box
 * @param {Scale} scale
 */
function scaled(natural, box, scale) {
  if (scale === 'stretch') return { width: box.width, height: box.height };
  const shape = natural.width / natural.height;
  return box.width < box.height * shape
    ? { width: box.width, height: box.width / shape }
    : { width: box.height * shape, height: box.height };
}

/**
 * @param {number} share
 * @param {number} length
 */
function pixel(share, length) {
  return Number.isFinite(share) ? Math.min(Math.max(Math.floor(share * length + ROUNDING), 0), length - 1) : 0;
}
