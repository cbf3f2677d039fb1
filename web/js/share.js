/** Links that let others in: made, copied and revoked. */

import { links, makeLink, revokeLink } from './api.js';

/** @typedef {import('./api.js').Account} Account */
/** @typedef {import('./api.js').Link} Link */

/** What a link may allow, as the server reads it. */
const OFFERS = [
  ['viewer', 'See and hear'],
  ['viewer+sound', 'Only hear'],
  ['controller+picture+sound', 'Drive, without clipboard'],
  ['controller', 'Drive, with clipboard'],
];

export class Share {
  /**
   * @param {HTMLElement} box `#share`
   * @param {(text: string) => void} onFailed
   */
  constructor(box, onFailed) {
    this.box = box;
    this.onFailed = onFailed;
    const find = (/** @type {string} */ selector) => /** @type {any} */ (box.querySelector(selector));
    this.rights = /** @type {HTMLSelectElement} */ (find('#share-rights'));
    this.name = /** @type {HTMLInputElement} */ (find('#share-name'));
    this.seconds = /** @type {HTMLSelectElement} */ (find('#share-time'));
    this.address = /** @type {HTMLInputElement} */ (find('#share-address'));
    this.copy = /** @type {HTMLButtonElement} */ (find('#share-copy'));
    this.list = /** @type {HTMLElement} */ (find('ul'));
    find('#share-make').addEventListener('click', () => this.#try(() => this.#make()));
    this.copy.addEventListener('click', () => this.#try(() => this.#copy()));
  }

  /** Who is logged in, and so what may be handed on. @param {Account | null} account */
  async begin(account) {
    const most = account?.shares;
    this.box.hidden = !most;
    this.#made('');
    this.list.replaceChildren();
    if (!most) return;
    const offers = OFFERS.filter(([rights]) => !account.guest || within(rights, most));
    this.rights.replaceChildren(...offers.map(([rights, text]) => new Option(text, rights)));
    await this.refresh();
  }

  /** Shows the links that there are. */
  async refresh() {
    if (this.box.hidden) return;
    await this.#try(async () => this.list.replaceChildren(...(await links()).map((link) => this.#row(link))));
  }

  async #make() {
    const name = this.name.value.trim() || 'guest';
    const { token } = await makeLink({ name, rights: this.rights.value, seconds: Number(this.seconds.value) });
    const address = new URL(location.href);
    address.hash = `link=${token}`;
    this.#made(address.href);
    await this.refresh();
  }

  async #copy() {
    this.address.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(this.address.value);
    else document.execCommand('copy');
    this.copy.textContent = 'Copied';
  }

  /** @param {string} address of the link that was made; none when empty */
  #made(address) {
    this.address.value = address;
    this.address.hidden = address === '';
    this.copy.hidden = address === '';
    this.copy.textContent = 'Copy the link';
  }

  /** @param {Link} link */
  #row({ id, name, maker, rights, expires }) {
    const row = document.createElement('li');
    const who = document.createElement('span');
    who.textContent = name;
    const what = document.createElement('small');
    const offer = OFFERS.find(([known]) => known === rights)?.[1] ?? rights;
    what.textContent = `${offer}, until ${new Date(expires * 1000).toLocaleString()}, by ${maker}`;
    const revoke = document.createElement('button');
    Object.assign(revoke, { type: 'button', textContent: 'Revoke' });
    revoke.addEventListener('click', () => this.#try(async () => {
      await revokeLink(id);
      this.#made('');
      await this.refresh();
    }));
    row.append(who, what, revoke);
    return row;
  }

  /** @param {() => Promise<unknown>} action whose failure is told */
  async #try(action) {
    try {
      await action();
    } catch (error) {
      this.onFailed(error instanceof Error ? error.message : String(error));
    }
  }
}

/**
 * Whether rights are no wider than others, both as the server writes them.
 * @param {string} rights
 * @param {string} most
 */
export function within(rights, most) {
  const [role, grants] = parse(rights);
  const [mostRole, mostGrants] = parse(most);
  return (role === 'viewer' || role === mostRole) && grants.every((grant) => mostGrants.includes(grant));
}

/** The token in the address of a link; none when it is no such address. @param {string} hash */
export function tokenOf(hash) {
  return /^#link=([\w.-]{1,256})$/.exec(hash)?.[1] ?? '';
}

/** @param {string} rights @returns {[string, string[]]} */
function parse(rights) {
  const [role, ...grants] = rights.split('+');
  const usual = role === 'viewer' ? ['picture', 'sound'] : ['picture', 'sound', 'clipboard-in', 'clipboard-out', 'files'];
  return [role, grants.length > 0 ? grants : usual];
}
