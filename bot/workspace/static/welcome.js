// What stands at the beginning of a conversation: where one is, and what a newcomer could try.

import { el, icon } from "./dom.js";
import { avatar, displayName } from "./people.js";

// While the app suggests nothing.
const GENERAL = ["What can you help me with?"];

// ask(text) puts the question into the channel. `isEmpty`: nobody has written here yet.
export function renderWelcome(state, channel, isEmpty, ask) {
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
    isEmpty && tryOut(state, channel, bot, ask),
  );
}

function tryOut(state, channel, bot, ask) {
  const examples = (state.examples.length ? state.examples : GENERAL).slice(0, 4);
  const text = (question) => (channel.is_im ? question : `@${bot} ${question}`);
  return el(
    "div",
    { class: "try" },
    el("h3", {}, "Try it"),
    el(
      "div",
      { class: "try-list" },
      examples.map((question) =>
        el(
          "button",
          { type: "button", class: "try-button", onclick: () => ask(text(question)) },
          el("span", { class: "try-ask" }, "Ask:"),
          question,
        ),
      ),
    ),
    el(
      "p",
      { class: "try-next" },
      "Then rate the answer with a thumb: a thumbs-down asks what it should have said. ",
      state.commands[0] && ["Type ", el("kbd", {}, "/"), " for the commands. "],
      "At the top you choose who you are: customers, agents and admins see different things.",
    ),
  );
}
