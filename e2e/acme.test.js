/** A certificate from an authority, by ACME: Pebble checks the names by handshakes with the one port. */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { connect } from 'node:tls';

import { Authority, ELSEWHERE, LIFE, REFUSED } from './lib/authority.js';
import { Desktop } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { onAnyDesktop } from './lib/stage.js';
import { pause, until } from './lib/wait.js';

const NAMES = ['desk.test', 'table.test'];

if (needs({ name: 'certificates from an authority', skip: () => {} }, 'pebble', 'pebble-challtestsrv', 'openssl')) {
  onAnyDesktop('certificates from an authority', (stage) => {
    /** @type {Authority} */
    let authority;
    /** @type {Desktop} */
    let desktop;
    let left = '';

    before(async () => {
      authority = await Authority.at();
      desktop = new Desktop(stage.desktop.x);
      // The authority is away when the server starts.
      await serve().catch(() => {
        if (!desktop.stream.output.includes('built without')) throw new Error(desktop.stream.output);
        left = 'cosmos-stream was built without the feature acme';
        console.log(`SKIPPED certificates from an authority: ${left}`);
      });
    });
    after(async () => {
      await desktop?.remove();
      await authority?.remove();
    });

    const test = (/** @type {string} */ name, /** @type {() => Promise<void>} */ run) => it(name, (context) => (left ? context.skip(left) : run()));

    /** @param {{names?: string[], directory?: string, state?: string}} [options] */
    async function serve({ names = NAMES, directory = authority.directory, state = 'state' } = {}) {
      await desktop.stream?.stop();
      const args = ['--no-audio', '--listen', `127.0.0.1:${authority.checked}`, '--state-dir', desktop.file(state), '--acme-directory', directory];
      await desktop.serve([...args, ...names.flatMap((name) => ['--acme', name])], { SSL_CERT_FILE: authority.trusted });
    }

    const says = (/** @type {RegExp} */ words) => until(`it says ${words}`, () => {
      if (!words.test(desktop.stream.output)) throw new Error(desktop.stream.output);
      return true;
    });

    /** What is shown to whoever comes by this name. @param {string} name @param {string} [ca] that is trusted, and nothing else */
    const shown = (name, ca) => /** @type {Promise<import('node:tls').PeerCertificate>} */ (new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: authority.checked, servername: name, ca, rejectUnauthorized: ca !== undefined, ALPNProtocols: ['http/1.1'] });
      socket.on('secureConnect', () => { resolve(socket.getPeerCertificate()); socket.destroy(); });
      socket.on('error', reject);
    }));

    test('serves its own while the authority is away, and says so', async () => {
      await says(/no certificate for desk\.test, table\.test from https.*the authority does not answer; look at --acme-directory.*next attempt is in 300 s/);
      assert.equal((await shown('desk.test')).subject.CN, 'COSMOS desktop');
    });

    test('gets one that is trusted, keeps it, renews it in time, and says when it has expired', async () => {
      await authority.open();
      await serve();
      await says(/a certificate is asked for: there is none/);
      await says(/the certificate is there/);
      const root = await authority.root();
      // It is looked at again when somebody comes, seconds later.
      const first = await until('it is shown', () => shown('desk.test', root));
      assert.equal(first.subjectaltname, 'DNS:desk.test, DNS:table.test');
      assert.equal((await shown('table.test', root)).serialNumber, first.serialNumber);
      await checkFiles();

      await serve();
      assert.equal((await shown('desk.test', root)).serialNumber, first.serialNumber);
      assert.doesNotMatch(desktop.stream.output, /is asked for/);
      const second = await until('another is shown', async () => {
        const now = await shown('desk.test', root);
        return now.serialNumber === first.serialNumber ? null : now;
      }, 2000 * LIFE);
      assert.match(desktop.stream.output, /two thirds of the life/);
      assert.ok(Date.parse(second.valid_from) < Date.parse(first.valid_to), 'before the first had expired');

      await desktop.stream.stop();
      await authority.close();
      await pause(Date.parse(second.valid_to) + 1000 - Date.now());
      await serve();
      await says(/has expired, or the clock of this machine is wrong/);
      await says(/the authority does not answer/);
      assert.equal((await shown('desk.test')).serialNumber, second.serialNumber);
    });

    async function checkFiles() {
      const folder = desktop.file('state/acme');
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      for (const name of ['account.json', 'certificate.pem']) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
      const key = readFileSync(join(folder, 'certificate.pem'), 'utf8').split('-----BEGIN PRIVATE KEY-----')[1].slice(1, 40);
      assert.ok(!desktop.stream.output.includes(key), 'no key is told');
    }

    test('shows the check to nobody else, and nothing where none is expected', async () => {
      await assert.rejects(new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: authority.checked, servername: 'desk.test', rejectUnauthorized: false, ALPNProtocols: ['acme-tls/1'] });
        socket.on('secureConnect', () => { resolve(null); socket.destroy(); });
        socket.on('error', reject);
      }));
    });

    for (const { name, names, state = 'other', words } of [
      { name: 'a name that it does not sign for', names: [REFUSED], words: /no certificate for refused\.example from .*the authority says: .*; look at --acme: it signs for no such name/ },
      { name: 'a name that leads elsewhere', names: [ELSEWHERE], words: /no certificate for elsewhere\.test .*the authority says: .*; each name of --acme must lead to this server, and port 443/ },
      { name: 'a folder that cannot be written', names: NAMES, state: 'blocked', words: /no certificate for desk\.test, .*cannot write .*blocked\/acme; make its folder writable/ },
    ]) {
      test(`goes on without one, and says why: ${name}`, async () => {
        await authority.close();
        await authority.open();
        mkdirSync(desktop.file('blocked'), { recursive: true, mode: 0o700 });
        writeFileSync(desktop.file('blocked/acme'), 'no folder');
        await serve({ names, state });
        await says(words);
        assert.equal((await shown(names[0])).subject.CN, 'COSMOS desktop');
      });
    }

    test('goes on without one, and says why: too many were asked for', async () => {
      const busy = createServer((_, answer) => answer.writeHead(429, { 'Content-Type': 'application/problem+json', 'Retry-After': '7200' })
        .end(JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many certificates\nfor one week' })));
      await new Promise((resolve) => { busy.listen(0, '127.0.0.1', () => resolve(null)); });
      const { port } = /** @type {import('node:net').AddressInfo} */ (busy.address());
      try {
        await serve({ directory: `http://127.0.0.1:${port}/directory`, state: 'other' });
        await says(/the authority says: too many certificates for one week, rateLimited; it is asked again later\. .*next attempt is in 7200 s/);
        assert.equal((await shown('desk.test')).subject.CN, 'COSMOS desktop');
      } finally {
        busy.closeAllConnections();
        busy.close();
      }
    });
  });
}
