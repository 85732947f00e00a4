/** The page: who is signed in, and a section for each thing that a player has. */

import { Api } from "./api.js";
import { devices } from "./devices.js";
import { h, labelled } from "./dom.js";
import { ErrorBoundary } from "./error-boundary.js";
import { Events } from "./events.js";
import { inbox } from "./inbox.js";
import { partners } from "./partners.js";
import { PushRegistration } from "./push-registration.js";
import { recaps } from "./recaps.js";
import { score } from "./score.js";
import { Session } from "./session.js";
import { shop } from "./shop.js";

const OVER = "Your sign-in has ended. Sign in again.";
const NO_TOKEN = "This is no token, or it has run out. Ask for a new one.";

/**
 * What a section is given.
 *
 * @typedef {object} Page
 * @property {Api} api
 * @property {string} user
 * @property {PushRegistration} push
 * @property {Events} events
 * @property {(sentence: string) => void} say to those who listen to the page
 * @property {(section: string) => void} reload show a section anew, after what another has done
 * @property {(end: () => void) => void} atEnd called when the player signs out
 */
/** @typedef {(page: Page, part: ErrorBoundary) => Promise<Node>} Section makes what a section shows */

/** @type {[string, string, Section][]} */
const SECTIONS = [
  ["score", "Score", score],
  ["recaps", "Recaps", recaps],
  ["inbox", "Inbox", inbox],
  ["shop", "Shop", shop],
  ["partners", "Partners", partners],
  ["devices", "Devices", devices],
];

const session = new Session(() => signOut(OVER));
/** @type {(() => void)[]} */
let ends = [];

document.getElementById("sign-out")?.addEventListener("click", () => signOut("", true));
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) {
    finish();
    start(session.resume());
  }
});
start(session.resume());

/** @param {boolean} signedIn */
function start(signedIn) {
  if (signedIn && session.user !== null) {
    open(session.user);
  } else {
    ask("");
  }
}

/**
 * Ask for a token.
 *
 * @param {string} notice
 */
function ask(notice) {
  const field = h("input", { id: "token", type: "password", autocomplete: "off", required: true, size: 40 });
  const told = h("p", { role: "alert", class: notice ? "notice warn" : "" }, notice);
  const form = h(
    "form",
    {
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        if (session.keep(field.value)) {
          start(true);
          document.getElementById("main")?.focus();
        } else {
          told.className = "notice bad";
          told.textContent = NO_TOKEN;
          field.focus();
        }
      },
    },
    labelled("Your token", field),
    h("p", {}, h("button", {}, "Sign in")),
  );
  frame(false);
  const title = h("h2", { id: "sign-in" }, "Sign in");
  show(h("section", { class: "card", "aria-labelledby": "sign-in" }, title, told, form));
}

/**
 * Open the sections of a player.
 *
 * @param {string} user
 */
function open(user) {
  const api = new Api(
    () => session.token,
    () => signOut(OVER),
  );
  const push = new PushRegistration(api, user);
  const events = new Events(api);
  /** @type {Map<string, ErrorBoundary>} */
  const parts = new Map();
  /** @type {Page} */
  const page = {
    api,
    user,
    push,
    events,
    say,
    reload: (section) => parts.get(section)?.show(),
    atEnd: (end) => ends.push(end),
  };
  const elements = SECTIONS.map(([id, title, make]) => {
    const element = h("section", { id, class: "card", "aria-labelledby": `${id}-title` });
    element.append(h("h2", { id: `${id}-title` }, title));
    /** @type {ErrorBoundary} */
    const part = new ErrorBoundary(element, () => make(page, part), () => events.record("section_failed", { id }));
    parts.set(id, part);
    ends.push(() => part.end());
    return element;
  });
  frame(true);
  show(h("div", { class: "sections" }, ...elements));
  for (const part of parts.values()) {
    part.show();
  }
  push.resume();
  events.record("portal_opened");
  ends.push(() => events.end());
  ends.push(() => push.end());
}

/**
 * @param {string} notice
 * @param {boolean} [wanted] by the player themselves: this device gets no more notices either
 */
function signOut(notice, wanted = false) {
  finish(); // while the token is still there: the last events go out with it
  session.end();
  if (wanted) {
    PushRegistration.forget();
  }
  ask(notice);
}

function finish() {
  for (const end of ends) {
    end();
  }
  ends = [];
}

/** @param {boolean} signedIn */
function frame(signedIn) {
  const links = SECTIONS.map(([id, title]) => h("a", { href: `#${id}` }, title));
  for (const id of ["sections", "sign-out"]) {
    document.getElementById(id)?.toggleAttribute("hidden", !signedIn);
  }
  document.getElementById("sections")?.replaceChildren(...links);
}

/** @param {Node} content */
function show(content) {
  document.getElementById("page")?.replaceChildren(content);
}

/** @param {string} sentence */
function say(sentence) {
  const place = document.getElementById("said");
  if (place) {
    place.textContent = sentence;
  }
}
