/**
 * The image, started as `cosmos-launch docker` says: without privileges, and with nothing to write to but its home.
 *
 * `COSMOS_IMAGE` names the image, `COSMOS_CONTAINER` the command that runs containers, and `COSMOS_STARTS` how often it
 * is started and killed.
 */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { Container, IMAGE, runtime } from './lib/container.js';
import { COSMOS_LAUNCH, Place } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { heard, tone, turnOn } from './lib/sound.js';
import { until } from './lib/wait.js';

const STARTS = Number(process.env.COSMOS_STARTS ?? 10);
/** Where to leave a picture of the desktop. */
const SCREENSHOT = process.env.COSMOS_SCREENSHOT;
/** Seconds that the desktop is given to end. */
const GRACE = 3;
const TERMINAL = /mate-terminal/i;

if (IMAGE) describe('the container', () => tests());
else console.log('SKIPPED all tests of the container: COSMOS_IMAGE names no image; docs/container.md tells how to build one');

function tests() {
  /** @type {Browser} */
  let browser;
  before(async () => { browser = await Browser.open(); });
  after(() => browser?.close());

  it('is a desktop in the browser', async (test) => {
    if (!needs(test, COSMOS_LAUNCH)) return;
    const { container } = stage(test);
    const begun = performance.now();
    const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
    await container.start();
    await container.serves();
    test.diagnostic(`the page is served after ${seconds()} s`);
    const page = await (await browser.page(test)).live(container.url);
    test.diagnostic(`the first picture is there after ${seconds()} s`);
    await container.window(/mate-panel/);
    await container.window(/caja/);
    test.diagnostic(`the panel and the icons are there after ${seconds()} s`);

    await container.open('mate-terminal --geometry 80x20+116+64');
    await container.focus(TERMINAL);
    await page.page.keyboard.type("printf 'h\u00e9llo' > ~/said");
    await page.page.keyboard.press('Enter');
    await until('what was typed was done', async () => (await container.sh('cat ~/said')) === 'héllo');

    await container.sh('cat > /tmp/tone.wav', tone(440, 60));
    await container.open('paplay /tmp/tone.wav');
    await turnOn(page);
    await heard(page, 440, 30_000);
    assert.doesNotMatch(await container.inDesktop('xwininfo -root -tree'), /"Error"/, 'the desktop complains');
    assert.ok(await colours(page) > 200, 'the picture is next to empty');
    if (SCREENSHOT) await picture(container, page, SCREENSHOT);
    await isHealthy(container);
    await isFenced(container);
    await opensBrowser(container);

    const { code, took } = await container.stop(GRACE);
    test.diagnostic(`it ends ${(took / 1000).toFixed(1)} s after SIGTERM`);
    assert.equal(code, 0, await container.log());
  });

  it('runs under any number of a user', async (test) => {
    if (!needs(test, COSMOS_LAUNCH)) return;
    const { container } = stage(test, ['--user', '12345:0']);
    await container.start();
    await container.serves();
    await (await browser.page(test)).live(container.url);
    await container.window(/mate-panel/);
    assert.equal(await container.sh('id -u; touch ~/mine && ls -ln ~/mine | cut -d" " -f3'), '12345\n12345');
    assert.equal((await container.stop(GRACE)).code, 0);
  });

  it(`leaves nothing after ${STARTS} starts and kills`, async (test) => {
    if (!needs(test, COSMOS_LAUNCH)) return;
    const { place, container } = stage(test);
    const leases = place.file('leases');
    mkdirSync(leases);
    container.options.push('--volume', `${leases}:/run/lock/cosmos-gpu`);
    const pids = [];
    /** @type {string[]} what its mounts are known by */
    const marks = [];
    let size = 0;
    for (let start = 1; start <= STARTS; start += 1) {
      await container.start();
      await container.serves();
      pids.push(Number(await container.inspect('{{.State.Pid}}')));
      // Docker over containerd's images tells no folder, and mounts the root below the container's number.
      const told = await container.inspect('{{.Id}} {{with .GraphDriver}}{{.Data.MergedDir}}{{end}}');
      marks.push(...told.trim().split(' '));
      if (start === 1) assert.deepEqual(mounted(marks.slice(-1)), marks.slice(-1), 'its root is not where it is looked for');
      const now = Number((await container.sh('du -sk --apparent-size /home/user')).split('\t')[0]);
      if (start <= Math.ceil(STARTS / 2)) size = Math.max(size, now);
      else assert.ok(now < size + 512, `the home grows: ${now} KiB after ${start} starts, ${size} KiB before`);
      if (start % 2 === 0) assert.equal((await container.stop(GRACE)).code, 0);
      await container.kill();
    }
    test.diagnostic(`the home holds ${size} KiB`);
    assert.equal(await runtime(['ps', '--all', '--quiet', '--filter', `name=${container.name}`]), '');
    assert.deepEqual(pids.filter((pid) => existsSync(`/proc/${pid}`)), [], 'processes are left');
    assert.deepEqual(mounted(marks), [], 'mounts are left');
    assert.deepEqual(readdirSync(leases), []);
  });
}

/** @param {import('node:test').TestContext} test @param {string[]} [options] */
function stage(test, options) {
  const place = new Place();
  const container = new Container(place, options);
  test.after(async () => {
    await container.remove();
    await place.remove();
  });
  return { place, container };
}

/** Its own health check says so, by hand and by the container runtime. @param {Container} container */
async function isHealthy(container) {
  await container.sh('cosmos-launch health');
  const check = await container.inspect('{{json .Config.Healthcheck.Test}}');
  assert.deepEqual(JSON.parse(check), ['CMD', 'cosmos-launch', 'health']);
}

/** It has no privilege, and no way to one. @param {Container} container */
async function isFenced(container) {
  const status = await container.sh('cat /proc/1/status');
  assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m);
  assert.match(status, /^CapBnd:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.equal(await container.sh('touch /usr/x 2>&1; touch /etc/x 2>&1; true'), [
    "touch: cannot touch '/usr/x': Read-only file system", "touch: cannot touch '/etc/x': Read-only file system",
  ].join('\n'));
  assert.equal(await container.sh('find / -xdev -type f -perm /6000 2>/dev/null; true'), '', 'programs of other users');
  assert.equal(await container.sh('command -v sudo curl wget; true'), '');
}

/** The one that the image was built with, if any. @param {Container} container */
async function opensBrowser(container) {
  const found = await container.sh('for name in firefox-esr firefox epiphany; do command -v $name && break; done; true');
  if (!found) return;
  await container.open(`${found} about:blank`);
  await container.window(/firefox|navigator|epiphany/i, 60_000);
}

/** How many colours the picture has. @param {import('./lib/browser.js').Page} page */
async function colours(page) {
  const { rgb } = await page.grab();
  const found = new Set();
  for (let at = 0; at < rgb.length; at += 3) found.add(rgb.readUIntBE(at, 3));
  return found.size;
}

/**
 * A picture for people who wonder what this is.
 * @param {Container} container
 * @param {import('./lib/browser.js').Page} page
 * @param {string} path
 */
async function picture(container, page, path) {
  await page.page.keyboard.type('clear; cosmos-probe --gl --vulkan | head -14');
  await page.page.keyboard.press('Enter');
  await container.sh('sleep 8');
  writeFileSync(path, await page.page.screenshot());
}

/** Those of the marks that a mount of this machine bears. @param {string[]} marks */
function mounted(marks) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  return marks.filter((mark) => mounts.includes(mark));
}
