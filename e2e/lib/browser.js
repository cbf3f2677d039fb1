/** A real Chromium, and the page in it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { fromPlanes } from './compare.js';
import { PASSWORD, USER } from './desktop.js';
import { until } from './wait.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export const VIEWPORT = { width: 1280, height: 720 };

/** A browser with a home of its own. */
export class Browser {
  /**
   * @param {{at?: string[], args?: string[]}} [options] `at` are words that are put before the command, `args` further
   *   arguments
   */
  static async open({ at = [], args = [] } = {}) {
    const self = new Browser();
    self.home = mkdtempSync(join(tmpdir(), 'cosmos-chromium-'));
    const env = { PATH: process.env.PATH ?? '', HOME: self.home, LC_ALL: 'C.UTF-8', XDG_RUNTIME_DIR: self.home };
    const executablePath = join(self.home, 'chromium');
    writeFileSync(executablePath, `#!/bin/sh\nexec ${[...at, CHROMIUM].join(' ')} "$@"\n`, { mode: 0o755 });
    self.chromium = await chromium.launch({ executablePath, headless: false, args: [...FLAGS, ...args], env });
    return self;
  }

  /**
   * A page of somebody who has not been here before; it is closed after the test.
   * @param {{after: (done: () => Promise<void>) => void}} test
   * @param {import('playwright-core').BrowserContextOptions} [options]
   */
  async page(test, options = {}) {
    const context = await this.chromium.newContext({ viewport: VIEWPORT, ...options });
    test.after(() => context.close());
    return new Page(await context.newPage());
  }

  async close() {
    await this.chromium.close();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The page of the product. */
export class Page {
  /** @type {string[]} what went wrong in it */
  errors = [];

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.errors.push(message.text());
    });
  }

  /** Opens the page, logs in, and waits for the picture. @param {string} url */
  async live(url) {
    await this.page.goto(url);
    await this.logIn();
    await this.isLive();
    return this;
  }

  /** @param {string} [password] */
  async logIn(password = PASSWORD) {
    await this.inState('login');
    await this.page.fill('#user', USER);
    await this.page.fill('#password', password);
    await this.page.click('#login button[type=submit]');
  }

  state() { return this.page.evaluate(() => document.documentElement.dataset.state); }

  /** @param {string} state @param {number} [patience] */
  inState(state, patience) {
    return until(`the page's state is ${state}`, async () => {
      const found = await this.state();
      if (found !== state) throw new Error(`it is ${found}`);
      return true;
    }, patience);
  }

  /** Waits until the picture is there. @param {number} [patience] */
  async isLive(patience) {
    await until('the picture is there', () => this.page.evaluate(() => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('#screen'));
      const { state, picture, rung } = document.documentElement.dataset;
      return state === 'live' && picture !== undefined && (rung === 'websocket' || video.videoWidth > 0);
    }), patience);
  }

  /** How the server is reached: `webrtc` or `websocket`. */
  rung() { return this.page.evaluate(() => document.documentElement.dataset.rung); }

  /** Which way through the network is taken: `udp`, `tcp`, `turn-udp`, `turn-tcp`, `turn-tls` or `websocket`. */
  route() { return this.page.evaluate(() => document.documentElement.dataset.route); }

  /** Why no better way is taken. @returns {Promise<string>} */
  failed() { return this.page.evaluate(() => /** @type {any} */ (window).cosmos.stats().rung?.failed ?? ''); }

  /** The size of the picture. @returns {Promise<string>} `WIDTHxHEIGHT` */
  videoSize() {
    return this.page.evaluate(() => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('#screen'));
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#canvas'));
      return canvas.hidden ? `${video.videoWidth}x${video.videoHeight}` : `${canvas.width}x${canvas.height}`;
    });
  }

  /** Keeps what is decoded where the picture comes as messages, for `grab`; to be called before the page is opened. */
  keepDecoded() {
    return this.page.addInitScript(() => {
      const kept = /** @type {{decoded?: VideoFrame}} */ (/** @type {any} */ (window));
      window.VideoDecoder = class extends VideoDecoder {
        constructor(/** @type {VideoDecoderInit} */ init) {
          const output = (/** @type {VideoFrame} */ frame) => {
            kept.decoded?.close();
            kept.decoded = frame.clone();
            init.output(frame);
          };
          super({ ...init, output });
        }
      };
    });
  }

  /**
   * The decoded picture, by the colour space that it says it has. Not through a canvas: Chromium's own conversion on the
   * CPU is 14 of 255 off for pure blue. Where it comes as messages, it is kept only after `keepDecoded`.
   * @returns {Promise<import('./compare.js').Picture & {colorSpace: VideoColorSpaceInit, format: string}>}
   */
  async grab() {
    const frame = await this.page.evaluate(async () => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('#screen'));
      const kept = /** @type {VideoFrame | undefined} */ (/** @type {any} */ (window).decoded);
      const frame = kept?.clone() ?? new VideoFrame(video);
      const { format, visibleRect } = frame;
      const planes = new Uint8Array(frame.allocationSize());
      const layout = await frame.copyTo(planes);
      const colorSpace = frame.colorSpace.toJSON();
      frame.close();
      const reader = new FileReader();
      await new Promise((resolve) => { reader.onload = resolve; reader.readAsDataURL(new Blob([planes])); });
      const { width = 0, height = 0 } = visibleRect ?? {};
      return { width, height, format, colorSpace, layout, data: String(reader.result).split(',')[1] };
    });
    const { width, height, format, colorSpace } = frame;
    if (format !== 'I420' && format !== 'I444') throw new Error(`the browser decodes to ${format}`);
    const rgb = fromPlanes({ ...frame, planes: Buffer.from(frame.data, 'base64') }, format === 'I420' ? 1 : 0);
    return { width, height, rgb, colorSpace, format };
  }

  /** The picture as it is drawn where it came as messages. @returns {Promise<import('./compare.js').Picture>} */
  async grabDrawn() {
    const { width, height, data } = await this.page.evaluate(async () => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#canvas'));
      const { width, height } = canvas;
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext('2d'));
      context.drawImage(canvas, 0, 0);
      const reader = new FileReader();
      const pixels = new Blob([context.getImageData(0, 0, width, height).data]);
      await new Promise((resolve) => { reader.onload = resolve; reader.readAsDataURL(pixels); });
      return { width, height, data: String(reader.result).split(',')[1] };
    });
    const rgba = Buffer.from(data, 'base64');
    const rgb = Buffer.alloc(width * height * 3);
    for (let pixel = 0; pixel < width * height; pixel += 1) rgba.copy(rgb, pixel * 3, pixel * 4, pixel * 4 + 3);
    return { width, height, rgb };
  }

  /** The colour that is drawn 40 pixels off the lower right corner. @returns {Promise<number[]>} */
  colour() {
    return this.page.evaluate(() => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('#screen'));
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#canvas'));
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext('2d'));
      if (canvas.hidden) context.drawImage(video, -video.videoWidth + 40, -video.videoHeight + 40);
      else context.drawImage(canvas, -canvas.width + 40, -canvas.height + 40);
      return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    });
  }

  /** Waits until the picture has this colour near its lower right corner. @param {string} colour `#rrggbb` */
  shows(colour, patience = undefined) {
    const wanted = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return until(`the picture shows ${colour}`, async () => {
      const seen = await this.colour();
      if (wanted.some((value, channel) => Math.abs(value - seen[channel]) > 24)) throw new Error(`it shows ${seen}`);
      return true;
    }, patience);
  }

  /** What `window.cosmos` and the panel tell. */
  statistics() {
    return this.page.evaluate(() => ({ .../** @type {HTMLElement} */ (document.querySelector('#statistics')).dataset }));
  }
}
