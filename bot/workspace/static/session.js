// One person's visit: loads what they may see, keeps it in step with the events, and carries out what they do.
// Knows no DOM; says `changed()` when there is something new to show.

import * as api from "./api.js";
import { listen } from "./events.js";
import { State } from "./state.js";

export class Session {
  // hooks: {changed(), view(event), notice(text, kind?), connection("open" | "lost", again), said(message), followed(channel, ts)}
  static async open(user, hooks) {
    const session = new Session(new State(await api.bootstrap(user)), hooks);
    await session.refetch();
    session.socket = listen(session.me, (event) => session.apply(event), (now, again) => session.reconnected(now, again));
    return session;
  }

  constructor(state, hooks) {
    this.state = state;
    this.hooks = hooks;
    this.me = state.me.id;
    this.ownRoots = new Set();
  }

  stop() {
    this.socket?.stop();
  }

  async refetch() {
    await Promise.all(this.state.channels.map(async ({ id }) => this.state.setMessages(id, (await api.messages(this.me, id)).messages)));
    for (const key of this.state.threads.keys()) {
      const [channel, ts] = key.split(":");
      this.loadThread(channel, ts);
    }
  }

  async reconnected(now, again) {
    this.hooks.connection(now, again);
    if (now !== "open") return;
    if (again) this.state.statuses.clear();
    // Also after the first opening: what was said between the first reading and now came by no event.
    await this.refetch().catch((refusal) => this.hooks.notice(refusal.message, "error"));
    this.hooks.changed();
  }

  async loadThread(channel, ts) {
    const { messages } = await api.messages(this.me, channel, ts);
    this.state.setThread(channel, ts, messages);
    this.hooks.changed();
  }

  async loadHome() {
    this.state.home = (await api.home(this.me)).view;
    this.hooks.changed();
  }

  apply(event) {
    const handle = HANDLERS[event.type];
    if (!handle) return;
    handle(this, event);
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
    const answer = await this.attempt(/^\/\w/.test(text) ? api.runCommand(body) : api.postMessage({ ...body, thread_ts }));
    if (!answer) throw new Error("not accepted");
    if (!thread_ts && answer.ts) this.ownRoots.add(`${channel}:${answer.ts}`);
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

  closeView(view_id) {
    // The app may have closed it first, or may be gone: to the person it is closed either way.
    return api.closeView({ user: this.me, view_id }).catch(() => null);
  }

  // The first sign of an answer to a question of one's own opens its thread.
  follow(channel, ts) {
    if (ts && this.ownRoots.delete(`${channel}:${ts}`)) this.hooks.followed(channel, ts);
  }
}

const HANDLERS = {
  message(session, { channel, message }) {
    session.state.put(channel, message);
    if (message.user === session.me) return;
    if (message.thread_ts && !message.streaming) session.hooks.said(message);
    if (!message.thread_ts) session.hooks.said(message);
    session.follow(channel, message.thread_ts);
  },
  message_changed(session, { channel, message }) {
    const before = (session.state.thread(channel, message.thread_ts ?? message.ts) ?? session.state.messages(channel) ?? []).find((m) => m.ts === message.ts);
    session.state.put(channel, message);
    if (before?.streaming && !message.streaming) session.hooks.said(message);
  },
  message_deleted: (session, { channel, ts }) => session.state.remove(channel, ts),
  status(session, { channel, thread_ts, status }) {
    session.state.setStatus(channel, thread_ts, status);
    if (status) session.follow(channel, thread_ts);
  },
  view_opened: (session, event) => session.hooks.view(event),
  view_updated: (session, event) => session.hooks.view(event),
  view_closed: (session, event) => session.hooks.view(event),
  home: (session, { view }) => { session.state.home = view; },
  notice: (session, { text }) => session.hooks.notice(text),
  app: (session, { connected }) => { session.state.connected = connected; },
};
