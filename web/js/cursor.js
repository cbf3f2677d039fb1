/** The desktop's pointer shape as the browser's own, so that the pointer never waits for the network. */

/**
 * @typedef {import('./protocol.js').Size} Size
 * @typedef {import('./protocol.js').Point} Point
 */

/** Shapes that are remembered; the oldest goes first. */
const KEPT = 64;

/** Shows pointer shapes over an element. */
export class Cursor {
  /** @type {Map<string, string>} data URL by content */
  #images = new Map();
  /** @type {{size: Size, hot: Point, rgba: Uint8Array<ArrayBuffer>} | null} */
  #shape = null;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /**
   * Shows a shape.
   * @param {{size: Size, hot: Point, rgba: Uint8Array<ArrayBuffer>}} shape
   */
  show(shape) {
    this.#shape = shape;
    this.update();
  }

  /** The browser's own pointer again. */
  reset() {
    this.#shape = null;
    this.update();
  }

  /** Shows the shape again after the page's zoom has changed. */
  update() {
    this.element.style.cursor = this.#style();
  }

  #style() {
    if (!this.#shape) return '';
    const { size, hot } = this.#shape;
    if (size.width === 0 || size.height === 0) return 'none';
    const ratio = window.devicePixelRatio || 1;
    const point = `${Math.round(hot.x / ratio)} ${Math.round(hot.y / ratio)}`;
    const image = this.#image(this.#shape);
    const style = ratio === 1 ? `url("${image}") ${point}, auto` : `image-set(url("${image}") ${ratio}x) ${point}, auto`;
    return CSS.supports('cursor', style) ? style : `url("${image}") ${hot.x} ${hot.y}, auto`;
  }

  /** @param {{size: Size, rgba: Uint8Array<ArrayBuffer>}} shape */
  #image({ size, rgba }) {
    const key = `${size.width}x${size.height}:${digest(rgba)}`;
    const image = this.#images.get(key) ?? draw(size, rgba);
    this.#images.delete(key);
    this.#images.set(key, image);
    if (this.#images.size > KEPT) this.#images.delete(/** @type {string} */ (this.#images.keys().next().value));
    return image;
  }
}

/**
 * A 64 bit digest of the content (FNV-1a in two lanes).
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function digest(bytes) {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995);
  }
  return `${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}`;
}

/** @param {Size} size @param {Uint8Array<ArrayBuffer>} rgba */
function draw({ width, height }, rgba) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pixels = new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.length);
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.toDataURL('image/png');
}
