/** The player's score: where they stand, and how it came to that. */

import { h } from "./dom.js";
import { chart } from "./chart.js";

const DAYS = 30;
const STATES = { active: "the game goes on", boss_fight: "in a boss fight", game_over: "the game is over", won: "won" };
const METRICS = ["intimacy", "passion", "trust", "secureness"];

/** @typedef {{day: string, score: number, lowest: number, highest: number, changes: number}} Day */

/** @type {import("./portal.js").Section} */
export async function score({ api }) {
  const [me, { days }] = await Promise.all([api.get("/portal/me"), api.get(`/portal/scores?days=${DAYS}`)]);
  return h("div", {}, standing(me), facts(me), ...history(days));
}

/** @param {Record<string, any>} me */
function standing(me) {
  const state = STATES[/** @type {keyof typeof STATES} */ (me.game_status)] ?? me.game_status;
  const name = me.display_name ?? me.username ?? "Player";
  const number = h("strong", {}, me.relationship_score.toFixed(1));
  return h("p", {}, `${name}: `, number, ` of 100, chapter ${me.chapter}, ${state}.`);
}

/** @param {Record<string, any>} me */
function facts(me) {
  const known = METRICS.filter((name) => me[name] !== null);
  const pairs = known.map((name) => h("div", {}, h("dt", {}, name), h("dd", {}, me[name].toFixed(1))));
  return h("dl", { class: "facts" }, ...pairs);
}

/** @param {Day[]} days */
function history(days) {
  if (days.length === 0) {
    return [h("p", { class: "soft" }, `Nothing has changed in the last ${DAYS} days.`)];
  }
  return [
    chart(days, `Score at the end of each day of the last ${DAYS} on which it changed`),
    h("details", {}, h("summary", {}, "The same as a table"), h("div", { class: "scroll", tabindex: 0 }, table(days))),
  ];
}

/** @param {Day[]} days */
function table(days) {
  const heads = ["Day", "Score", "Lowest", "Highest", "Changes"];
  const rows = days.map((day) => [day.day, day.score, day.lowest, day.highest, day.changes]);
  return h(
    "table",
    {},
    h("caption", {}, `The last ${DAYS} days`),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, String(cell)))))),
  );
}
