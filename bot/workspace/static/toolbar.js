// The toolbar over a message: quick reactions, reply, and the menu with what the app and the writer can do.

import { el, icon } from "./dom.js";
import { emojiChar } from "./emoji.js";
import { openMenu } from "./popover.js";
import { pick } from "./reactions.js";

export function toolbar(message, { channel, inThread }, desk) {
  const tool = (name, label, run) =>
    el(
      "button",
      {
        type: "button",
        class: "tool",
        title: label,
        "aria-label": label,
        "data-key": `tool:${name}`,
        onclick: (e) => run(e.currentTarget),
      },
      icon(name),
    );
  const quick = ["+1", "-1"].map((name) =>
    el(
      "button",
      {
        type: "button",
        class: "tool tool-emoji",
        title: `React with :${name}:`,
        "aria-label": `React with ${name}`,
        onclick: () =>
          desk.react(
            channel,
            message.ts,
            name,
            !message.reactions?.some((r) => r.name === name && r.users.includes(desk.state.me.id)),
          ),
      },
      emojiChar(name),
    ),
  );
  const menu = moreItems(message, channel, inThread, desk);
  return el(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Message actions" },
    quick,
    tool("smile", "Add a reaction", (anchor) => pick(anchor, message, channel, desk)),
    !inThread && tool("reply", "Reply in thread", () => desk.openThread(channel, message.thread_ts ?? message.ts)),
    menu.length > 0 && tool("more", "More actions", (anchor) => openMenu(anchor, menu, "More actions")),
  );
}

function moreItems(message, channel, inThread, desk) {
  const shortcuts = desk.state.shortcuts.map((s) => ({
    label: s.name,
    run: () => desk.shortcut(channel, message.ts, s.callback_id),
  }));
  if (message.user !== desk.state.me.id) return shortcuts;
  return [
    ...shortcuts,
    { label: "Edit message", run: () => desk.startEdit(message.ts, inThread) },
    { label: "Delete message…", danger: true, run: () => desk.remove(channel, message.ts) },
  ];
}
