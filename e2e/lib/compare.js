/** How alike two pictures are. */

/** @typedef {{width: number, height: number, rgb: Buffer}} Picture */

/**
 * The peak signal-to-noise ratio of the luma (BT.709 weights), in dB; infinite for equal pictures.
 * @param {Picture} a
 * @param {Picture} b
 */
export function psnr(a, b) {
  if (a.width !== b.width || a.height !== b.height) return 0;
  let sum = 0;
  const luma = (/** @type {Buffer} */ rgb, /** @type {number} */ at) => 0.2126 * rgb[at] + 0.7152 * rgb[at + 1] + 0.0722 * rgb[at + 2];
  for (let at = 0; at < a.rgb.length; at += 3) sum += (luma(a.rgb, at) - luma(b.rgb, at)) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / (a.width * a.height)));
}

/**
 * The peak signal-to-noise ratio of red, green and blue, in dB.
 * @param {Picture} a
 * @param {Picture} b
 */
export function psnrOfEach(a, b) {
  if (a.width !== b.width || a.height !== b.height) return [0, 0, 0];
  const sums = [0, 0, 0];
  for (let at = 0; at < a.rgb.length; at += 1) sums[at % 3] += (a.rgb[at] - b.rgb[at]) ** 2;
  return sums.map((sum) => 10 * Math.log10(255 ** 2 / (sum / (a.width * a.height))));
}

/**
 * The mean of each channel over a rectangle.
 * @param {Picture} picture
 * @param {{x: number, y: number, width: number, height: number}} area
 * @returns {number[]}
 */
export function meanColour(picture, { x, y, width, height }) {
  const sums = [0, 0, 0];
  for (let row = y; row < y + height; row += 1) {
    for (let column = x; column < x + width; column += 1) {
      const at = (row * picture.width + column) * 3;
      for (let channel = 0; channel < 3; channel += 1) sums[channel] += picture.rgb[at + channel];
    }
  }
  return sums.map((sum) => sum / (width * height));
}

/**
 * The picture of BT.709 planes of limited range, exactly.
 * @param {{width: number, height: number, layout: {offset: number, stride: number}[], planes: Buffer}} frame
 * @param {number} halved how often columns and rows of chroma are: once for I420, never for I444
 * @returns {Buffer}
 */
export function fromPlanes({ width, height, layout: [luma, cb, cr], planes }, halved) {
  const rgb = Buffer.alloc(width * height * 3);
  const byte = (/** @type {number} */ value) => Math.min(Math.max(Math.round(value), 0), 255);
  let to = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const grey = (planes[luma.offset + y * luma.stride + x] - 16) * (255 / 219);
      const [row, column] = [y >> halved, x >> halved];
      const blue = (planes[cb.offset + row * cb.stride + column] - 128) * (255 / 224);
      const red = (planes[cr.offset + row * cr.stride + column] - 128) * (255 / 224);
      rgb[to] = byte(grey + 1.5748 * red);
      rgb[to + 1] = byte(grey - 0.18733 * blue - 0.46812 * red);
      rgb[to + 2] = byte(grey + 1.8556 * blue);
      to += 3;
    }
  }
  return rgb;
}
