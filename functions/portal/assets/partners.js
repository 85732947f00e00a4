/** Partners: who they are, who asks to be one, whom to ask. */

import { act } from "./acts.js";
import { h, labelled } from "./dom.js";
import { named, partnersOf, requestsOf } from "./people.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./portal.js").Page} Page */
/** @typedef {import("./error-boundary.js").ErrorBoundary} Part */

/** @type {import("./portal.js").Section} */
export async function partners(page, part) {
  const [bonds, requests] = await Promise.all([partnersOf(page.api), requestsOf(page.api)]);
  return h(
    "div",
    {},
    bonds.length === 0 ? h("p", { class: "soft" }, "You have no partner yet.") : null,
    h("ul", { class: "list" }, ...bonds.map((person) => bond(person, page, part))),
    requests.length > 0 ? h("h3", {}, "Requests") : null,
    h("ul", { class: "list" }, ...requests.map((request) => pending(request, page, part))),
    asking(page, part),
  );
}

/**
 * @param {Person} person
 * @param {Page} page
 * @param {Part} part
 */
function bond(person, page, part) {
  const name = named(person);
  const end = doing(page, part, "Remove", `Remove ${name}`, async () => {
    await page.api.delete(`/partners/${person.id}`);
    return `${name} is no partner any more.`;
  });
  return h("li", { class: "row" }, h("span", {}, name), ...end);
}

/**
 * @param {import("./people.js").Request} request
 * @param {Page} page
 * @param {Part} part
 */
function pending(request, page, part) {
  const name = named(request.person);
  if (request.direction === "outgoing") {
    const back = doing(page, part, "Take back", `Take back the request to ${name}`, async () => {
      await page.api.delete(`/partners/${request.person.id}`);
      return "The request is taken back.";
    });
    return h("li", { class: "row" }, h("span", {}, `You asked ${name}.`), ...back);
  }
  const answer = (/** @type {boolean} */ accept) => async () => {
    await page.api.post(`/partners/requests/${request.id}/respond`, { accept });
    return accept ? `${name} is your partner now.` : "The request is declined.";
  };
  return h(
    "li",
    { class: "row" },
    h("span", {}, `${name} asks you.`),
    ...doing(page, part, "Accept", `Accept ${name}`, answer(true)),
    ...doing(page, part, "Decline", `Decline ${name}`, answer(false)),
  );
}

/**
 * @param {Page} page
 * @param {Part} part
 */
function asking(page, part) {
  const field = h("input", { id: "ask", required: true, autocomplete: "off", size: 36, "aria-describedby": "own-id" });
  const { told, listener } = act(part, async () => {
    await page.api.post("/partners/requests", { user_id: field.value.trim() });
    await changed(page, part);
    return "The request is on its way.";
  }, page.say);
  return h(
    "form",
    { onsubmit: listener },
    h("h3", {}, "Ask somebody"),
    labelled("Their id", field),
    h("p", { id: "own-id", class: "soft" }, "Yours, to give to others: ", h("code", {}, page.user)),
    h("p", {}, h("button", {}, "Ask")),
    told,
  );
}

/**
 * A button that changes who are partners.
 *
 * @param {Page} page
 * @param {Part} part
 * @param {string} words
 * @param {string} label
 * @param {() => Promise<string>} run
 */
function doing(page, part, words, label, run) {
  const { told, listener } = act(part, async () => {
    const sentence = await run();
    await changed(page, part);
    return sentence;
  }, page.say);
  return [h("button", { type: "button", class: "quiet", "aria-label": label, onclick: listener }, words), told];
}

/**
 * Gifts and conversations are between partners: their sections are shown anew too.
 *
 * @param {Page} page
 * @param {Part} part
 */
async function changed(page, part) {
  await part.show();
  page.reload("shop");
  page.reload("inbox");
}
