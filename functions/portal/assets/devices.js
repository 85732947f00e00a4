/** Where the player gets push notices. */

import { act } from "./acts.js";
import { h, labelled, time } from "./dom.js";

const KINDS = { registration_token: "Firebase token", installation_id: "Firebase installation id", expo: "Expo token" };
const PLATFORMS = { android: "Android", ios: "iOS", web: "Web" };

/** @type {import("./portal.js").Section} */
export async function devices(page, part) {
  const { devices: known } = await page.api.get("/register-device");
  const list = h("ul", { class: "list" }, ...known.map((/** @type {any} */ device) => entry(device, page, part)));
  const none = known.length === 0 ? h("p", { class: "soft" }, "No device gets notices yet.") : null;
  return h("div", {}, none, list, state(page), registration(page));
}

/**
 * @param {any} device
 * @param {import("./portal.js").Page} page
 * @param {import("./error-boundary.js").ErrorBoundary} part
 */
function entry(device, { api, say }, part) {
  const platform = PLATFORMS[/** @type {keyof typeof PLATFORMS} */ (device.platform)] ?? device.platform;
  const { told, listener } = act(part, async () => {
    await api.delete(`/register-device/${device.id}`);
    await part.show();
    return `${platform} is removed.`;
  }, say);
  const name = `${platform}, ${device.push_token}, ${device.status}, seen `;
  const label = `Remove ${platform} ${device.push_token}`;
  const button = h("button", { type: "button", class: "quiet", "aria-label": label, onclick: listener }, "Remove");
  return h("li", { class: "row" }, h("span", {}, name, time(device.last_seen_at)), button, told);
}

/**
 * What has become of the registration that this browser has been asked for.
 *
 * @param {import("./portal.js").Page} page
 */
function state({ push, reload }) {
  const told = h("p", { id: "push", role: "status" });
  let before = push.state.status;
  const paint = () => {
    const { status, failures, due, reason } = push.state;
    const wait = Math.max(0, Math.ceil((due - Date.now()) / 1000));
    const sentences = {
      none: "",
      waiting: failures === 0 ? "Registering …" : `${reason} It is tried again in ${wait} s.`,
      registered: "This device is registered.",
      refused: `Refused: ${reason}`,
    };
    told.textContent = sentences[status];
    if (status === "registered" && before === "waiting") {
      reload("devices");
    }
    before = status;
  };
  const end = push.subscribe(() => (told.isConnected ? paint() : end()));
  paint();
  return told;
}

/** @param {import("./portal.js").Page} page */
function registration({ push }) {
  const platform = choice("platform", PLATFORMS);
  const kind = choice("address-kind", KINDS);
  const token = h("input", { id: "push-token", required: true, maxlength: 2048, autocomplete: "off" });
  const register = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    push.register({ platform: platform.value, address_kind: kind.value, push_token: token.value.trim() });
    token.value = "";
  };
  return h(
    "form",
    { onsubmit: register },
    h("h3", {}, "Register a device"),
    labelled("Platform", platform),
    labelled("Kind of token", kind),
    labelled("Push token of its app", token),
    h("p", {}, h("button", {}, "Register")),
  );
}

/**
 * @param {string} id
 * @param {Record<string, string>} options
 */
function choice(id, options) {
  return h("select", { id }, ...Object.entries(options).map(([value, name]) => h("option", { value }, name)));
}
