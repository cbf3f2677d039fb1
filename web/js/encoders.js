/** Which encoder makes the picture, and the choice among those that work: for everybody who watches. */

/** @typedef {import('./shared.js').Told} Told */

/**
 * An encoder of the server.
 * @typedef {object} Offered
 * @property {string} element its name
 * @property {string | null} codec what it makes; null where it does not work
 * @property {string | null} why it does not work
 */

export class Encoders {
  /**
   * @param {HTMLSelectElement} select `#encoder`
   * @param {HTMLElement} hint `#encoder-why`
   * @param {(element: string | null) => void} onChoose null leaves it to the server
   */
  constructor(select, hint, onChoose) {
    this.select = select;
    this.hint = hint;
    select.addEventListener('change', () => onChoose(select.value || null));
  }

  /** What is chosen, and what may be. @param {Told} told */
  show({ choices, fixed, may_choose: may, encoders = [] }) {
    const works = encoders.filter(({ codec }) => codec !== null);
    const options = works.map(({ element, codec }) => new Option(`${element} (${codec})`, element));
    this.select.replaceChildren(new Option('Automatic', ''), ...options);
    this.select.value = choices.encoder ?? '';
    this.select.disabled = !may || 'encoder' in fixed;
    this.select.title = 'encoder' in fixed ? `Set by ${fixed.encoder}` : '';
  }

  /** This one encodes now. @param {{element: string, codec: string, reason: string}} encoder */
  running({ element, codec, reason }) {
    this.hint.textContent = `${element} encodes ${codec}: ${reason}.`;
  }
}
