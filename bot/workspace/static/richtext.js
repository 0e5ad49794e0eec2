// Renders a rich_text block: sections, lists, quotes, preformatted text and their inline pieces.

import { el, fragment } from "./dom.js";
import { link } from "./links.js";
import { channelMention, emojiNode, mention } from "./mrkdwn.js";
import { formatDate } from "./time.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code" };

function styled(content, style = {}) {
  return Object.keys(STYLES)
    .filter((key) => style[key])
    .reduce((node, key) => el(STYLES[key], {}, node), content);
}

function piece(item, names) {
  if (item.type === "text") return styled(breaks(item.text), item.style);
  if (item.type === "link") return styled(link(item.url, item.text || item.url), item.style);
  if (item.type === "emoji")
    return emojiNode(item.skin_tone ? `${item.name}::skin-tone-${item.skin_tone}` : item.name) ?? `:${item.name}:`;
  if (item.type === "user") return mention(item.user_id, names);
  if (item.type === "channel") return channelMention(item.channel_id, null, names);
  if (item.type === "usergroup") return el("span", { class: "mention" }, "@group");
  if (item.type === "broadcast") return el("span", { class: "mention" }, `@${item.range}`);
  if (item.type === "date") return formatDate(item.timestamp, item.format ?? "{date}");
  return item.text ?? "";
}

function breaks(text) {
  return fragment(
    String(text)
      .split("\n")
      .map((line, i) => (i ? [el("br"), line] : line)),
  );
}

function pieces(element, names) {
  return (element.elements ?? []).map((item) => piece(item, names));
}

function part(element, names) {
  if (element.type === "rich_text_list") {
    const tag = element.style === "ordered" ? "ol" : "ul";
    return el(
      tag,
      {
        class: element.indent ? `indent-${Math.min(element.indent, 4)}` : null,
        start: element.offset ? element.offset + 1 : null,
      },
      (element.elements ?? []).map((item) => el("li", {}, pieces(item, names))),
    );
  }
  if (element.type === "rich_text_quote") return el("blockquote", {}, pieces(element, names));
  if (element.type === "rich_text_preformatted") return el("pre", {}, el("code", {}, pieces(element, names)));
  return el("p", {}, pieces(element, names));
}

export function richText(block, names) {
  return fragment((block.elements ?? []).map((element) => part(element, names)));
}
