// Owns which addresses the page will open or load: http, https and paths of its own server. Everything else stays text.

import { el } from "./dom.js";

// The address if it is safe to follow, else null.
export function safeHref(address) {
  try {
    const url = new URL(String(address), location.origin);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

// A link around the children; where the address is refused, the children alone.
export function link(address, ...children) {
  const href = safeHref(address);
  if (href === null) return el("span", { class: "link-refused", title: "This link was left out" }, ...children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
