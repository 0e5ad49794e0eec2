// The box to write in. Enter sends, Shift+Enter makes a new line. Each place keeps its draft while the page is open.

import { Completion, suggest } from "./complete.js";
import { el, icon } from "./dom.js";
import { openEmojiPicker } from "./picker.js";

const drafts = new Map();

export class Composer {
  // send(text) → Promise; it throws where the text was not accepted, and the text then stays in the box. tryOut(button)
  // offers questions to try, where the box is not a thread's.
  constructor(host, { state, send, tryOut = null }) {
    const inThread = !tryOut;
    this.send = send;
    this.key = null;
    this.field = el("textarea", { class: "composer-field", rows: 1, autocomplete: "off", spellcheck: "true" });
    this.button = el(
      "button",
      {
        type: "button",
        class: "composer-send",
        "aria-label": "Send",
        title: "Send (Enter)",
        onclick: () => this.submit(),
      },
      icon("send", 17),
    );
    const tool = (name, label, run) =>
      el("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: run }, icon(name, 17));
    this.box = el(
      "div",
      { class: "composer-box" },
      this.field,
      el(
        "div",
        { class: "composer-foot" },
        tool("smile", "Insert an emoji", (e) => openEmojiPicker(e.currentTarget, (name) => this.insert(`:${name}: `))),
        tool("at", "Mention somebody", () => this.insert("@")),
        tryOut && tool("bulb", "Try a question", (e) => tryOut(e.currentTarget)),
        el("span", { class: "composer-hint" }, inThread ? "" : "/ for commands"),
        this.button,
      ),
    );
    host.replaceChildren(this.box);
    this.completion = new Completion(this.field, this.box, (text, caret) => suggest(text, caret, state(), inThread));
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("click", () => this.completion.refresh());
    this.field.addEventListener("keydown", (event) => this.keydown(event));
    this.resize();
  }

  // Shows the composer of another place, with the draft that was left there.
  show(key, placeholder) {
    this.field.placeholder = placeholder;
    this.field.setAttribute("aria-label", placeholder);
    if (key === this.key) return;
    this.key = key;
    this.field.value = drafts.get(key) ?? "";
    this.completion.hide();
    this.resize();
  }

  focus() {
    this.field.focus();
  }

  // Writes in place of the draft.
  put(text) {
    this.field.value = text;
    this.focus();
    this.changed();
  }

  insert(text) {
    const { selectionStart: start, selectionEnd: end, value } = this.field;
    const spaced = text === "@" && start && !/\s/.test(value[start - 1]) ? ` ${text}` : text;
    this.field.setRangeText(spaced, start, end, "end");
    this.focus();
    this.changed();
  }

  changed() {
    drafts.set(this.key, this.field.value);
    this.completion.refresh();
    this.resize();
  }

  resize() {
    this.button.disabled = !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, innerHeight * 0.35)}px`;
  }

  keydown(event) {
    if (this.completion.key(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  async submit() {
    const text = this.field.value;
    const key = this.key;
    if (!text.trim()) return;
    this.field.value = "";
    this.changed();
    this.completion.hide();
    try {
      await this.send(text);
    } catch {
      drafts.set(key, text);
      if (this.key === key && !this.field.value) {
        this.field.value = text;
        this.changed();
      }
    }
  }
}
