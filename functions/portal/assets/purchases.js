/** Buying: what is tried again is the same purchase, so nothing is paid for twice. */

import { ApiError } from "./api.js";

/**
 * @typedef {object} Bought
 * @property {string} item_name
 * @property {number} new_balance
 * @property {string} [recipient_name] of a gift
 */

export class Purchases {
  #api;
  /** @type {Map<string, string>} what was asked for and not answered, with its key */
  #open = new Map();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * @param {string} item
   * @returns {Promise<Bought>}
   */
  buy(item) {
    return this.#once("/shop/buy", { item_id: item });
  }

  /**
   * @param {string} item
   * @param {string} recipient
   * @param {string} message empty for none
   * @returns {Promise<Bought>}
   */
  gift(item, recipient, message) {
    return this.#once("/shop/gift", { item_id: item, recipient_id: recipient, ...(message && { message }) });
  }

  /**
   * @param {string} path
   * @param {object} order
   */
  async #once(path, order) {
    const intent = JSON.stringify([path, order]);
    const key = this.#open.get(intent) ?? crypto.randomUUID();
    this.#open.set(intent, key);
    try {
      const bought = await this.#api.post(path, order, { "idempotency-key": key });
      this.#open.delete(intent);
      return bought;
    } catch (error) {
      if (!(error instanceof ApiError && error.passing)) {
        this.#open.delete(intent); // refused: nothing was done, and the next attempt is another purchase
      }
      throw error;
    }
  }
}
