// Keeps a list of messages on the screen in step with the data: only what changed is drawn again, and the list stays
// at the bottom while the reader is there.

import { el, fill, icon } from "./dom.js";
import { renderMessage } from "./message.js";
import { continues } from "./state.js";
import { dayKey, dayName } from "./time.js";

const NEAR_BOTTOM_PX = 90;

export class MessageList {
  constructor(scroller, desk, { inThread = false } = {}) {
    this.scroller = scroller;
    this.desk = desk;
    this.inThread = inThread;
    this.rows = new Map();
    this.shown = null;
    this.inner = el("div", { class: "rows" });
    this.jump = el(
      "button",
      { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom(true) },
      icon("chevron", 15),
      "New messages",
    );
    scroller.append(this.inner);
    scroller.after(this.jump);
    this.stuck = true;
    new ResizeObserver(() => this.stuck && this.toBottom()).observe(this.inner);
    // A picture that loads moves the bottom away before the list hears of it: only a reader who scrolls up leaves it.
    let lastTop = 0;
    scroller.addEventListener("scroll", () => {
      if (this.atBottom()) this.stuck = true;
      else if (scroller.scrollTop < lastTop) this.stuck = false;
      lastTop = scroller.scrollTop;
      if (this.stuck) this.jump.hidden = true;
    });
  }

  atBottom() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_BOTTOM_PX;
  }

  toBottom(smooth = false) {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    this.jump.hidden = true;
    this.stuck = true;
  }

  // Shows the line above what is new, as near to the top as the list allows.
  toNew() {
    this.scroller.scrollTop = this.rows.get("new").node.offsetTop - this.scroller.offsetTop - 40;
    this.stuck = this.atBottom();
  }

  // messages: null while loading. top: what stands above the first message; newSince: where the "New" line goes.
  render({ channel, key, messages, top, newSince, editing, statusOf }) {
    const moved = key !== this.shown;
    if (moved) this.forget(key);
    if (messages === null) return void fill(this.inner, skeleton());
    const stuck = moved || this.stuck;
    const before = this.rows.size;
    this.place(top, this.build({ channel, messages, newSince, editing, statusOf }));
    if (moved && this.rows.has("new")) this.toNew();
    else if (stuck) this.toBottom();
    else if (this.rows.size > before) this.jump.hidden = false;
    return undefined;
  }

  forget(key) {
    this.shown = key;
    this.rows.clear();
    this.inner.replaceChildren();
  }

  build({ channel, messages, newSince, editing, statusOf }) {
    const wanted = [];
    const replies = messages.slice(1).filter((m) => !m.ephemeral).length;
    let previous = null;
    let marked = !newSince;
    for (const message of messages) {
      if (!this.inThread && (!previous || dayKey(previous.ts) !== dayKey(message.ts)))
        wanted.push([`day:${dayKey(message.ts)}`, [], () => divider(dayName(message.ts))]);
      if (!marked && message.ts > newSince && message.user !== this.desk.state.me.id) {
        marked = true;
        wanted.push(["new", [], () => divider("New", "divider-new")]);
        previous = null;
      }
      const view = {
        channel,
        compact: continues(message, previous),
        editing: editing === message.ts,
        inThread: this.inThread,
        status: statusOf(message),
      };
      const pressed = message.blocks?.length ? this.pressedIn(message.ts) : "";
      wanted.push([
        message.ts,
        [message, view.compact, view.editing, view.status, pressed],
        () => renderMessage(message, view, this.desk),
      ]);
      if (this.inThread && message === messages[0] && replies)
        wanted.push(["count", [replies], () => divider(replyCount(replies), "divider-count")]);
      previous = this.inThread && message === messages[0] ? null : message;
    }
    return wanted;
  }

  // Which of a message's buttons this person has pressed, as a text to compare.
  pressedIn(ts) {
    const here = Object.entries(this.desk.state.pressed).filter(([key]) => key.includes(`/${ts}/`));
    return here.join();
  }

  place(top, wanted) {
    const next = new Map();
    for (const [key, signature, make] of wanted) {
      const old = this.rows.get(key);
      const same =
        old && old.signature.length === signature.length && old.signature.every((part, i) => part === signature[i]);
      next.set(key, same ? old : { signature, node: replaced(old?.node, make()) });
    }
    this.rows = next;
    arrange(this.inner, [top, ...[...next.values()].map((row) => row.node)].filter(Boolean));
    this.inner.querySelector("textarea[autofocus]")?.focus();
  }
}

// Puts the children into this order, touching only what is out of place, so that focus and selection survive.
function arrange(parent, nodes) {
  const keep = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!keep.has(child)) child.remove();
  nodes.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
  });
}

// Swaps a row in place and gives focus back to the same control in the new one.
function replaced(old, fresh) {
  if (!old?.isConnected) return fresh;
  if (streamsOn(old, fresh)) {
    old.querySelector(".content").replaceWith(fresh.querySelector(".content"));
    return old;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const label = focused?.getAttribute("aria-label");
  old.replaceWith(fresh);
  if (label) [...fresh.querySelectorAll("[aria-label]")].find((n) => n.getAttribute("aria-label") === label)?.focus();
  else if (focused) fresh.focus();
  return fresh;
}

// While text streams in, only the text is swapped: a button that is being pressed must not vanish under the pointer.
function streamsOn(old, fresh) {
  const reactions = (node) => node.querySelector(".reactions")?.textContent;
  return [old, fresh].every((node) => node.classList.contains("streaming")) && reactions(old) === reactions(fresh);
}

function replyCount(count) {
  return count === 1 ? "1 reply" : `${count} replies`;
}

function divider(text, extra = "") {
  return el("div", { class: `divider ${extra}`, role: "separator", "aria-label": text }, el("span", {}, text));
}

function skeleton() {
  const bar = (width) => el("span", { class: "bone", style: `width:${width}%` });
  const row = (a, b) =>
    el("div", { class: "bone-row" }, el("span", { class: "bone bone-avatar" }), el("div", {}, bar(18), bar(a), bar(b)));
  return el(
    "div",
    { class: "skeleton", role: "status", "aria-label": "Loading messages" },
    row(70, 48),
    row(55, 30),
    row(76, 60),
  );
}
