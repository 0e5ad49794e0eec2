// Owns where the page is: which person, which channel or Home, which thread. It lives in the address (after #), so
// that two windows can be two people, and the last person is remembered for the next visit.

const REMEMBERED = "chip.user";

// {user, channel, thread, home}; what the address does not say is null.
export function readRoute() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return {
    user: parts.get("user") ?? localStorage.getItem(REMEMBERED),
    channel: parts.get("channel"),
    thread: parts.get("thread"),
    home: parts.get("view") === "home",
  };
}

export function writeRoute({ user, channel, thread, home }) {
  const parts = new URLSearchParams();
  if (user) parts.set("user", user);
  if (home) parts.set("view", "home");
  else if (channel) parts.set("channel", channel);
  if (thread && !home) parts.set("thread", thread);
  localStorage.setItem(REMEMBERED, user);
  if (`#${parts}` !== location.hash) location.hash = parts.toString();
}
