/** A viewer of GTK-VNC, which virt-viewer, GNOME's Boxes and Remmina's relatives are made with: what it shows, draws, types and plays. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { PASSWORD } from './lib/desktop.js';
import { needs } from './lib/programs.js';
import { pitch, SoundServer } from './lib/sound.js';
import { draw, open, PORT, types, VIEW_PASSWORD } from './lib/vnc.js';
import { until } from './lib/wait.js';
import { XServer } from './lib/xserver.js';

/** @typedef {{width: number, height: number, rgb: Buffer}} Picture */

/** Where a picture lies within a larger one, pixel by pixel. @param {Picture} outer @param {Picture} inner */
function find(outer, inner) {
  const row = (/** @type {Picture} */ picture, /** @type {number} */ x, /** @type {number} */ y) => (
    picture.rgb.subarray((y * picture.width + x) * 3, (y * picture.width + x + inner.width) * 3));
  const rows = Array.from({ length: inner.height }, (_, y) => y);
  for (let y = 0; y + inner.height <= outer.height; y += 1) {
    for (let x = 0; x + inner.width <= outer.width; x += 1) {
      if (rows.every((down) => row(outer, x, y + down).equals(row(inner, 0, down)))) return { x, y };
    }
  }
  return null;
}

describe('gvncviewer', () => {
  /** @type {Awaited<ReturnType<typeof open>>} */ let streamed;
  /** @type {XServer} */ let screen;
  before(async () => {
    // It trusts no certificate but by a file in the home that the system's table of users names, which is not ours to fill.
    streamed = await open('/usr/share/novnc', { args: ['--https', 'false', '--allow-insecure'], sounds: true });
    screen = await new XServer('Xvfb', '1400x900').start();
    streamed.place.env.DISPLAY = screen.display;
    streamed.place.start('openbox', ['--sm-disable']);
  });
  after(async () => {
    await streamed?.desktop.close();
    await streamed?.place.remove();
    await screen?.stop();
  });

  /** Starts it for a test, and gives the password. @param {any} test @param {string} password @param {Record<string, string>} [env] */
  async function view(test, password, env) {
    const viewer = streamed.place.start('gvncviewer', [`127.0.0.1:${PORT - 5900}`], env);
    test.after(() => viewer.stop());
    await until('it asks for the password', async () => (
      (await streamed.place.run('xdotool', ['search', '--name', 'Authentication required', 'windowactivate', '--sync'])).code === 0));
    await streamed.place.must('xdotool', ['type', password]);
    await streamed.place.must('xdotool', ['key', 'Return']);
    return viewer;
  }

  /** Where the picture of the desktop is on the viewer's screen, once all of it is there, or all from a row on. */
  function shown(from = 0) {
    return until('the picture is the screen', async () => {
      const { width, height, rgb } = await streamed.desktop.grab();
      const at = find(await streamed.place.grab(), { width, height: height - from, rgb: rgb.subarray(from * width * 3) });
      return at && { x: at.x, y: at.y - from };
    });
  }

  it('shows the screen, and the pointer in the shape that it has there', async (test) => {
    if (!needs(test, 'gvncviewer', 'openbox', 'xdotool', 'import', 'convert', 'display', 'xterm', 'xwininfo', 'gst-launch-1.0')) return;
    const { desktop, place } = streamed;
    // It asks for lossy pictures, and nothing makes it ask for others. What has few colours is never lossy.
    await draw(desktop, false);
    // Without a frame, which has many colours.
    const terminal = desktop.start('xterm', ['-geometry', '30x10+100+380', '-xrm', '*overrideRedirect: true']);
    test.after(() => terminal.stop());
    await until('the terminal is there', async () => /\+100\+380/.test((await desktop.run('xwininfo', ['-root', '-tree'])).text));
    await view(test, PASSWORD);
    const at = await shown(600);
    /** The surroundings of the pointer, with it. @param {import('./lib/desktop.js').Place} where @param {number} x @param {number} y */
    const pointer = async (where, x, y) => {
      const file = where.file('pointer.png');
      await where.must('gst-launch-1.0', [
        '-q', 'ximagesrc', 'num-buffers=1', 'show-pointer=true', 'use-damage=false', '!', 'videoconvert', '!', 'pngenc', '!',
        'filesink', `location=${file}`]);
      return (await where.must('convert', [file, '-crop', `60x60+${x - 30}+${y - 30}`, '-depth', '8', 'rgb:-'])).out;
    };
    /** @type {Buffer[]} */
    const shapes = [];
    // Over the terminal, and over nothing.
    for (const [x, y] of [[180, 460], [320, 200]]) {
      for (const beside of [9, 0]) await place.must('xdotool', ['mousemove', String(at.x + x + beside), String(at.y + y)]);
      await until('its shape is the same in the viewer', async () => {
        const there = await pointer(desktop, x, y);
        shapes.push(there);
        const here = await pointer(place, at.x + x, at.y + y);
        // It takes the colours of what is half transparent for such that were not multiplied by that, and shows shadows darker.
        return here.length === there.length && here.every((value, byte) => Math.abs(value - there[byte]) <= 64);
      });
      const shape = shapes.at(-1) ?? Buffer.alloc(0);
      assert.ok(!shape.equals(Buffer.alloc(shape.length, shape.subarray(0, 3))), 'there is no pointer');
    }
  });

  it('types with the password that lets it, and not with the other', async (test) => {
    if (!needs(test, 'gvncviewer', 'openbox', 'xdotool', 'import', 'xterm')) return;
    const { desktop, place } = streamed;
    for (const [password, may] of /** @type {[string, boolean][]} */ ([[VIEW_PASSWORD, false], [PASSWORD, true]])) {
      const written = desktop.file(`gtk-${may}`);
      const terminal = desktop.start('xterm', ['-geometry', '60x20+0+0', '-e', `cat > ${written}`]);
      await until('the terminal is there', async () => (await desktop.run('xdotool', ['search', '--class', 'xterm'])).code === 0);
      const viewer = await view(test, password);
      // The frame of the terminal has many colours.
      const at = await shown(400);
      const type = () => place.run('xdotool', ['mousemove', String(at.x + 100), String(at.y + 100), 'click', '1', 'type', 'gtk & vnc\n']);
      await types(may, written, 'gtk & vnc', type);
      await viewer.stop();
      await terminal.stop();
    }
  });

  it('plays what is played on the desktop, and nothing is captured without it', async (test) => {
    if (!needs(test, 'gvncviewer', 'openbox', 'xdotool', 'pulseaudio', 'pactl', 'paplay', 'parec')) return;
    const { desktop, place, sound } = streamed;
    const captures = async () => /cosmos/.test((await place.run('pactl', ['list', 'source-outputs'], { env: sound.env })).text);
    await until('nobody listens before the viewer is there', async () => !await captures());
    // The viewer's own sound server is another one.
    const home = new SoundServer(desktop);
    await home.start();
    sound.play(550);
    const viewer = await view(test, PASSWORD, home.env);
    await until('550 Hz are heard', async () => {
      const found = pitch(await home.record());
      if (Math.abs(found - 550) > 5) throw new Error(`it is ${found} Hz\n${viewer.output}`);
      return true;
    });
    assert.ok(await captures(), 'nobody listens while it is heard');
    await viewer.stop();
    await until('the capture ends', async () => !await captures());
  });
});
