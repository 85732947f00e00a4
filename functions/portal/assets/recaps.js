/** The recaps of the player's days, newest first. */

import { h } from "./dom.js";
import { pages } from "./pages.js";

const SHOWN = 10; // recaps of a page

/**
 * @typedef {object} Recap
 * @property {string} day
 * @property {number} score_start
 * @property {number} score_end
 * @property {number} decay_applied
 * @property {number} conversations_count
 * @property {string} recap
 */

/** @type {import("./portal.js").Section} */
export function recaps({ api }, part) {
  const load = async (/** @type {string} */ before) => {
    const page = await api.get(`/portal/recaps?limit=${SHOWN}${before && `&before=${before}`}`);
    return { entries: page.recaps.map(article), next: page.next_before };
  };
  return pages(part, load, "There is no recap yet.", "Older recaps");
}

/** @param {Recap} recap */
function article(recap) {
  const lost = recap.decay_applied > 0 ? `, ${recap.decay_applied} lost by staying away` : "";
  const talks = recap.conversations_count === 1 ? "1 conversation" : `${recap.conversations_count} conversations`;
  return h(
    "article",
    {},
    h("h3", {}, h("time", { datetime: recap.day }, recap.day)),
    h("p", { class: "told" }, recap.recap),
    h("p", { class: "soft" }, `${talks}; score ${recap.score_start} to ${recap.score_end}${lost}.`),
  );
}
