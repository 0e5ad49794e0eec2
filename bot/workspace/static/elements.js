// Renders Block Kit's interactive elements. A pressed one calls ctx.act; one that holds a value also says how to read
// it, through ctx.inputs.add(block_id, action_id, read).
//
// ctx: {names, users, act({block_id, action_id, value?, selected?}), pressed(key), press(key, value), upload?(file), inputs?}

import { confirmDialog } from "./dialog.js";
import { el, fill, freshId, icon } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { displayName } from "./people.js";
import { openMenu } from "./popover.js";
import { safeHref } from "./links.js";
import { textOf } from "./text.js";

// The node for an element of `block`; `isInput`: it sits in an input block and only holds a value.
export function element(spec, ctx, block, isInput = false) {
  const make = ELEMENTS[spec.type];
  if (!make) return el("span", { class: "unknown" }, `(${spec.type} is not shown here)`);
  const act = async (fields) => {
    if (spec.confirm && !(await confirmed(spec.confirm, ctx))) return;
    ctx.act({ block_id: block.block_id, action_id: spec.action_id, type: spec.type, ...fields });
  };
  const hold = (read) => ctx.inputs?.add(block.block_id, spec.action_id, read);
  return make(spec, { ctx, block, act, hold, isInput, changed: isInput && !block.dispatch_action ? () => {} : act });
}

function confirmed(spec, ctx) {
  return confirmDialog({
    title: textOf(spec.title),
    text: mrkdwn(textOf(spec.text), ctx.names),
    confirm: textOf(spec.confirm) || "Yes",
    deny: textOf(spec.deny) || "Cancel",
    danger: spec.style === "danger",
  });
}

function button(spec, { act }) {
  const kind = { primary: " button-primary", danger: " button-danger" }[spec.style] ?? "";
  const pressed = () => {
    const href = spec.url && safeHref(spec.url);
    if (href) window.open(href, "_blank", "noopener");
    act({ value: spec.value });
  };
  return el(
    "button",
    { type: "button", class: `button${kind}`, "aria-label": spec.accessibility_label, onclick: pressed },
    textOf(spec.text),
  );
}

function optionsOf(spec) {
  return spec.option_groups ? spec.option_groups.flatMap((g) => g.options) : (spec.options ?? []);
}

function dropdown(choices, groups, chosen, placeholder, label) {
  const option = ([value, text]) => el("option", { value, selected: value === chosen }, text);
  const listed = groups
    ? groups.map(([name, list]) => el("optgroup", { label: name }, list.map(option)))
    : choices.map(option);
  return el(
    "select",
    { class: "select", "aria-label": label },
    el("option", { value: "", selected: !chosen }, placeholder),
    listed,
  );
}

function staticSelect(spec, { changed, hold, isInput }) {
  const find = (value) => optionsOf(spec).find((o) => o.value === value) ?? null;
  const pair = (o) => [o.value, textOf(o.text)];
  const groups = spec.option_groups?.map((g) => [textOf(g.label), g.options.map(pair)]);
  const placeholder = textOf(spec.placeholder) || "Choose…";
  const select = dropdown(
    optionsOf(spec).map(pair),
    groups,
    spec.initial_option?.value,
    placeholder,
    isInput ? null : placeholder,
  );
  select.onchange = () => select.value && changed({ value: select.value, selected: find(select.value) });
  hold({
    get: () => ({ type: "static_select", selected_option: find(select.value) }),
    raw: () => select.value,
    restore: (v) => {
      select.value = v;
    },
  });
  return select;
}

function usersSelect(spec, { ctx, changed, hold, isInput }) {
  const people = [...ctx.users.values()].map((u) => [u.id, displayName(u)]);
  const placeholder = textOf(spec.placeholder) || "Choose a person…";
  const select = dropdown(people, null, spec.initial_user, placeholder, isInput ? null : placeholder);
  select.onchange = () => select.value && changed({ value: select.value, selected: select.value });
  hold({
    get: () => ({ type: "users_select", selected_user: select.value || null }),
    raw: () => select.value,
    restore: (v) => {
      select.value = v;
    },
  });
  return select;
}

function choices(kind, spec, { ctx, changed, hold }) {
  const name = freshId("choice");
  const initial = new Set((spec.initial_options ?? [spec.initial_option]).filter(Boolean).map((o) => o.value));
  const rows = spec.options.map((option) => {
    const input = el("input", { type: kind, name, value: option.value, checked: initial.has(option.value) });
    const about = option.description && el("span", { class: "choice-about" }, textOf(option.description));
    return el("label", { class: "choice" }, input, el("span", {}, mrkdwn(textOf(option.text), ctx.names), about));
  });
  const inputs = rows.map((row) => row.querySelector("input"));
  const chosen = () => spec.options.filter((_, i) => inputs[i].checked);
  const multiple = kind === "checkbox";
  const result = () => (multiple ? chosen() : (chosen()[0] ?? null));
  const box = el(
    "div",
    { class: "choices", role: multiple ? "group" : "radiogroup", onchange: () => changed({ selected: result() }) },
    rows,
  );
  hold({
    get: () =>
      multiple
        ? { type: "checkboxes", selected_options: result() }
        : { type: "radio_buttons", selected_option: result() },
    raw: () => inputs.map((i) => i.checked),
    restore: (flags) =>
      inputs.forEach((input, i) => {
        input.checked = Boolean(flags[i]);
      }),
  });
  return box;
}

function textInput(spec, { hold }) {
  const shared = {
    class: "field",
    placeholder: textOf(spec.placeholder),
    value: spec.initial_value ?? "",
    autofocus: spec.focus_on_load,
    minlength: spec.min_length,
    maxlength: spec.max_length ?? 3000,
  };
  const field = spec.multiline ? el("textarea", { ...shared, rows: 5 }) : el("input", { ...shared, type: "text" });
  hold({
    get: () => ({ type: "plain_text_input", value: field.value || null }),
    raw: () => field.value,
    restore: (v) => {
      field.value = v;
    },
  });
  return field;
}

// Files are stored by the workspace as soon as they are chosen; the form holds their ids.
function fileInput(spec, { ctx, hold }) {
  let uploads = []; // {name, done, id or problem once that is settled}
  const list = el("ul", { class: "chosen-files", "aria-live": "polite" });
  const draw = () => fill(list, uploads.map(row));
  const row = (one) =>
    el(
      "li",
      { class: one.problem ? "chosen-file chosen-file-bad" : "chosen-file" },
      el("span", {}, one.problem ? `${one.name}: ${one.problem}` : one.id ? one.name : `${one.name} …`),
      el("button", { type: "button", class: "button", onclick: () => drop(one) }, "Remove"),
    );
  const drop = (one) => {
    uploads = uploads.filter((other) => other !== one);
    draw();
  };
  const store = async (one, file) => {
    try {
      one.id = (await ctx.upload(file)).file;
    } catch (refusal) {
      one.problem = refusal.message;
    }
    draw();
  };
  const picker = el("input", {
    type: "file",
    class: "field",
    "aria-label": "Choose files",
    multiple: (spec.max_files ?? 10) > 1,
    accept: spec.filetypes?.map((kind) => `.${kind}`).join(","),
  });
  picker.onchange = () => {
    const added = [...picker.files].map((file) => {
      const one = { name: file.name };
      one.done = store(one, file);
      return one;
    });
    uploads = [...uploads, ...added];
    picker.value = "";
    draw();
  };
  hold({
    get: () => ({ type: "file_input", files: uploads.filter((one) => one.id).map((one) => one.id) }),
    ready: async () => {
      await Promise.all(uploads.map((one) => one.done));
      const bad = uploads.find((one) => one.problem);
      if (bad) throw new Error(`${bad.name} could not be stored. Remove it to go on without it.`);
    },
    raw: () => uploads,
    restore: (before) => {
      uploads = before;
      draw();
    },
  });
  return el("div", { role: "group" }, picker, list);
}

function overflow(spec, { act }) {
  const open = (event) =>
    openMenu(
      event.currentTarget,
      spec.options.map((o) => ({
        label: textOf(o.text),
        run: () => {
          const href = o.url && safeHref(o.url);
          if (href) window.open(href, "_blank", "noopener");
          act({ value: o.value, selected: o });
        },
      })),
      "More options",
    );
  return el(
    "button",
    {
      type: "button",
      class: "button button-icon",
      "aria-label": "More options",
      "aria-haspopup": "menu",
      onclick: open,
    },
    icon("more"),
  );
}

function feedbackButtons(spec, { ctx, block, act }) {
  const key = `${block.block_id}:${spec.action_id}`;
  const thumb = (side, name, fallback) => {
    const on = ctx.pressed(key) === side.value;
    const label = side.accessibility_label || textOf(side.text) || fallback;
    const press = () => {
      ctx.press(key, side.value);
      act({ value: side.value });
    };
    return el(
      "button",
      {
        type: "button",
        class: `thumb thumb-${name}`,
        "aria-pressed": String(on),
        "aria-label": label,
        title: label,
        onclick: press,
      },
      icon(name, 17),
    );
  };
  return el(
    "span",
    { class: "thumbs", role: "group", "aria-label": "Was this helpful?" },
    thumb(spec.positive_button, "up", "Good answer"),
    thumb(spec.negative_button, "down", "Bad answer"),
  );
}

function iconButton(spec, { ctx, act }) {
  if (spec.visible_to_user_ids?.length && !spec.visible_to_user_ids.includes(ctx.names.me)) return null;
  const label = spec.accessibility_label || textOf(spec.text);
  return el(
    "button",
    { type: "button", class: "thumb", title: label, "aria-label": label, onclick: () => act({ value: spec.value }) },
    icon("trash", 17),
  );
}

const ELEMENTS = {
  button,
  static_select: staticSelect,
  users_select: usersSelect,
  radio_buttons: (spec, tools) => choices("radio", spec, tools),
  checkboxes: (spec, tools) => choices("checkbox", spec, tools),
  plain_text_input: textInput,
  file_input: fileInput,
  overflow,
  feedback_buttons: feedbackButtons,
  icon_button: iconButton,
};
