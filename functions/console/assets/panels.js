// Each panel by itself: one that failed is tried again, sooner by its button; one that is there is renewed once a minute.
const EVERY = 60000; // milliseconds between two looks at a panel that is there
const FIRST = 2000; // milliseconds until a panel that failed is tried again; each further time takes twice as long
const tags = new WeakMap();
const waits = new WeakMap();
const timers = new WeakMap();

async function renew(panel) {
  clearTimeout(timers.get(panel));
  panel.setAttribute("aria-busy", "true");
  const headers = { "x-fragment": "panel", accept: "text/html" };
  if (tags.has(panel)) headers["if-none-match"] = tags.get(panel);
  try {
    await show(panel, await fetch(panel.dataset.panel, { headers, cache: "no-store" }));
  } catch {
    failed(panel);
  }
  panel.removeAttribute("aria-busy");
}

async function show(panel, answer) {
  if (answer.status === 401) return;
  if (answer.status !== 304) {
    const html = await answer.text();
    if (answer.headers.get("content-type")?.startsWith("text/html")) replace(panel, html);
  }
  if (!answer.ok && answer.status !== 304) return failed(panel);
  tags.set(panel, answer.headers.get("etag") ?? "");
  waits.delete(panel);
  delete panel.dataset.failed;
  later(panel, EVERY);
}

// Where the focus was, it is again; figures that were open stay open.
function replace(panel, html) {
  const focused = panel.contains(document.activeElement);
  const open = panel.querySelector("details")?.open;
  panel.innerHTML = html;
  if (open) panel.querySelector("details")?.setAttribute("open", "");
  if (focused) (panel.querySelector("[data-retry], a, summary") ?? panel).focus({ preventScroll: true });
}

function failed(panel) {
  panel.dataset.failed = "";
  tags.delete(panel);
  const wait = Math.min((waits.get(panel) ?? FIRST / 2) * 2, EVERY);
  waits.set(panel, wait);
  later(panel, wait * (0.75 + Math.random() / 2));
}

function later(panel, wait) {
  timers.set(panel, setTimeout(() => (document.hidden ? later(panel, EVERY) : renew(panel)), wait));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-retry]");
  if (!button) return;
  event.preventDefault();
  renew(button.closest("[data-panel]"));
});
// When the live part of the page says that a view was renewed, the panels are, too.
const live = document.getElementById("live");
let renewed = live.querySelector("[data-renewed]")?.dataset.renewed;
new MutationObserver(() => {
  const now = live.querySelector("[data-renewed]")?.dataset.renewed;
  if (now === renewed) return;
  renewed = now;
  for (const panel of document.querySelectorAll("[data-panel]")) renew(panel);
}).observe(live, { childList: true, subtree: true });

for (const panel of document.querySelectorAll("[data-panel]")) {
  if ("failed" in panel.dataset) failed(panel);
  else later(panel, EVERY);
}
