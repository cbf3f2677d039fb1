/** A provider of OpenID Connect: the npm package `oidc-provider`, certified for what is asked of it here. */

import { createServer } from 'node:http';

import { free } from './proxy.js';

/** Who has an account there; the login form of the package takes any password. @type {Record<string, object>} */
const PEOPLE = {
  ada: { email: 'ada@example.org', email_verified: true, groups: ['staff', 'admins'] },
  bob: { email: 'bob@example.org', email_verified: true, groups: ['staff'] },
  eve: { email: 'eve@example.org', email_verified: true, groups: ['strangers'] },
};
export const CLIENT = { id: 'desk', secret: 'a secret of the client' };

/** The package. @returns {Promise<any>} null where it is not installed or this Node.js is too old for it, with the reason in the log */
export async function provider() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) return void console.log('SKIPPED signing in elsewhere: the provider needs Node.js 20') ?? null;
  return import('oidc-provider').then((found) => found.default, (error) => {
    console.log(`SKIPPED signing in elsewhere: ${error.message}`);
    return null;
  });
}

/** A provider that can go away and come back. */
export class Elsewhere {
  /** @type {import('node:http').Server | null} */
  #server = null;
  /** Where people are sent back to. @type {string[]} */
  redirects = [];

  /** @param {any} Provider the package */
  constructor(Provider) {
    this.Provider = Provider;
  }

  /** @param {any} Provider */
  static async at(Provider) {
    const self = new Elsewhere(Provider);
    self.port = await free();
    self.issuer = `http://127.0.0.1:${self.port}`;
    return self;
  }

  async open() {
    const { Provider } = this;
    const told = new Provider(this.issuer, {
      clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: this.redirects, application_type: 'native' }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
      cookies: { keys: ['only a test'] },
      pkce: { required: () => true },
      findAccount: (/** @type {unknown} */ _, /** @type {string} */ sub) => ({ accountId: sub, claims: () => ({ sub, ...PEOPLE[sub] }) }),
    });
    const server = createServer(told.callback());
    await new Promise((resolve) => { server.listen(this.port, '127.0.0.1', () => resolve(null)); });
    this.#server = server;
  }

  close() {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#server = null;
  }
}
