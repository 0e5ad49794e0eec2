// The left side: the team, the channels and the conversation with the app, with what is unread; and the switch
// between the people that one can be.

import { el, fillWhenNew, icon } from "./dom.js";
import { avatar, displayName, ROLES } from "./people.js";

// go({channel} | {home: true}); route says what is open.
export function renderSidebar(host, state, route, go) {
  const open = (channel) => !route.home && route.channel === channel.id;
  const rows = state.channels.map((c) => ({
    id: c.id,
    name: c.name,
    isDirect: c.is_im,
    open: open(c),
    unread: state.unread(c.id),
  }));
  const focused = host.contains(document.activeElement);
  const filled = fillWhenNew(host, [state.me.id, rows, route.home], () => groups(state.bot(), rows, route.home, go));
  if (filled && focused) host.querySelector("[aria-current]")?.focus();
}

function groups(bot, rows, isHome, go) {
  const row =
    (mark) =>
    ({ id, name, open, unread }) =>
      entry(open, mark(), name, unread, () => go({ channel: id }));
  const direct = rows.filter((r) => r.isDirect).map((r) => ({ ...r, name: displayName(bot) }));
  return [
    group("Channels", rows.filter((r) => !r.isDirect).map(row(() => icon("hash", 16)))),
    group("Direct messages", direct.map(row(() => avatar(bot, "avatar-tiny")))),
    bot && group("Apps", [entry(isHome, icon("home", 16), `${displayName(bot)}’s Home`, 0, () => go({ home: true }))]),
  ];
}

function entry(open, mark, label, unread, onclick) {
  const count = unread
    ? el("span", { class: "entry-count", "aria-label": `${unread} unread` }, unread > 99 ? "99+" : unread)
    : null;
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: `entry${unread ? " entry-unread" : ""}`, "aria-current": open ? "page" : null, onclick },
      mark,
      el("span", { class: "entry-name" }, label),
      count,
    ),
  );
}

function group(title, entries) {
  return el("section", { class: "group" }, el("h2", {}, title), el("ul", {}, entries));
}

// One of the people is checked; the arrow keys go to the next.
export function renderPeople(host, users, me, become) {
  const people = users.filter((u) => u.role !== "bot");
  host.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = people.findIndex((user) => user.id === me);
    if (step) become(people.at((at + step) % people.length).id);
  };
  const focused = host.contains(document.activeElement);
  const filled = fillWhenNew(host, [me, people], () => people.map((user) => person(user, user.id === me, become)));
  if (filled && focused) host.querySelector("[aria-checked=true]")?.focus();
}

function person(user, isMe, become) {
  return el(
    "button",
    {
      type: "button",
      class: "person",
      role: "radio",
      "aria-checked": String(isMe),
      tabindex: isMe ? "0" : "-1",
      title: `Be ${displayName(user)}, ${ROLES[user.role]}`,
      onclick: () => become(user.id),
    },
    avatar(user, "avatar-small"),
    el("span", { class: "person-name" }, displayName(user)),
    el("span", { class: "person-role" }, ROLES[user.role] ?? user.role),
  );
}

// connected: true, false, or null while nobody has said.
export function renderConnection(host, connected) {
  const words = { true: "Chip is connected", false: "Chip is not connected", null: "Waiting for Chip…" }[
    String(connected)
  ];
  host.className = `connection connection-${connected === null ? "unknown" : connected ? "up" : "down"}`;
  fillWhenNew(host, words, () => [el("span", { class: "dot", "aria-hidden": "true" }), words]);
}
