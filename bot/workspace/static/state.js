// Owns what the page knows: who is there, the messages of each channel and thread, statuses, what has been read.
// Pure data: no DOM, no network. Messages are replaced, never changed in place, so that `===` tells what moved.

import { memory } from "./memory.js";

const GROUP_SECONDS = 300;

export class State {
  constructor(bootstrap) {
    this.team = bootstrap.team;
    this.me = bootstrap.users.find((u) => u.id === idOf(bootstrap.me)) ?? { id: idOf(bootstrap.me) };
    this.users = new Map(bootstrap.users.map((u) => [u.id, u]));
    this.channels = bootstrap.channels;
    this.commands = bootstrap.commands ?? [];
    this.shortcuts = bootstrap.shortcuts ?? [];
    this.examples = bootstrap.examples ?? [];
    this.connected = bootstrap.connected ?? null;
    this.lists = new Map();
    this.threads = new Map();
    this.statuses = new Map();
    this.home = null;
    this.read = recall(`chip.read.${this.me.id}`);
    this.pressed = recall(`chip.pressed.${this.me.id}`);
    this.names = {
      me: this.me.id,
      user: (id) => this.users.get(id)?.real_name ?? this.users.get(id)?.name ?? null,
      channel: (id) => this.channels.find((c) => c.id === id)?.name ?? null,
    };
  }

  channel(id) {
    return this.channels.find((c) => c.id === id) ?? null;
  }

  // The channel of that id; else one's own direct messages, where a newcomer may ask without a mention.
  findPlace(id) {
    return this.channel(id) ?? this.channels.find((c) => c.is_im) ?? this.channels[0] ?? null;
  }

  bot() {
    return [...this.users.values()].find((u) => u.role === "bot") ?? null;
  }

  setMessages(channel, messages) {
    this.lists.set(channel, messages);
  }

  setThread(channel, ts, messages) {
    this.threads.set(`${channel}:${ts}`, messages);
  }

  messages(channel) {
    return this.lists.get(channel) ?? null;
  }

  thread(channel, ts) {
    return this.threads.get(`${channel}:${ts}`) ?? null;
  }

  status(channel, ts) {
    return this.statuses.get(`${channel}:${ts ?? ""}`) ?? "";
  }

  // Takes in one event of the page's feed; the kinds that are not about data change nothing here.
  apply(event) {
    if (event.type === "message" || event.type === "message_changed") this.put(event.channel, event.message);
    else if (event.type === "message_deleted") this.remove(event.channel, event.ts);
    else if (event.type === "status") this.statuses.set(`${event.channel}:${event.thread_ts ?? ""}`, event.status);
    else if (event.type === "home") this.home = event.view;
    else if (event.type === "prompts" && this.channel(event.channel)?.is_im)
      this.examples = event.prompts.map((prompt) => prompt.message);
    else if (event.type === "app") this.connected = event.connected;
  }

  // The message as it was known so far, or null.
  find(channel, message) {
    const place = message && this.places(channel, message)[0];
    return place?.[0].get(place[1]).find((m) => m.ts === message.ts) ?? null;
  }

  put(channel, message) {
    for (const [holder, key] of this.places(channel, message)) {
      holder.set(key, withMessage(holder.get(key), message));
    }
  }

  remove(channel, ts) {
    if (this.lists.has(channel))
      this.lists.set(
        channel,
        this.lists.get(channel).filter((m) => m.ts !== ts),
      );
    for (const [key, list] of this.threads) {
      if (key.startsWith(`${channel}:`))
        this.threads.set(
          key,
          list.filter((m) => m.ts !== ts),
        );
    }
  }

  // Every loaded list that a message belongs to: a reply is in its thread, a root in its channel and its thread.
  places(channel, message) {
    const isReply = message.thread_ts && message.thread_ts !== message.ts;
    const places = [[this.threads, `${channel}:${message.thread_ts ?? message.ts}`]];
    if (!isReply || message.subtype === "thread_broadcast") places.push([this.lists, channel]);
    return places.filter(([holder, key]) => holder.has(key));
  }

  // How many things by others were added to a channel since this person last looked.
  unread(channel) {
    const since = this.read[channel] ?? "";
    return (this.lists.get(channel) ?? []).filter((m) => newest(m, this.me.id) > since).length;
  }

  markRead(channel) {
    const list = this.lists.get(channel) ?? [];
    const last = list.reduce((max, m) => [m.ts, m.latest_reply ?? "", max].sort().at(-1), this.read[channel] ?? "0");
    if (last === this.read[channel]) return;
    this.read[channel] = last;
    memory.setItem(`chip.read.${this.me.id}`, JSON.stringify(this.read));
  }

  press(key, value) {
    this.pressed[key] = value;
    const kept = Object.entries(this.pressed).slice(-300);
    memory.setItem(`chip.pressed.${this.me.id}`, JSON.stringify(Object.fromEntries(kept)));
  }
}

function idOf(me) {
  return typeof me === "string" ? me : me.id;
}

function recall(key) {
  try {
    return JSON.parse(memory.getItem(key) ?? "{}");
  } catch {
    return {};
  }
}

function newest(message, me) {
  const own = message.user === me || message.ephemeral ? "" : message.ts;
  return [own, message.latest_reply ?? ""].sort().at(-1);
}

function withMessage(list, message) {
  const at = list.findIndex((m) => m.ts === message.ts);
  if (at >= 0) return list.with(at, message);
  const after = list.findIndex((m) => m.ts > message.ts);
  return after < 0 ? [...list, message] : list.toSpliced(after, 0, message);
}

// Does a message continue the one above it (same writer, within five minutes), so that it needs no head of its own?
export function continues(message, previous) {
  if (!previous || previous.user !== message.user || message.ephemeral || previous.ephemeral) return false;
  if (previous.reply_count || message.subtype || message.blocks?.length) return false;
  return Number(message.ts) - Number(previous.ts) < GROUP_SECONDS;
}
