/** Shows the figures, and the course of the latency over the last minute. */

/** @typedef {import('./statistics.js').Figures} Figures */
/** @typedef {import('./protocol.js').ServerStats} ServerStats */
/** @typedef {{element: string, codec: string, reason: string}} Encoder */

/** Seconds that the line shows. */
const COURSE = 60;

export class StatisticsPanel {
  /** @type {number[]} */
  #course = [];

  /** @param {HTMLElement} element `#statistics` */
  constructor(element) {
    this.element = element;
    this.canvas = /** @type {HTMLCanvasElement} */ (element.querySelector('canvas'));
  }

  /**
   * @param {Figures} figures
   * @param {ServerStats | null} server
   * @param {Encoder | null} encoder
   */
  show(figures, server, encoder) {
    this.#tell(figures, encoder);
    this.#course = [...this.#course, figures.latencyMs].slice(-COURSE);
    if (this.element.hidden) return;
    for (const [name, value] of Object.entries(rows(figures, server, encoder))) this.#write(name, value);
    this.#draw();
  }

  /** Shows how the desktop is drawn. @param {{mode: string, why: string}} drawn */
  draws({ mode, why }) {
    this.element.dataset.graphics = mode;
    this.#write('graphics', mode || '–');
    this.#write('graphics-why', why);
  }

  /** For tests and for whoever asks the page. @param {Figures} figures @param {Encoder | null} encoder */
  #tell(figures, encoder) {
    const { dataset } = this.element;
    dataset.fps = figures.fps.toFixed(1);
    dataset.latency = figures.latencyMs.toFixed(1);
    dataset.kbps = figures.kbps.toFixed(0);
    dataset.encoder = encoder?.element ?? '';
  }

  /** @param {string} name @param {string} value */
  #write(name, value) {
    const cell = this.element.querySelector(`[data-row="${name}"]`);
    if (cell && cell.textContent !== value) cell.textContent = value;
  }

  #draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    if (!context || width === 0) return;
    context.clearRect(0, 0, width, height);
    const points = line(this.#course, width, height, 3 * ratio);
    context.lineWidth = 1.5 * ratio;
    context.lineJoin = 'round';
    context.strokeStyle = getComputedStyle(canvas).color;
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.stroke();
  }
}

/**
 * The points of a line that ends at the right edge; its height shows from 0 to the largest value, or to 50.
 * @param {number[]} values
 * @param {number} width
 * @param {number} height
 * @param {number} margin
 * @returns {[number, number][]}
 */
export function line(values, width, height, margin) {
  const top = Math.max(50, ...values);
  const step = width / (COURSE - 1);
  return values.map((value, index) => [
    width - (values.length - 1 - index) * step,
    height - margin - (value / top) * (height - 2 * margin),
  ]);
}

/**
 * @param {Figures} figures
 * @param {ServerStats | null} server
 * @param {Encoder | null} encoder
 * @returns {Record<string, string>}
 */
function rows(figures, server, encoder) {
  const stages = server
    ? [server.captureUs, server.convertUs, server.encodeUs].map((us) => (us / 1000).toFixed(1)).join(' + ')
    : '';
  return {
    latency: figures.latencyMs ? `${figures.measured ? '' : '≈ '}${figures.latencyMs.toFixed(0)} ms` : '–',
    'round-trip': figures.roundTripMs ? `${figures.roundTripMs.toFixed(1)} ms` : '–',
    fps: `${figures.fps.toFixed(0)} fps`,
    bitrate: bitrate(figures.kbps),
    target: server ? `${bitrate(server.targetKbps)}${server.estimateKbps ? `, network ${bitrate(server.estimateKbps)}` : ''}` : '–',
    resolution: figures.resolution || '–',
    encoder: encoder ? `${encoder.element} (${encoder.codec})` : '–',
    reason: encoder?.reason ?? '',
    stages: stages ? `${stages} ms` : '–',
    decoder: `${figures.decoder || figures.codec || '–'}${figures.decodeMs ? `, ${figures.decodeMs.toFixed(1)} ms` : ''}`,
    buffer: `${figures.bufferMs.toFixed(0)} ms`,
    lost: `${figures.lost} packets, ${server?.skipped ?? 0} frames skipped`,
    transport: figures.transport || '–',
    viewers: server ? String(server.viewers) : '–',
  };
}

/** @param {number} kbps */
function bitrate(kbps) {
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${kbps.toFixed(0)} kbit/s`;
}
