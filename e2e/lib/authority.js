/** An authority that signs certificates by ACME: Pebble, which Let's Encrypt makes for tests, with names of its own. */

import { request } from 'node:https';
import { readFileSync, writeFileSync } from 'node:fs';

import { Place } from './desktop.js';
import { free } from './proxy.js';
import { until } from './wait.js';

/** Seconds that a certificate holds. */
export const LIFE = 30;
/** A name that it signs for nobody. */
export const REFUSED = 'refused.example';
/** A name that leads to where nobody listens. */
export const ELSEWHERE = 'elsewhere.test';

export class Authority extends Place {
  /** @type {import('./programs.js').Program | null} */
  #pebble = null;

  static async at() {
    const self = new Authority();
    for (const name of /** @type {const} */ (['port', 'managed', 'checked', 'dns', 'names'])) self[name] = await free();
    await self.must('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=authority',
      '-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', self.file('key.pem'), '-out', self.trusted]);
    writeFileSync(self.file('pebble.json'), JSON.stringify({ pebble: {
      listenAddress: `127.0.0.1:${self.port}`, managementListenAddress: `127.0.0.1:${self.managed}`, certificate: self.trusted, privateKey: self.file('key.pem'),
      httpPort: 1, tlsPort: self.checked, ocspResponderURL: '', externalAccountBindingRequired: false, domainBlocklist: [REFUSED], certificateValidityPeriod: LIFE,
    } }));
    self.start('pebble-challtestsrv', ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '',
      '-dns01', `127.0.0.1:${self.dns}`, '-management', `127.0.0.1:${self.names}`]);
    await until('names can be made', () => fetch(`http://127.0.0.1:${self.names}/add-a`, {
      method: 'POST', body: JSON.stringify({ host: ELSEWHERE, addresses: ['127.0.0.9'] }),
    }));
    return self;
  }

  port = 0;
  managed = 0;
  /** The port at which it checks, in place of 443. */
  checked = 0;
  dns = 0;
  names = 0;

  get directory() { return `https://127.0.0.1:${this.port}/dir`; }

  /** What its own certificate is trusted by. */
  get trusted() { return this.file('cert.pem'); }

  async open() {
    this.#pebble = this.start('pebble', ['-config', this.file('pebble.json'), '-dnsserver', `127.0.0.1:${this.dns}`], { PEBBLE_VA_NOSLEEP: '1' });
    await until('the authority is there', () => this.root());
  }

  async close() {
    await this.#pebble?.stop();
    this.#pebble = null;
  }

  /** What the certificates that it signs are trusted by. @returns {Promise<string>} in PEM form */
  root() {
    return new Promise((resolve, reject) => {
      const asked = request(`https://127.0.0.1:${this.managed}/roots/0`, { ca: readFileSync(this.trusted) }, (answer) => {
        let text = '';
        answer.on('data', (part) => { text += part; });
        answer.on('end', () => resolve(text));
      });
      asked.on('error', reject);
      asked.end();
    });
  }
}
