/** What stands beside a server: a real coturn and a real nginx, in the network of a test. */

import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { Place } from './desktop.js';
import { ADDRESS, ADDRESS_6 } from './network.js';
import { until } from './wait.js';

export const SECRET = 'bm9ydGg=';
export const LONG_TERM = { username: 'ann', credential: 'long term' };
/** Where coturn is: with a shared secret, with long-term users, over TLS. */
export const TURN = { secret: 3478, longTerm: 3479, tls: 5349 };
/** The page behind nginx, below a path. */
export const PROXIED = `https://${ADDRESS.beside}/desk/`;

export class Beside extends Place {
  /** @param {import('./network.js').Network} network */
  constructor(network) {
    super();
    this.network = network;
  }

  /** @param {import('./network.js').Network} network */
  static async open(network) {
    const self = new Beside(network);
    try {
      await self.#start();
      return self;
    } catch (error) {
      await self.remove();
      throw error;
    }
  }

  async #start() {
    await this.must('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-subj', '/CN=beside', '-addext', `subjectAltName=IP:${ADDRESS.beside}`, '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', this.file('key.pem'), '-out', this.file('cert.pem')]);
    await Promise.all([this.#coturn(), this.#nginx()]);
  }

  /** A login for the shared secret. @param {number} expires in seconds since 1970 */
  login(expires, secret = SECRET) {
    const username = `${expires}:test`;
    return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
  }

  async #coturn() {
    const common = ['realm=cosmos.test', 'no-cli', 'log-file=stdout', 'fingerprint', 'no-dtls', `relay-ip=${ADDRESS.beside}`,
      `listening-ip=${ADDRESS.beside}`, 'no-software-attribute'];
    await Promise.all([
      this.#turn('secret', [...common, `listening-port=${TURN.secret}`, `tls-listening-port=${TURN.tls}`, 'min-port=49160', 'max-port=49200',
        'use-auth-secret', `static-auth-secret=${SECRET}`, `cert=${this.file('cert.pem')}`, `pkey=${this.file('key.pem')}`]),
      this.#turn('users', [...common, `listening-port=${TURN.longTerm}`, 'no-tls', 'min-port=49201', 'max-port=49240',
        'lt-cred-mech', `user=${LONG_TERM.username}:${LONG_TERM.credential}`]),
    ]);
  }

  /** @param {string} name @param {string[]} lines */
  async #turn(name, lines) {
    const file = (/** @type {string} */ end) => this.file(`turn-${name}.${end}`);
    writeFileSync(file('conf'), [...lines, `userdb=${file('db')}`, `pidfile=${file('pid')}`, ''].join('\n'));
    const [enter, ...rest] = this.network.at('beside');
    const program = this.start(enter, [...rest, 'turnserver', '-c', file('conf')]);
    const port = name === 'users' ? TURN.longTerm : TURN.secret;
    await this.#listens(program, port);
  }

  async #nginx() {
    const upstream = `http://${ADDRESS.server}:8080/`;
    writeFileSync(this.file('nginx.conf'), `
      daemon off;
      error_log stderr;
      pid ${this.file('nginx.pid')};
      worker_processes 1;
      events {}
      http {
        access_log off;
        client_body_temp_path ${this.file('nginx-body')};
        proxy_temp_path ${this.file('nginx-proxy')};
        fastcgi_temp_path ${this.file('nginx-fastcgi')};
        uwsgi_temp_path ${this.file('nginx-uwsgi')};
        scgi_temp_path ${this.file('nginx-scgi')};
        map $http_upgrade $connection_upgrade { default upgrade; '' close; }
        server {
          listen ${ADDRESS.beside}:443 ssl;
          listen [${ADDRESS_6.beside}]:443 ssl;
          ssl_certificate ${this.file('cert.pem')};
          ssl_certificate_key ${this.file('key.pem')};
          location /desk/ {
            proxy_pass ${upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_buffering off;
          }
        }
      }
    `);
    const [enter, ...rest] = this.network.at('beside');
    const program = this.start(enter, [...rest, 'nginx', '-p', this.dir, '-c', this.file('nginx.conf')]);
    await this.#listens(program, 443);
  }

  /** @param {import('./programs.js').Program} program @param {number} port */
  async #listens(program, port) {
    const probe = `exec 3<>/dev/tcp/${ADDRESS.beside}/${port}`;
    await until(`${program.name} listens on ${port}`, async () => {
      if (program.ended) throw new Error(program.output);
      await this.network.run('beside', 'bash', ['-c', probe]);
      return true;
    });
  }
}

/** A server of the list that browsers take. @param {number} port @param {'udp' | 'tcp' | 'tls'} way @param {object} login */
export function turnServer(port, way, login) {
  const [scheme, transport] = way === 'tls' ? ['turns', 'tcp'] : ['turn', way];
  return { urls: [`${scheme}:${ADDRESS.beside}:${port}?transport=${transport}`], ...login };
}
