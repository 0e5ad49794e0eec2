// The page: joins the person's session, the address and the screen. Follows the address, and draws at most once for
// each frame.

import { confirmDialog } from "./dialog.js";
import { el, fill, icon } from "./dom.js";
import { openHelp } from "./help.js";
import { listTargets, openJump } from "./jump.js";
import { Modals } from "./modal.js";
import { displayName } from "./people.js";
import { closePopover } from "./popover.js";
import { placeOfLink, readRoute, writeRoute } from "./route.js";
import { Screen } from "./screen.js";
import { Session } from "./session.js";
import { announce, toast } from "./toast.js";
import { listExamples } from "./welcome.js";

const FIRST_PERSON = "U0CLEO";
// A tab in the background gets no frames, yet its title shows what is unread.
const HIDDEN_DRAW_MS = 300;
const NARROW = matchMedia("(max-width: 760px)");
const at = (id) => document.getElementById(id);

let session = null;
let route = {};
let visits = 0;
let editing = null;
let newSince = {};
let drawing = false;
let focusNext = null;
let seen = { channel: null, thread: null, home: false };

const desk = {
  get state() {
    return session.state;
  },
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
    const sure = await confirmDialog({
      title: "Delete this message?",
      text: "It disappears for everybody. This cannot be undone.",
      confirm: "Delete",
      danger: true,
    });
    if (sure) await session.remove(channel, ts);
  },
};

const modals = new Modals({
  act: (fields) => session.act(fields),
  submit: (viewId, values) => session.submitView(viewId, values),
  close: (viewId) => session.closeView(viewId),
  context: viewContext,
});

const screen = new Screen(desk, {
  go,
  become,
  send: sendToChannel,
  ask: askHere,
  reply: (text) => session.write(route.channel, text, route.thread),
  act: (fields) => session.act(fields),
  viewContext,
});

function viewContext() {
  const { state } = session;
  const upload = (file) => session.upload(file);
  return { names: state.names, users: state.users, upload, pressed: () => null, press: () => null };
}

function become(user) {
  if (user !== session.me) writeRoute({ ...route, user, thread: null });
}

function jump() {
  const ask = (text) => askHere(text).catch(() => null);
  if (session) openJump(listTargets(session.state, listExamples(session.state), { go, become, ask, write }));
}

// Asks where one is; from Home, in the direct messages.
async function askHere(text) {
  const direct = session.state.findPlace(null);
  const channel = route.home ? direct : session.state.channel(route.channel);
  if (route.home) go({ channel: channel.id });
  await session.write(channel.id, channel.is_im ? text : `@${displayName(session.state.bot())} ${text}`);
  screen.list.toBottom();
}

// Puts words into the box, to be finished there.
function write(text) {
  if (route.home) go({ channel: session.state.findPlace(null).id });
  setTimeout(() => screen.composer.put(text));
}

async function sendToChannel(text) {
  await session.write(route.channel, text);
  screen.list.toBottom();
}

function go(change) {
  const next = {
    user: session.me,
    channel: change.channel ?? route.channel,
    thread: change.thread ?? null,
    home: Boolean(change.home),
  };
  showSidebar(false);
  writeRoute(next);
}

// Follows the address: another person means another session; a place that this person may not see means the like of
// it, or the first one.
async function follow() {
  const wanted = readRoute();
  if (!session || wanted.user !== session.me) return enter(wanted);
  route = { ...wanted, channel: session.state.findPlace(wanted.channel)?.id };
  if (route.channel !== wanted.channel && !route.home) return writeRoute({ ...route, thread: null });
  arrive();
  return draw();
}

async function enter(wanted) {
  const visit = ++visits;
  session?.stop();
  session = null;
  editing = null;
  modals.clear();
  closePopover();
  document.body.classList.add("loading");
  try {
    const opened = await Session.open(wanted.user ?? FIRST_PERSON, hooks);
    if (visit !== visits) return opened.stop();
    session = opened;
  } catch (refusal) {
    if (visit !== visits) return undefined;
    if (wanted.user && wanted.user !== FIRST_PERSON && refusal.code !== "unreachable")
      return enter({ ...wanted, user: FIRST_PERSON });
    return showFailure(refusal);
  } finally {
    document.body.classList.remove("loading");
  }
  banner(null);
  seen = { channel: null, thread: null, home: false };
  newSince = {};
  writeRoute({ ...wanted, user: session.me });
  return follow();
}

// On coming to a channel, thread or Home: loads it and puts the focus where one writes.
function arrive() {
  const { state } = session;
  if (route.home && !seen.home) session.attempt(session.loadHome());
  if (route.thread && !state.thread(route.channel, route.thread)) {
    session.loadThread(route.channel, route.thread).catch(() => go({ channel: route.channel }));
  }
  if (seen.channel !== route.channel)
    newSince[route.channel] = state.unread(route.channel) ? state.read[route.channel] : null;
  const typing = document.activeElement?.matches("textarea, input") && document.activeElement.value;
  if (!NARROW.matches && !typing) {
    if (route.thread && seen.thread !== route.thread) focusNext = screen.threadComposer;
    else if (seen.channel !== route.channel && !route.home) focusNext = screen.composer;
  }
  seen = { channel: route.channel, thread: route.thread, home: route.home };
}

function draw() {
  if (drawing) return;
  drawing = true;
  const once = () => {
    if (!drawing) return;
    drawing = false;
    if (session) drawState(session.state);
    focusNext?.focus();
    focusNext = null;
  };
  requestAnimationFrame(once);
  setTimeout(once, HIDDEN_DRAW_MS);
}

function drawState(state) {
  if (!document.hidden && !route.home && route.channel) state.markRead(route.channel);
  screen.draw(state, route, { editing, newSince });
}

function banner(text, retry) {
  at("banner").hidden = !text;
  fill(
    at("banner"),
    text,
    retry && el("button", { type: "button", class: "banner-button", onclick: retry }, "Try now"),
  );
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
  screen.composer.focus();
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
    announce(
      `${session?.state.names.user(message.user) ?? "Chip"}: ${(message.markdown ?? message.text ?? "").slice(0, 500)}`,
    );
  },
  followed(channel, ts) {
    const isWriting = at("thread-composer").querySelector("textarea")?.value.trim();
    if (channel === route.channel && !route.home && !(route.thread && isWriting)) go({ channel, thread: ts });
  },
};

fill(at("menu-button"), icon("menu"));
fill(at("thread-close"), icon("close"));
at("help-button").onclick = () => session && openHelp(session.state);
at("jump-button").onclick = jump;
at("thread-close").onclick = closeThread;
at("menu-button").onclick = () => showSidebar(!document.body.classList.contains("sidebar-open"));
at("skip").onclick = (event) => {
  event.preventDefault();
  screen.composer.focus();
};
at("columns").addEventListener("click", (event) => {
  if (document.body.classList.contains("sidebar-open") && !at("sidebar").contains(event.target)) showSidebar(false);
});
document.addEventListener("keydown", (event) => {
  const isWriting = event.target.matches?.("textarea, input, select");
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    jump();
  } else if (event.key === "?" && !isWriting && session) openHelp(session.state);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (document.body.classList.contains("sidebar-open")) showSidebar(false);
  else if (route.thread) closeThread();
});
document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href]");
  const place = anchor && !event.metaKey && !event.ctrlKey ? placeOfLink(anchor.href) : null;
  if (!place || !session.state.channel(place.channel)) return;
  event.preventDefault();
  go(place);
});
document.addEventListener("visibilitychange", draw);
window.addEventListener("hashchange", follow);
follow();
