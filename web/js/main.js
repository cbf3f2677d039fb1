/** The page: makes its parts and joins them. */

import {
  ApiError, choices as askChoices, choose, logout, openLink, session as askSession, state as askState,
} from './api.js';
import { Clipboard } from './clipboard.js';
import { Cursor } from './cursor.js';
import { Undecoded } from './full.js';
import { Fullscreen } from './fullscreen.js';
import { Encoders } from './encoders.js';
import { drawnBy } from './graphics.js';
import { KeyTranslator, platformOf } from './keyboard.js';
import { Login } from './login.js';
import { clipboardPanel, qualityPanel, showPolicy } from './panels.js';
import { People } from './people.js';
import { Picture } from './picture.js';
import { Player } from './player.js';
import { Pointer } from './pointer.js';
import { VERSION } from './protocol.js';
import { Session } from './session.js';
import { Settings } from './settings.js';
import { Share, tokenOf } from './share.js';
import { Shared } from './shared.js';
import { Sound } from './sound.js';
import { Speaker } from './speaker.js';
import { NO_READING, readFigures } from './statistics.js';
import { StatisticsPanel } from './statistics-panel.js';
import { Notices, Status } from './status.js';
import { Toolbar } from './toolbar.js';
import { TouchKeys } from './touch-keys.js';
import { Typing } from './typing.js';

/**
 * @typedef {import('./protocol.js').InputMessage} InputMessage
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./session.js').State} State
 * @typedef {import('./settings.js').Choices} Choices
 * @typedef {import('./statistics.js').Figures} Figures
 */

/** Milliseconds between two readings of the figures. */
const READING = 1000;

/** Milliseconds between two places that somebody who does not drive points to. */
const POINTING = 100;
const WATCHING = 'You are watching: keyboard and pointer belong to somebody else.';

const root = document.documentElement;
const settings = new Settings(() => window.localStorage);

/** What the server has told. */
const server = {
  control: true,
  /** Whether this person is shown the picture. */
  sees: true,
  /** When this person last pointed without driving. */
  pointed: 0,
  /** Where to, not told yet. */
  pointing: /** @type {InputMessage | null} */ (null),
  /** @type {import('./protocol.js').ServerStats | null} */
  stats: null,
  /** @type {import('./statistics-panel.js').Encoder | null} */
  encoder: null,
  /** Why it shows no picture to this page; empty when it does. */
  unseen: '',
};
/** @type {State} */
let state = { name: 'connecting' };
/** @type {Figures | null} */
let figures = null;
let reading = NO_READING;

const session = new Session({ onState: changeState, onMessage: receive, onTrack: showTrack, onRung: changeRung, onOutdated: reload });
const status = new Status(element('status'), () => session.retry());
const notices = new Notices(element('notices'));
const shared = new Shared(settings, { read: askChoices, choose }, (why) => notices.show('warning', why), (told) => encoders.show(told));
const encoders = new Encoders(element('encoder'), element('encoder-why'), (name) => shared.encodeWith(name));
const login = new Login(element('login'), (user) => {
  settings.change({ user });
  begin();
});
const picture = new Picture(element('stage'), element('screen'), element('canvas'), {
  onBox: () => sendSize(),
  clockOffset: () => session.clockOffset,
  onFirstFrame: () => {
    root.dataset.picture = '';
    if (state.name === 'live') status.hide();
  },
});
const player = new Player(element('canvas'), {
  onDrawn: (capturedUs) => picture.drawn(capturedUs),
  onKeyframeWanted: () => session.send({ kind: 'video', wanted: !document.hidden }),
  onFullUndecoded: () => session.doWithoutFull(),
});
const undecoded = new Undecoded();
const speaker = new Speaker();
const cursor = new Cursor(element('surface'));
const sound = new Sound(element('audio'), {
  onState: showSound,
  send: (wanted) => session.send({ kind: 'audio', wanted }),
});
const clipboard = new Clipboard({
  send: (message) => session.send(message),
  drained: (bytes) => session.drained(bytes),
  onText: (text) => showClipboard(text),
});
const showClipboard = clipboardPanel(clipboard);
const keys = new KeyTranslator(platformOf(navigator), settings.choices.command);
const touchKeys = new TouchKeys(element('touch-keys'), send);
const typing = new Typing(element('keys'), keys, {
  send: (messages) => send(touchKeys.applied(messages)),
  onPaste: (text) => clipboard.offer(text),
  onMenu: () => toolbar.open(true),
});
const pointer = new Pointer({
  surface: element('surface'),
  toDesktop: (x, y) => picture.toDesktop(x, y),
  scale: () => picture.density,
  send,
  onModifiers: (event) => send(keys.modifiers(event)),
  onPress: (x, y) => {
    typing.moveTo(x, y);
    typing.focus();
  },
  onLock: (locked) => {
    press('pointer-lock', locked);
    send(locked ? [] : keys.releaseAll());
  },
});
const people = new People(element('people-panel'), element('people'), element('stage'), {
  send: (message) => session.send(message),
  onAsked: (text) => notices.show('info', text),
  toPage: (x, y) => picture.toBox(x, y),
});
const share = new Share(element('share'), (text) => notices.show('warning', text));
const toolbar = new Toolbar(element('bar'), () => typing.focus());
const fullscreen = new Fullscreen({ onChange: (on) => press('fullscreen', on) });
const statistics = new StatisticsPanel(element('statistics'));

Object.defineProperty(window, 'cosmos', {
  value: Object.freeze({ state: () => state.name, stats: () => structuredClone({ ...figures, ...server, rung: session.rung }), version: VERSION }),
});
setUp();
begin();

function setUp() {
  root.dataset.platform = keys.platform;
  toolbar.panel(element('clipboard'), element('clipboard-panel'));
  toolbar.panel(element('people'), element('people-panel'));
  toolbar.panel(element('quality'), element('quality-panel'));
  qualityPanel(settings);
  setUpButtons();
  clipboard.listen();
  settings.onChange(applyChoices);
  applyChoices(settings.choices, settings.choices);
  document.addEventListener('visibilitychange', () => session.send({ kind: 'video', wanted: !document.hidden }));
  window.addEventListener('resize', () => cursor.update());
  document.addEventListener('keydown', ({ target }) => {
    if (target === document.body && state.name === 'live') typing.focus();
  });
  setInterval(readStatistics, READING);
}

function setUpButtons() {
  element('fullscreen').hidden = !fullscreen.isOffered;
  element('keyboard-lock').hidden = !fullscreen.canLockKeys;
  on('fullscreen', () => fullscreen.toggle());
  on('sound', () => (sound.state === 'blocked' ? sound.unblock() : settings.change({ sound: sound.state !== 'on' })));
  on('pointer-lock', () => (pointer.locked ? document.exitPointerLock() : pointer.lock()));
  on('keyboard-lock', () => settings.change({ lockKeys: !settings.choices.lockKeys }));
  on('statistics-toggle', () => settings.change({ statistics: !settings.choices.statistics }));
  on('quality', () => shared.pull());
  on('touch-keyboard', toggleTouchKeyboard);
  on('logout', leave);
  element('volume').addEventListener('input', (/** @type {Event} */ event) => {
    settings.change({ volume: Number(/** @type {HTMLInputElement} */ (event.target).value) });
  });
}

/** Finds out whether a login is needed, and connects when none is. */
async function begin() {
  try {
    await comeByLink();
    session.prepare();
    const account = await askSession();
    server.sees = account.grants?.includes('picture') ?? true;
    share.begin(account);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return changeState({ name: 'login' });
  }
  await session.start();
}

/** Lets somebody in whose address holds a link, unless they have an account and are logged in. */
async function comeByLink() {
  const token = tokenOf(location.hash);
  if (!token) return;
  // It is worth as much as a password: neither the address bar nor the history keeps it.
  history.replaceState(null, '', location.pathname + location.search);
  const account = await askSession().catch(() => null);
  if (account && !account.guest) return notices.show('info', 'You are logged in already: the link was not used.');
  await openLink(token).catch((error) => notices.show('error', error.message));
}

async function leave() {
  session.stop();
  toolbar.close();
  await logout().catch((error) => notices.show('error', error.message));
  changeState({ name: 'login' });
}

/** @param {State} next */
function changeState(next) {
  state = next;
  root.dataset.state = next.name;
  status.show(next);
  if (next.name !== 'live') return next.name === 'login' ? showLogin() : undefined;
  if (server.unseen) status.unseen(server.unseen);
  else if ('picture' in root.dataset) status.hide();
  if (document.activeElement === document.body || document.activeElement === null) typing.focus();
}

function showLogin() {
  delete root.dataset.picture;
  login.show(settings.choices.user);
}

/** @param {ServerMessage} message */
function receive(message) {
  switch (message.kind) {
    case 'hello': return welcome(message);
    case 'video': return player.take(message);
    case 'audio': return speaker.take(message);
    case 'cursor': return cursor.show(message);
    case 'clipboard-begin':
    case 'clipboard-part': return clipboard.receive(message);
    case 'resized': return picture.resized(message);
    case 'people':
      share.refresh();
      return people.show(message.people);
    case 'control': return changeControl(message.mine);
    case 'pointer': return people.point(message);
    case 'notice': return notices.show(message.level, message.text);
    case 'stats': server.stats = message.stats; return;
    case 'unseen': return changeUnseen(message.why);
    case 'encoder':
      server.encoder = message;
      return encoders.running(message);
    case 'desktop': return void (message.state === 'up' && readState());
    default: return;
  }
}

/** @param {Extract<ServerMessage, {kind: 'hello'}>} hello */
function welcome(hello) {
  server.control = hello.control;
  server.stats = null;
  pointer.forget();
  clipboard.forget();
  people.forget();
  sendSize();
  sendQuality();
  if (document.hidden) session.send({ kind: 'video', wanted: false });
  sound.begin(hello.audio);
  clipboard.pull();
  shared.pull();
  if (!server.sees) listenOnly();
  else if (!hello.control) notices.show('info', WATCHING);
}

/** No picture will come. */
function listenOnly() {
  root.dataset.picture = '';
  status.hide();
  notices.show('info', 'You listen: the picture is not shown to you.');
}

/** The picture comes from now on, or no longer. @param {string} why not */
function changeUnseen(why) {
  server.unseen = why;
  if (state.name === 'live') changeState(state);
}

/** Keyboard and pointer are taken by the server from now on, or no longer. @param {boolean} mine */
function changeControl(mine) {
  if (server.control === mine) return;
  if (!mine) keys.releaseAll();
  server.control = mine;
  notices.show('info', mine ? 'You drive now.' : WATCHING);
  if (mine) sendSize();
}

/** The server is reached in this way now. @param {import('./session.js').Rung} rung */
function changeRung({ name, route }) {
  server.unseen = '';
  root.dataset.rung = name;
  root.dataset.route = route;
  player.reset();
  if (name !== 'websocket') return;
  delete root.dataset.picture;
  picture.draw();
  sound.through(speaker);
}

/** @param {MediaStreamTrack} track @param {RTCRtpReceiver} receiver */
function showTrack(track, receiver) {
  if (track.kind === 'audio') return sound.show(track);
  delete root.dataset.picture;
  picture.show(track, receiver);
}

/** Fetches the server's own page, once for each version that it tells. @param {number} version */
function reload(version) {
  try {
    if (sessionStorage.getItem('cosmos-version') === String(version)) return;
    sessionStorage.setItem('cosmos-version', String(version));
  } catch {
    return;
  }
  location.reload();
}

/** @param {InputMessage[]} messages */
function send(messages) {
  if (!server.control) return point(messages);
  for (const message of messages) session.send(message);
}

/** Shows the others where somebody who does not drive points, and at last where the pointer rests. @param {InputMessage[]} messages */
function point(messages) {
  const last = messages.findLast(({ kind }) => kind === 'pointer-to');
  if (!last) return;
  const waits = server.pointing !== null;
  server.pointing = last;
  if (!waits) setTimeout(tellPoint, Math.max(0, server.pointed + POINTING - performance.now()));
}

function tellPoint() {
  const last = server.pointing;
  server.pointing = null;
  if (!last || server.control) return;
  server.pointed = performance.now();
  session.send(last);
}

function sendSize() {
  const { wanted } = picture;
  if (wanted && settings.choices.resize && server.control) session.send({ kind: 'resize', ...wanted });
}

function sendQuality() {
  const { maxKbps, maxFps } = settings.choices;
  session.send({ kind: 'quality', maxKbps, maxFps });
}

/** @param {Choices} choices @param {Choices} before */
function applyChoices(choices, before) {
  picture.scale = choices.scale;
  keys.command = choices.command;
  fullscreen.lockKeys = choices.lockKeys;
  sound.volume = choices.volume;
  sound.want(choices.sound);
  press('keyboard-lock', choices.lockKeys);
  element('statistics').hidden = !choices.statistics;
  element('statistics-toggle').setAttribute('aria-expanded', String(choices.statistics));
  /** @type {HTMLInputElement} */ (element('volume')).value = String(choices.volume);
  if (choices.resize !== before.resize) sendSize();
  if (choices.maxKbps !== before.maxKbps || choices.maxFps !== before.maxFps) sendQuality();
}

/** @param {import('./sound.js').SoundState} now */
function showSound(now) {
  const button = element('sound');
  press('sound', now === 'on');
  button.toggleAttribute('data-blocked', now === 'blocked');
  button.title = { on: 'Sound is on', off: 'Sound is off', blocked: 'Click for sound', none: 'The desktop has no sound' }[now];
  /** @type {HTMLButtonElement} */ (button).disabled = now === 'none';
}

function toggleTouchKeyboard() {
  typing.touchKeyboard = !typing.touchKeyboard;
  press('touch-keyboard', typing.touchKeyboard);
  touchKeys.show(typing.touchKeyboard);
}

async function readStatistics() {
  const frames = picture.takeFrames();
  const report = await session.report();
  if (!report) return;
  if (undecoded.look(report)) session.doWithoutFull();
  const read = readFigures(report, reading, frames, server.stats, session.roundTrip);
  if (!read.figures.latencyMs && figures) {
    // A desktop that stands still has no frames to tell the latency: the last one stands.
    const { latencyMs, measured } = figures;
    Object.assign(read.figures, { latencyMs, measured });
  }
  ({ figures, reading } = read);
  statistics.show({ ...read.figures, transport: transport(read.figures) }, server.stats, server.encoder);
}

/** How the server is reached, and why not in a better way. @param {Figures} figures */
function transport(figures) {
  const rung = session.rung;
  // A connection may have found a better way by itself.
  if (rung) root.dataset.route = rung.route;
  return rung?.failed ? `${figures.transport}. ${rung.failed}` : figures.transport;
}

/** What the server tells when it is asked. Nothing that is needed: it may fail. */
async function readState() {
  const told = await askState().catch(() => null);
  statistics.draws(drawnBy(told?.graphics ?? null));
  if (told) showPolicy(told.policy, clipboard);
}

/** @param {string} id @param {() => unknown} action whose failure is told */
function on(id, action) {
  element(id).addEventListener('click', async () => {
    try {
      await action();
    } catch (error) {
      notices.show('warning', error instanceof Error ? error.message : String(error));
    }
  });
}

/** @param {string} id @param {boolean} pressed */
function press(id, pressed) {
  element(id).setAttribute('aria-pressed', String(pressed));
}

/**
 * @param {string} id
 * @returns {any}
 */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
