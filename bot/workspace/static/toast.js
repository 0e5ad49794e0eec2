// Short notices in the corner, as Slack shows what a click or a command could not do.

import { el, icon } from "./dom.js";

const SHOWN_MS = 7000;

export function toast(text, kind = "notice") {
  const corner = document.getElementById("toasts");
  const close = el(
    "button",
    { class: "icon-button", "aria-label": "Dismiss", onclick: () => box.remove() },
    icon("close", 14),
  );
  const box = el(
    "div",
    { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : "status" },
    el("span", {}, text),
    close,
  );
  corner.append(box);
  while (corner.children.length > 4) corner.firstChild.remove();
  setTimeout(() => box.remove(), SHOWN_MS);
}

// Says something to people who listen rather than look.
export function announce(text) {
  const region = document.getElementById("announcer");
  region.append(el("p", {}, text));
  while (region.children.length > 5) region.firstChild.remove();
}
