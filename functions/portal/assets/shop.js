/** What can be bought for essence, for oneself or for a partner. */

import { act } from "./acts.js";
import { belongings } from "./belongings.js";
import { h, labelled } from "./dom.js";
import { pages } from "./pages.js";
import { named, partnersOf } from "./people.js";
import { Purchases } from "./purchases.js";

const MESSAGE = 500; // characters that go with a gift (the table's own limit)

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} name
 * @property {string | null} description
 * @property {number} essence_cost
 */
/**
 * What one item's buttons need.
 *
 * @typedef {object} Counter
 * @property {Purchases} purchases
 * @property {import("./people.js").Person[]} partners
 * @property {import("./error-boundary.js").ErrorBoundary} part
 * @property {() => Promise<void>} renew show what the player has now
 * @property {import("./events.js").Events} events
 */

/** @type {import("./portal.js").Section} */
export async function shop({ api, events }, part) {
  const owned = h("div");
  const renew = async () => owned.replaceChildren(await belongings(api, part));
  const [partners] = await Promise.all([partnersOf(api), renew()]);
  // Should only the look at it fail afterwards, what was bought is bought all the same.
  const counter = { purchases: new Purchases(api), partners, part, renew: part.guard(renew), events };
  const load = async (/** @type {string} */ before) => {
    const page = await api.get(`/shop/items?limit=20${before && `&before=${before}`}`);
    return { entries: page.items.map((/** @type {Item} */ item) => offer(item, counter)), next: page.next_before };
  };
  const items = await pages(part, load, "Nothing is for sale.", "More items");
  return h("div", {}, owned, h("h3", {}, "For sale"), items);
}

/**
 * @param {Item} item
 * @param {Counter} counter
 */
function offer(item, counter) {
  const { purchases, partners, part, renew, events } = counter;
  const { told, listener } = act(part, async () => {
    const bought = await purchases.buy(item.id);
    events.record("item_bought", { item_id: item.id });
    await renew();
    return `${bought.item_name} is yours. You have ${bought.new_balance} essence left.`;
  });
  const label = `Buy ${item.name} for ${item.essence_cost} essence`;
  return h(
    "div",
    {},
    h("div", { class: "row" },
      h("strong", {}, item.name),
      h("span", {}, `${item.essence_cost} essence`),
      h("button", { type: "button", "aria-label": label, onclick: listener }, "Buy"),
    ),
    item.description ? h("p", { class: "soft" }, item.description) : null,
    told,
    partners.length > 0 ? giving(item, counter) : null,
  );
}

/**
 * @param {Item} item
 * @param {Counter} counter
 */
function giving(item, { purchases, partners, part, renew, events }) {
  const options = partners.map((person) => h("option", { value: person.id }, named(person)));
  const recipient = h("select", { id: `to-${item.id}` }, ...options);
  const message = h("textarea", { id: `with-${item.id}`, maxlength: MESSAGE, rows: 2 });
  const { told, listener } = act(part, async () => {
    const bought = await purchases.gift(item.id, recipient.value, message.value.trim());
    message.value = "";
    events.record("item_given", { item_id: item.id });
    await renew();
    return `${bought.item_name} is with ${bought.recipient_name}. You have ${bought.new_balance} essence left.`;
  });
  const form = h(
    "form",
    { onsubmit: listener },
    labelled("For", recipient),
    labelled("A few words with it", message),
    h("p", {}, h("button", {}, `Give ${item.name}`)),
    told,
  );
  return h("details", {}, h("summary", {}, `Give ${item.name} to a partner`), form);
}
