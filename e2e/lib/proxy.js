/** A reverse proxy as people put one before a server: it serves a sub-path and keeps the host. */

import { createServer, request } from 'node:http';

/**
 * @param {string} target the server's address
 * @param {string} prefix as `/desk/`
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function proxy(target, prefix) {
  const { hostname, port } = new URL(target);
  const server = createServer((asked, answer) => {
    if (!asked.url?.startsWith(prefix)) {
      answer.writeHead(404).end();
      return;
    }
    const { method } = asked;
    const headers = { ...asked.headers, 'x-forwarded-prefix': prefix };
    const path = asked.url.slice(prefix.length - 1);
    const onward = request({ hostname, port, path, method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => { answer.destroy(); });
    asked.pipe(onward);
  });
  server.on('upgrade', (asked, socket, head) => {
    const { method, headers, url = '' } = asked;
    const onward = request({ hostname, port, path: url.slice(prefix.length - 1), method, headers });
    onward.on('upgrade', (reply, further, first) => {
      const lines = Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      further.write(head);
      socket.write(first);
      socket.pipe(further).pipe(socket);
      for (const end of [socket, further]) end.on('error', () => { socket.destroy(); further.destroy(); });
    });
    onward.on('response', () => socket.destroy());
    onward.on('error', () => socket.destroy());
    onward.end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(null)); });
  const own = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${own.port}${prefix}`,
    close: () => { server.closeAllConnections(); server.close(); },
  };
}

/** A port that nobody uses. @returns {Promise<number>} */
export async function free() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(null)); });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => { server.close(() => resolve(null)); });
  return port;
}
