// The box behind Ctrl+K: one types a few letters and goes to a channel, becomes somebody, asks an example or writes a
// command. Arrow keys choose, Enter takes.

import { openDialog } from "./dialog.js";
import { el, fill, icon } from "./dom.js";
import { avatar, displayName, ROLES } from "./people.js";

const MOST = 9;

// Everything that one can go to or do, as {label, about, mark, run}. calls: {go, become, ask, write}.
export function listTargets(state, examples, calls) {
  const bot = state.bot();
  const places = state.channels.map((channel) => ({
    label: channel.is_im ? displayName(bot) : `#${channel.name}`,
    about: channel.is_im ? "Direct message" : (channel.topic ?? ""),
    mark: channel.is_im ? avatar(bot, "avatar-small") : icon("hash", 16),
    run: () => calls.go({ channel: channel.id }),
  }));
  const home = { label: "Home", about: "What Chip knows", mark: icon("home", 16), run: () => calls.go({ home: true }) };
  const people = [...state.users.values()]
    .filter((user) => user.role !== "bot" && user.id !== state.me.id)
    .map((user) => ({
      label: `Be ${displayName(user)}`,
      about: ROLES[user.role] ?? "",
      mark: avatar(user, "avatar-small"),
      run: () => calls.become(user.id),
    }));
  const questions = examples.map((text) => ({
    label: `Ask: ${text}`,
    about: "",
    mark: icon("reply", 16),
    run: () => calls.ask(text),
  }));
  return [...places, home, ...people, ...questions, ...listCommands(state, calls)];
}

function listCommands(state, calls) {
  return state.commands.flatMap(({ command, subcommands }) =>
    (subcommands ?? []).map(({ usage, description }) => ({
      label: `${command} ${usage}`,
      about: description,
      mark: el("span", { class: "complete-slash" }, "/"),
      run: () => calls.write(`${command} ${usage.replace(/\s*[<[].*/, "")} `),
    })),
  );
}

// Those that hold every typed word, in their label before in what is said about them.
export function choose(targets, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (text) => words.every((word) => text.toLowerCase().includes(word));
  const inLabel = targets.filter((target) => holds(target.label));
  const inBoth = targets.filter((target) => !holds(target.label) && holds(`${target.label} ${target.about}`));
  return [...inLabel, ...inBoth].slice(0, MOST);
}

// Opens the box; a second call while it is open does nothing.
export function openJump(targets) {
  if (document.querySelector("dialog[open]")) return;
  let at = 0;
  let found = [];
  const field = el("input", {
    class: "field",
    type: "search",
    placeholder: "A channel, a person, a question or a command",
    "aria-label": "Go to",
    "aria-controls": "jump-list",
    autofocus: true,
  });
  const list = el("ul", { class: "jump-list", role: "listbox", id: "jump-list", "aria-label": "Places and commands" });
  const dialog = openDialog({
    title: "Go to",
    body: el("div", { class: "dialog-body" }, field, list),
    onCancel: () => dialog.close(),
    className: "dialog-jump",
  });
  const take = (target) => {
    dialog.close();
    target.run();
  };
  const draw = () => {
    const row = (target, i) =>
      el(
        "li",
        { role: "option", id: `jump-${i}`, "aria-selected": String(i === at), onclick: () => take(target) },
        el("span", { class: "complete-mark" }, target.mark),
        el("b", {}, target.label),
        el("span", { class: "complete-about" }, target.about),
      );
    fill(list, found.length ? found.map(row) : el("p", { class: "nothing" }, "Nothing is called that."));
    if (found.length) field.setAttribute("aria-activedescendant", `jump-${at}`);
    else field.removeAttribute("aria-activedescendant");
    list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  };
  const search = () => {
    at = 0;
    found = choose(targets, field.value);
    draw();
  };
  field.addEventListener("input", search);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && found.length) take(found[at]);
    else if (step && found.length) at = (at + step + found.length) % found.length;
    else return;
    event.preventDefault();
    draw();
  });
  search();
}
