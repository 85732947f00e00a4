/** What the player has: essence, what became of it, and items. */

import { h, time } from "./dom.js";
import { pages } from "./pages.js";

/**
 * @typedef {object} Belonging
 * @property {string} id
 * @property {string} name
 * @property {string} acquired_at
 * @property {"earned" | "purchased" | "gift"} acquisition_type
 * @property {string | null} gifted_by_name
 * @property {string | null} gift_message
 * @property {boolean} gift_seen
 */
/** @typedef {{amount: number, description: string | null, transaction_type: string, created_at: string}} Movement */

/**
 * @param {import("./api.js").Api} api
 * @param {import("./error-boundary.js").ErrorBoundary} part
 */
export async function belongings(api, part) {
  const load = async (/** @type {string} */ before) => {
    const page = await api.get(`/shop/inventory?limit=10${before && `&before=${before}`}`);
    await seen(api, page.inventory);
    return { entries: page.inventory.map(entry), next: page.next_before };
  };
  const [purse, items] = await Promise.all([
    api.get("/shop/balance?limit=20"),
    pages(part, load, "You have no items yet.", "More of your items"),
  ]);
  const balance = h("p", {}, "Essence: ", h("strong", { id: "balance" }, String(purse.balance)));
  return h("div", {}, balance, movements(purse.transactions), h("h3", {}, "Yours"), items);
}

/**
 * Gifts that are shown have been seen.
 *
 * @param {import("./api.js").Api} api
 * @param {Belonging[]} shown
 */
async function seen(api, shown) {
  const ids = shown.filter((each) => each.acquisition_type === "gift" && !each.gift_seen).map((each) => each.id);
  if (ids.length > 0) {
    await api.post("/shop/gifts/seen", { ids });
  }
}

/** @param {Belonging} each */
function entry(each) {
  const gift = each.acquisition_type === "gift";
  const from = gift ? `a gift of ${each.gifted_by_name ?? "somebody"}` : each.acquisition_type;
  const fresh = gift && !each.gift_seen ? h("span", { class: "tag good" }, "new") : null;
  return h(
    "div",
    {},
    h("p", {}, each.name, " ", fresh, h("span", { class: "soft" }, ` ${from}, `, time(each.acquired_at))),
    each.gift_message ? h("blockquote", { class: "told" }, each.gift_message) : null,
  );
}

/** @param {Movement[]} rows */
function movements(rows) {
  if (rows.length === 0) {
    return null;
  }
  const lines = rows.map((row) =>
    h(
      "tr",
      {},
      h("td", { class: "number" }, `${row.amount > 0 ? "+" : ""}${row.amount}`),
      h("td", {}, row.description ?? row.transaction_type.replaceAll("_", " ")),
      h("td", {}, time(row.created_at)),
    ),
  );
  const heads = ["Essence", "What for", "When"].map((head) => h("th", { scope: "col" }, head));
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines));
  const label = "Essence earned and spent";
  const box = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table);
  return h("details", {}, h("summary", {}, "Earned and spent"), box);
}
