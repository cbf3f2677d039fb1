/** The toolbar at the upper edge: when it is there, and the panels that hang from it. */

/** CSS pixels at the upper edge that call the toolbar. */
const EDGE = 2;
/** Milliseconds that the pointer must rest there, so that a menu at the edge can be used. */
const REST = 250;
/** Milliseconds after which it hides when the pointer is elsewhere. */
const LINGER = 900;
/** Milliseconds after which it hides when the pointer has never reached it. */
const UNUSED = 2500;

export class Toolbar {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {HTMLElement | null} the panel that is open */
  #panel = null;

  /**
   * @param {HTMLElement} bar `#bar`
   * @param {() => void} onDone the keyboard goes back to the picture
   */
  constructor(bar, onDone) {
    this.bar = bar;
    this.onDone = onDone;
    this.toolbar = /** @type {HTMLElement} */ (bar.querySelector('#toolbar'));
    this.handle = /** @type {HTMLElement} */ (bar.querySelector('#handle'));
    this.#listen();
  }

  get isOpen() { return 'open' in this.bar.dataset; }

  /** @param {boolean} focus whether its first button takes the keyboard */
  open(focus) {
    clearTimeout(this.#timer);
    this.bar.dataset.open = '';
    document.documentElement.dataset.bar = '';
    this.handle.setAttribute('aria-expanded', 'true');
    if (focus) this.#buttons()[0]?.focus();
  }

  close() {
    clearTimeout(this.#timer);
    this.#show(null);
    delete this.bar.dataset.open;
    delete document.documentElement.dataset.bar;
    this.handle.setAttribute('aria-expanded', 'false');
    if (this.bar.contains(document.activeElement)) this.onDone();
  }

  /** Lets a button open and close a panel. @param {HTMLElement} button @param {HTMLElement} panel */
  panel(button, panel) {
    button.addEventListener('click', () => this.#show(this.#panel === panel ? null : panel));
    panel.dataset.button = button.id;
  }

  #listen() {
    this.handle.addEventListener('click', () => this.open(this.handle.matches(':focus-visible')));
    this.bar.addEventListener('pointerenter', () => { if (this.isOpen) this.open(false); });
    this.bar.addEventListener('pointerleave', (event) => { if (event.pointerType !== 'touch') this.#linger(); });
    this.bar.addEventListener('mousedown', (event) => this.#keepFocus(event));
    this.bar.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('pointermove', (event) => this.#edge(event), { capture: true, passive: true });
    document.addEventListener('pointerdown', (event) => {
      if (!this.bar.contains(/** @type {Node} */ (event.target))) this.close();
    }, true);
  }

  /** A button that is pressed with the mouse leaves the keyboard where it is. @param {MouseEvent} event */
  #keepFocus(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('button') && !target.closest('.panel')) event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #edge(event) {
    if (this.isOpen || event.pointerType === 'touch') return;
    const calls = event.clientY < EDGE && event.buttons === 0 && !document.pointerLockElement;
    clearTimeout(this.#timer);
    if (calls) this.#timer = setTimeout(() => this.#come(), REST);
  }

  #come() {
    this.open(false);
    this.#linger(UNUSED);
  }

  /** @param {number} [time] milliseconds */
  #linger(time = LINGER) {
    clearTimeout(this.#timer);
    const busy = () => this.#panel !== null || this.toolbar.querySelector(':focus-visible') !== null;
    this.#timer = setTimeout(() => { if (!busy()) this.close(); }, time);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') {
      event.preventDefault();
      if (this.#panel) this.#show(null);
      else this.close();
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = this.#buttons();
    const index = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (!step || index < 0) return;
    event.preventDefault();
    buttons[(index + step + buttons.length) % buttons.length].focus();
  }

  /** @param {HTMLElement | null} panel */
  #show(panel) {
    const closed = this.#panel;
    this.#panel = panel;
    if (closed) {
      const button = expand(closed, false);
      if (closed.contains(document.activeElement)) button?.focus();
      closed.hidden = true;
    }
    if (!panel) return;
    panel.hidden = false;
    expand(panel, true);
    /** @type {HTMLElement | null} */ (panel.querySelector('textarea, select, input'))?.focus();
  }

  #buttons() {
    const buttons = /** @type {NodeListOf<HTMLElement>} */ (this.toolbar.querySelectorAll('button'));
    return [...buttons].filter((button) => button.offsetParent !== null);
  }
}

/** @param {HTMLElement} panel @param {boolean} open */
function expand(panel, open) {
  const button = document.getElementById(panel.dataset.button ?? '');
  button?.setAttribute('aria-expanded', String(open));
  return button;
}
