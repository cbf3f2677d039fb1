/** The panels with the picture's settings and with the clipboard. */

/** @typedef {import('./settings.js').Settings} Settings */
/** @typedef {import('./settings.js').Choices} Choices */
/** @typedef {import('./clipboard.js').Clipboard} Clipboard */

/** Milliseconds without a key after which an edited text is given to the desktop. */
const EDITED = 300;

/**
 * Shows the choices and changes them.
 * @param {Settings} settings
 */
export function qualityPanel(settings) {
  for (const [id, name] of /** @type {const} */ ([['max-kbps', 'maxKbps'], ['max-fps', 'maxFps']])) {
    const show = choice(id, settings.choices[name], (value) => settings.change({ [name]: Number(value) }));
    settings.onChange((choices) => show(choices[name]));
  }
  for (const name of /** @type {const} */ (['scale', 'command'])) {
    choice(name, settings.choices[name], (value) => settings.change({ [name]: value }));
  }
  const resize = /** @type {HTMLInputElement} */ (document.getElementById('resize'));
  resize.checked = settings.choices.resize;
  settings.onChange((choices) => { resize.checked = choices.resize; });
  resize.addEventListener('change', () => settings.change({ resize: resize.checked }));
}

/**
 * Shows the shared text, and takes what is written.
 * @param {Clipboard} clipboard
 * @returns {(text: string) => void} shows another text
 */
export function clipboardPanel(clipboard) {
  const area = /** @type {HTMLTextAreaElement} */ (document.getElementById('clipboard-text'));
  const read = /** @type {HTMLButtonElement} */ (document.getElementById('clipboard-read'));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  area.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => clipboard.offer(area.value), EDITED);
  });
  read.hidden = !clipboard.canRead;
  read.addEventListener('click', async () => { read.hidden = !(await clipboard.ask()); });
  return (text) => { if (area.value !== text) area.value = text; };
}

/**
 * Shows what the server lets pages do.
 * @param {import('./api.js').Policy} policy
 * @param {Clipboard} clipboard
 */
export function showPolicy(policy, clipboard) {
  const find = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
  find('resize').disabled = !policy.resize;
  find('resize').parentElement.title = policy.resize ? '' : 'The server keeps the size of the desktop.';
  const { clipboard_in: takes, clipboard_out: gives } = policy;
  clipboard.takes = takes;
  find('clipboard').disabled = !takes && !gives;
  find('clipboard').title = takes || gives ? 'Clipboard' : 'The server carries no clipboard';
  find('clipboard-text').readOnly = !takes;
  find('clipboard-read').hidden ||= !takes;
  find('clipboard-hint').textContent = [
    gives ? 'What is copied on the desktop appears here.' : '',
    takes ? 'What you write or paste here can be pasted on the desktop.' : '',
  ].join(' ').trim();
}

/**
 * A choice among others; a value that is not among them is added to them.
 * @param {string} id
 * @param {string | number} value
 * @param {(value: string) => void} onChange
 * @returns {(value: string | number) => void} shows another value
 */
function choice(id, value, onChange) {
  const select = /** @type {HTMLSelectElement} */ (document.getElementById(id));
  const show = (/** @type {string | number} */ value) => {
    const known = [...select.options].some((option) => option.value === String(value));
    if (!known) select.add(new Option(String(value), String(value)));
    select.value = String(value);
  };
  show(value);
  select.addEventListener('change', () => onChange(select.value));
  return show;
}
