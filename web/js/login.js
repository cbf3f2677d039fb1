/** The login form. */

import { ApiError, entrances, login, signIn } from './api.js';

/** What the address of the page says when somebody comes back without having signed in, in words. @type {Record<string, string>} */
const FAILURES = {
  unavailable: 'The other side does not answer. Try again later.',
  stale: 'That took too long, or began in another browser. Try again.',
  declined: 'You were not signed in.',
  unproven: 'The other side did not prove who you are.',
  uninvited: 'You are known there, but nobody has let you in here.',
  often: 'Too many attempts. Wait a little.',
};

/** Takes what failed out of the address of the page. @returns {string} in words */
export function failure() {
  const [, word] = /^#sign-in=([a-z]+)$/.exec(location.hash) ?? [];
  if (!word) return '';
  history.replaceState(null, '', location.pathname + location.search);
  return FAILURES[word] ?? '';
}

export class Login {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;

  /**
   * @param {HTMLFormElement} form `#login`
   * @param {(user: string) => void} onDone
   */
  constructor(form, onDone) {
    this.form = form;
    this.onDone = onDone;
    this.user = /** @type {HTMLInputElement} */ (form.querySelector('#user'));
    this.password = /** @type {HTMLInputElement} */ (form.querySelector('#password'));
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
    this.error = /** @type {HTMLElement} */ (form.querySelector('#login-error'));
    this.capsLock = /** @type {HTMLElement} */ (form.querySelector('#caps-lock'));
    this.elsewhere = /** @type {HTMLButtonElement} */ (form.querySelector('#sign-in'));
    this.#listen();
  }

  /** @param {string} user the name to begin with */
  show(user) {
    this.user.value ||= user;
    this.password.value = '';
    (this.user.value ? this.password : this.user).focus();
    const failed = failure();
    if (failed) this.#say(failed);
    this.#offer();
  }

  /** Shows the button for signing in elsewhere, where that is set up, and nothing else where no password does. */
  async #offer() {
    const { provider, password } = await entrances().catch(() => ({ provider: null, password: true }));
    this.elsewhere.hidden = provider === null;
    this.elsewhere.textContent = `Sign in with ${provider ?? ''}`;
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (this.form.querySelectorAll('label, input, [type=submit]'))) {
      part.hidden = !password;
    }
    if (!password) this.elsewhere.focus();
  }

  async #leave() {
    this.elsewhere.disabled = true;
    this.#say('');
    try {
      location.assign(await signIn());
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    }
    this.elsewhere.disabled = false;
  }

  #listen() {
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.elsewhere.addEventListener('click', () => this.#leave());
    for (const type of /** @type {const} */ (['keydown', 'keyup'])) {
      this.password.addEventListener(type, (event) => {
        this.capsLock.hidden = !event.getModifierState?.('CapsLock');
      });
    }
    this.password.addEventListener('blur', () => { this.capsLock.hidden = true; });
  }

  async #submit() {
    if (this.button.disabled) return;
    this.#busy(true);
    this.#say('');
    try {
      await login(this.user.value, this.password.value);
      this.password.value = '';
      this.#busy(false);
      this.onDone(this.user.value);
    } catch (error) {
      this.#refused(error instanceof ApiError ? error : new ApiError(0, String(error)));
    }
  }

  /** @param {ApiError} error */
  #refused(error) {
    this.#busy(false);
    if (error.status === 429) return this.#wait(error.retryAfter || 5);
    this.#say(error.status === 401 ? 'The name or the password is wrong.' : error.message);
    this.password.select();
    this.password.focus();
  }

  /** @param {number} seconds */
  #wait(seconds) {
    const until = performance.now() + seconds * 1000;
    const tell = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      this.button.disabled = left > 0;
      this.#say(left > 0 ? `Too many attempts. Try again in ${left} s.` : '');
      if (left <= 0) clearInterval(this.#countdown);
    };
    clearInterval(this.#countdown);
    this.#countdown = setInterval(tell, 250);
    tell();
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.button.disabled = busy;
    this.form.setAttribute('aria-busy', String(busy));
  }

  /** @param {string} text */
  #say(text) {
    this.error.textContent = text;
    this.error.hidden = text === '';
  }
}
