// Cuts a line of marked-up text at the first of several patterns, again and again. Knows no dialect.

import { fragment } from "./dom.js";

// patterns: [[kind, RegExp]…]; make(kind, match) → node, text or null (null: that mark is plain text after all);
// plain(text) → node. Earlier patterns win where two begin at the same place.
export function scan(text, patterns, make, plain) {
  const out = fragment();
  const searches = patterns.map(([kind, pattern]) => ({
    kind,
    pattern: new RegExp(pattern.source, `${pattern.flags}g`),
    match: undefined,
  }));
  let at = 0;
  let plainFrom = 0;
  for (;;) {
    const first = earliest(searches, text, at);
    if (!first) break;
    const { kind, match } = first;
    const made = make(kind, match);
    if (made === null || made === undefined) {
      at = match.index + 1;
      continue;
    }
    if (match.index > plainFrom) out.append(plain(text.slice(plainFrom, match.index)));
    out.append(made);
    at = plainFrom = match.index + match[0].length;
  }
  if (plainFrom < text.length) out.append(plain(text.slice(plainFrom)));
  return out;
}

function earliest(searches, text, at) {
  let first = null;
  for (const search of searches) {
    if (search.match === undefined || (search.match && search.match.index < at)) {
      search.pattern.lastIndex = at;
      search.match = search.pattern.exec(text);
    }
    if (search.match && (!first || search.match.index < first.match.index)) first = search;
  }
  return first;
}
