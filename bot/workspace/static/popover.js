// A floating box next to a button: emoji picker, menus. One is open at a time; Esc or a click elsewhere closes it.

import { el } from "./dom.js";

const MARGIN = 8;
let current = null;

export function closePopover() {
  current?.close();
}

// Opens `content` near `anchor`; focus goes in and comes back to the anchor on close.
export function openPopover(anchor, content, label, role = "dialog") {
  const again = current?.anchor === anchor;
  closePopover();
  if (again) return;
  const host = anchor.closest("dialog[open]") ?? document.body;
  const box = el("div", { class: "popover", role, "aria-label": label }, content);
  host.append(box);
  place(box, anchor);
  anchor.setAttribute("aria-expanded", "true");
  const onKey = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  };
  const onPointer = (event) => {
    if (!box.contains(event.target) && !anchor.contains(event.target)) close(false);
  };
  function close(refocus) {
    document.removeEventListener("keydown", onKey, true);
    document.removeEventListener("pointerdown", onPointer, true);
    anchor.setAttribute("aria-expanded", "false");
    box.remove();
    current = null;
    if (refocus) anchor.focus();
  }
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("pointerdown", onPointer, true);
  current = { anchor, close: () => close(false) };
  (box.querySelector("[autofocus]") ?? box.querySelector("button, input"))?.focus();
}

function place(box, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const above = at.top - size.height - MARGIN;
  const top = at.bottom + size.height + MARGIN <= innerHeight ? at.bottom + 4 : Math.max(MARGIN, above);
  const left = Math.min(Math.max(MARGIN, at.right - size.width), innerWidth - size.width - MARGIN);
  box.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - size.height - MARGIN))}px`;
  box.style.left = `${Math.max(MARGIN, left)}px`;
}

// A menu of {label, danger?, run} items, walked with the arrow keys.
export function openMenu(anchor, items, label) {
  const buttons = items.map(({ label: text, danger, run }) =>
    el(
      "button",
      {
        class: `menu-item${danger ? " menu-danger" : ""}`,
        role: "menuitem",
        type: "button",
        onclick: () => {
          closePopover();
          run();
        },
      },
      text,
    ),
  );
  const onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement);
    buttons.at((at + step) % buttons.length).focus();
  };
  openPopover(anchor, el("div", { class: "menu", onkeydown }, buttons), label, "menu");
}
