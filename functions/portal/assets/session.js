/** Who is signed in: a token, kept for this tab alone and never written into an address. */

const KEY = "nightshift.token";
const LONGEST = 2 ** 31 - 1; // milliseconds that a timer takes

export class Session {
  #ended;
  #storage;
  /** @type {string | null} */
  #token = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {() => void} ended told when the token has run out
   * @param {Storage} [storage]
   */
  constructor(ended, storage = sessionStorage) {
    this.#ended = ended;
    this.#storage = storage;
  }

  /** The token, while it holds. */
  get token() {
    return this.#token;
  }

  /** The player's id. It is read here and checked by the server. */
  get user() {
    return this.#token === null ? null : claims(this.#token)?.sub ?? null;
  }

  /** Take up what this tab has kept, or what the address brings. */
  resume() {
    const token = fromAddress() ?? this.#storage.getItem(KEY);
    return token !== null && this.keep(token);
  }

  /**
   * Sign in.
   *
   * @param {string} token
   * @returns {boolean} whether it is a token that has not run out
   */
  keep(token) {
    const given = claims(token.trim());
    const left = given === null ? 0 : given.exp * 1000 - Date.now();
    this.end();
    if (!(left > 0)) {
      return false;
    }
    this.#token = token.trim();
    this.#storage.setItem(KEY, this.#token);
    this.#timer = setTimeout(() => this.#ended(), Math.min(left, LONGEST));
    return true;
  }

  /** Sign out. */
  end() {
    clearTimeout(this.#timer);
    this.#token = null;
    this.#storage.removeItem(KEY);
  }
}

/** The token of `#token=…`, which leaves the address bar and the history at once. */
export function fromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    history.replaceState(null, "", location.pathname);
  }
  return token;
}

/**
 * What a token says of itself.
 *
 * @param {string} token
 * @returns {{sub: string, exp: number} | null} null: it is no token
 */
function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const read = JSON.parse(atob(part));
    return typeof read.sub === "string" && typeof read.exp === "number" ? read : null;
  } catch {
    return null;
  }
}
