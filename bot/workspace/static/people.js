// Owns how a person looks: the avatar, the name, the role in words.

import { el } from "./dom.js";

export const ROLES = { customer: "customer", agent: "support agent", admin: "admin", bot: "app" };

export function displayName(user) {
  return user?.real_name || user?.name || user?.id || "Somebody";
}

export function avatar(user, size = "") {
  if (user?.role === "bot") return el("img", { class: `avatar ${size}`, src: "/static/chip.svg", alt: "" });
  const initials = displayName(user)
    .split(/\s+/)
    .slice(0, 2)
    .map((w) => w[0] ?? "")
    .join("")
    .toUpperCase();
  const color = /^#?[0-9a-f]{6}$/i.test(user?.color ?? "") ? `#${user.color.replace("#", "")}` : "#6b6375";
  return el("span", { class: `avatar ${size}`, style: `background:${color}`, "aria-hidden": "true" }, initials);
}
