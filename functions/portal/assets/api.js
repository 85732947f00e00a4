/** Calls of Nightshift's functions with the player's token. Every failure is an `ApiError`. */

const PATIENCE = 10_000; // milliseconds for an answer
const LONGEST = 24 * 60 * 60; // seconds, the most that a Retry-After is believed
const PASSING = new Set([0, 408, 425, 429, 500, 502, 503, 504]); // what may be otherwise in a moment; 0: no answer

/** @typedef {{field: string, problem: string}} Fault */

export class ApiError extends Error {
  /**
   * @param {number} status of HTTP; 0 where no answer came
   * @param {string} detail a sentence for a person
   * @param {{kind?: string, faults?: Fault[], retryAfter?: number | null}} [more] kind: the problem's `type`;
   *   retryAfter: seconds
   */
  constructor(status, detail, { kind = "about:blank", faults = [], retryAfter = null } = {}) {
    super([detail, ...faults.map((fault) => `${fault.field}: ${fault.problem}`)].join(" "));
    this.name = "ApiError";
    this.status = status;
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed later. */
  get passing() {
    return PASSING.has(this.status);
  }
}

export class Api {
  #token;
  #refused;

  /**
   * @param {() => string | null} token the token to call with
   * @param {() => void} [refused] told when a token is refused
   */
  constructor(token, refused = () => {}) {
    this.#token = token;
    this.#refused = refused;
  }

  /** @param {string} path */
  get(path) {
    return this.#call("GET", path);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @param {boolean} [keepalive] whether it goes on when the page is closed; 64 KB at most then
   */
  post(path, body = {}, headers = {}, keepalive = false) {
    return this.#call("POST", path, body, headers, keepalive);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   */
  put(path, body = {}) {
    return this.#call("PUT", path, body);
  }

  /** @param {string} path */
  delete(path) {
    return this.#call("DELETE", path);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @param {boolean} [keepalive]
   * @returns {Promise<any>} the answer's JSON; null where it has none
   */
  async #call(method, path, body, headers = {}, keepalive = false) {
    const token = this.#token();
    const sent = token === null ? headers : { ...headers, authorization: `Bearer ${token}` };
    const answer = await answered(path, {
      method,
      keepalive,
      headers: body === undefined ? sent : { ...sent, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) {
      return answer.content;
    }
    if (answer.status === 401 && token === this.#token()) {
      this.#refused();
    }
    throw failure(answer);
  }
}

/** @typedef {{ok: boolean, status: number, retryAfter: string | null, content: any}} Answer */

/**
 * One answer, read to its end within PATIENCE.
 *
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<Answer>}
 */
async function answered(path, init) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE);
  try {
    const answer = await fetch(path, { ...init, signal: abort.signal, cache: "no-store", credentials: "omit" });
    const text = await answer.text();
    return { ok: answer.ok, status: answer.status, retryAfter: answer.headers.get("retry-after"), content: json(text) };
  } catch {
    const late = abort.signal.aborted;
    throw new ApiError(0, late ? "The answer takes too long." : "There is no connection.");
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} text */
function json(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null; // a proxy's own page
  }
}

/** @param {Answer} answer */
function failure({ status, retryAfter, content }) {
  return new ApiError(status, content?.detail ?? `The answer was ${status}.`, {
    kind: content?.type,
    faults: content?.errors,
    retryAfter: seconds(retryAfter),
  });
}

/**
 * A Retry-After in seconds, whichever of its two forms it has (RFC 9110, 10.2.3).
 *
 * @param {string | null} value
 */
function seconds(value) {
  if (value === null) {
    return null;
  }
  const wait = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(wait) ? null : Math.min(LONGEST, Math.max(0, wait));
}
