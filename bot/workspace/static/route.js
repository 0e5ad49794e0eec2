// Owns where the page is: which person, which channel or Home, which thread. It lives in the address (after #), so
// that two windows can be two people, and the last person is remembered for the next visit.

import { memory } from "./memory.js";

const REMEMBERED = "chip.user";

// {user, channel, thread, home}; what the address does not say is null.
export function readRoute() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return {
    user: parts.get("user") ?? memory.getItem(REMEMBERED),
    channel: parts.get("channel"),
    thread: parts.get("thread"),
    home: parts.get("view") === "home",
  };
}

// The place that one of the workspace's own permalinks names ({channel, thread}), or null for any other address.
export function placeOfLink(href) {
  const url = new URL(href, location.href);
  const found = url.origin === location.origin && /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(url.pathname);
  return found ? { channel: found[1], thread: url.searchParams.get("thread_ts") ?? `${found[2]}.${found[3]}` } : null;
}

export function writeRoute({ user, channel, thread, home }) {
  const parts = new URLSearchParams();
  if (user) parts.set("user", user);
  if (home) parts.set("view", "home");
  else if (channel) parts.set("channel", channel);
  if (thread && !home) parts.set("thread", thread);
  memory.setItem(REMEMBERED, user);
  if (`#${parts}` !== location.hash) location.hash = parts.toString();
}
