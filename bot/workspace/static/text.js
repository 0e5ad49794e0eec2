// Reads and renders Block Kit's text objects ({type: plain_text | mrkdwn, text}).

import { el, fragment } from "./dom.js";
import { decodeEntities, inline, mrkdwn } from "./mrkdwn.js";

const NO_MARKS = { me: null, user: () => null, channel: () => null };

// The bare string of a text object, or "".
export function textOf(text) {
  return decodeEntities(typeof text === "string" ? text : (text?.text ?? ""));
}

// plain_text with its emoji and line breaks; marks such as *bold* stay as they are written.
export function plainText(text) {
  const parts = textOf(text).split(/(:[a-z0-9_+-]+:)/);
  return fragment(
    parts.map((part, i) =>
      i % 2 ? inline(part, NO_MARKS) : part.split("\n").map((line, n) => (n ? [el("br"), line] : line)),
    ),
  );
}

export function textObject(text, names) {
  if (!text) return null;
  return text.type === "mrkdwn" ? mrkdwn(text.text, names) : el("p", {}, plainText(text));
}
