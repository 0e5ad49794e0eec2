// Renders a list of Block Kit blocks for a message, a modal or Home. The elements inside are elements.js's.

import { el, fragment, freshId } from "./dom.js";
import { element } from "./elements.js";
import { safeHref } from "./links.js";
import { markdown } from "./markdown.js";
import { richText } from "./richtext.js";
import { plainText, textObject, textOf } from "./text.js";

export function renderBlocks(blocks, ctx) {
  return fragment((blocks ?? []).map((block) => renderBlock(block, ctx)));
}

function renderBlock(block, ctx) {
  const make = BLOCKS[block.type] ?? unknown;
  return el("div", { class: `block block-${block.type}`, "data-block": block.block_id }, make(block, ctx));
}

function unknown(block) {
  return el("p", { class: "unknown" }, `A “${block.type}” block is not shown here.`);
}

function section(block, ctx) {
  const fields =
    block.fields &&
    el(
      "div",
      { class: "fields" },
      block.fields.map((f) => el("div", { class: "field-cell" }, textObject(f, ctx.names))),
    );
  const main = el("div", { class: "section-main" }, textObject(block.text, ctx.names), fields);
  if (!block.accessory) return main;
  const side =
    block.accessory.type === "image" ? picture(block.accessory, "section-image") : element(block.accessory, ctx, block);
  const below = ["radio_buttons", "checkboxes"].includes(block.accessory.type);
  return el(
    "div",
    { class: `section-row${below ? " section-below" : ""}` },
    main,
    el("div", { class: "section-side" }, side),
  );
}

function picture(spec, className) {
  const href = safeHref(spec.image_url ?? spec.slack_file?.url ?? "");
  return href && el("img", { class: className, src: href, alt: textOf(spec.alt_text), loading: "lazy" });
}

function image(block) {
  const title = block.title && el("figcaption", {}, plainText(block.title));
  return el("figure", {}, title, picture(block, "block-picture"));
}

function context(block, ctx) {
  return block.elements.map((item) =>
    item.type === "image"
      ? picture(item, "context-image")
      : el("div", { class: "context-text" }, textObject(item, ctx.names)),
  );
}

function row(block, ctx) {
  return block.elements.map((item) => element(item, ctx, block));
}

function input(block, ctx) {
  const control = element(block.element, ctx, block, true);
  const label = freshId("label");
  const error = el("p", { class: "input-error", id: freshId("error"), role: "alert", hidden: true });
  const hint = block.hint && el("p", { class: "input-hint", id: freshId("hint") }, plainText(block.hint));
  control.setAttribute("aria-labelledby", label);
  control.setAttribute("aria-describedby", [hint?.id, error.id].filter(Boolean).join(" "));
  if (!block.optional) control.setAttribute("aria-required", "true");
  const optional = block.optional && el("span", { class: "input-optional" }, " (optional)");
  ctx.inputs?.addError(block.block_id, control, error, !block.optional);
  return [el("label", { class: "input-label", id: label }, plainText(block.label), optional), control, error, hint];
}

function table(block, ctx) {
  const align = (at) => block.column_settings?.[at]?.align;
  const cell = (tag, content, at) =>
    el(tag, { class: align(at) && align(at) !== "left" ? `to-${align(at)}` : null }, cellContent(content, ctx));
  const [head, ...body] = block.rows ?? [];
  const line = (tag, cells) =>
    el(
      "tr",
      {},
      cells.map((c, at) => cell(tag, c, at)),
    );
  return el(
    "div",
    { class: "table-scroll" },
    el(
      "table",
      {},
      head && el("thead", {}, line("th", head)),
      el(
        "tbody",
        {},
        body.map((r) => line("td", r)),
      ),
    ),
  );
}

function cellContent(content, ctx) {
  if (content?.type === "rich_text") return richText(content, ctx.names);
  return textOf(content ?? "");
}

const BLOCKS = {
  section,
  header: (block) => el("h3", { class: "header" }, plainText(block.text)),
  divider: () => el("hr"),
  context,
  actions: row,
  context_actions: row,
  image,
  input,
  markdown: (block, ctx) => markdown(block.text, ctx.names),
  rich_text: (block, ctx) => richText(block, ctx.names),
  table,
};
