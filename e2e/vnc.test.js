/** Real VNC viewers: the picture in each is the screen, pixel by pixel, and what is done in it happens there. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { Browser } from './lib/browser.js';
import { PASSWORD } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { heardInSpeakers, tapSpeakers } from './lib/sound.js';
import { draw, open, PORT, types, VIEW_PASSWORD } from './lib/vnc.js';
import { until } from './lib/wait.js';
import { XServer } from './lib/xserver.js';

/** Encodings by number, as noVNC of each version knows them; the lossless ones. */
const ENCODINGS = { raw: 0, rre: 2, hextile: 5, zlib: 6, tight: 7, zrle: 16, tightPng: -260 };
/** Pseudo-encodings that are always asked for: size, last rectangle, cursor. */
const PSEUDO = [-223, -224, -239, -308];
/** The decoder of raw pixels in noVNC 1.3 writes the opacity of one row into another, and RRE has raw parts too. */
const NOVNC = {
  '1.3 of Debian': { root: '/usr/share/novnc', knows: ['hextile', 'tight', 'tightPng'] },
  '1.7 of npm': {
    root: fileURLToPath(new URL('./node_modules/@novnc/novnc', import.meta.url)),
    knows: ['raw', 'rre', 'hextile', 'zlib', 'tight', 'zrle', 'tightPng'],
  },
};

for (const [name, { root, knows }] of Object.entries(NOVNC)) {
  describe(`noVNC ${name}`, () => {
    if (!existsSync(`${root}/core/rfb.js`)) {
      console.log(`SKIPPED noVNC ${name}: it is not in ${root}`);
      return;
    }
    /** @type {import('./lib/desktop.js').Desktop} */ let desktop;
    /** @type {import('./lib/desktop.js').Place} */ let place;
    /** @type {Browser} */ let browser;
    before(async () => {
      ({ desktop, place } = await open(root));
      browser = await Browser.open();
    });
    after(async () => {
      await browser?.close();
      await desktop?.close();
      await place?.remove();
    });

    /** A page that is logged in and shows the desktop. @param {any} test @param {string} [query] */
    async function live(test, query = '') {
      const page = await browser.page(test);
      await page.page.goto(`${desktop.url}vnc/${query}`);
      await page.logIn();
      await page.inState('live');
      return page;
    }

    /** The pixels that the page shows. @param {import('./lib/browser.js').Page} page @param {typeof desktop} [of] */
    async function shown(page, of = desktop) {
      const data = await page.page.evaluate(() => {
        const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#stage canvas'));
        return canvas.toDataURL('image/png').split(',')[1];
      });
      const file = of.file('shown.png');
      writeFileSync(file, Buffer.from(data, 'base64'));
      const { out } = await of.must('convert', [file, '-depth', '8', 'rgb:-']);
      return out;
    }

    it('shows the screen, in every encoding', async (test) => {
      if (!needs(test, 'convert', 'display', 'import')) return;
      await draw(desktop);
      for (const encoding of /** @type {(keyof typeof ENCODINGS)[]} */ (knows)) {
        const page = await browser.page(test);
        await page.page.goto(`${desktop.url}vnc/`);
        await page.inState('login');
        await page.page.evaluate(async ([forced, ...pseudo]) => {
          const { default: Rfb } = await import(new URL('./core/rfb.js', document.baseURI).href);
          const original = Rfb.messages.clientEncodings;
          Rfb.messages.clientEncodings = (/** @type {any} */ socket) => original.call(Rfb.messages, socket, [forced, ...pseudo]);
        }, [ENCODINGS[encoding], ...PSEUDO]);
        await page.logIn();
        await page.inState('live');
        await until(`the picture in ${encoding} is the screen`, async () => (await shown(page)).equals((await desktop.grab()).rgb));
        assert.deepEqual(page.errors, []);
        await page.page.context().close();
      }
    });

    it('shows what moves as H.264, and then what is there to the pixel', async (test) => {
      if (!needs(test, 'convert', 'display', 'import', 'xterm', 'gst-inspect-1.0')) return;
      const encoder = ['x264enc', 'openh264enc'].find((name) => spawnSync('gst-inspect-1.0', [name]).status === 0);
      const page = await browser.page(test);
      await page.page.goto(`${desktop.url}vnc/`);
      const decodes = await page.page.evaluate(async () => {
        const { supportsWebCodecsH264Decode } = await import(new URL('./core/util/browser.js', document.baseURI).href);
        return supportsWebCodecsH264Decode ?? false;
      });
      if (!encoder || !decodes) {
        const reason = encoder ? 'it decodes none' : 'nothing here encodes it';
        console.log(`SKIPPED H.264 in noVNC ${name}: ${reason}`);
        test.skip(reason);
        return;
      }
      const other = await open(root, { args: ['--encoder', encoder], port: PORT + 2 });
      test.after(async () => {
        await other.desktop.close();
        await other.place.remove();
      });
      await page.page.goto(`${other.desktop.url}vnc/`);
      await page.inState('login');
      await page.page.evaluate(async () => {
        const [{ default: Rfb }, { default: Decoder }] = await Promise.all(['rfb', 'decoders/h264'].map((name) => (
          import(new URL(`./core/${name}.js`, document.baseURI).href))));
        // Who asks for no quality is shown no JPEG, which would do here.
        const encodings = Rfb.messages.clientEncodings;
        Rfb.messages.clientEncodings = (/** @type {any} */ socket, /** @type {number[]} */ numbers) => (
          encodings.call(Rfb.messages, socket, numbers.filter((number) => number < -32 || number > -23)));
        const original = Decoder.prototype.decodeRect;
        const all = /** @type {any} */ (window);
        all.decoded = 0;
        Decoder.prototype.decodeRect = function decode(/** @type {any[]} */ ...rest) {
          const whole = original.apply(this, rest);
          all.decoded += Number(whole);
          return whole;
        };
      });
      await page.logIn();
      await page.inState('live');
      await draw(other.desktop, false);
      const film = other.desktop.start('xterm', [
        '-geometry', '190x50+0+0', '-e', 'sh', '-c', 'while :; do head -c 7000 /dev/urandom | base64 -w 180; sleep 0.03; done']);
      await until('it decodes H.264', () => page.page.evaluate(() => /** @type {any} */ (window).decoded > 10));
      await film.stop();
      const seen = async () => shown(page, other.desktop);
      await until('the picture is the screen', async () => (await seen()).equals((await other.desktop.grab()).rgb));
      assert.deepEqual(page.errors, []);
    });

    it('shows what came as JPEG to the pixel when it stands still', async (test) => {
      if (!needs(test, 'convert', 'display', 'import')) return;
      const page = await browser.page(test);
      await page.page.goto(`${desktop.url}vnc/`);
      await page.inState('login');
      await page.page.evaluate(async () => {
        const [{ default: Rfb }, { default: Tight }] = await Promise.all(['rfb', 'decoders/tight'].map((name) => (
          import(new URL(`./core/${name}.js`, document.baseURI).href))));
        const H264 = 50;
        const encodings = Rfb.messages.clientEncodings;
        Rfb.messages.clientEncodings = (/** @type {any} */ socket, /** @type {number[]} */ numbers) => (
          encodings.call(Rfb.messages, socket, numbers.filter((number) => number !== H264)));
        const original = Tight.prototype._jpegRect;
        const all = /** @type {any} */ (window);
        all.photographs = 0;
        Tight.prototype._jpegRect = function jpegRect(/** @type {any[]} */ ...rest) {
          const whole = original.apply(this, rest);
          all.photographs += Number(whole);
          return whole;
        };
      });
      await page.logIn();
      await page.inState('live');
      await draw(desktop);
      await until('JPEG has come', () => page.page.evaluate(() => /** @type {any} */ (window).photographs > 0));
      await until('the picture is the screen', async () => (await shown(page)).equals((await desktop.grab()).rgb));
      assert.deepEqual(page.errors, []);
    });

    it('types, points and copies', async (test) => {
      if (!needs(test, 'xterm', 'xclip')) return;
      const written = desktop.file(`typed-${Math.random()}`);
      const terminal = desktop.start('xterm', ['-geometry', '60x20+100+100', '-e', `cat > ${written}`]);
      const page = await live(test);
      await until('the terminal is there', async () => (await desktop.run('xdotool', ['search', '--class', 'xterm'])).code === 0);
      await page.page.mouse.click(300, 300);
      await until('what is typed arrives', async () => {
        await page.page.keyboard.type('Hello 42');
        await page.page.keyboard.press('Enter');
        return existsSync(written) && readFileSync(written, 'utf8').includes('Hello 42\n');
      });
      const text = 'Zwölf 漢字\nзеленый';
      await desktop.run('sh', ['-c', 'xclip -selection clipboard -i > /dev/null 2>&1'], { input: text });
      await until('the page has what was copied', async () => (await page.page.inputValue('#text')) === text);
      const back = `zurück ${name} 字`;
      await page.page.evaluate((text) => {
        const area = /** @type {HTMLTextAreaElement} */ (document.querySelector('#text'));
        area.value = text;
        area.dispatchEvent(new Event('change'));
      }, back);
      await until('the desktop has what was written', async () => (
        (await desktop.run('xclip', ['-selection', 'clipboard', '-o'], { within: 3000 })).out.toString('utf8') === back));
      await terminal.stop();
    });

    it('makes the screen as large as the window', async (test) => {
      const page = await live(test, '?resize=remote');
      await page.page.setViewportSize({ width: 1000, height: 640 });
      await until('the screen follows', async () => (await desktop.size()).startsWith('1000x'));
      await page.page.setViewportSize({ width: 1280, height: 720 });
    });

    it('is heard on the page', async (test) => {
      if (!needs(test, 'pulseaudio', 'pactl', 'paplay')) return;
      const { desktop, place, sound } = await open(root, { sounds: true, port: PORT + 1 });
      test.after(async () => {
        await desktop.close();
        await place.remove();
      });
      const page = await browser.page(test);
      await page.page.addInitScript(tapSpeakers);
      await page.page.goto(`${desktop.url}vnc/`);
      await page.logIn();
      await page.inState('live');
      sound.play(440);
      await page.page.click('#sound');
      await heardInSpeakers(page, 440);
      assert.deepEqual(page.errors, []);
    });

    it('refuses a wrong password', async (test) => {
      const page = await browser.page(test);
      await page.page.goto(`${desktop.url}vnc/`);
      await page.logIn('wrong');
      await until('it is told', async () => (await page.page.textContent('#login-error'))?.includes('wrong'));
    });
  });
}

describe('TigerVNC', () => {
  /** @type {import('./lib/desktop.js').Desktop} */ let desktop;
  /** @type {import('./lib/desktop.js').Place} */ let place;
  /** @type {XServer} */ let screen;
  before(async () => {
    ({ desktop, place } = await open('/usr/share/novnc'));
    screen = await new XServer('Xvfb').start();
    place.env.DISPLAY = screen.display;
    // From 1.13 on it shows nothing on a full screen before somebody has made it one.
    place.start('openbox', ['--sm-disable']);
  });
  after(async () => {
    await desktop?.close();
    await place?.remove();
    await screen?.stop();
  });

  /** A file as `vncpasswd` makes it. @param {string} password */
  async function passwordFile(password) {
    const file = place.file(`passwd-${password.length}-${password[0]}`);
    const { out } = await place.must('tigervncpasswd', ['-f'], { input: `${password}\n` });
    writeFileSync(file, out, { mode: 0o600 });
    return file;
  }

  /** @param {string} password @param {string[]} args */
  async function view(password, args) {
    const file = await passwordFile(password);
    return place.start('xtigervncviewer', [
      '-passwd', file, '-SecurityTypes', 'VncAuth', '-RemoteResize=0', '-FullScreen', '-AlertOnFatalError=0', '-ReconnectOnError=0',
      ...args, `127.0.0.1::${PORT}`,
    ]);
  }

  /** What is on the screen on which the viewer runs. */
  async function seen() {
    const { out } = await place.must('import', ['-window', 'root', '-depth', '8', 'rgb:-']);
    return out;
  }

  it('shows the screen, in every encoding', async (test) => {
    if (!needs(test, 'xtigervncviewer', 'openbox', 'tigervncpasswd', 'import', 'convert', 'display')) return;
    await draw(desktop);
    for (const args of [
      ['-PreferredEncoding=Raw'], ['-PreferredEncoding=Hextile'], ['-PreferredEncoding=ZRLE'], ['-PreferredEncoding=Tight', '-NoJPEG=1'],
    ]) {
      const viewer = await view(PASSWORD, ['-AutoSelect=0', '-FullColor=1', ...args]);
      await until(`the picture with ${args[0]} is the screen`, async () => (await seen()).equals((await desktop.grab()).rgb))
        .catch((error) => { throw new Error(viewer.output, { cause: error }); });
      await viewer.stop();
    }
  });

  it('is let in by either password, and may type with one of them only', async (test) => {
    if (!needs(test, 'xtigervncviewer', 'openbox', 'tigervncpasswd', 'xdotool', 'xterm')) return;
    for (const [password, may] of /** @type {[string, boolean][]} */ ([[VIEW_PASSWORD, false], [PASSWORD, true]])) {
      const written = desktop.file(`typed-${may}`);
      const terminal = desktop.start('xterm', ['-geometry', '60x20+0+0', '-e', `cat > ${written}`]);
      await until('the terminal is there', async () => (await desktop.run('xdotool', ['search', '--class', 'xterm'])).code === 0);
      const viewer = await view(password, ['-AutoSelect=0', '-FullColor=1', '-PreferredEncoding=ZRLE']);
      await until('the viewer is there', async () => (await seen()).equals((await desktop.grab()).rgb));
      const type = () => place.run('xdotool', ['mousemove', '100', '100', 'click', '1', 'type', 'tiger\n']);
      await types(may, written, 'tiger', type);
      await viewer.stop();
      await terminal.stop();
    }
  });

  it('follows what scrolls', async (test) => {
    if (!needs(test, 'xtigervncviewer', 'openbox', 'tigervncpasswd', 'xterm', 'import')) return;
    const viewer = await view(PASSWORD, ['-AutoSelect=0', '-FullColor=1', '-PreferredEncoding=ZRLE']);
    await until('the viewer is there', async () => (await seen()).equals((await desktop.grab()).rgb));
    const done = desktop.file('scrolled');
    const lines = `i=0; while [ $i -lt 300 ]; do echo "$i $((i * 7919 % 1000)) fox"; i=$((i + 1)); sleep 0.005; done; touch ${done}; cat`;
    const terminal = desktop.start('xterm', ['-geometry', '100x40+50+50', '-e', 'sh', '-c', lines]);
    await until('all has been written', () => existsSync(done));
    await until('the picture is the screen', async () => (await seen()).equals((await desktop.grab()).rgb));
    await viewer.stop();
    await terminal.stop();
  });

  it('comes in through TLS by the whole password, and not by the beginning of it', async (test) => {
    if (!needs(test, 'xtigervncviewer', 'openbox', 'import')) return;
    const certificate = `${desktop.env.XDG_CONFIG_HOME}/cosmos/tls.pem`;
    const come = (/** @type {string} */ password) => place.start('xtigervncviewer', [
      '-SecurityTypes', 'X509Plain', `-X509CA=${certificate}`, '-RemoteResize=0', '-FullScreen', '-AlertOnFatalError=0',
      '-ReconnectOnError=0', '-AutoSelect=0', '-FullColor=1', '-PreferredEncoding=ZRLE', `127.0.0.1::${PORT}`,
    ], { VNC_USERNAME: 'user', VNC_PASSWORD: password });
    const viewer = await come(PASSWORD);
    await until('the picture is the screen', async () => (await seen()).equals((await desktop.grab()).rgb))
      .catch((error) => { throw new Error(viewer.output, { cause: error }); });
    await viewer.stop();
    const other = await come(PASSWORD.slice(0, 8));
    await other.end;
    assert.match(other.output, /user name or the password is wrong/);
  });

  it('is refused with a wrong password', async (test) => {
    if (!needs(test, 'xtigervncviewer', 'openbox', 'tigervncpasswd')) return;
    const viewer = await view('wrong', []);
    await viewer.end;
    assert.match(viewer.output, /user name or the password is wrong/);
  });
});

describe('vncdotool', () => {
  it('sees and types', async (test) => {
    if (!needs(test, 'vncdo', 'convert', 'display', 'import', 'xdotool', 'xterm')) return;
    const { desktop, place } = await open('/usr/share/novnc');
    test.after(async () => {
      await desktop.close();
      await place.remove();
    });
    await draw(desktop);
    const { rgb } = await desktop.grab();
    const file = place.file('captured.png');
    const server = ['-s', `127.0.0.1::${PORT}`];
    await place.must('vncdo', [...server, '-p', PASSWORD, '--nocursor', 'capture', file]);
    const { out } = await place.must('convert', [file, '-depth', '8', 'rgb:-']);
    assert.ok(out.equals(rgb), 'the picture differs');
    assert.notEqual((await place.run('vncdo', [...server, '-p', 'wrong', 'capture', file])).code, 0);
    for (const [password, may] of /** @type {[string, boolean][]} */ ([[VIEW_PASSWORD, false], [PASSWORD, true]])) {
      const written = desktop.file(`vncdo-${may}`);
      const terminal = desktop.start('xterm', ['-geometry', '60x20+100+100', '-e', `cat > ${written}`]);
      await until('the terminal is there', async () => (await desktop.run('xdotool', ['search', '--class', 'xterm'])).code === 0);
      await types(may, written, 'dotool 42', () => (
        place.run('vncdo', [...server, '-p', password, 'move', '300', '300', 'click', '1', 'type', 'dotool 42', 'key', 'enter'])));
      await terminal.stop();
    }
  });
});
