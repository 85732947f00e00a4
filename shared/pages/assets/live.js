// Keeps the live part of a page (`data-live`: its address) as it is now. Without this module the page has a link.
const EVERY = 4000; // milliseconds between two looks
const LONGEST = 60000; // milliseconds between two looks at a server that does not answer
const part = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
const speaker = document.querySelector("[data-live-say]");
let wait = EVERY;
let tag = null;
let said = text(part);
let timer = null;

function text(root) {
  return root?.querySelector("[data-say]")?.dataset.say ?? "";
}

// Only what changed, and only what a page has chosen to be said.
function say(words) {
  if (words !== said && speaker) speaker.textContent = words;
  said = words;
}

// Nobody's typing is taken away; where the focus was, it is again.
function busy() {
  const held = document.activeElement;
  return part.contains(held) && held.matches("input, select, textarea");
}

function show(html) {
  const focus = part.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
  part.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  say(text(part));
}

async function look() {
  const headers = { "x-fragment": "live", accept: "text/html" };
  if (tag) headers["if-none-match"] = tag;
  const answer = await fetch(part.dataset.live, { headers, cache: "no-store" });
  if (answer.status === 401) return over();
  if (answer.status === 304) return later(EVERY, "");
  if (!answer.ok) throw new Error(String(answer.status));
  if (!busy()) {
    show(await answer.text());
    tag = answer.headers.get("etag");
  }
  later(EVERY, "");
}

function later(after, words) {
  wait = after;
  if (state) state.textContent = words;
  timer = document.hidden ? null : setTimeout(turn, wait);
}

function over() {
  if (state) state.textContent = "You are signed out. Load the page again.";
  say("You are signed out.");
}

async function turn() {
  try {
    await look();
  } catch {
    later(Math.min(wait * 2, LONGEST), "The server does not answer. Trying again.");
  }
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) turn();
});
if (part) later(EVERY, "Renewed by itself.");
