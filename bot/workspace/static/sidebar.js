// The left side: the team, the channels and the conversation with the app, with what is unread; and the switch
// between the people that one can be.

import { el, fill, icon } from "./dom.js";
import { avatar, displayName, ROLES } from "./people.js";

// go({channel} | {home: true}); route says what is open.
export function renderSidebar(host, state, route, go) {
  const bot = state.bot();
  const channels = state.channels.filter((c) => !c.is_im);
  const direct = state.channels.filter((c) => c.is_im);
  const entry = (open, mark, label, count, to) => el("li", {}, el("button", {
    type: "button", class: `entry${count ? " entry-unread" : ""}`, "aria-current": open ? "page" : null, onclick: () => go(to),
  }, mark, el("span", { class: "entry-name" }, label), count ? el("span", { class: "entry-count", "aria-label": `${count} unread` }, count) : null));
  const open = (channel) => !route.home && route.channel === channel.id;
  fill(host,
    group("Channels", channels.map((c) => entry(open(c), icon("hash", 16), c.name, state.unread(c.id), { channel: c.id }))),
    group("Direct messages", direct.map((c) => entry(open(c), avatar(bot, "avatar-tiny"), displayName(bot), state.unread(c.id), { channel: c.id }))),
    bot && group("Apps", [entry(route.home, icon("home", 16), `${displayName(bot)}’s Home`, 0, { home: true })]));
}

function group(title, entries) {
  return el("section", { class: "group" }, el("h2", {}, title), el("ul", {}, entries));
}

export function renderPeople(host, users, me, become) {
  const people = users.filter((u) => u.role !== "bot");
  fill(host, people.map((user) => el("button", {
    type: "button", class: "person", role: "radio", "aria-checked": String(user.id === me), title: `Be ${displayName(user)}, ${ROLES[user.role]}`, onclick: () => become(user.id),
  }, avatar(user, "avatar-small"), el("span", { class: "person-name" }, displayName(user)), el("span", { class: "person-role" }, ROLES[user.role] ?? user.role))));
}

// connected: true, false, or null while nobody has said.
export function renderConnection(host, connected) {
  const words = { true: "Chip is connected", false: "Chip is not connected", null: "Waiting for Chip…" }[String(connected)];
  host.className = `connection connection-${connected === null ? "unknown" : connected ? "up" : "down"}`;
  fill(host, el("span", { class: "dot", "aria-hidden": "true" }), words);
}
