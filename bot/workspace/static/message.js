// Renders one message: who, when, what, its reactions, its thread, and the toolbar that appears over it.
// `desk` is what can be done: {state, act, press, react, openThread, startEdit, saveEdit,
// cancelEdit, remove, stop, shortcut}.

import { renderBlocks } from "./blocks.js";
import { el, fragment, icon } from "./dom.js";
import { emojiChar } from "./emoji.js";
import { link, safeHref } from "./links.js";
import { markdown } from "./markdown.js";
import { decodeEntities, mrkdwn } from "./mrkdwn.js";
import { avatar, displayName } from "./people.js";
import { openEmojiPicker } from "./picker.js";
import { openMenu } from "./popover.js";
import { ago, clockTime, fullTime } from "./time.js";

const SHOWN_CHARS = 3000;

// view: {channel, compact, editing, inThread, status}
export function renderMessage(message, view, desk) {
  const author = desk.state.users.get(message.user) ?? { id: message.user, role: message.bot_id ? "bot" : "" };
  const classes = ["message", view.compact && "compact", message.ephemeral && "ephemeral", message.streaming && "streaming", view.editing && "editing"];
  return el("article", {
    class: classes.filter(Boolean).join(" "), "data-ts": message.ts, "aria-label": `${displayName(author)}, ${clockTime(message.ts)}`,
    "aria-busy": message.streaming ? "true" : null, tabindex: "-1",
  },
  el("div", { class: "gutter" }, view.compact ? el("time", { class: "hover-time" }, clockTime(message.ts)) : avatar(author)),
  el("div", { class: "message-main" },
    message.ephemeral && el("p", { class: "only-you" }, icon("eye", 14), "Only visible to you"),
    !view.compact && head(message, author),
    view.editing ? editor(message, view, desk) : content(message, view, desk),
    stop(message, view, desk), files(message), reactions(message, view, desk), replies(message, view, desk), statusLine(view, desk)),
  view.editing || message.ephemeral || message.streaming ? null : toolbar(message, view, desk));
}

function head(message, author) {
  const badge = author.role === "bot" && el("span", { class: "badge" }, "App");
  return el("div", { class: "message-head" }, el("span", { class: "author" }, displayName(author)), badge,
    el("time", { class: "when", title: fullTime(message.ts) }, clockTime(message.ts)));
}

function content(message, view, desk) {
  const ctx = blockContext(message, view, desk);
  const body = el("div", { class: "content" });
  if (message.markdown !== undefined && message.markdown !== null) body.append(long(message.markdown, (t) => markdown(t, ctx.names)));
  else if (!message.blocks?.length) body.append(long(message.text, (t) => mrkdwn(t, ctx.names)));
  if (message.blocks?.length) body.append(renderBlocks(message.blocks, ctx));
  if (message.edited && !message.bot_id) lastLine(body).append(el("span", { class: "edited" }, " (edited)"));
  if (message.streaming) lastLine(body).append(el("span", { class: "caret", "aria-hidden": "true" }));
  if (onlyEmoji(message)) body.classList.add("jumbo");
  return body;
}

// Where a caret or an "(edited)" mark belongs: at the end of the last line of text.
function lastLine(body) {
  let node = body;
  while (node.lastElementChild?.matches("p, ul, ol, li, blockquote, pre, pre > code, .block")) node = node.lastElementChild;
  return node;
}

function onlyEmoji(message) {
  const text = message.blocks?.length ? "" : (message.text ?? "").trim();
  return text !== "" && text.length < 40 && /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\uFE0F\u200D\s]|:[a-z0-9_+-]+(?:::skin-tone-[2-6])?:)+$/u.test(text);
}

// A very long text is rendered up to a line near SHOWN_CHARS; the rest on demand, unformatted.
function long(text, render) {
  const whole = String(text ?? "");
  if (whole.length <= SHOWN_CHARS * 1.5) return render(whole);
  const cut = Math.max(whole.lastIndexOf("\n", SHOWN_CHARS), SHOWN_CHARS / 2);
  const more = el("button", { type: "button", class: "show-more", onclick: () => more.replaceWith(el("p", { class: "raw-rest" }, decodeEntities(whole.slice(cut)))) },
    `Show all ${whole.length.toLocaleString()} characters`);
  return fragment(render(whole.slice(0, cut)), more);
}

function blockContext(message, { channel }, desk) {
  const at = (key) => `${channel}/${message.ts}/${key}`;
  return {
    names: desk.state.names,
    users: desk.state.users,
    act: (fields) => desk.act({ channel, ts: message.ts, ...fields }),
    pressed: (key) => desk.state.pressed[at(key)],
    press: (key, value) => desk.press(channel, message, at(key), value),
  };
}

function stop(message, { channel }, desk) {
  return message.streaming ? el("button", { type: "button", class: "stop", onclick: () => desk.stop(channel, message.ts) }, el("span", { class: "stop-mark", "aria-hidden": "true" }), "Stop") : null;
}

function files(message) {
  if (!message.files?.length) return null;
  return el("div", { class: "files" }, message.files.map((file) => {
    const href = safeHref(file.url);
    if (!href || !String(file.mimetype).startsWith("image/")) return el("div", { class: "file-card" }, link(file.url, file.title || "File"), el("span", {}, file.mimetype));
    const picture = el("img", { src: href, alt: file.title ?? "Picture", loading: "lazy" });
    return el("figure", { class: "file-picture" }, el("figcaption", {}, file.title), el("a", { href, target: "_blank", rel: "noopener noreferrer" }, picture));
  }));
}

function reactions(message, { channel }, desk) {
  if (!message.reactions?.length) return null;
  const pills = message.reactions.map((reaction) => {
    const mine = reaction.users.includes(desk.state.me.id);
    const who = reaction.users.map((id) => (id === desk.state.me.id ? "you" : desk.state.names.user(id) ?? "somebody"));
    return el("button", {
      type: "button", class: "reaction", "aria-pressed": String(mine), title: `${sentence(who)} reacted with :${reaction.name}:`,
      "aria-label": `${reaction.name}, ${reaction.count}`, "data-key": `react:${reaction.name}`,
      onclick: () => desk.react(channel, message.ts, reaction.name, !mine),
    }, el("span", { class: "emoji" }, emojiChar(reaction.name) ?? `:${reaction.name}:`), el("span", { class: "count" }, reaction.count));
  });
  const add = el("button", { type: "button", class: "reaction reaction-add", "aria-label": "Add a reaction", title: "Add a reaction", onclick: (e) => pick(e.currentTarget, message, channel, desk) }, icon("smile", 16), "+");
  return el("div", { class: "reactions" }, pills, add);
}

function sentence(names) {
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0] ?? "";
  return list.charAt(0).toUpperCase() + list.slice(1);
}

function pick(anchor, message, channel, desk) {
  openEmojiPicker(anchor, (name) => desk.react(channel, message.ts, name, true));
}

function replies(message, { channel, inThread }, desk) {
  if (inThread || !message.reply_count) return null;
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return el("button", { type: "button", class: "replies", onclick: () => desk.openThread(channel, message.ts) },
    avatar(desk.state.bot(), "avatar-tiny"), el("b", {}, count), el("span", { class: "replies-when" }, message.latest_reply ? `Last reply ${ago(message.latest_reply)}` : "View thread"));
}

// An app sets its status as the rest of a sentence about itself: "is reading the documents…".
export function statusLine({ status }, desk) {
  if (!status) return null;
  const name = displayName(desk.state.bot());
  const words = status.startsWith(name) ? status : `${name} ${status}`;
  return el("p", { class: "status" }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), words);
}

function toolbar(message, { channel, inThread }, desk) {
  const tool = (name, label, run) => el("button", { type: "button", class: "tool", title: label, "aria-label": label, "data-key": `tool:${name}`, onclick: (e) => run(e.currentTarget) }, icon(name));
  const quick = ["+1", "-1"].map((name) => el("button", {
    type: "button", class: "tool tool-emoji", title: `React with :${name}:`, "aria-label": `React with ${name}`,
    onclick: () => desk.react(channel, message.ts, name, !message.reactions?.some((r) => r.name === name && r.users.includes(desk.state.me.id))),
  }, emojiChar(name)));
  const menu = moreItems(message, channel, inThread, desk);
  return el("div", { class: "toolbar", role: "toolbar", "aria-label": "Message actions" }, quick,
    tool("smile", "Add a reaction", (anchor) => pick(anchor, message, channel, desk)),
    !inThread && tool("reply", "Reply in thread", () => desk.openThread(channel, message.thread_ts ?? message.ts)),
    menu.length > 0 && tool("more", "More actions", (anchor) => openMenu(anchor, menu, "More actions")));
}

function moreItems(message, channel, inThread, desk) {
  const shortcuts = desk.state.shortcuts.map((s) => ({ label: s.name, run: () => desk.shortcut(channel, message.ts, s.callback_id) }));
  if (message.user !== desk.state.me.id) return shortcuts;
  return [
    ...shortcuts,
    { label: "Edit message", run: () => desk.startEdit(message.ts, inThread) },
    { label: "Delete message…", danger: true, run: () => desk.remove(channel, message.ts) },
  ];
}

// Slack's text as the person would type it again.
function typedText(text, names) {
  const plain = text.replace(/<@(\w+)>/g, (_, id) => `@${names.user(id) ?? id}`).replace(/<#\w+\|([^>]+)>/g, "#$1").replace(/<!(\w+)>/g, "@$1").replace(/<(https?:[^|>]+)(?:\|[^>]*)?>/g, "$1");
  return decodeEntities(plain);
}

function editor(message, { channel }, desk) {
  const field = el("textarea", { class: "field", rows: 3, "aria-label": "Edit message", value: typedText(message.text, desk.state.names), autofocus: true });
  const save = () => (field.value.trim() ? desk.saveEdit(channel, message.ts, field.value) : desk.remove(channel, message.ts));
  field.onkeydown = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      desk.cancelEdit();
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return el("div", { class: "editor" }, field, el("div", { class: "editor-foot" },
    el("button", { type: "button", class: "button button-small", onclick: () => desk.cancelEdit() }, "Cancel"),
    el("button", { type: "button", class: "button button-small button-primary", onclick: save }, "Save")));
}
