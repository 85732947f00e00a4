/** The open conversation: its messages, the older ones on demand, a field for the next one. */

import { h, labelled, time } from "./dom.js";

const LONGEST = 1000; // characters of a message (the table's own limit)

/** @typedef {import("./message-store.js").MessageStore} MessageStore */
/** @typedef {import("./messages.js").Message} Message */

/**
 * @param {MessageStore} store
 * @param {string} me
 * @param {import("./error-boundary.js").ErrorBoundary} part
 * @param {(sentence: string) => void} say
 */
export function conversation(store, me, part, say) {
  const load = part.guard(() => store.loadOlder());
  const older = h("button", { type: "button", class: "quiet", onclick: load }, "Older messages");
  const list = h("ol", { class: "list messages", tabindex: 0, "aria-label": "Messages" });
  const told = h("p", { role: "alert" });
  const form = writing(store, part, say);
  const ended = h("p", { class: "soft", hidden: true }, "You are no partners any more: nothing can be added.");
  const view = h("div", { hidden: true }, told, older, list, ended, form);
  const paint = () => {
    const { state } = store;
    const id = state.activeConversationId;
    view.hidden = id === null;
    if (id !== null) {
      told.textContent = state.error?.message ?? (state.isLoadingMessages ? "Loading …" : "");
      older.hidden = !(state.hasMore[id] && state.cursors[id]);
      older.disabled = state.isLoadingOlder;
      ended.hidden = state.conversations.find((each) => each.id === id)?.can_write ?? true;
      form.hidden = !ended.hidden;
      fill(list, [...(state.messages[id] ?? [])].reverse(), store, me);
    }
  };
  store.watch(
    ["activeConversationId", "conversations", "messages", "hasMore", "isLoadingMessages", "isLoadingOlder", "error"],
    paint,
  );
  return view;
}

/**
 * Show the messages; who was at the newest one stays there.
 *
 * @param {HTMLElement} list
 * @param {Message[]} messages the oldest first
 * @param {MessageStore} store
 * @param {string} me
 */
function fill(list, messages, store, me) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 8;
  const fromEnd = list.scrollHeight - list.scrollTop;
  list.replaceChildren(...messages.map((message) => line(message, store, me)));
  list.scrollTop = atEnd ? list.scrollHeight : list.scrollHeight - fromEnd;
}

/**
 * @param {Message} message
 * @param {MessageStore} store
 * @param {string} me
 */
function line(message, store, me) {
  const mine = message.sender_id === me;
  const who = h("span", { class: "visually-hidden" }, mine ? "You: " : "They: ");
  return h(
    "li",
    { class: mine ? "mine" : "theirs" },
    h("p", {}, who, message.content),
    h("p", { class: "soft" }, ...fate(message, store)),
  );
}

/**
 * @param {Message} message
 * @param {MessageStore} store
 */
function fate(message, store) {
  if (message.state === "sending") {
    return ["On its way …"];
  }
  if (message.state === "failed") {
    const again = () => store.resend(message.client_id);
    const button = h("button", { type: "button", class: "quiet", onclick: again }, "Send again");
    return [`Not sent: ${message.error?.message} `, button];
  }
  return [time(message.created_at)];
}

/**
 * @param {MessageStore} store
 * @param {import("./error-boundary.js").ErrorBoundary} part
 * @param {(sentence: string) => void} say
 */
function writing(store, part, say) {
  const field = h("textarea", { id: "message", maxlength: LONGEST, rows: 2, required: true });
  const send = part.guard(async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const content = field.value.trim();
    if (content !== "") {
      field.value = "";
      say((await store.send(content)) ? "Sent." : "Not sent.");
    }
  });
  return h("form", { onsubmit: send }, labelled("Message", field), h("p", {}, h("button", {}, "Send")));
}
