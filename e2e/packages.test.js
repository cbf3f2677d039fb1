/**
 * The packages, installed, used, upgraded and purged by the apt of a Debian 12 that has nothing else.
 *
 * `COSMOS_PACKAGES` names the folder that `cargo xtask dist` has written on Debian 12 or an older release.
 */

import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { PASSWORD, Place } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { free } from './lib/proxy.js';
import { until } from './lib/wait.js';

const PACKAGES = process.env.COSMOS_PACKAGES;
const SUITE = 'bookworm';
/** Milliseconds for what is fetched from the archive. */
const LONG = 600_000;
/** Runs a script in a root, with mounts and processes that end with it. */
const INSIDE = `
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
exec chroot "$1" sh -euc "$2"`;

if (PACKAGES) describe('the packages', () => tests(PACKAGES));
else console.log('SKIPPED all tests of the packages: COSMOS_PACKAGES names no folder; docs/packages.md tells how to build them');

/** @param {string} folder */
function tests(folder) {
  const place = new Place();
  const root = place.file('root');
  const files = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  /** @type {string[]} */
  let installed = [];
  /** @type {Browser} */
  let browser;
  before(async () => { browser = await Browser.open(); });
  after(async () => { await browser?.close(); await place.remove(); });

  const inside = (/** @type {string} */ script) => ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', INSIDE, 'sh', root, script];
  const sh = async (/** @type {string} */ script) => {
    const { out } = await place.must('unshare', inside(script), { within: LONG });
    return out.toString('utf8');
  };
  const paths = files.map((name) => `/tmp/${name}`).join(' ');

  it('are without errors for lintian', async (test) => {
    if (!needs(test, 'lintian')) return;
    // Who packs them gives the address, by DEBEMAIL.
    const address = 'bogus-mail-host,bogus-mail-host-in-debian-changelog,root-in-contact';
    const options = ['--fail-on', 'error', '--suppress-tags', address];
    await place.must('lintian', [...options, ...files.map((name) => join(folder, name))], { within: LONG });
  });

  it('are installed', async (test) => {
    if (!needs(test, 'debootstrap', 'unshare')) return;
    await place.must('debootstrap', ['--variant=minbase', SUITE, root, mirror()], { within: LONG });
    writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    for (const name of ['/etc/resolv.conf', '/etc/hosts']) if (existsSync(name)) copyFileSync(name, join(root, name));
    cpSync('/etc/apt/apt.conf.d', join(root, 'etc/apt/apt.conf.d'), { recursive: true });
    mkdirSync(join(root, 'dev/shm'), { recursive: true });
    for (const name of files) copyFileSync(join(folder, name), join(root, 'tmp', name));
    await sh(`export DEBIAN_FRONTEND=noninteractive; apt-get update -qq
      apt-get install -qq --no-install-recommends ${paths} xvfb openbox xterm bash-completion
      useradd --create-home ann`);
    installed = (await sh('dpkg -L cosmos-desktop cosmos-setup')).split('\n').filter((path) => /cosmos/.test(path));
    assert.ok(installed.includes('/usr/share/man/man1/cosmos-launch-desktop.1.gz'), installed.join('\n'));
    assert.equal(await sh('dpkg --verify cosmos-desktop cosmos-setup'), '');
    assert.match(await sh('cosmos-launch --version; cosmos-stream --version; cosmos-probe --version'), /(cosmos-\w+ [\d.]+\n){3}/);
    assert.match(await sh("bash -c '. /usr/share/bash-completion/completions/cosmos-launch; complete -p cosmos-launch'"), /cosmos-launch/);
    assert.match(await sh('cosmos-setup plan || [ $? = 1 ]'), /to do|in force/);
  });

  it('serve a desktop', async (test) => {
    if (installed.length === 0) return void test.skip('they are not installed');
    const port = await free();
    const desktop = `cosmos-launch desktop --software --xserver xvfb --session openbox --listen 127.0.0.1:${port}`;
    const launch = place.start('unshare', inside(`exec su --whitelist-environment BASIC_AUTH_PASSWORD - ann -c 'exec ${desktop}'`), { BASIC_AUTH_PASSWORD: PASSWORD });
    const url = `http://127.0.0.1:${port}/`;
    await until('the page is served', async () => {
      if (launch.ended) throw new Error('it ended');
      return (await fetch(`${url}healthz`)).ok;
    }, 60_000).catch((error) => { throw new Error(launch.output, { cause: error }); });
    await (await browser.page(test)).live(url);
    await launch.stop();
  });

  it('are upgraded', async (test) => {
    if (installed.length === 0) return void test.skip('they are not installed');
    for (const name of files) {
      const tree = place.file(`${name}.d`);
      await place.must('dpkg-deb', ['--raw-extract', join(folder, name), tree]);
      const control = join(tree, 'DEBIAN/control');
      writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, '$&.1'));
      await place.must('dpkg-deb', ['--build', '--root-owner-group', '-Znone', tree, join(root, 'tmp', name)], { within: LONG });
    }
    await sh(`DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends ${paths}`);
    const versions = (await sh("dpkg-query -W -f '${Version}\\n' cosmos-desktop cosmos-setup")).trim().split('\n');
    assert.ok(versions.length === 2 && versions.every((version) => version.endsWith('.1')), versions.join());
    assert.equal(await sh('dpkg --verify cosmos-desktop cosmos-setup'), '');
  });

  it('leave only what is the users', async (test) => {
    if (installed.length === 0) return void test.skip('they are not installed');
    await sh('apt-get remove -qq cosmos-desktop; apt-get purge -qq cosmos-desktop cosmos-setup');
    assert.deepEqual(installed.filter((path) => existsSync(join(root, path))), []);
    const left = await sh("dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'cosmos*' 2>/dev/null | grep -v ' un' || true");
    assert.equal(left, '');
    assert.ok(existsSync(join(root, 'home/ann/.local/state/cosmos')), 'the logs of ann');
  });
}

/** The archive that this machine is installed from. */
function mirror() {
  const sources = '/etc/apt/sources.list.d/debian.sources';
  const text = existsSync(sources) ? readFileSync(sources, 'utf8') : '';
  return /^URIs:\s*(\S+)/m.exec(text)?.[1] ?? 'http://deb.debian.org/debian';
}
