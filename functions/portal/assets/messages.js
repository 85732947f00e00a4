/** A conversation's messages: newest first, those on their way before all that have arrived, each of them once. */

/**
 * @typedef {object} Message
 * @property {number | null} id its place in the conversation; null until it has arrived
 * @property {string} sender_id
 * @property {string} client_id chosen by the sender: what is sent again under it is the same message
 * @property {string} content
 * @property {string} created_at
 * @property {"sending" | "failed"} [state] of one that has not arrived
 * @property {Error} [error]
 */

/**
 * Both lists as one. Of two that are the same message, one that has arrived counts, else the first list's.
 *
 * @param {Message[]} first
 * @param {Message[]} second
 */
export function merged(first, second) {
  /** @type {Map<string, Message>} */
  const found = new Map();
  for (const message of [...first, ...second]) {
    const key = `${message.sender_id} ${message.client_id}`;
    const other = found.get(key);
    if (other === undefined || (other.id === null && message.id !== null)) {
      found.set(key, message);
    }
  }
  return [...found.values()].sort(newestFirst);
}

/**
 * Those that have not arrived.
 *
 * @param {Message[]} messages
 */
export function waiting(messages) {
  return messages.filter((message) => message.id === null);
}

/**
 * The list once one of its messages could not be sent.
 *
 * @param {Message[]} messages
 * @param {string} clientId
 * @param {Error} error
 * @returns {Message[]}
 */
export function failed(messages, clientId, error) {
  return messages.map((message) =>
    message.client_id === clientId && message.id === null ? { ...message, state: "failed", error } : message,
  );
}

/**
 * @param {Message} one
 * @param {Message} other
 */
function newestFirst(one, other) {
  if (one.id === null || other.id === null) {
    return Number(one.id !== null) - Number(other.id !== null) || other.created_at.localeCompare(one.created_at);
  }
  return other.id - one.id;
}
