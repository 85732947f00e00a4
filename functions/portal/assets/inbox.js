/** The player's conversations with their partners. */

import { act } from "./acts.js";
import { conversation } from "./conversation.js";
import { h, labelled, time } from "./dom.js";
import { MessageStore } from "./message-store.js";
import { named, partnersOf } from "./people.js";

const LOOK = 15_000; // milliseconds between two looks for what is new

/** @type {import("./portal.js").Section} */
export async function inbox({ api, user, say, atEnd }, part) {
  const store = new MessageStore(api, user);
  const [, partners] = await Promise.all([store.loadConversations(), partnersOf(api)]);
  const list = h("ul", { class: "list" });
  const unread = h("p", { class: "soft" });
  const opened = conversation(store, user, part, say);
  const paint = () => {
    const { conversations, totalUnread, activeConversationId } = store.state;
    unread.textContent = totalUnread === 0 ? "Nothing is unread." : `${totalUnread} unread.`;
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    list.replaceChildren(...conversations.map((each) => entry(each, activeConversationId, store, part)));
    if (focused instanceof HTMLElement) {
      /** @type {HTMLElement | null} */
      const successor = list.querySelector(`[data-conversation="${focused.dataset.conversation}"]`);
      successor?.focus();
    }
  };
  store.watch(["conversations", "totalUnread", "activeConversationId"], paint);
  paint();
  const look = part.guard(async () => {
    await store.catchUp();
    await store.renewConversations();
  });
  const looking = setInterval(() => {
    if (!list.isConnected) {
      clearInterval(looking);
    } else if (!document.hidden) {
      look();
    }
  }, LOOK);
  atEnd(() => clearInterval(looking));
  return h("div", {}, unread, list, beginning(store, api, partners, part), opened);
}

/**
 * @param {import("./message-store.js").Conversation} each
 * @param {string | null} active
 * @param {MessageStore} store
 * @param {import("./error-boundary.js").ErrorBoundary} part
 */
function entry(each, active, store, part) {
  const name = named(each.partner);
  const told = each.unread > 0 ? `${name}, ${each.unread} unread` : name;
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-pressed": String(each.id === active),
      "data-conversation": each.id,
      onclick: part.guard(() => store.openConversation(each.id)),
    },
    told,
  );
  const last = each.last_message;
  return h("li", {}, button, last ? h("p", { class: "soft" }, last.content, " ", time(last.created_at)) : null);
}

/**
 * @param {MessageStore} store
 * @param {import("./api.js").Api} api
 * @param {import("./people.js").Person[]} partners
 * @param {import("./error-boundary.js").ErrorBoundary} part
 */
function beginning(store, api, partners, part) {
  if (partners.length === 0) {
    return h("p", { class: "soft" }, "Conversations are between partners. You have none yet.");
  }
  const choice = h(
    "select",
    { id: "talk-to" },
    ...partners.map((person) => h("option", { value: person.id }, named(person))),
  );
  const { told, listener } = act(part, async () => {
    const { id } = await api.post("/messages", { partner_id: choice.value });
    await store.loadConversations();
    await store.openConversation(id);
    return "";
  });
  return h("form", { class: "row", onsubmit: listener }, labelled("Talk to", choice), h("button", {}, "Open"), told);
}
