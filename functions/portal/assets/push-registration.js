/** Tells the server where this device takes its push notices: until it knows, or has refused for good. */

import { ApiError } from "./api.js";
import { backoff } from "./backoff.js";
import { Observed } from "./observed.js";

const KEY = "nightshift.push"; // in localStorage: an attempt outlives the page
const REFUSALS = new Set([400, 401, 403, 404, 410, 422]); // the same would be refused again
const SIGN_OF_LIFE = 24 * 60 * 60 * 1000; // milliseconds after which a device says again that it is there

/** @typedef {{platform: string, address_kind: string, push_token: string}} Device */
/**
 * @typedef {object} State
 * @property {string} user whose device it is
 * @property {Device | null} device
 * @property {"none" | "waiting" | "registered" | "refused"} status
 * @property {number} failures in a row
 * @property {number} due when it is tried next, or was registered, in milliseconds of the epoch
 * @property {number} notBefore what the server has asked for
 * @property {number} refusal the status of the answer that ended it; 0 without one
 * @property {string} reason why the last attempt failed
 */

/** @extends {Observed<State>} */
export class PushRegistration extends Observed {
  #api;
  #storage;
  #flying = false;
  #ended = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import("./api.js").Api} api
   * @param {string} user
   * @param {Storage} [storage]
   */
  constructor(api, user, storage = localStorage) {
    super(nothing(user));
    this.#api = api;
    this.#storage = storage;
    addEventListener("online", this.#online);
  }

  /** Go on with what an earlier page has left, a new sign-in with what an old one was refused. */
  resume() {
    const kept = read(this.#storage, this.state.user);
    const again = kept.status === "refused" && kept.refusal === 401;
    const quiet = kept.status === "registered" && Date.now() - kept.due > SIGN_OF_LIFE;
    this.set(again || quiet ? { ...kept, status: "waiting", due: Date.now() } : kept);
    this.#schedule();
  }

  /** @param {Device} device */
  register(device) {
    this.#keep({ ...nothing(this.state.user), device, status: "waiting", due: Date.now() });
    this.#schedule();
  }

  /** Try no more; what was kept is for the next sign-in. */
  end() {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#online);
    this.#ended = true;
  }

  /**
   * Keep nothing of it: on signing out.
   *
   * @param {Storage} [storage]
   */
  static forget(storage = localStorage) {
    write(storage, null);
  }

  #online = () => {
    if (this.state.status === "waiting") {
      this.#keep({ due: Math.max(Date.now(), this.state.notBefore) });
      this.#schedule();
    }
  };

  #schedule() {
    clearTimeout(this.#timer);
    if (this.state.status === "waiting" && !this.#flying && !this.#ended) {
      this.#timer = setTimeout(() => this.#attempt(), Math.max(0, this.state.due - Date.now()));
    }
  }

  async #attempt() {
    const { device } = this.state;
    this.#flying = true;
    const changes = await this.#api.post("/register-device", device).then(registered, (error) => this.#failed(error));
    this.#flying = false;
    if (device === this.state.device && !this.#ended) {
      this.#keep(changes);
    }
    this.#schedule(); // another device may have been named meanwhile
  }

  /**
   * @param {unknown} error
   * @returns {Partial<State>}
   */
  #failed(error) {
    const reason = error instanceof Error ? error.message : String(error);
    const status = error instanceof ApiError ? error.status : 0;
    if (REFUSALS.has(status)) {
      return { status: "refused", refusal: status, reason };
    }
    const asked = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
    const [failures, now] = [this.state.failures + 1, Date.now()];
    return { failures, reason, notBefore: now + asked, due: now + Math.max(asked, backoff(failures)) };
  }

  /** @param {Partial<State>} changes */
  #keep(changes) {
    this.set(changes);
    write(this.#storage, this.state);
  }
}

/**
 * @param {string} user
 * @returns {State}
 */
function nothing(user) {
  return { user, device: null, status: "none", failures: 0, due: 0, notBefore: 0, refusal: 0, reason: "" };
}

/** @returns {Partial<State>} */
function registered() {
  return { status: "registered", failures: 0, due: Date.now(), notBefore: 0, refusal: 0, reason: "" };
}

/**
 * What was kept for this user; another user's is not theirs to go on with.
 *
 * @param {Storage} storage
 * @param {string} user
 * @returns {State}
 */
function read(storage, user) {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "null");
    return kept?.user === user ? { ...nothing(user), ...kept } : nothing(user);
  } catch {
    return nothing(user); // no storage in this browser, or somebody else's words in it
  }
}

/**
 * @param {Storage} storage
 * @param {State | null} state
 */
function write(storage, state) {
  try {
    if (state === null) {
      storage.removeItem(KEY);
    } else {
      storage.setItem(KEY, JSON.stringify(state));
    }
  } catch (error) {
    console.warn("This browser keeps nothing: the registration lasts as long as the page.", error);
  }
}
