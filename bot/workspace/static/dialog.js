// Modal boxes on the native <dialog>: the browser keeps focus inside, makes the rest inert and reports Esc.

import { el, freshId, icon } from "./dom.js";

// A dialog with title, body and foot buttons. onCancel runs for Esc and for the cross. Returns {node, close}.
export function openDialog({ title, body, foot, onCancel, wide = false, className = "" }) {
  const heading = el("h2", { class: "dialog-title", id: freshId("dialog") }, title);
  const cross = el(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Close", onclick: onCancel },
    icon("close"),
  );
  const node = el(
    "dialog",
    { class: `dialog${wide ? " dialog-wide" : ""} ${className}`, "aria-labelledby": heading.id },
    el("div", { class: "dialog-head" }, heading, cross),
    body,
    foot && el("div", { class: "dialog-foot" }, foot),
  );
  node.addEventListener("cancel", (event) => {
    if (event.target !== node) return;
    event.preventDefault();
    onCancel();
  });
  document.body.append(node);
  node.showModal();
  return {
    node,
    close() {
      node.close();
      node.remove();
    },
  };
}

// Asks before an act. `text` may be a node. → Promise<boolean>
export function confirmDialog({ title, text, confirm = "Confirm", deny = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    const answer = (yes) => {
      dialog.close();
      resolve(yes);
    };
    const dialog = openDialog({
      title,
      body: el("div", { class: "dialog-body" }, text),
      foot: [
        el("button", { type: "button", class: "button", onclick: () => answer(false) }, deny),
        el(
          "button",
          {
            type: "button",
            class: `button ${danger ? "button-danger" : "button-primary"}`,
            autofocus: true,
            onclick: () => answer(true),
          },
          confirm,
        ),
      ],
      onCancel: () => answer(false),
      className: "dialog-small",
    });
  });
}
