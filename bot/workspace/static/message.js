// Renders one message: who, when, what, its reactions, its thread, and the toolbar that appears over it.
// `desk` is what can be done: {state, act, press, react, openThread, startEdit, saveEdit,
// cancelEdit, remove, stop, shortcut}.

import { renderBlocks } from "./blocks.js";
import { el, fragment, icon } from "./dom.js";
import { editor } from "./editor.js";
import { link, safeHref } from "./links.js";
import { markdown } from "./markdown.js";
import { decodeEntities, mrkdwn } from "./mrkdwn.js";
import { avatar, displayName } from "./people.js";
import { reactions } from "./reactions.js";
import { ago, clockTime, fullTime } from "./time.js";
import { toolbar } from "./toolbar.js";

const SHOWN_CHARS = 3000;

// view: {channel, compact, editing, inThread, status}
export function renderMessage(message, view, desk) {
  const author = desk.state.users.get(message.user) ?? { id: message.user, role: message.bot_id ? "bot" : "" };
  const classes = [
    "message",
    view.compact && "compact",
    message.ephemeral && "ephemeral",
    message.streaming && "streaming",
    view.editing && "editing",
  ];
  return el(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      "data-ts": message.ts,
      "aria-label": `${displayName(author)}, ${clockTime(message.ts)}`,
      "aria-busy": message.streaming ? "true" : null,
      tabindex: "-1",
    },
    el(
      "div",
      { class: "gutter" },
      view.compact ? el("time", { class: "hover-time" }, clockTime(message.ts)) : avatar(author),
    ),
    el(
      "div",
      { class: "message-main" },
      message.ephemeral && el("p", { class: "only-you" }, icon("eye", 14), "Only visible to you"),
      !view.compact && head(message, author),
      view.editing ? editor(message, view, desk) : content(message, view, desk),
      stop(message, view, desk),
      files(message),
      reactions(message, view, desk),
      replies(message, view, desk),
      statusLine(view, desk),
    ),
    view.editing || message.ephemeral || message.streaming ? null : toolbar(message, view, desk),
  );
}

function head(message, author) {
  const badge = author.role === "bot" && el("span", { class: "badge" }, "App");
  return el(
    "div",
    { class: "message-head" },
    el("span", { class: "author" }, displayName(author)),
    badge,
    el("time", { class: "when", title: fullTime(message.ts) }, clockTime(message.ts)),
  );
}

function content(message, view, desk) {
  const ctx = blockContext(message, view, desk);
  const body = el("div", { class: "content" });
  if (message.markdown !== undefined && message.markdown !== null)
    body.append(long(message.markdown, (t) => markdown(t, ctx.names)));
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
  while (node.lastElementChild?.matches("p, ul, ol, li, blockquote, pre, pre > code, .block"))
    node = node.lastElementChild;
  return node;
}

function onlyEmoji(message) {
  const text = message.blocks?.length ? "" : (message.text ?? "").trim();
  return (
    text !== "" &&
    text.length < 40 &&
    /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\uFE0F\u200D\s]|:[a-z0-9_+-]+(?:::skin-tone-[2-6])?:)+$/u.test(
      text,
    )
  );
}

// A very long text is rendered up to a line near SHOWN_CHARS; the rest on demand, unformatted.
function long(text, render) {
  const whole = String(text ?? "");
  if (whole.length <= SHOWN_CHARS * 1.5) return render(whole);
  const cut = Math.max(whole.lastIndexOf("\n", SHOWN_CHARS), SHOWN_CHARS / 2);
  const more = el(
    "button",
    {
      type: "button",
      class: "show-more",
      onclick: () => more.replaceWith(el("p", { class: "raw-rest" }, decodeEntities(whole.slice(cut)))),
    },
    `Show all ${whole.length.toLocaleString()} characters`,
  );
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
  return message.streaming
    ? el(
        "button",
        { type: "button", class: "stop", onclick: () => desk.stop(channel, message.ts) },
        el("span", { class: "stop-mark", "aria-hidden": "true" }),
        "Stop",
      )
    : null;
}

function files(message) {
  if (!message.files?.length) return null;
  return el(
    "div",
    { class: "files" },
    message.files.map((file) => {
      const href = safeHref(file.url);
      if (!href || !String(file.mimetype).startsWith("image/"))
        return el("div", { class: "file-card" }, link(file.url, file.title || "File"), el("span", {}, file.mimetype));
      const picture = el("img", { src: href, alt: file.title ?? "Picture", loading: "lazy" });
      return el(
        "figure",
        { class: "file-picture" },
        el("figcaption", {}, file.title),
        el("a", { href, target: "_blank", rel: "noopener noreferrer" }, picture),
      );
    }),
  );
}

function replies(message, { channel, inThread }, desk) {
  if (inThread || !message.reply_count) return null;
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return el(
    "button",
    { type: "button", class: "replies", onclick: () => desk.openThread(channel, message.ts) },
    avatar(desk.state.bot(), "avatar-tiny"),
    el("b", {}, count),
    el(
      "span",
      { class: "replies-when" },
      message.latest_reply ? `Last reply ${ago(message.latest_reply)}` : "View thread",
    ),
  );
}

// An app sets its status as the rest of a sentence about itself: "is reading the documents…".
export function statusLine({ status }, desk) {
  if (!status) return null;
  const name = displayName(desk.state.bot());
  const words = status.startsWith(name) ? status : `${name} ${status}`;
  return el(
    "p",
    { class: "status" },
    el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    words,
  );
}
