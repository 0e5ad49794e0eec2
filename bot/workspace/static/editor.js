// The box in which a person changes a message of their own. Enter saves, Esc leaves it as it was.

import { el } from "./dom.js";
import { decodeEntities } from "./mrkdwn.js";

// Slack's text as the person would type it again.
function typedText(text, names) {
  const plain = text
    .replace(/<@(\w+)>/g, (_, id) => `@${names.user(id) ?? id}`)
    .replace(/<#\w+\|([^>]+)>/g, "#$1")
    .replace(/<!(\w+)>/g, "@$1")
    .replace(/<(https?:[^|>]+)(?:\|[^>]*)?>/g, "$1");
  return decodeEntities(plain);
}

export function editor(message, { channel }, desk) {
  const field = el("textarea", {
    class: "field",
    rows: 3,
    "aria-label": "Edit message",
    value: typedText(message.text, desk.state.names),
    autofocus: true,
  });
  const save = () =>
    field.value.trim() ? desk.saveEdit(channel, message.ts, field.value) : desk.remove(channel, message.ts);
  field.onkeydown = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      desk.cancelEdit();
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return el(
    "div",
    { class: "editor" },
    field,
    el(
      "div",
      { class: "editor-foot" },
      el("button", { type: "button", class: "button button-small", onclick: () => desk.cancelEdit() }, "Cancel"),
      el("button", { type: "button", class: "button button-small button-primary", onclick: save }, "Save"),
    ),
  );
}
