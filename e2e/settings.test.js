/** The lines by which people start earlier containers start this one too, and mean the same. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

import { COSMOS_LAUNCH, COSMOS_STREAM, Place } from './lib/desktop.js';
import { ask, logIn } from './lib/http.js';
import { needs } from './lib/programs.js';
import { free } from './lib/proxy.js';
import { until } from './lib/wait.js';

const FORMS = new URL('../crates/host/testdata/settings/forms/', import.meta.url);
/** The password that everybody knows is refused. */
const KNOWN = 'mypasswd';

for (const form of ['seed.sh', 'successor.sh']) {
  it(`takes each setting of ${form} as it is meant`, async (test) => {
    if (!needs(test, COSMOS_LAUNCH, COSMOS_STREAM, 'Xvfb', 'openbox', 'dbus-daemon')) return;
    const place = new Place();
    test.after(() => place.remove());
    const line = variables(readFileSync(new URL(form, FORMS), 'utf8'));
    assert.ok(line.length >= 10, JSON.stringify(line));
    if (line.some(([, value]) => value === KNOWN)) await isRefused(place, Object.fromEntries(line));
    const given = line.map(([name, value]) => [name, value.replace(KNOWN, 'correct horse')]);
    const launch = await launched(place, Object.fromEntries(given));
    const state = await told(launch.url, Object.fromEntries(given));
    const settings = /** @type {Record<string, Entry>} */ (state.settings);

    for (const [name, value] of given) {
      const [key, entry] = Object.entries(settings).find(([, { name: from }]) => from === name) ?? [];
      assert.ok(entry, `${name} is in nothing that is set`);
      assert.equal(entry.source, 'environment', name);
      if ('set' in entry) assert.ok(entry.set && !('value' in entry), name);
      else assert.equal(String(entry.value), value, `${name} as ${key}`);
    }
    const names = new Set([...given.map(([name]) => name), ...launch.flags, 'HOME', 'LC_ALL']);
    const others = Object.entries(settings).filter(([, { name }]) => name !== null && !names.has(name));
    assert.deepEqual(others, [], 'more is set than was given');

    const all = JSON.stringify(state);
    for (const [name, value] of given) if (/PASS|SECRET/.test(name)) assert.ok(!all.includes(value), `${name} is told`);
    assert.equal(state.desktop.size, '1920x1080');
    assert.equal(state.graphics.mode, 'software');
    assert.ok(state.graphics.refused.length >= 1, 'why no better is not told');
  });
}

/** @typedef {{value?: unknown, set?: boolean, source: string, name: string | null}} Entry */

/** What a `docker run` line sets. @param {string} text @returns {[string, string][]} */
function variables(text) {
  const found = text.matchAll(/\s-e\s+([A-Z_]+)=(\S+)/g);
  return [...found].map(([, name, value]) => [name, value]);
}

/** As it stands, the line has the password that everybody knows. @param {Place} place @param {Record<string, string>} env */
async function isRefused(place, env) {
  const { code, text } = await place.run(COSMOS_LAUNCH, ['desktop', '--software'], { env });
  assert.equal(code, 64, text);
  assert.match(text, /password/);
  assert.match(text, /which everybody knows/);
}

/** @param {Place} place @param {Record<string, string>} env */
async function launched(place, env) {
  const port = await free();
  const url = `http://127.0.0.1:${port}/`;
  const flags = ['--software', '--xserver', '--session', '--listen'];
  const launch = place.start(COSMOS_LAUNCH, [
    'desktop', '--software', '--xserver', 'xvfb', '--session', 'openbox', '--listen', `127.0.0.1:${port}`,
    '--stream', COSMOS_STREAM,
  ], env);
  await until('the page is served', async () => {
    if (launch.ended) throw new Error('it ended');
    return (await fetch(`${url}healthz`)).ok;
  }, 60_000).catch((error) => { throw new Error(launch.output, { cause: error }); });
  return { url, flags };
}

/** How things stand, for who logs in with the password of the line. @param {string} url @param {Record<string, string>} env */
async function told(url, env) {
  const { status, headers } = await logIn(url, env.SELKIES_BASIC_AUTH_PASSWORD ?? env.BASIC_AUTH_PASSWORD);
  assert.equal(status, 204);
  const Cookie = headers['set-cookie']?.[0].split(';')[0] ?? '';
  return JSON.parse((await ask(url, './api/v1/state', { headers: { Cookie } })).body);
}
