/** A state that is replaced, never changed, and whoever wants to know of it. */

/** @template {object} State */
export class Observed {
  /** @type {Set<(state: State) => void>} */
  #listeners = new Set();
  #state;

  /** @param {State} state */
  constructor(state) {
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  /** @param {Partial<State>} changes */
  set(changes) {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) {
      listener(this.#state);
    }
  }

  /**
   * @param {(state: State) => void} listener
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Told only when one of these parts of the state is another one.
   *
   * @param {(keyof State)[]} names
   * @param {(state: State) => void} listener
   * @returns {() => void} ends it
   */
  watch(names, listener) {
    let before = this.#state;
    return this.subscribe((state) => {
      const other = names.some((name) => state[name] !== before[name]);
      before = state;
      if (other) {
        listener(state);
      }
    });
  }
}
