/** A list that grows by a page at a time. */

import { h } from "./dom.js";

/**
 * @param {import("./error-boundary.js").ErrorBoundary} part
 * @param {(before: string) => Promise<{entries: Node[], next: string | null}>} load one page; `before` is empty, or
 *   what the page before named as `next`
 * @param {string} none said where there is nothing
 * @param {string} more the button's words
 */
export async function pages(part, load, none, more) {
  const list = h("ul", { class: "list" });
  const told = h("p", { class: "visually-hidden", role: "status" });
  const button = h("button", { type: "button", class: "quiet", hidden: true }, more);
  let before = "";
  const next = async () => {
    const page = await load(before);
    list.append(...page.entries.map((entry) => h("li", {}, entry)));
    before = page.next ?? "";
    button.hidden = page.next === null;
    return page.entries.length;
  };
  let busy = false;
  const grow = part.guard(async () => {
    if (busy) {
      return;
    }
    busy = true;
    const count = list.children.length;
    told.textContent = `${await next().finally(() => (busy = false))} more.`;
    const first = list.children[count];
    if (button.hidden && first instanceof HTMLElement) {
      first.tabIndex = -1;
      first.focus(); // the button that had the focus is gone
    }
  });
  button.addEventListener("click", grow);
  const found = await next();
  return h("div", {}, found === 0 ? h("p", { class: "soft" }, none) : list, button, told);
}
