// What stands at the beginning of a conversation: where one is, and what a newcomer could try.

import { el, icon } from "./dom.js";
import { avatar, displayName } from "./people.js";

// While the app suggests nothing.
const GENERAL = ["What can you help me with?"];

// What one may ask to begin with.
export function listExamples(state) {
  return (state.examples.length ? state.examples : GENERAL).slice(0, 4);
}

// ask(question) puts it into the channel, with a mention where that is needed.
export function renderWelcome(state, channel, ask) {
  const bot = displayName(state.bot());
  const title = channel.is_im ? bot : `#${channel.name}`;
  const about = channel.is_im
    ? `This is where you and ${bot} talk. ${bot} answers from the company’s documents.`
    : `${channel.topic ? `${channel.topic}. ` : ""}Mention @${bot} to ask; the answer comes in the thread.`;
  return el(
    "div",
    { class: "welcome" },
    channel.is_im ? avatar(state.bot(), "avatar-big") : el("span", { class: "welcome-hash" }, icon("hash", 34)),
    el("h2", {}, title),
    el("p", {}, about),
    tryOut(state, ask),
  );
}

function tryOut(state, ask) {
  return el(
    "div",
    { class: "try" },
    el("h3", {}, "Try it"),
    el(
      "div",
      { class: "try-list" },
      listExamples(state).map((question) =>
        el(
          "button",
          { type: "button", class: "try-button", onclick: () => ask(question) },
          el("span", { class: "try-ask" }, "Ask:"),
          question,
        ),
      ),
    ),
    el(
      "p",
      { class: "try-next" },
      "Then rate the answer with a thumb: a thumbs-down asks what it should have said. ",
      state.commands[0] && ["Type ", el("kbd", {}, "/"), " for the commands, ", el("kbd", {}, "?"), " for help. "],
      "At the top you choose who you are: customers, agents and admins see different things.",
    ),
  );
}
