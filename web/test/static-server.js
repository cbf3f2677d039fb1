/** Serves the page as the real server does: only what is meant to be served, with the same security policy. */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVED = /^(index\.html|icon\.svg|manifest\.webmanifest|(js|css)\/[a-z-]+\.(js|css))$/;

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

export const POLICY = [
  "default-src 'self'", "img-src 'self' data: blob:", "media-src 'self' blob:", "style-src 'self'", "script-src 'self'",
  "connect-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'", "form-action 'self'",
].join('; ');

/**
 * Serves the page below a path on a free port of the loopback interface.
 * @param {string} path with slashes around it
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function serve(path) {
  const server = createServer(async ({ url = '' }, response) => {
    const name = normalize(new URL(url, 'http://localhost').pathname.slice(path.length) || 'index.html');
    const body = SERVED.test(name) ? await readFile(ROOT + name).catch(() => null) : null;
    response.writeHead(body ? 200 : 404, {
      'Content-Type': TYPES[extname(name)] ?? 'text/plain',
      'Content-Security-Policy': POLICY,
      'Cache-Control': 'no-store',
    });
    response.end(body ?? 'not found');
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(undefined)); });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}${path}`, close: () => server.close() };
}
