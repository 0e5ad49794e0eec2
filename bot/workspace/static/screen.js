// Draws the page from the state: the frame, the channel, the thread, Home. Knows no network and follows no address;
// what a click asks for goes out through `calls`.

import { renderBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { el, fill, fillWhenNew, icon } from "./dom.js";
import { statusLine } from "./message.js";
import { MessageList } from "./messages.js";
import { displayName } from "./people.js";
import { openMenu } from "./popover.js";
import { renderConnection, renderPeople, renderSidebar } from "./sidebar.js";
import { listExamples, renderWelcome } from "./welcome.js";

const at = (id) => document.getElementById(id);

export class Screen {
  // desk: what can be done with a message (message.js); calls: {go(place), become(user), send(text), ask(question),
  // reply(text), act(fields), viewContext()}.
  constructor(desk, calls) {
    this.desk = desk;
    this.calls = calls;
    this.homeShown = undefined;
    this.welcomed = { key: null, node: null };
    const state = () => desk.state;
    this.list = new MessageList(at("messages"), desk);
    this.threadList = new MessageList(at("thread-messages"), desk, { inThread: true });
    const tryOut = (button) => openMenu(button, this.questions(), "Questions to try");
    this.composer = new Composer(at("composer"), { state, send: calls.send, tryOut });
    this.threadComposer = new Composer(at("thread-composer"), { state, send: calls.reply });
  }

  // route: {channel, thread, home}; editing: {ts, inThread} or null; newSince: {channel: ts or null}.
  draw(state, route, { editing, newSince }) {
    const channel = state.channel(route.channel);
    this.drawHead(state, route, channel);
    this.drawColumns(route);
    renderSidebar(at("groups"), state, route, this.calls.go);
    renderPeople(at("people"), [...state.users.values()], state.me.id, this.calls.become);
    renderConnection(at("connection"), state.connected);
    if (route.home) this.drawHome(state);
    else if (channel) this.drawChannel(state, channel, editing?.inThread ? null : editing?.ts, newSince[channel.id]);
    if (route.thread && channel && !route.home)
      this.drawThread(state, channel, route.thread, editing?.inThread ? editing.ts : null);
  }

  drawHead(state, route, channel) {
    const bot = displayName(state.bot());
    const isApp = channel?.is_im || route.home;
    const unread = state.channels.reduce((sum, c) => sum + state.unread(c.id), 0);
    fillWhenNew(at("title"), [isApp, channel?.name], () => (isApp ? bot : [icon("hash", 19), channel?.name]));
    at("topic").textContent = route.home
      ? "What the app shows only to you"
      : channel?.topic || (channel?.is_im ? "Direct message" : "");
    const place = isApp ? bot : `#${channel?.name}`;
    document.title = `${unread ? `(${unread}) ` : ""}${place} · ${displayName(state.me)} · Chip local workspace`;
    at("tabs").hidden = !isApp;
    if (isApp) fillWhenNew(at("tabs"), [state.me.id, route.home], () => this.tabs(state, route));
  }

  tabs(state, route) {
    const direct = state.channels.find((c) => c.is_im);
    const tab = (label, open, place) =>
      el(
        "button",
        { type: "button", role: "tab", "aria-selected": String(open), onclick: () => this.calls.go(place) },
        label,
      );
    return [direct && tab("Messages", !route.home, { channel: direct.id }), tab("Home", route.home, { home: true })];
  }

  drawColumns(route) {
    const withThread = Boolean(route.thread) && !route.home;
    at("columns").classList.toggle("with-thread", withThread);
    at("thread").hidden = !withThread;
    at("home").hidden = !route.home;
    at("composer").hidden = route.home;
    at("messages").parentElement.hidden = route.home;
  }

  drawHome(state) {
    if (this.homeShown === state.home) return;
    this.homeShown = state.home;
    const ctx = { ...this.calls.viewContext(), act: (fields) => this.calls.act({ ...fields, view_id: state.home.id }) };
    const nothing = () => el("p", { class: "nothing" }, "The app has not put anything here yet.");
    fill(at("home"), state.home ? el("div", { class: "home-view" }, renderBlocks(state.home.blocks, ctx)) : nothing());
  }

  drawChannel(state, channel, editing, newSince) {
    const key = `${state.me.id}:${channel.id}`;
    const messages = state.messages(channel.id);
    this.list.render({
      channel: channel.id,
      key,
      messages,
      editing,
      newSince,
      top: this.welcome(state, channel),
      statusOf: (m) => (m.thread_ts === m.ts || !m.thread_ts ? state.status(channel.id, m.ts) : ""),
    });
    this.composer.show(key, channel.is_im ? `Message ${displayName(state.bot())}` : `Message #${channel.name}`);
  }

  welcome(state, channel) {
    const key = `${state.me.id}:${channel.id}:${state.examples.join()}`;
    const ask = (text) => this.calls.ask(text).catch(() => null);
    if (this.welcomed.key !== key) this.welcomed = { key, node: renderWelcome(state, channel, ask) };
    return this.welcomed.node;
  }

  questions() {
    const ask = (text) => this.calls.ask(text).catch(() => null);
    return listExamples(this.desk.state).map((text) => ({ label: text, run: () => ask(text) }));
  }

  drawThread(state, channel, ts, editing) {
    const key = `${state.me.id}:${channel.id}:${ts}`;
    const status = state.status(channel.id, ts);
    at("thread-where").textContent = channel.is_im ? displayName(state.bot()) : `#${channel.name}`;
    this.threadList.render({
      channel: channel.id,
      key,
      messages: state.thread(channel.id, ts),
      editing,
      top: null,
      newSince: null,
      statusOf: () => "",
    });
    fillWhenNew(at("thread-status"), status, () => statusLine({ status }, this.desk));
    this.threadComposer.show(key, "Reply…");
  }
}
