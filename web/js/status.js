/** What is said over the picture: the state of the connection, and the server's notices. */

/** @typedef {import('./session.js').State} State */
/** @typedef {import('./protocol.js').Level} Level */

/** Milliseconds that a notice stays, by how bad it is. @type {Record<Level, number>} */
const STAYS = { info: 5000, warning: 9000, error: 15_000 };
const MOST_NOTICES = 4;

/** The message over the picture. */
export class Status {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;

  /**
   * @param {HTMLElement} element `#status`
   * @param {() => void} onRetry
   */
  constructor(element, onRetry) {
    this.element = element;
    this.title = part(element, '.status-title');
    this.text = part(element, '.status-text');
    this.retry = part(element, 'button');
    this.retry.addEventListener('click', onRetry);
  }

  /** @param {State} state */
  show(state) {
    clearInterval(this.#countdown);
    switch (state.name) {
      case 'login': return this.hide();
      case 'connecting': return this.#say('Connecting', '', false);
      case 'live': return this.#say('Connected', 'Waiting for the first picture.', false);
      case 'failed': return this.#say(state.reason, state.help, true);
      case 'lost': return this.#lost(state);
    }
  }

  /** The picture does not come. @param {string} why */
  unseen(why) {
    this.#say('No picture for this browser', `${why.charAt(0).toUpperCase()}${why.slice(1)}.`, false);
  }

  hide() {
    clearInterval(this.#countdown);
    this.element.hidden = true;
  }

  /** @param {Extract<State, {name: 'lost'}>} state */
  #lost({ reason, seconds, desktop }) {
    if (desktop) return this.#say('The desktop is restarting', reason, false);
    const until = performance.now() + seconds * 1000;
    const tell = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      this.#say(left > 1 ? `Reconnecting in ${left} s` : 'Reconnecting', reason, left > 2);
    };
    tell();
    if (seconds > 1) this.#countdown = setInterval(tell, 250);
  }

  /** @param {string} title @param {string} text @param {boolean} retry */
  #say(title, text, retry) {
    this.element.hidden = false;
    write(this.title, title);
    write(this.text, text);
    this.retry.hidden = !retry;
  }
}

/** Notices that come and go. */
export class Notices {
  /** @param {HTMLElement} element `#notices` */
  constructor(element) {
    this.element = element;
  }

  /** @param {Level} level @param {string} text */
  show(level, text) {
    const notice = document.createElement('button');
    notice.type = 'button';
    notice.className = `notice notice-${level}`;
    notice.textContent = text;
    notice.title = 'Dismiss';
    notice.addEventListener('mousedown', (event) => event.preventDefault());
    notice.addEventListener('click', () => notice.remove());
    this.element.append(notice);
    while (this.element.childElementCount > MOST_NOTICES) this.element.firstElementChild?.remove();
    setTimeout(() => notice.remove(), STAYS[level]);
  }
}

/** @param {HTMLElement} element @param {string} selector */
function part(element, selector) {
  return /** @type {HTMLElement} */ (element.querySelector(selector));
}

/** A text that is the same again is not read out again. @param {HTMLElement} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
