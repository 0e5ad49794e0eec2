// The list that appears while typing: "/" commands, "@" people, ":" emoji. Arrow keys choose, Enter or Tab takes.

import { el, fill, freshId } from "./dom.js";
import { searchEmoji } from "./emoji.js";
import { avatar, displayName, ROLES } from "./people.js";

const MOST = 8;
const MOST_COMMANDS = 20;

// What could be meant by the text before the caret: {from, items: [{insert, label, about, mark}], whole?}
// or null. `whole`: what stands there can be sent as it is, so that Enter takes a suggestion only after an arrow key.
export function suggest(text, caret, state, inThread) {
  const before = text.slice(0, caret);
  if (!inThread && /^\/[^\n]*$/.test(before) && caret === text.length) return commands(before, state);
  const word = /(?:^|\s)([@:])([\w+-]*)$/.exec(before);
  if (!word) return null;
  const from = caret - word[2].length - 1;
  return word[1] === "@" ? people(word[2], from, state) : emoji(word[2], from);
}

// Each command, and each of its sub-commands: those that the app described for this person, else those that the usage
// hint lists: "[status | retrain | rollback]".
function commands(before, state) {
  const entries = state.commands.flatMap(({ command, description, usage_hint: hint, subcommands }) => {
    const hinted = (hint ?? "").includes("|")
      ? hint
          .replace(/[[\]]/g, "")
          .split("|")
          .map((s) => ({ usage: s.trim(), description: "" }))
          .filter(({ usage }) => usage)
      : [];
    const subs = subcommands?.length ? subcommands : hinted;
    const all = subs.map(({ usage, description: about }) => ({
      insert: `${command} ${usage.replace(/\s*[<[].*/, "")}`,
      label: `${command} ${usage}`,
      about,
    }));
    return [{ insert: command, label: `${command}${subs.length ? "" : ` ${hint ?? ""}`}`, about: description }, ...all];
  });
  const items = entries.filter((e) => e.insert.startsWith(before.trimEnd()) && e.insert !== before.trimEnd());
  const whole = state.commands.some(({ command }) => before.split(" ")[0] === command);
  return items.length
    ? {
        from: 0,
        whole,
        items: items.slice(0, MOST_COMMANDS).map((e) => ({ ...e, mark: el("span", { class: "complete-slash" }, "/") })),
      }
    : null;
}

function people(prefix, from, state) {
  const wanted = prefix.toLowerCase();
  const found = [...state.users.values()].filter(
    (u) => u.id !== state.me.id && displayName(u).toLowerCase().startsWith(wanted),
  );
  const items = found
    .sort((a, b) => (b.role === "bot") - (a.role === "bot"))
    .map((u) => ({
      insert: `@${displayName(u)}`,
      label: displayName(u),
      about: ROLES[u.role] ?? "",
      mark: avatar(u, "avatar-small"),
    }));
  return items.length ? { from, items: items.slice(0, MOST) } : null;
}

function emoji(prefix, from) {
  if (prefix.length < 2) return null;
  const items = searchEmoji(prefix).map((e) => ({
    insert: `:${e.name}:`,
    label: `:${e.name}:`,
    about: "",
    mark: el("span", { class: "emoji" }, e.char),
  }));
  return items.length ? { from, items: items.slice(0, MOST) } : null;
}

// Joins a textarea and its list of suggestions. `find(text, caret)` answers as suggest() does.
export class Completion {
  constructor(field, host, find) {
    this.field = field;
    this.find = find;
    this.found = null;
    this.at = 0;
    this.list = el("ul", {
      class: "complete",
      role: "listbox",
      id: freshId("complete"),
      "aria-label": "Suggestions",
      hidden: true,
    });
    host.append(this.list);
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("blur", () => setTimeout(() => this.hide(), 120));
  }

  refresh() {
    this.found = this.find(this.field.value, this.field.selectionStart);
    this.at = 0;
    this.moved = false;
    this.draw();
  }

  hide() {
    this.found = null;
    this.draw();
  }

  draw() {
    const items = this.found?.items ?? [];
    this.list.hidden = !items.length;
    fill(
      this.list,
      items.map((item, i) =>
        el(
          "li",
          {
            role: "option",
            id: `${this.list.id}-${i}`,
            "aria-selected": String(i === this.at),
            onmousedown: (e) => {
              e.preventDefault();
              this.at = i;
              this.take();
            },
          },
          el("span", { class: "complete-mark" }, item.mark),
          el("b", {}, item.label),
          el("span", { class: "complete-about" }, item.about),
        ),
      ),
    );
    if (items.length) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  // True when the key was meant for the list.
  key(event) {
    if (!this.found) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.at = (this.at + step + this.found.items.length) % this.found.items.length;
      this.moved = true;
    } else if (event.key === "Escape") this.found = null;
    else if (event.key === "Tab" || (event.key === "Enter" && (this.moved || !this.found.whole)))
      return this.take(event);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.draw();
    return true;
  }

  take(event) {
    event?.preventDefault();
    const { from, items } = this.found;
    const after = this.field.value.slice(this.field.selectionStart);
    const put = `${items[this.at].insert} `;
    this.field.value = this.field.value.slice(0, from) + put + after.replace(/^ /, "");
    this.field.setSelectionRange(from + put.length, from + put.length);
    this.hide();
    this.field.dispatchEvent(new Event("input"));
    return true;
  }
}
