// Shows the app's modals: a stack of views, of which the top one is seen. Opens, updates and closes as events say;
// submits what was typed, shows the errors that the app answers, keeps what was typed across an update.

import { renderBlocks } from "./blocks.js";
import { confirmDialog, openDialog } from "./dialog.js";
import { el } from "./dom.js";
import { textOf } from "./text.js";

// What the inputs of one view hold, and where their errors go.
class Inputs {
  constructor() {
    this.fields = [];
    this.errors = new Map();
  }

  add(block, action, field) {
    this.fields.push({ block, action, ...field });
  }

  addError(block, control, node, required) {
    this.errors.set(block, { control, node, required });
  }

  values() {
    const values = {};
    for (const { block, action, get } of this.fields) (values[block] ??= {})[action] = get();
    return values;
  }

  // Waits until what the inputs hold can be sent.
  ready() {
    return Promise.all(this.fields.map((field) => field.ready?.()));
  }

  restore(older) {
    for (const field of this.fields) {
      const before = older?.fields.find((f) => f.block === field.block && f.action === field.action);
      if (before) field.restore(before.raw());
    }
  }

  // Required inputs that are empty, as {block_id: sentence}.
  missing() {
    const values = this.values();
    const empty = (v) =>
      v === null || v === undefined || (Array.isArray(v) && !v.length) || (typeof v === "string" && !v.trim());
    const unfilled = ([block, { required }]) =>
      required && Object.values(values[block] ?? {}).every(({ type: _, ...held }) => Object.values(held).every(empty));
    return Object.fromEntries([...this.errors].filter(unfilled).map(([block]) => [block, "Please fill this in."]));
  }

  showErrors(errors) {
    let first = null;
    for (const [block, { control, node }] of this.errors) {
      node.textContent = errors[block] ?? "";
      node.hidden = !errors[block];
      control.setAttribute("aria-invalid", String(Boolean(errors[block])));
      if (errors[block]) first ??= control;
    }
    (first?.matches("input, select, textarea") ? first : first?.querySelector("input"))?.focus();
    return [...this.errors.keys()].some((block) => errors[block]);
  }
}

export class Modals {
  // act(fields with view_id), submit(view_id, values) → {ok, errors?}, close(view_id); context() → as elements.js says.
  constructor({ act, submit, close, context }) {
    this.calls = { act, submit, close };
    this.context = context;
    this.stack = [];
  }

  // A view that comes to light again under a closed one is opened anew by the server, under its own id.
  open(view) {
    if (this.stack.some((shown) => shown.view.id === view.id)) return this.update(view);
    const top = this.stack.at(-1);
    if (top && view.previous_view_id !== top.view.id) this.clear();
    top?.dialog.node.classList.add("dialog-under");
    this.stack.push(this.build(view));
    return undefined;
  }

  update(view) {
    const at = this.stack.findIndex((shown) => shown.view.id === view.id);
    if (at < 0) return this.open(view);
    const old = this.stack[at];
    const fresh = this.build(view, old.inputs);
    old.dialog.close();
    this.stack[at] = fresh;
    return undefined;
  }

  closed(viewId) {
    const at = this.stack.findIndex((shown) => shown.view.id === viewId);
    if (at < 0) return;
    for (const shown of this.stack.splice(at).reverse()) shown.dialog.close();
    this.stack.at(-1)?.dialog.node.classList.remove("dialog-under");
  }

  clear() {
    for (const shown of this.stack.splice(0).reverse()) shown.dialog.close();
  }

  build(view, older) {
    const inputs = new Inputs();
    const ctx = { ...this.context(), inputs, act: (fields) => this.calls.act({ ...fields, view_id: view.id }) };
    const note = el("p", { class: "dialog-error", role: "alert", hidden: true });
    const form = el(
      "form",
      { class: "dialog-body", id: `view-${view.id}`, novalidate: true },
      renderBlocks(view.blocks, ctx),
      note,
    );
    const cancel = () => this.cancel(view, inputs);
    const submit = view.submit && el("button", { class: "button button-primary", form: form.id }, textOf(view.submit));
    const foot = [
      el(
        "button",
        { type: "button", class: "button", onclick: cancel },
        textOf(view.close) || (submit ? "Cancel" : "Close"),
      ),
      submit,
    ];
    const dialog = openDialog({ title: textOf(view.title), body: form, foot, onCancel: cancel });
    inputs.restore(older);
    form.onsubmit = (event) => {
      event.preventDefault();
      if (submit) this.send(view, inputs, submit, note);
    };
    form.onkeydown = (event) => {
      if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
    };
    (form.querySelector("[autofocus]") ?? form.querySelector("textarea, input, select"))?.focus();
    return { view, dialog, inputs, opened: JSON.stringify(inputs.values()) };
  }

  async send(view, inputs, button, note) {
    note.hidden = true;
    button.disabled = true;
    button.classList.add("button-busy");
    try {
      await inputs.ready();
      if (inputs.showErrors(inputs.missing())) return;
      const answer = await this.calls.submit(view.id, inputs.values());
      const errors = answer.errors ?? {};
      if (answer.ok === false && !inputs.showErrors(errors))
        this.say(note, Object.values(errors)[0] ?? answer.message ?? "This was not accepted.");
    } catch (refusal) {
      this.say(note, refusal.message);
    } finally {
      button.disabled = false;
      button.classList.remove("button-busy");
    }
  }

  say(note, text) {
    note.textContent = text;
    note.hidden = false;
  }

  // Closing loses what was typed, so a changed form asks first.
  async cancel(view, inputs) {
    const shown = this.stack.find((s) => s.view.id === view.id);
    const changed = shown && view.submit && shown.opened !== JSON.stringify(inputs.values());
    if (
      changed &&
      !(await confirmDialog({
        title: "Discard what you wrote?",
        text: "It has not been sent.",
        confirm: "Discard",
        deny: "Keep writing",
        danger: true,
      }))
    )
      return;
    this.closed(view.id);
    this.calls.close(view.id);
  }
}
