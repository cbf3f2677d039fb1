/** The page of noVNC for vnc.py: connects, reads the strip of picture.c from what is drawn, and counts bytes.
 *
 *     node vnc-page.mjs '{"noVnc": FOLDER, "page": PORT, "server": "ws://…", "seconds": N, "warmUp": N, "width": N, "height": N,
 *         "pixels": BOOLEAN}'
 *
 * Says `begin` and `end` on lines of their own around the time that is measured, and then what was seen, as JSON. */

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, normalize } from 'node:path';

// What the tests of the page have installed is good enough here.
const { chromium } = createRequire(new URL('../e2e/package.json', import.meta.url))('playwright-core');

const { noVnc, page: port, server, seconds, warmUp, width, height, pixels } = JSON.parse(process.argv[2]);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const HTML = '<!doctype html><html><body style="margin:0"><div id="stage"></div></body></html>';
const PATIENCE = 20_000;

const files = createServer((request, response) => {
  const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
  try {
    const body = path === '/' ? HTML : readFileSync(join(noVnc, path));
    response.writeHead(200, { 'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => { files.listen(port, '127.0.0.1', () => resolve(null)); });

/** Runs in the page. @param {{server: string, pixels: boolean}} options */
async function watch({ server, pixels }) {
  const seen = { ages: [], bytes: 0, torn: 0, last: -1, state: 'connecting' };
  window.seen = seen;
  window.WebSocket = new Proxy(window.WebSocket, {
    construct(Real, rest) {
      const socket = new Real(...rest);
      socket.addEventListener('message', ({ data }) => { seen.bytes += data.byteLength; });
      return socket;
    },
  });
  const { default: Rfb } = await import('/core/rfb.js');
  if (pixels) {
    const H264 = 50;
    const original = Rfb.messages.clientEncodings;
    Rfb.messages.clientEncodings = (socket, encodings) => original.call(Rfb.messages, socket, encodings.filter((number) => number !== H264));
  }
  const rfb = new Rfb(document.querySelector('#stage'), server, { shared: true, wsProtocols: ['binary'] });
  rfb.addEventListener('connect', () => { seen.state = 'connected'; });
  rfb.addEventListener('disconnect', () => { seen.state = 'lost'; });
  // The clock of pictures, by the one that the picture is stamped by.
  const begun = Date.now();
  while (Date.now() === begun);
  const ahead = Date.now() - performance.now();
  const look = () => {
    requestAnimationFrame(look);
    const canvas = document.querySelector('#stage canvas');
    if (!canvas?.width) return;
    const line = canvas.getContext('2d').getImageData(0, 8, 768, 1).data;
    const bits = Array.from({ length: 48 }, (_, at) => (line[(at * 16 + 8) * 4 + 1] > 127 ? 1 : 0));
    const value = (from, to) => bits.slice(from, to).reduce((sum, bit) => sum * 2 + bit, 0);
    const time = value(2, 40);
    if (time === seen.last) return;
    if (value(0, 2) !== 2 || value(40, 48) !== time % 251) {
      seen.torn += 1;
      return;
    }
    seen.last = time;
    const now = Math.round((performance.now() + ahead) * 1000) % 2 ** 38;
    seen.ages.push((now - time) / 1000);
  };
  look();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
try {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(watch, { server, pixels });
  await page.waitForFunction(() => window.seen.ages.length > 0, undefined, { timeout: PATIENCE });
  await page.waitForTimeout(warmUp * 1000);
  await page.evaluate(() => Object.assign(window.seen, { ages: [], bytes: 0, torn: 0 }));
  console.log('begin');
  const begun = performance.now();
  await page.waitForTimeout(seconds * 1000);
  const { ages, bytes, torn, state } = await page.evaluate(() => window.seen);
  const took = (performance.now() - begun) / 1000;
  console.log('end');
  console.log(JSON.stringify({ ages, bytes, torn, state, took }));
} finally {
  await browser.close();
  files.close();
}
