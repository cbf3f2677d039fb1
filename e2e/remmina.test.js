/** Remmina, and with it the viewers that are made with LibVNCClient: what it shows and types, and by which passwords. */

import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { PASSWORD } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { draw, open, PORT, types, VIEW_PASSWORD } from './lib/vnc.js';
import { until } from './lib/wait.js';
import { XServer } from './lib/xserver.js';

/** Where its plugin for VNC is, as packages put it. */
const PLUGINS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib'].map((folder) => `${folder}/remmina/plugins/remmina-plugin-vnc.so`);
/** The edge of its bar lies over so many rows of a full screen. */
const BAR = 20;
/** What it encrypts passwords with is in a file beside them. */
const SECRET = Buffer.alloc(32, 7);

/** As Remmina keeps it: 3DES, filled with zeros. @param {string} password */
function kept(password) {
  const plain = Buffer.alloc(Math.ceil((password.length + 1) / 8) * 8);
  plain.write(password);
  const cipher = createCipheriv('des-ede3-cbc', SECRET.subarray(0, 24), SECRET.subarray(24)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
}

describe('Remmina', () => {
  /** @type {import('./lib/desktop.js').Desktop} */ let desktop;
  /** @type {import('./lib/desktop.js').Place} */ let place;
  /** @type {XServer} */ let screen;
  before(async () => {
    ({ desktop, place } = await open('/usr/share/novnc'));
    screen = await new XServer('Xvfb').start();
    place.env.DISPLAY = screen.display;
    const folder = `${place.env.XDG_CONFIG_HOME}/remmina`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/remmina.pref`, `[remmina_pref]\nsecret=${SECRET.toString('base64')}\n`);
  });
  after(async () => {
    await desktop?.close();
    await place?.remove();
    await screen?.stop();
  });

  /** Whether it is installed, with its plugin. @param {any} test @param {string[]} programs */
  function has(test, ...programs) {
    // No program has this name.
    const plugin = PLUGINS.some((file) => existsSync(file)) ? [] : ['remmina-plugin-vnc'];
    return needs(test, 'remmina', ...plugin, 'dbus-run-session', ...programs);
  }

  /** Shows the desktop on all of the screen. @param {any} test @param {string} password */
  function view(test, password) {
    const file = place.file('desktop.remmina');
    const lines = {
      name: 'desktop', protocol: 'VNC', server: `127.0.0.1:${PORT}`, password: kept(password), quality: 9, colordepth: 32, viewmode: 3,
      scale: 0, disableencryption: 1, showcursor: 0,
    };
    writeFileSync(file, ['[remmina]', ...Object.entries(lines).map(([key, value]) => `${key}=${value}`), ''].join('\n'));
    const viewer = place.start('dbus-run-session', ['--', 'remmina', '-c', file], { NO_AT_BRIDGE: '1' });
    test.after(() => viewer.stop());
    return viewer;
  }

  /** Waits until it shows the screen, pixel by pixel, but for what its bar hides. */
  function shown() {
    const below = (/** @type {{width: number, rgb: Buffer}} */ { width, rgb }) => rgb.subarray(BAR * width * 3);
    return until('the picture is the screen', async () => below(await place.grab()).equals(below(await desktop.grab())));
  }

  it('shows the screen', async (test) => {
    if (!has(test, 'import', 'convert', 'display')) return;
    await draw(desktop);
    const viewer = view(test, PASSWORD);
    await shown();
    await draw(desktop, false);
    await shown();
    await viewer.stop();
  });

  it('types with the password that lets it, and not with the other', async (test) => {
    if (!has(test, 'import', 'xdotool', 'xterm')) return;
    for (const [password, may] of /** @type {[string, boolean][]} */ ([[VIEW_PASSWORD, false], [PASSWORD, true]])) {
      const written = desktop.file(`remmina-${may}`);
      const terminal = desktop.start('xterm', ['-geometry', '60x20+100+100', '-e', `cat > ${written}`]);
      await until('the terminal is there', async () => (await desktop.run('xdotool', ['search', '--class', 'xterm'])).code === 0);
      const viewer = view(test, password);
      await shown();
      const type = () => place.run('xdotool', ['mousemove', '300', '300', 'click', '1', 'type', 'remmina & vnc\n']);
      await types(may, written, 'remmina & vnc', type);
      await viewer.stop();
      await terminal.stop();
    }
  });

  it('is refused with a wrong password', async (test) => {
    if (!has(test)) return;
    const seen = () => [/gave a wrong password/g, /viewer is connected/g].map((said) => desktop.stream.output.match(said)?.length ?? 0);
    const [refused, connected] = seen();
    const viewer = view(test, 'wrong');
    await until('it is refused', () => seen()[0] > refused);
    await viewer.stop();
    assert.equal(seen()[1], connected);
  });
});
