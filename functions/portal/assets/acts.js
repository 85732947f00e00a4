/** What a player does: one thing at a time, and what became of it is said beside it. */

import { ApiError } from "./api.js";
import { h } from "./dom.js";

/**
 * A place for what became of an act, and a listener that does it.
 *
 * @param {import("./error-boundary.js").ErrorBoundary} part where a fault of the page itself is told
 * @param {() => Promise<string>} run answers what to say
 * @param {(sentence: string) => void} [say] to those who listen to the page, for what is shown anew by the act itself
 */
export function act(part, run, say = () => {}) {
  const told = h("p", { role: "status", class: "soft" });
  let busy = false;
  const listener = part.guard(async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    tell(told, "…", true);
    try {
      const sentence = await run();
      tell(told, sentence, true);
      say(sentence);
    } catch (error) {
      tell(told, error instanceof ApiError ? error.message : "", false);
      if (!(error instanceof ApiError)) {
        throw error;
      }
    } finally {
      busy = false;
    }
  });
  return { told, listener };
}

/**
 * @param {HTMLElement} told
 * @param {string} sentence
 * @param {boolean} well
 */
function tell(told, sentence, well) {
  told.className = well ? "soft" : "notice bad";
  told.textContent = sentence;
}
