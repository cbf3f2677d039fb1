/**
 * Loads the page again when a script or a style of it did not come, as when the network changes meanwhile: its modules run
 * all together or not at all. An ordinary script, as it has to run where they do not.
 */
{
  /** Milliseconds before each new attempt. */
  const WAITS = [500, 2000, 5000];
  const KEY = 'cosmos-loads';
  let failed = false;
  /** Whether it is going to be loaded again. */
  let again = false;

  /** How often it was loaded again; where the browser keeps no such thing, often enough. */
  const tried = () => {
    try {
      return Number(sessionStorage.getItem(KEY));
    } catch {
      return WAITS.length;
    }
  };
  const note = (/** @type {number} */ times) => {
    try {
      sessionStorage.setItem(KEY, String(times));
    } catch { /* Nothing was noted before either. */ }
  };

  addEventListener('error', ({ target }) => {
    const isPart = target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
    if (!isPart || failed) return;
    failed = true;
    const times = tried();
    again = times < WAITS.length;
    note(again ? times + 1 : 0);
    if (again) setTimeout(() => location.reload(), WAITS[times]);
  }, true);

  addEventListener('load', () => {
    if (!failed) return note(0);
    const title = document.querySelector('.status-title, #state');
    if (title) title.textContent = again ? 'A part of this page did not come: loading it again' : 'A part of this page does not come. Load it again.';
  });
}
