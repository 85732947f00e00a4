/** Other players: who they are to this one, and how they are called. */

/** @typedef {{id: string, display_name: string | null, username: string | null}} Person */
/** @typedef {{id: string, direction: "incoming" | "outgoing", person: Person}} Request */
/** @typedef {{id: string, user_id: string, display_name: string | null, username: string | null}} Named */
/** @typedef {Named & {direction: "incoming" | "outgoing"}} Row */
/** @typedef {import("./api.js").Api} Api */

const MOST = 200; // the most that a page may have

/** @param {Person | null | undefined} person */
export function named(person) {
  return person?.display_name ?? person?.username ?? "Somebody";
}

/**
 * The player's partners.
 *
 * @param {Api} api
 * @returns {Promise<Person[]>}
 */
export async function partnersOf(api) {
  return (await api.get(`/partners?limit=${MOST}`)).partners.map(person);
}

/**
 * Requests that nobody has answered.
 *
 * @param {Api} api
 * @returns {Promise<Request[]>}
 */
export async function requestsOf(api) {
  const { requests } = await api.get(`/partners/requests?limit=${MOST}`);
  return requests.map((/** @type {Row} */ row) => ({ id: row.id, direction: row.direction, person: person(row) }));
}

/**
 * @param {Named} row
 * @returns {Person}
 */
function person({ user_id: id, display_name, username }) {
  return { id, display_name, username };
}
