/** Tells the server what is done on the page: many events in one call, each taken in once. */

import { ApiError } from "./api.js";
import { backoff } from "./backoff.js";

const EVERY = 10_000; // milliseconds from an event to its call
const BATCH = 50; // events of one call: a few hundred bytes each, so that the last one has less than its 64 KB
const KEPT = 500; // events that wait; of more, the oldest are forgotten
const SESSION = "nightshift.session"; // in sessionStorage: one for each tab and sign-in

/** @typedef {{id: string, session_id: string, event_type: string, metadata: object, created_at: string}} Event */

export class Events {
  #api;
  #storage;
  #session;
  /** @type {Event[]} */
  #waiting = [];
  #failures = 0;
  #flying = false;
  #ended = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import("./api.js").Api} api
   * @param {Storage} [storage]
   */
  constructor(api, storage = sessionStorage) {
    this.#api = api;
    this.#storage = storage;
    this.#session = storage.getItem(SESSION) ?? crypto.randomUUID();
    storage.setItem(SESSION, this.#session);
    document.addEventListener("visibilitychange", this.#hidden);
  }

  /**
   * @param {string} type of small letters and underscores
   * @param {object} [metadata] nothing personal, no texts
   */
  record(type, metadata = {}) {
    this.#waiting.push({
      id: crypto.randomUUID(),
      session_id: this.#session,
      event_type: type,
      metadata,
      created_at: new Date().toISOString(),
    });
    this.#waiting.splice(0, this.#waiting.length - KEPT);
    this.#schedule(EVERY);
  }

  /** Send what waits, and record no more: on signing out. */
  end() {
    document.removeEventListener("visibilitychange", this.#hidden);
    this.#farewell();
    this.#storage.removeItem(SESSION);
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #hidden = () => {
    if (document.hidden) {
      this.#farewell();
    }
  };

  /** @param {number} wait milliseconds */
  #schedule(wait) {
    if (this.#timer === undefined && !this.#flying && !this.#ended && this.#waiting.length > 0) {
      this.#timer = setTimeout(() => this.#send(), wait);
    }
  }

  async #send() {
    this.#timer = undefined;
    const batch = this.#waiting.slice(0, BATCH);
    if (batch.length === 0) {
      return; // gone out when the page was hidden
    }
    this.#flying = true;
    const error = await this.#api.post("/analytics/events", { events: batch }).then(nothing, told);
    this.#flying = false;
    this.#failures = error === null ? 0 : this.#failures + 1;
    if (error === null || !error.passing) {
      this.#forget(batch); // taken in, or refused: the same would be refused again
    }
    const asked = (error?.retryAfter ?? 0) * 1000;
    this.#schedule(this.#failures > 0 ? Math.max(asked, backoff(this.#failures)) : 0);
  }

  /** The page may never be seen again: what waits goes out now, also what is under way, which counts once. */
  #farewell() {
    const batch = this.#waiting.slice(-BATCH);
    if (batch.length > 0) {
      this.#api.post("/analytics/events", { events: batch }, {}, true).then(() => this.#forget(batch), told);
    }
  }

  /** @param {Event[]} batch */
  #forget(batch) {
    const gone = new Set(batch);
    this.#waiting = this.#waiting.filter((event) => !gone.has(event));
  }
}

/** @returns {null} */
function nothing() {
  return null;
}

/** @param {unknown} error */
function told(error) {
  return error instanceof ApiError ? error : new ApiError(0, String(error));
}
