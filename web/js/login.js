/** The login form. */

import { ApiError, login } from './api.js';

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
    this.#listen();
  }

  /** @param {string} user the name to begin with */
  show(user) {
    this.user.value ||= user;
    this.password.value = '';
    (this.user.value ? this.password : this.user).focus();
  }

  #listen() {
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
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
