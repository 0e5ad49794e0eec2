// The emoji that people gave a message, as pills; a click gives or takes back one's own.

import { el, icon } from "./dom.js";
import { emojiChar } from "./emoji.js";
import { openEmojiPicker } from "./picker.js";

export function reactions(message, { channel }, desk) {
  if (!message.reactions?.length) return null;
  const pills = message.reactions.map((reaction) => {
    const mine = reaction.users.includes(desk.state.me.id);
    const who = reaction.users.map((id) =>
      id === desk.state.me.id ? "you" : (desk.state.names.user(id) ?? "somebody"),
    );
    return el(
      "button",
      {
        type: "button",
        class: "reaction",
        "aria-pressed": String(mine),
        title: `${sentence(who)} reacted with :${reaction.name}:`,
        "aria-label": `${reaction.name}, ${reaction.count}`,
        "data-key": `react:${reaction.name}`,
        onclick: () => desk.react(channel, message.ts, reaction.name, !mine),
      },
      el("span", { class: "emoji" }, emojiChar(reaction.name) ?? `:${reaction.name}:`),
      el("span", { class: "count" }, reaction.count),
    );
  });
  const add = el(
    "button",
    {
      type: "button",
      class: "reaction reaction-add",
      "aria-label": "Add a reaction",
      title: "Add a reaction",
      onclick: (e) => pick(e.currentTarget, message, channel, desk),
    },
    icon("smile", 16),
    "+",
  );
  return el("div", { class: "reactions" }, pills, add);
}

function sentence(names) {
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : (names[0] ?? "");
  return list.charAt(0).toUpperCase() + list.slice(1);
}

export function pick(anchor, message, channel, desk) {
  openEmojiPicker(anchor, (name) => desk.react(channel, message.ts, name, true));
}
