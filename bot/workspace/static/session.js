// One person's visit: loads what they may see, keeps it in step with the events, and carries out what they do.
// Knows no DOM; says `changed()` when there is something new to show.

import * as api from "./api.js";
import { listen } from "./events.js";
import { State } from "./state.js";

const STATUS_LIFETIME_MS = 120_000;

export class Session {
  // hooks: {changed(), view(event), notice(text, kind?), connection("open" | "lost", again), said(message),
  // followed(channel, ts)}
  static async open(user, hooks) {
    const session = new Session(new State(await api.bootstrap(user)), hooks);
    await session.refetch();
    session.socket = listen(
      session.me,
      (event) => session.apply(event),
      (now, again) => session.reconnected(now, again),
    );
    return session;
  }

  constructor(state, hooks) {
    this.state = state;
    this.hooks = hooks;
    this.me = state.me.id;
    this.ownRoots = new Set();
    this.meanwhile = new Set();
    this.expiries = new Map();
  }

  stop() {
    this.socket?.stop();
  }

  async refetch() {
    const channels = this.state.channels.map(({ id }) =>
      this.keep(api.messages(this.me, id), ({ messages }) => this.state.setMessages(id, messages)),
    );
    const threads = [...this.state.threads.keys()].map((key) => this.loadThread(...key.split(":")));
    await Promise.all([...channels, ...threads]);
  }

  // Stores what a request answers. Events may have overtaken the answer: those heard meanwhile count again after it.
  async keep(request, store) {
    const heard = [];
    this.meanwhile.add(heard);
    try {
      store(await request);
      heard.forEach((event) => this.state.apply(event));
    } finally {
      this.meanwhile.delete(heard);
    }
    this.hooks.changed();
  }

  async reconnected(now, again) {
    this.hooks.connection(now, again);
    if (now !== "open") return;
    if (again) this.state.statuses.clear();
    // Also after the first opening: what was said between the first reading and now came by no event.
    await this.refetch().catch((refusal) => this.hooks.notice(refusal.message, "error"));
    this.hooks.changed();
  }

  loadThread(channel, ts) {
    return this.keep(api.messages(this.me, channel, ts), ({ messages }) => this.state.setThread(channel, ts, messages));
  }

  loadHome() {
    return this.keep(api.home(this.me), ({ view }) => {
      this.state.home = view;
    });
  }

  apply(event) {
    this.meanwhile.forEach((heard) => heard.push(event));
    const before = this.state.find(event.channel, event.message);
    this.state.apply(event);
    REACTIONS[event.type]?.(this, event, before);
    this.hooks.changed();
  }

  // Does the act; a refusal becomes a notice. → the answer, or null where it was refused.
  async attempt(act) {
    try {
      return await act;
    } catch (refusal) {
      this.hooks.notice(refusal.message, "error");
      return null;
    }
  }

  // Throws where the text was not accepted, after having said so.
  async write(channel, text, thread_ts) {
    if (/^\/\w/.test(text) && thread_ts) {
      this.hooks.notice("Slash commands do not work in threads. Write it in the channel.");
      throw new Error("command in a thread");
    }
    const body = { user: this.me, channel, text };
    const answer = await this.attempt(
      /^\/\w/.test(text) ? api.runCommand(body) : api.postMessage({ ...body, thread_ts }),
    );
    if (!answer) throw new Error("not accepted");
    if (!thread_ts && answer.ts) this.expect(channel, answer.ts);
  }

  // Remembers a question of one's own; the app may have been faster than the answer to the posting.
  expect(channel, ts) {
    this.ownRoots.add(`${channel}:${ts}`);
    const posted = this.state.messages(channel)?.find((m) => m.ts === ts);
    if (posted?.reply_count || this.state.status(channel, ts)) this.follow(channel, ts);
  }

  react(channel, ts, name, on) {
    return this.attempt(api.react({ user: this.me, channel, ts, name, on }));
  }

  edit(channel, ts, text) {
    return this.attempt(api.editMessage({ user: this.me, channel, ts, text }));
  }

  stopStream(channel, ts) {
    return this.attempt(api.stopStream({ user: this.me, channel, ts }));
  }

  remove(channel, ts) {
    return this.attempt(api.deleteMessage({ user: this.me, channel, ts }));
  }

  act(fields) {
    return this.attempt(api.act({ user: this.me, ...fields }));
  }

  shortcut(channel, ts, callback_id) {
    return this.attempt(api.runShortcut({ user: this.me, channel, ts, callback_id }));
  }

  submitView(view_id, values) {
    return api.submitView({ user: this.me, view_id, values });
  }

  upload(file) {
    return api.uploadFile(this.me, file);
  }

  closeView(view_id) {
    // The app may have closed it first, or may be gone: to the person it is closed either way.
    return api.closeView({ user: this.me, view_id }).catch(() => null);
  }

  // Slack forgets a status after two minutes without saying so.
  letExpire({ channel, thread_ts, status }) {
    const key = `${channel}:${thread_ts}`;
    clearTimeout(this.expiries.get(key));
    if (!status) return;
    const clear = () => this.apply({ type: "status", channel, thread_ts, status: "" });
    this.expiries.set(key, setTimeout(clear, STATUS_LIFETIME_MS));
  }

  // The first sign of an answer to a question of one's own opens its thread.
  follow(channel, ts) {
    if (ts && this.ownRoots.delete(`${channel}:${ts}`)) this.hooks.followed(channel, ts);
  }
}

// What an event asks for beyond being remembered.
const REACTIONS = {
  message(session, { channel, message }) {
    if (message.user === session.me) return;
    if (!message.streaming) session.hooks.said(message);
    session.follow(channel, message.thread_ts);
  },
  message_changed(session, { message }, before) {
    if (before?.streaming && !message.streaming) session.hooks.said(message);
  },
  status(session, event) {
    session.letExpire(event);
    if (event.status) session.follow(event.channel, event.thread_ts);
  },
  view_opened: (session, event) => session.hooks.view(event),
  view_updated: (session, event) => session.hooks.view(event),
  view_closed: (session, event) => session.hooks.view(event),
  notice: (session, { text }) => session.hooks.notice(text),
};
