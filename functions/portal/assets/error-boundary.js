/** A part of the page that may fail by itself: it says so, tries again, and leaves the others alone. */

import { ApiError } from "./api.js";
import { backoff } from "./backoff.js";
import { h } from "./dom.js";

const TRIES = 5; // by itself; after that a person decides

export class ErrorBoundary {
  #element;
  #load;
  #broken;
  #body = h("div");
  #notice = h("div", { role: "alert" });
  #failures = 0;
  #turn = 0; // an answer that belongs to an earlier one is dropped
  /** @type {Date | null} */
  #shownAt = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} element holds the part, and its heading already
   * @param {() => Promise<Node>} load makes what is shown
   * @param {() => void} [broken] told of each failure
   */
  constructor(element, load, broken = () => {}) {
    this.#element = element;
    this.#load = load;
    this.#broken = broken;
    element.append(this.#notice, this.#body);
  }

  /** Load anew. What was shown stays until there is something newer. */
  async show() {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    this.#element.setAttribute("aria-busy", "true");
    try {
      const content = await this.#load();
      if (turn === this.#turn) {
        this.#shown(content);
      }
    } catch (error) {
      if (turn === this.#turn) {
        this.#failed(error);
      }
    }
  }

  /**
   * A listener whose failure is this part's own.
   *
   * @template {unknown[]} Arguments
   * @param {(...values: Arguments) => unknown} listener
   */
  guard(listener) {
    return async (/** @type {Arguments} */ ...values) => {
      try {
        await listener(...values);
      } catch (error) {
        this.#failed(error, false);
      }
    };
  }

  /** Try no more. */
  end() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  /** @param {Node} content */
  #shown(content) {
    const focused = this.#element.contains(document.activeElement) ? document.activeElement : null;
    this.#failures = 0;
    this.#shownAt = new Date();
    this.#notice.replaceChildren();
    this.#body.replaceChildren(content);
    this.#element.removeAttribute("aria-busy");
    if (focused !== null && !focused.isConnected) {
      this.#focus(focused.id);
    }
  }

  /**
   * Who had the focus on something that is gone finds it on what has taken its place, else on the part.
   *
   * @param {string} id
   */
  #focus(id) {
    const successor = id === "" ? null : this.#body.querySelector(`#${CSS.escape(id)}`);
    const place = successor instanceof HTMLElement ? successor : this.#element;
    if (place === this.#element) {
      place.tabIndex = -1;
    }
    place.focus();
  }

  /**
   * @param {unknown} error
   * @param {boolean} [byItself] whether to try again without being asked
   */
  #failed(error, byItself = true) {
    this.#failures += 1;
    this.#broken();
    this.#element.removeAttribute("aria-busy");
    const again = byItself && this.#failures <= TRIES && error instanceof ApiError && error.passing;
    const wait = again ? Math.max(backoff(this.#failures), (error.retryAfter ?? 0) * 1000) : 0;
    if (again) {
      this.#timer = setTimeout(() => this.show(), wait);
    }
    this.#notice.replaceChildren(this.#told(error, wait));
    if (!(error instanceof ApiError)) {
      console.error(error);
    }
  }

  /**
   * @param {unknown} error
   * @param {number} wait milliseconds until it is tried again; 0: it is not
   */
  #told(error, wait) {
    const reason = error instanceof ApiError ? error.message : "Something on this page is broken.";
    const age = this.#shownAt && `What you see is of ${this.#shownAt.toLocaleTimeString()}.`;
    const next = wait > 0 ? `It is tried again in ${Math.ceil(wait / 1000)} s.` : null;
    const button = h("button", { type: "button", class: "quiet", onclick: () => this.show() }, "Try again");
    return h("div", { class: "notice bad" }, h("p", {}, [reason, age, next].filter(Boolean).join(" ")), button);
  }
}
