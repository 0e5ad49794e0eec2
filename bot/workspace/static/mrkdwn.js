// Renders Slack's own mark-up ("mrkdwn": *bold*, _italic_, <url|label>, <@U1>) to DOM nodes.
// Knows nothing of blocks. `names` answers {user(id), channel(id), usergroup?(id)} → a display name or null.

import { el, fragment } from "./dom.js";
import { emojiChar } from "./emoji.js";
import { link, safeHref } from "./links.js";
import { scan } from "./scan.js";
import { formatDate } from "./time.js";

// Slack escapes exactly these three characters in message text.
export function decodeEntities(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

export function encodeEntities(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

export function mention(id, names) {
  const name = names.user(id);
  return el("span", { class: `mention${id === names.me ? " mention-me" : ""}` }, `@${name ?? id}`);
}

export function channelMention(id, fallback, names) {
  return el("span", { class: "mention" }, `#${names.channel(id) ?? fallback ?? id}`);
}

// The content of <…>, or null where it is none of Slack's own forms and so plain text.
export function angled(content, names) {
  const [target, label] = content.split(/\|(.*)/s);
  if (/^@[UW]\w+$/.test(target)) return mention(target.slice(1), names);
  if (/^#[CG]\w+$/.test(target)) return channelMention(target.slice(1), label, names);
  if (/^!(here|channel|everyone)$/.test(target)) return el("span", { class: "mention" }, `@${target.slice(1)}`);
  if (target.startsWith("!subteam^")) return el("span", { class: "mention" }, label ?? "@group");
  const date = /^!date\^(\d+)\^([^^]+)/.exec(target);
  if (date) return el("time", { title: label ?? "" }, formatDate(date[1], date[2]));
  if (/^https?:\/\//i.test(target) && safeHref(decodeEntities(target))) {
    return link(decodeEntities(target), decodeEntities(label ?? target.replace(/^https?:\/\//i, "")));
  }
  if (/^mailto:/i.test(target)) return decodeEntities(label ?? target.slice(7));
  return null;
}

const INLINE = [
  ["code", /`([^`\n]+)`/],
  ["angled", /<([^<>\n]+)>/],
  ["emoji", /:([a-z0-9_+-]+(?:::skin-tone-[2-6])?):/],
  ["bold", /(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])/],
  ["italic", /(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])/],
  ["strike", /(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/],
];
const TAGS = { bold: "strong", italic: "em", strike: "s" };

function node(kind, content, names) {
  if (kind === "code") return el("code", {}, decodeEntities(content));
  if (kind === "angled") return angled(content, names);
  if (kind === "emoji") return emojiNode(content);
  return el(TAGS[kind], {}, inline(content, names));
}

export function emojiNode(name) {
  const char = emojiChar(name);
  return char && el("span", { class: "emoji", title: `:${name}:`, role: "img", "aria-label": name }, char);
}

// One line or paragraph of mrkdwn; line breaks become <br>.
export function inline(text, names) {
  return scan(text, INLINE, (kind, match) => node(kind, match[1], names), plain);
}

function plain(text) {
  const lines = decodeEntities(text).split("\n");
  return fragment(lines.map((line, i) => (i ? [el("br"), line] : line)));
}

const QUOTE = /^(?:&gt;|>) ?/;
const BULLET = /^(\s*)(?:[•◦▪-]|\d+[.)])\s+/;

// A whole mrkdwn text: fenced code, quotes and lists as blocks, the rest as paragraphs.
export function mrkdwn(text, names) {
  const parts = String(text ?? "").split(/```\n?([\s\S]*?)(?:\n?```|$)/);
  return fragment(
    parts.map((part, i) => (i % 2 ? el("pre", {}, el("code", {}, decodeEntities(part))) : lines(part, names))),
  );
}

function lines(text, names) {
  const out = [];
  let run = [];
  let kind = null;
  const flush = () => {
    if (run.length) out.push(block(kind, run, names));
    run = [];
  };
  for (const line of text.replace(/^\n+|\n+$/g, "").split("\n")) {
    const next = QUOTE.test(line) ? "quote" : BULLET.test(line) ? "list" : "text";
    if (next !== kind) flush();
    kind = next;
    run.push(line);
  }
  flush();
  return out;
}

function block(kind, run, names) {
  if (kind === "quote") return el("blockquote", {}, inline(run.map((l) => l.replace(QUOTE, "")).join("\n"), names));
  if (kind === "text") return run.join("").trim() ? paragraphs(run.join("\n"), names) : null;
  const ordered = /^\s*\d/.test(run[0]);
  const start = ordered ? parseInt(run[0].trim(), 10) : null;
  const items = run.map((line) =>
    el("li", { class: BULLET.exec(line)[1].length > 1 ? "nested" : null }, inline(line.replace(BULLET, ""), names)),
  );
  return el(ordered ? "ol" : "ul", { start }, items);
}

function paragraphs(text, names) {
  return text
    .split(/\n{2,}/)
    .filter((p) => p.trim())
    .map((p) => el("p", {}, inline(p.replace(/^\n|\n$/g, ""), names)));
}
