// Owns how a message's time is written. A ts is Slack's message id: Unix seconds, a dot, six digits.

const DAY_MS = 24 * 60 * 60 * 1000;

export function dateOf(ts) {
  return new Date(Number(String(ts).split(".")[0]) * 1000);
}

export function clockTime(ts) {
  return dateOf(ts).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

export function fullTime(ts) {
  return dateOf(ts).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
}

export function dayKey(ts) {
  return dateOf(ts).toDateString();
}

export function dayName(ts, now = new Date()) {
  const date = dateOf(ts);
  if (date.toDateString() === now.toDateString()) return "Today";
  if (date.toDateString() === new Date(now.getTime() - DAY_MS).toDateString()) return "Yesterday";
  return date.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
}

// "just now", "4 minutes ago", … of the last reply in a thread.
export function ago(ts, now = Date.now()) {
  const minutes = Math.floor((now - dateOf(ts).getTime()) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return minutes === 1 ? "1 minute ago" : `${minutes} minutes ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return hours === 1 ? "1 hour ago" : `${hours} hours ago`;
  return dayName(ts);
}

const DATE_FORMS = {
  "{date_num}": (d) => d.toLocaleDateString("en-CA"),
  "{date}": (d) => d.toLocaleDateString([], { dateStyle: "long" }),
  "{date_long}": (d) => d.toLocaleDateString([], { dateStyle: "full" }),
  "{date_short}": (d) => d.toLocaleDateString([], { dateStyle: "medium" }),
  "{date_pretty}": (d) => d.toLocaleDateString([], { dateStyle: "long" }),
  "{date_short_pretty}": (d) => d.toLocaleDateString([], { dateStyle: "medium" }),
  "{date_long_pretty}": (d) => d.toLocaleDateString([], { dateStyle: "full" }),
  "{time}": (d) => d.toLocaleTimeString([], { timeStyle: "short" }),
  "{time_secs}": (d) => d.toLocaleTimeString([], { timeStyle: "medium" }),
  "{ago}": (d) => ago(String(d.getTime() / 1000)),
};

// Slack's <!date^unix^form|fallback>, written in the reader's own time zone.
export function formatDate(unixSeconds, form) {
  const date = new Date(Number(unixSeconds) * 1000);
  return form.replace(/\{[a-z_]+\}/g, (token) => DATE_FORMS[token]?.(date) ?? token);
}
