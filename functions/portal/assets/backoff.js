/** How long to wait before something is tried again. */

const FIRST = 1_000; // milliseconds after the first failure, doubled with each one more
const MOST = 60_000;

/**
 * Milliseconds to wait after so many failures in a row: half of it is certain, half is chance, so that many pages that
 * failed together do not come back together.
 *
 * @param {number} failures from 1
 * @param {() => number} [random]
 */
export function backoff(failures, random = Math.random) {
  const whole = Math.min(MOST, FIRST * 2 ** (failures - 1));
  return whole / 2 + (random() * whole) / 2;
}
