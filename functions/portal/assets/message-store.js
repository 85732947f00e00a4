/** Conversations and their messages, newest first, as the page knows them. */

import { Observed } from "./observed.js";
import { failed, merged, waiting } from "./messages.js";

const LISTED = 100; // conversations, the most that a page of them may have

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./messages.js").Message} Message */
/** @typedef {import("./people.js").Person} Person */
/**
 * @typedef {object} Conversation
 * @property {string} id
 * @property {Person | null} partner null: they have left
 * @property {boolean} can_write
 * @property {Message | null} last_message
 * @property {number} unread
 */
/** @typedef {{messages: Message[], has_more: boolean, next_cursor: string | null}} Page */
/**
 * @typedef {object} State
 * @property {Conversation[]} conversations
 * @property {number} totalUnread
 * @property {string | null} activeConversationId
 * @property {Record<string, Message[]>} messages by conversation
 * @property {Record<string, string | null>} cursors where the next older page begins
 * @property {Record<string, boolean>} hasMore
 * @property {boolean} isLoadingMessages
 * @property {boolean} isLoadingOlder
 * @property {Error | null} error
 */

/** @extends {Observed<State>} */
export class MessageStore extends Observed {
  #api;
  #me;
  #newId;
  #opening = 0; // an answer that belongs to an earlier one is dropped
  /** @type {Promise<unknown>} */
  #sending = Promise.resolve();

  /**
   * @param {Api} api
   * @param {string} me the player's own id
   * @param {() => string} [newId]
   */
  constructor(api, me, newId = () => crypto.randomUUID()) {
    super({
      conversations: [],
      totalUnread: 0,
      activeConversationId: null,
      messages: {},
      cursors: {},
      hasMore: {},
      isLoadingMessages: false,
      isLoadingOlder: false,
      error: null,
    });
    this.#api = api;
    this.#me = me;
    this.#newId = newId;
  }

  /** The latest conversations. Raises what the call raises: without them there is nothing to show. */
  async loadConversations() {
    const { conversations, total_unread: totalUnread } = await this.#api.get(`/messages?limit=${LISTED}`);
    const same = JSON.stringify(conversations) === JSON.stringify(this.state.conversations);
    this.set(same ? { totalUnread } : { conversations, totalUnread });
  }

  /** Who else has written since. What fails here is for the next look. */
  async renewConversations() {
    try {
      await this.loadConversations();
    } catch (error) {
      this.set({ error: said(error) });
    }
  }

  /**
   * Show a conversation from its newest page on. The one that is left begins anew when it is opened next; one that is
   * opened again keeps its cursor until the answer brings another.
   *
   * @param {string} id
   */
  async openConversation(id) {
    const opening = this.#turnTo(id);
    this.set({ isLoadingMessages: true });
    try {
      const page = await this.#page(id);
      if (opening !== this.#opening) {
        return;
      }
      this.#show(id, merged(page.messages, waiting(this.#of(id))), page);
      await this.markRead(id);
    } catch (error) {
      this.#fail(opening, error);
    }
  }

  closeConversation() {
    this.#turnTo(null);
  }

  /** The next older page of the open conversation, one at a time. */
  async loadOlder() {
    const { activeConversationId: id, cursors, isLoadingMessages, isLoadingOlder } = this.state;
    const cursor = id === null ? null : cursors[id];
    if (id === null || !cursor || isLoadingMessages || isLoadingOlder) {
      return;
    }
    const opening = this.#opening;
    this.set({ isLoadingOlder: true, error: null });
    try {
      const page = await this.#page(id, cursor);
      if (opening === this.#opening) {
        this.#show(id, merged(this.#of(id), page.messages), page);
      }
    } catch (error) {
      this.#fail(opening, error);
    }
  }

  /** What has come since: the pages that are shown stay, unless more has come than one page holds. */
  async catchUp() {
    const { activeConversationId: id, isLoadingMessages, isLoadingOlder } = this.state;
    if (id === null || isLoadingMessages || isLoadingOlder) {
      return;
    }
    const opening = this.#opening;
    try {
      const page = await this.#page(id);
      if (opening !== this.#opening || this.state.isLoadingOlder) {
        return;
      }
      this.set({ error: null });
      const known = new Set(this.#of(id).map((message) => message.id));
      const fresh = page.messages.filter((message) => !known.has(message.id));
      if (fresh.length === page.messages.length && page.has_more) {
        this.#show(id, merged(page.messages, waiting(this.#of(id))), page);
      } else if (fresh.length > 0) {
        this.#keep(id, merged(fresh, this.#of(id)));
      }
      if (fresh.length > 0) {
        await this.markRead(id);
      }
    } catch (error) {
      this.#fail(opening, error);
    }
  }

  /**
   * Send a message to the open conversation. It is shown at once; messages go out in the order in which they were sent.
   *
   * @param {string} content
   * @returns {Promise<boolean>} whether it has arrived
   */
  send(content) {
    const id = this.state.activeConversationId;
    if (id === null) {
      return Promise.resolve(false);
    }
    /** @type {Message} */
    const message = {
      id: null,
      sender_id: this.#me,
      client_id: this.#newId(),
      content,
      created_at: new Date().toISOString(),
      state: "sending",
    };
    this.#keep(id, merged([message], this.#of(id)));
    return this.#deliver(id, message);
  }

  /**
   * Send a message that failed once more. It is the same message: should it have arrived, it is there once.
   *
   * @param {string} clientId
   */
  resend(clientId) {
    const id = this.state.activeConversationId;
    const message = id === null ? undefined : this.#of(id).find((each) => each.client_id === clientId);
    if (id === null || message?.state !== "failed") {
      return Promise.resolve(false);
    }
    /** @type {Message} */
    const again = { ...message, state: "sending" };
    this.#keep(id, merged([again], this.#of(id)));
    return this.#deliver(id, again);
  }

  /**
   * Tell the server that what is shown of a conversation was seen.
   *
   * @param {string} id
   */
  async markRead(id) {
    const newest = this.#of(id).find((message) => message.id !== null);
    if (newest === undefined) {
      return;
    }
    const { total_unread: totalUnread } = await this.#api.put(`/messages/${id}/read`, { up_to: newest.id });
    const conversations = this.state.conversations.map((each) => (each.id === id ? { ...each, unread: 0 } : each));
    this.set({ conversations, totalUnread });
  }

  /**
   * Another conversation, or none: answers that are still on their way belong to the past.
   *
   * @param {string | null} id
   */
  #turnTo(id) {
    const { activeConversationId: left, cursors, hasMore } = this.state;
    const forgotten = left !== null && left !== id;
    this.set({
      activeConversationId: id,
      cursors: forgotten ? { ...cursors, [left]: null } : cursors,
      hasMore: forgotten ? { ...hasMore, [left]: true } : hasMore,
      isLoadingMessages: false,
      isLoadingOlder: false,
      error: null,
    });
    return ++this.#opening;
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  #deliver(id, message) {
    const arriving = this.#sending.then(async () => {
      try {
        const { client_id, content } = message;
        const arrived = await this.#api.post(`/messages/${id}/messages`, { client_id, content });
        this.#keep(id, merged([arrived], this.#of(id)));
        return true;
      } catch (error) {
        this.#keep(id, failed(this.#of(id), message.client_id, said(error)));
        return false;
      }
    });
    this.#sending = arriving;
    return arriving;
  }

  /**
   * @param {string} id
   * @param {string} [cursor]
   * @returns {Promise<Page>}
   */
  #page(id, cursor) {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    return this.#api.get(`/messages/${id}/messages${query}`);
  }

  /**
   * @param {string} id
   * @param {Message[]} messages
   * @param {Page} page
   */
  #show(id, messages, page) {
    this.#keep(id, messages);
    this.set({
      cursors: { ...this.state.cursors, [id]: page.next_cursor },
      hasMore: { ...this.state.hasMore, [id]: page.has_more },
      isLoadingMessages: false,
      isLoadingOlder: false,
    });
  }

  /**
   * @param {string} id
   * @param {Message[]} messages
   */
  #keep(id, messages) {
    this.set({ messages: { ...this.state.messages, [id]: messages } });
  }

  /** @param {string} id */
  #of(id) {
    return this.state.messages[id] ?? [];
  }

  /**
   * @param {number} opening
   * @param {unknown} error
   */
  #fail(opening, error) {
    if (opening === this.#opening) {
      this.set({ error: said(error), isLoadingMessages: false, isLoadingOlder: false });
    }
  }
}

/** @param {unknown} error */
function said(error) {
  return error instanceof Error ? error : new Error(String(error));
}
