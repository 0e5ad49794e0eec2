// Renders the Markdown dialect of `markdown` blocks and streamed text to DOM nodes: headings, lists, task lists,
// tables, quotes, fenced code, links. Half-finished text (a stream) renders as far as it goes. HTML stays text.

import { el, fragment } from "./dom.js";
import { link } from "./links.js";
import { angled, decodeEntities, emojiNode } from "./mrkdwn.js";
import { scan } from "./scan.js";

const INLINE = [
  ["escape", /\\([\\`*_{}[\]()#+\-.!~|<>])/],
  ["code", /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/],
  ["image", /!\[([^\]\n]*)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+"[^"]*")?\s*\)/],
  ["link", /\[((?:[^[\]\n]|\[[^\]\n]*\])+)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+"[^"]*")?\s*\)/],
  ["angled", /<([^<>\n]+)>/],
  ["bold", /\*\*(?=\S)([\s\S]*?\S\*?)\*\*(?!\*)/],
  ["bold", /(?<!\w)__(?=\S)([\s\S]*?\S)__(?!\w)/],
  ["strike", /~~(?=\S)([\s\S]*?\S)~~/],
  ["italic", /(?<![\w*])\*(?=[^\s*])([^*\n]*[^*\s])\*(?!\*)/],
  ["italic", /(?<![\w_])_(?=[^\s_])([^_\n]*[^_\s])_(?!\w)/],
  ["emoji", /:([a-z0-9_+-]+(?:::skin-tone-[2-6])?):/],
  ["url", /(?<![\w/])https?:\/\/[^\s<>()]*[^\s<>().,;:!?'"*_\]]/],
];
const TAGS = { bold: "strong", italic: "em", strike: "s" };

function node(kind, match, names) {
  if (kind === "escape") return match[1];
  if (kind === "code") return el("code", {}, decodeEntities(match[2]));
  if (kind === "image") return link(decodeEntities(match[2]), match[1] || match[2]);
  if (kind === "link") return link(decodeEntities(match[2]), inline(match[1], names));
  if (kind === "angled") return angled(match[1], names);
  if (kind === "emoji") return emojiNode(match[1]);
  if (kind === "url") return link(decodeEntities(match[0]), decodeEntities(match[0].replace(/^https?:\/\//, "")));
  return el(TAGS[kind], {}, inline(match[1], names));
}

export function inline(text, names) {
  return scan(text, INLINE, (kind, match) => node(kind, match, names), plain);
}

function plain(text) {
  return fragment(text.split("\n").map((line, i) => (i ? [el("br"), decodeEntities(line)] : decodeEntities(line))));
}

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+-]*)\s*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}(?:>|&gt;) ?/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

export function markdown(text, names) {
  return blocks(
    String(text ?? "")
      .replace(/\r\n?/g, "\n")
      .split("\n"),
    names,
  );
}

function blocks(lines, names) {
  const out = fragment();
  let i = 0;
  while (i < lines.length) {
    const [made, next] = block(lines, i, names);
    if (made) out.append(made);
    i = next;
  }
  return out;
}

// One block from line i: [node or null, index of the line after it].
function block(lines, i, names) {
  const line = lines[i];
  if (!line.trim()) return [null, i + 1];
  const fence = FENCE.exec(line);
  if (fence) return codeBlock(lines, i, fence);
  const heading = HEADING.exec(line);
  if (heading)
    return [
      el(
        "p",
        { class: `md-h md-h${heading[1].length}`, role: "heading", "aria-level": heading[1].length + 2 },
        inline(heading[2], names),
      ),
      i + 1,
    ];
  if (RULE.test(line)) return [el("hr"), i + 1];
  if (QUOTE.test(line)) return quoted(lines, i, names);
  if (ITEM.test(line)) return list(lines, i, names);
  if (line.includes("|") && TABLE_RULE.test(lines[i + 1] ?? "x")) return table(lines, i, names);
  return paragraph(lines, i, names);
}

function codeBlock(lines, i, [, mark, language]) {
  const body = [];
  let next = i + 1;
  while (next < lines.length && !(lines[next].trim().startsWith(mark) && !lines[next].trim().slice(mark.length).trim()))
    body.push(lines[next++]);
  return [el("pre", { "data-language": language || null }, el("code", {}, decodeEntities(body.join("\n")))), next + 1];
}

function quoted(lines, i, names) {
  let next = i;
  while (next < lines.length && QUOTE.test(lines[next])) next++;
  return [
    el(
      "blockquote",
      {},
      blocks(
        lines.slice(i, next).map((l) => l.replace(QUOTE, "")),
        names,
      ),
    ),
    next,
  ];
}

function list(lines, i, names) {
  const [, indent, mark] = ITEM.exec(lines[i]);
  const ordered = /\d/.test(mark);
  const items = [];
  let next = i;
  while (next < lines.length) {
    const item = ITEM.exec(lines[next]);
    if (!item || item[1].length !== indent.length || /\d/.test(item[2]) !== ordered) break;
    const body = [item[3]];
    next++;
    while (next < lines.length && continues(lines, next, indent.length))
      body.push(lines[next++].slice(indent.length).replace(/^ {1,3}/, ""));
    items.push(listItem(body, names));
  }
  return [el(ordered ? "ol" : "ul", { start: ordered ? parseInt(mark, 10) : null }, items), next];
}

// Does this line still belong to a list item that is indented by `indent`?
function continues(lines, at, indent) {
  const line = lines[at];
  if (!line.trim()) return /^\s{2,}\S/.test(lines[at + 1] ?? "") && /^\s*/.exec(lines[at + 1])[0].length > indent;
  return /^\s*/.exec(line)[0].length >= indent + 2;
}

function listItem(body, names) {
  const task = /^\[([ xX])\]\s+/.exec(body[0]);
  if (task) body[0] = body[0].slice(task[0].length);
  const box =
    task &&
    el("span", {
      class: `task${task[1] === " " ? "" : " task-done"}`,
      role: "img",
      "aria-label": task[1] === " " ? "to do" : "done",
    });
  const nested = body.length > 1 ? blocks(body.slice(1), names) : null;
  return el("li", { class: task ? "task-item" : null }, box, inline(body[0], names), nested);
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||(?<!\\)\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

function table(lines, i, names) {
  const align = cells(lines[i + 1]).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "center" : "right") : null));
  const row = (tag, line) =>
    el(
      "tr",
      {},
      cells(line).map((c, at) => el(tag, { class: align[at] ? `to-${align[at]}` : null }, inline(c, names))),
    );
  const body = [];
  let next = i + 2;
  while (next < lines.length && lines[next].includes("|") && lines[next].trim()) body.push(row("td", lines[next++]));
  return [
    el("div", { class: "table-scroll" }, el("table", {}, el("thead", {}, row("th", lines[i])), el("tbody", {}, body))),
    next,
  ];
}

function paragraph(lines, i, names) {
  let next = i + 1;
  while (
    next < lines.length &&
    lines[next].trim() &&
    ![FENCE, HEADING, RULE, QUOTE, ITEM].some((p) => p.test(lines[next]))
  )
    next++;
  return [el("p", {}, inline(lines.slice(i, next).join("\n"), names)), next];
}
