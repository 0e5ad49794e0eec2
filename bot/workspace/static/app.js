// The page: joins the person's session, the address and the parts on the screen. Everything is drawn from the state,
// at most once for each frame.

import { renderBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { confirmDialog } from "./dialog.js";
import { el, fill, icon } from "./dom.js";
import { statusLine } from "./message.js";
import { MessageList } from "./messages.js";
import { Modals } from "./modal.js";
import { displayName } from "./people.js";
import { closePopover } from "./popover.js";
import { readRoute, writeRoute } from "./route.js";
import { Session } from "./session.js";
import { renderConnection, renderPeople, renderSidebar } from "./sidebar.js";
import { announce, toast } from "./toast.js";
import { renderWelcome } from "./welcome.js";

const FIRST_PERSON = "U0CLEO";
// A tab in the background gets no frames, yet its title shows what is unread.
const HIDDEN_DRAW_MS = 300;
const NARROW = matchMedia("(max-width: 760px)");
const at = (id) => document.getElementById(id);

let session = null;
let route = {};
let editing = null;
let newSince = {};
let drawing = false;
let focusNext = null;
let seen = { channel: null, thread: null };

const desk = {
  get state() { return session.state; },
  act: (fields) => session.act(fields),
  press(channel, message, key, value) {
    session.state.press(key, value);
    draw();
  },
  react: (channel, ts, name, on) => session.react(channel, ts, name, on),
  openThread: (channel, ts) => go({ channel, thread: ts }),
  shortcut: (channel, ts, id) => session.shortcut(channel, ts, id),
  stop: (channel, ts) => session.stopStream(channel, ts),
  startEdit(ts, inThread) {
    editing = { ts, inThread };
    draw();
  },
  cancelEdit() {
    editing = null;
    draw();
  },
  async saveEdit(channel, ts, text) {
    if (await session.edit(channel, ts, text)) desk.cancelEdit();
  },
  async remove(channel, ts) {
    const sure = await confirmDialog({ title: "Delete this message?", text: "It disappears for everybody. This cannot be undone.", confirm: "Delete", danger: true });
    if (sure) await session.remove(channel, ts);
  },
};

const modals = new Modals({
  act: (fields) => session.act(fields),
  submit: (viewId, values) => session.submitView(viewId, values),
  close: (viewId) => session.closeView(viewId),
  context: () => ({ names: session.state.names, users: session.state.users, pressed: () => null, press: () => null }),
});

const lists = { channel: new MessageList(at("messages"), desk), thread: new MessageList(at("thread-messages"), desk, { inThread: true }) };
const composers = {
  channel: new Composer(at("composer"), { state: () => session.state, send: (text) => sendToChannel(text) }),
  thread: new Composer(at("thread-composer"), { state: () => session.state, send: (text) => session.write(route.channel, text, route.thread), inThread: true }),
};

async function sendToChannel(text) {
  await session.write(route.channel, text);
  lists.channel.toBottom();
}

function go(change) {
  const next = { user: session.me, channel: change.channel ?? route.channel, thread: change.thread ?? null, home: Boolean(change.home) };
  showSidebar(false);
  writeRoute(next);
}

// Follows the address: another person means another session; a place that this person may not see means the like of it, or the first one.
async function follow() {
  const wanted = readRoute();
  if (!session || wanted.user !== session.me) return enter(wanted);
  route = { ...wanted, channel: session.state.findPlace(wanted.channel)?.id };
  if (route.channel !== wanted.channel && !route.home) return writeRoute({ ...route, thread: null });
  arrive();
  return draw();
}

async function enter(wanted) {
  session?.stop();
  session = null;
  editing = null;
  modals.clear();
  closePopover();
  document.body.classList.add("loading");
  try {
    session = await Session.open(wanted.user ?? FIRST_PERSON, hooks);
  } catch (refusal) {
    if (wanted.user && wanted.user !== FIRST_PERSON && refusal.code !== "unreachable") return enter({ ...wanted, user: FIRST_PERSON });
    return showFailure(refusal);
  } finally {
    document.body.classList.remove("loading");
  }
  banner(null);
  seen = { channel: null, thread: null };
  newSince = {};
  writeRoute({ ...wanted, user: session.me });
  return follow();
}

// On coming to a channel, thread or Home: loads it and puts the focus where one writes.
function arrive() {
  const { state } = session;
  if (route.home) session.attempt(session.loadHome());
  if (route.thread && !state.thread(route.channel, route.thread)) {
    session.loadThread(route.channel, route.thread).catch(() => go({ channel: route.channel }));
  }
  if (seen.channel !== route.channel) newSince[route.channel] = state.unread(route.channel) ? state.read[route.channel] : null;
  const typing = document.activeElement?.matches("textarea, input") && document.activeElement.value;
  if (!NARROW.matches && !typing) {
    if (route.thread && seen.thread !== route.thread) focusNext = composers.thread;
    else if (seen.channel !== route.channel && !route.home) focusNext = composers.channel;
  }
  seen = { channel: route.channel, thread: route.thread };
}

function draw() {
  if (drawing) return;
  drawing = true;
  const once = () => {
    if (!drawing) return;
    drawing = false;
    if (session) drawNow();
    focusNext?.focus();
    focusNext = null;
  };
  requestAnimationFrame(once);
  setTimeout(once, HIDDEN_DRAW_MS);
}

function drawNow() {
  const { state } = session;
  const channel = state.channel(route.channel);
  if (!document.hidden && !route.home && channel) state.markRead(channel.id);
  drawFrame(state, channel);
  renderSidebar(at("groups"), state, route, go);
  renderPeople(at("people"), [...state.users.values()], session.me, (user) => user !== session.me && writeRoute({ ...route, user, thread: null }));
  renderConnection(at("connection"), state.connected);
  if (!channel) return;
  if (route.home) return void drawHome(state);
  drawChannel(state, channel);
  if (route.thread) drawThread(state, channel);
  return undefined;
}

function drawFrame(state, channel) {
  const bot = displayName(state.bot());
  const isDirect = channel?.is_im || route.home;
  const unread = state.channels.reduce((sum, c) => sum + state.unread(c.id), 0);
  fill(at("title"), isDirect ? bot : [icon("hash", 19), channel?.name]);
  at("topic").textContent = route.home ? "What the app shows only to you" : channel?.topic || (channel?.is_im ? "Direct message" : "");
  document.title = `${unread ? `(${unread}) ` : ""}${isDirect ? bot : `#${channel?.name}`} · ${displayName(state.me)} · Chip local workspace`;
  at("columns").classList.toggle("with-thread", Boolean(route.thread) && !route.home);
  at("thread").hidden = !route.thread || route.home;
  at("home").hidden = !route.home;
  at("composer").hidden = route.home;
  at("messages").parentElement.hidden = route.home;
  at("tabs").hidden = !isDirect;
  if (isDirect) drawTabs(state);
}

function drawTabs(state) {
  const direct = state.channels.find((c) => c.is_im);
  const tab = (label, open, to) => el("button", { type: "button", role: "tab", "aria-selected": String(open), onclick: () => go(to) }, label);
  fill(at("tabs"), direct && tab("Messages", !route.home, { channel: direct.id }), tab("Home", route.home, { home: true }));
}

let homeShown;

function drawHome(state) {
  if (homeShown === state.home) return;
  homeShown = state.home;
  const ctx = { ...modals.context(), act: (fields) => session.act({ ...fields, view_id: state.home.id }) };
  fill(at("home"), state.home ? el("div", { class: "home-view" }, renderBlocks(state.home.blocks, ctx)) : el("p", { class: "nothing" }, "The app has not put anything here yet."));
}

function drawChannel(state, channel) {
  const messages = state.messages(channel.id);
  lists.channel.render({
    channel: channel.id, key: `${session.me}:${channel.id}`, messages, newSince: newSince[channel.id], editing: editing?.inThread ? null : editing?.ts,
    top: welcome(state, channel, messages), statusOf: (m) => (m.thread_ts === m.ts || !m.thread_ts ? state.status(channel.id, m.ts) : ""),
  });
  composers.channel.show(`${session.me}:${channel.id}`, channel.is_im ? `Message ${displayName(state.bot())}` : `Message #${channel.name}`);
}

let welcomed = { key: null, node: null };

function welcome(state, channel, messages) {
  const key = `${session.me}:${channel.id}:${messages?.length === 0}`;
  if (welcomed.key !== key) welcomed = { key, node: renderWelcome(state, channel, messages?.length === 0, (text) => sendToChannel(text).catch(() => null)) };
  return welcomed.node;
}

function drawThread(state, channel) {
  const key = `${session.me}:${channel.id}:${route.thread}`;
  at("thread-where").textContent = channel.is_im ? displayName(state.bot()) : `#${channel.name}`;
  lists.thread.render({ channel: channel.id, key, messages: state.thread(channel.id, route.thread), editing: editing?.inThread ? editing.ts : null, top: null, newSince: null, statusOf: () => "" });
  fill(at("thread-status"), statusLine({ status: state.status(channel.id, route.thread) }, desk));
  composers.thread.show(key, "Reply…");
}

function banner(text, retry) {
  at("banner").hidden = !text;
  fill(at("banner"), text, retry && el("button", { type: "button", class: "banner-button", onclick: retry }, "Try now"));
}

function showFailure(refusal) {
  banner(`${refusal.message} `, () => follow());
  setTimeout(() => !session && follow(), 3000);
}

function showSidebar(open) {
  document.body.classList.toggle("sidebar-open", open);
  at("menu-button").setAttribute("aria-expanded", String(open));
}

function closeThread() {
  go({ channel: route.channel });
  composers.channel.focus();
}

const hooks = {
  changed: draw,
  notice: (text, kind) => toast(text, kind),
  view({ type, view, view_id }) {
    if (type === "view_opened") modals.open(view);
    else if (type === "view_updated") modals.update(view);
    else modals.closed(view_id);
  },
  connection(now) {
    if (now === "open") return banner(null);
    if (session) session.state.connected = null;
    draw();
    return banner("The connection to the workspace was lost. Reconnecting… ", () => session?.socket.retry());
  },
  said(message) {
    announce(`${session?.state.names.user(message.user) ?? "Chip"}: ${(message.markdown ?? message.text ?? "").slice(0, 500)}`);
  },
  followed(channel, ts) {
    if (channel === route.channel && !route.thread && !route.home && !NARROW.matches) go({ channel, thread: ts });
  },
};

fill(at("menu-button"), icon("menu"));
fill(at("thread-close"), icon("close"));
at("thread-close").onclick = closeThread;
at("menu-button").onclick = () => showSidebar(!document.body.classList.contains("sidebar-open"));
at("skip").onclick = (event) => {
  event.preventDefault();
  composers.channel.focus();
};
at("columns").addEventListener("click", (event) => {
  if (document.body.classList.contains("sidebar-open") && !at("sidebar").contains(event.target)) showSidebar(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (document.body.classList.contains("sidebar-open")) showSidebar(false);
  else if (route.thread) closeThread();
});
document.addEventListener("visibilitychange", draw);
window.addEventListener("hashchange", follow);
follow();
