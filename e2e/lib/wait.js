/** Waiting for something to become true, with a bound. */

/** Milliseconds that anything may take on a busy machine. */
export const PATIENCE = 30_000;

const BETWEEN = 50;

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

/**
 * Tries again and again until the attempt gives something true; an attempt that throws has given nothing.
 * @template T
 * @param {string} what is waited for
 * @param {() => T | Promise<T>} attempt
 * @param {number} [patience] milliseconds
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, attempt, patience = PATIENCE) {
  const deadline = performance.now() + patience;
  let last;
  for (;;) {
    try {
      const result = await attempt();
      if (result) return result;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${patience / 1000} s${last ? `, ${last}` : ''}`, { cause: last });
    await pause(BETWEEN);
  }
}
