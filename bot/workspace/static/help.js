// The help behind "?": what one can do on this page, for the person that one is, and its keys.

import { openDialog } from "./dialog.js";
import { el } from "./dom.js";
import { displayName, ROLES } from "./people.js";

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const KEYS = [
  [MAC ? "⌘ K" : "Ctrl K", "go to a channel, a person, a question or a command"],
  ["?", "this help"],
  ["/", "the commands, at the beginning of a message"],
  ["@", "mention somebody"],
  [":", "emoji, by their names"],
  ["Enter", "send"],
  ["Shift Enter", "a new line"],
  ["Esc", "close the thread or a box"],
];

// What a newcomer may try, in this order.
function listSteps(bot) {
  return [
    `Ask ${bot} something: in its direct messages, or with @${bot} in a channel. The answer names its sources.`,
    "Press the thumb below the answer. A thumbs-down asks what it should have said; staff's answer counts at once.",
    "Choose another person at the top: customers, agents and admins may read and do different things.",
    "As an admin, /chip retrain lets Chip learn from the corrections; its report comes to #chip-admin.",
    "Not answered? Ask for a person: #support-team gets a card, and the conversation is carried back.",
  ];
}

export function openHelp(state) {
  if (document.querySelector("dialog[open]")) return;
  const bot = displayName(state.bot());
  const commands = state.commands.flatMap(({ command, subcommands }) =>
    (subcommands ?? []).map(({ usage, description }) => [`${command} ${usage}`, description]),
  );
  const dialog = openDialog({
    title: "Help",
    body: el(
      "div",
      { class: "dialog-body help" },
      el("h3", {}, "What you can do here"),
      el(
        "ol",
        {},
        listSteps(bot).map((step) => el("li", {}, step)),
      ),
      el("h3", {}, "Keys"),
      table(KEYS, (key) => key.split(" ").map((part) => el("kbd", {}, part))),
      commands.length > 0 && [
        el("h3", {}, `Commands for ${displayName(state.me)}, ${ROLES[state.me.role] ?? ""}`),
        table(commands, (usage) => el("code", {}, usage)),
      ],
    ),
    onCancel: () => dialog.close(),
    wide: true,
  });
}

function table(rows, show) {
  return el(
    "dl",
    { class: "help-rows" },
    rows.map(([name, about]) => el("div", {}, el("dt", {}, show(name)), el("dd", {}, about))),
  );
}
