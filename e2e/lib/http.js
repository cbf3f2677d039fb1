/** Requests as a page or a stranger would send them. */

import { request } from 'node:http';

import { PASSWORD, USER } from './desktop.js';

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} body
 */

/**
 * Sends one request; `url` is the page's address, `path` is relative to it.
 * @param {string} url
 * @param {string} path
 * @param {{method?: string, headers?: Record<string, string>, body?: string | object}} [options]
 * @returns {Promise<Answer>}
 */
export function ask(url, path, { method, headers = {}, body } = {}) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const all = text === undefined ? headers : { 'Content-Type': 'application/json', Origin: new URL(url).origin, ...headers };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method: method ?? (text === undefined ? 'GET' : 'POST'), headers: all, timeout: 20_000, agent: false });
    sent.on('response', (response) => {
      /** @type {Buffer[]} */
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString('utf8') });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`${path}: no answer`)));
    sent.end(text);
  });
}

/** @param {string} url @param {string} [password] */
export function logIn(url, password = PASSWORD) {
  return ask(url, './api/login', { body: { user: USER, password } });
}

/** A cookie of somebody who is logged in. @param {string} url */
export async function cookie(url) {
  const { status, headers } = await logIn(url);
  if (status !== 204) throw new Error(`the login was answered with ${status}`);
  return headers['set-cookie']?.[0].split(';')[0] ?? '';
}

/** How things stand at the server. @param {string} url */
export async function state(url) {
  const { body } = await ask(url, './api/state', { headers: { Cookie: await cookie(url) } });
  return JSON.parse(body);
}
