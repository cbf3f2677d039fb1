/** Who else is on the desktop: the panel that lists them, who drives, and where they point. */

/**
 * @typedef {import('./protocol.js').Person} Person
 * @typedef {import('./protocol.js').ClientMessage} ClientMessage
 */

/**
 * What the panel works with.
 * @typedef {object} PeoplePorts
 * @property {(message: ClientMessage) => void} send
 * @property {(text: string) => void} onAsked somebody asks for the control, and this person can give it
 * @property {(x: number, y: number) => {left: number, top: number}} toPage where a desktop pixel lies in the picture's box
 */

/** Milliseconds after which the pointer of somebody who does not move it is no longer shown. */
const REST = 4000;

const STANDINGS = { viewer: 'looks on', controller: 'may drive', owner: 'owner' };

export class People {
  /** @type {Person[]} */
  #people = [];
  /** @type {Map<number, {mark: HTMLElement, timer: ReturnType<typeof setTimeout>}>} */
  #pointers = new Map();

  /**
   * @param {HTMLElement} panel `#people-panel`
   * @param {HTMLElement} button that opens it
   * @param {HTMLElement} stage the picture's box
   * @param {PeoplePorts} ports
   */
  constructor(panel, button, stage, ports) {
    this.button = button;
    this.stage = stage;
    this.ports = ports;
    this.list = /** @type {HTMLElement} */ (panel.querySelector('ul'));
    this.ask = this.#action(panel, '#control-ask', () => ({ kind: 'ask-control', asks: !this.#you?.asks }));
    this.take = this.#action(panel, '#control-take', () => ({ kind: 'take-control' }));
    this.release = this.#action(panel, '#control-release', () => ({ kind: 'release-control' }));
  }

  /** A new connection: nobody is known yet. */
  forget() {
    this.show([]);
  }

  /** @param {Person[]} people */
  show(people) {
    const asked = this.#people.filter(({ asks }) => asks).map(({ id }) => id);
    this.#people = people;
    for (const [id, { mark, timer }] of this.#pointers) {
      if (people.some((person) => person.id === id)) continue;
      clearTimeout(timer);
      mark.remove();
      this.#pointers.delete(id);
    }
    this.list.replaceChildren(...people.map((person) => this.#row(person)));
    this.button.dataset.others = String(Math.max(0, people.length - 1));
    this.#offer();
    for (const { id, asks, name } of people) {
      if (asks && !asked.includes(id) && this.#mayGive) this.ports.onAsked(`${name} asks for the control.`);
    }
  }

  /** Somebody points there. @param {{id: number, x: number, y: number}} pointer */
  point({ id, x, y }) {
    const person = this.#people.find((known) => known.id === id);
    if (!person) return;
    const { mark, timer } = this.#pointers.get(id) ?? { mark: this.#mark(), timer: undefined };
    clearTimeout(timer);
    const { left, top } = this.ports.toPage(x, y);
    Object.assign(mark.style, { left: `${left}px`, top: `${top}px` });
    mark.textContent = person.name;
    mark.hidden = false;
    this.#pointers.set(id, { mark, timer: setTimeout(() => { mark.hidden = true; }, REST) });
  }

  get #you() { return this.#people.find(({ you }) => you); }

  get #mayGive() { return Boolean(this.#you && (this.#you.drives || this.#you.standing === 'owner')); }

  /** Shows what this person may do with the control. */
  #offer() {
    const you = this.#you;
    const taken = this.#people.some(({ holds }) => holds);
    const owns = you?.standing === 'owner';
    this.ask.hidden = !you || you.drives || owns;
    this.ask.textContent = you?.asks ? 'Ask no longer' : 'Ask for the control';
    this.take.hidden = !you || you.holds || you.standing === 'viewer' || (taken && !owns);
    this.release.hidden = !you || !taken || !(you.holds || owns);
  }

  /** @param {Person} person */
  #row(person) {
    const row = document.createElement('li');
    row.toggleAttribute('data-drives', person.drives);
    row.toggleAttribute('data-asks', person.asks);
    const name = document.createElement('span');
    name.textContent = person.you ? `${person.name} (you)` : person.name;
    const what = document.createElement('small');
    const states = [person.asks && 'asks for the control', person.holds && 'has the control'].filter(Boolean);
    what.textContent = states.join(', ') || STANDINGS[person.standing];
    row.append(name, what);
    if (!person.you && !person.holds && this.#mayGive) row.append(this.#give(person));
    return row;
  }

  /** @param {Person} person */
  #give({ id, name }) {
    const give = document.createElement('button');
    Object.assign(give, { type: 'button', textContent: 'Let drive', title: `Give the control to ${name}` });
    give.addEventListener('click', () => this.ports.send({ kind: 'give-control', person: id }));
    return give;
  }

  #mark() {
    const mark = document.createElement('div');
    mark.className = 'other-pointer';
    this.stage.append(mark);
    return mark;
  }

  /** @param {HTMLElement} panel @param {string} selector @param {() => ClientMessage} message @returns {HTMLElement} */
  #action(panel, selector, message) {
    const button = /** @type {HTMLElement} */ (panel.querySelector(selector));
    button.addEventListener('click', () => this.ports.send(message()));
    return button;
  }
}
