// The emoji picker: search, a grid, and the skin tone that this browser remembers.

import { el, fill } from "./dom.js";
import { emojiChar, searchEmoji, withTone } from "./emoji.js";
import { memory } from "./memory.js";
import { closePopover, openPopover } from "./popover.js";

const TONE_KEY = "chip.tone";
const COLUMNS = 8;

export function openEmojiPicker(anchor, onPick) {
  let tone = Number(memory.getItem(TONE_KEY) ?? 1);
  const grid = el("div", { class: "emoji-grid", role: "listbox", "aria-label": "Emoji" });
  const caption = el("div", { class: "emoji-caption", "aria-hidden": "true" }, "Pick a reaction");
  const search = el("input", {
    class: "emoji-search",
    type: "search",
    placeholder: "Search emoji",
    "aria-label": "Search emoji",
    autofocus: true,
  });
  const tones = el("div", { class: "emoji-tones", role: "radiogroup", "aria-label": "Skin tone" });

  const choose = (entry) => {
    closePopover();
    onPick(withTone(entry, tone));
  };
  function drawGrid() {
    const found = searchEmoji(search.value);
    const buttons = found.map((entry) => {
      const name = withTone(entry, tone);
      const show = () => fill(caption, `${emojiChar(name)}  :${entry.name}:`);
      return el(
        "button",
        {
          type: "button",
          class: "emoji-choice",
          role: "option",
          "aria-label": entry.name,
          onclick: () => choose(entry),
          onfocus: show,
          onmouseenter: show,
        },
        emojiChar(name),
      );
    });
    fill(grid, buttons.length ? buttons : el("p", { class: "emoji-none" }, "No emoji of that name"));
    search.onkeydown = (event) => {
      if (event.key === "Enter" && found.length) choose(found[0]);
      if (event.key === "ArrowDown") buttons[0]?.focus();
    };
  }
  function drawTones() {
    fill(
      tones,
      [1, 2, 3, 4, 5, 6].map((t) =>
        el(
          "button",
          {
            type: "button",
            role: "radio",
            class: "emoji-tone",
            "aria-checked": String(t === tone),
            "aria-label": t === 1 ? "Default skin tone" : `Skin tone ${t}`,
            onclick: () => {
              tone = t;
              memory.setItem(TONE_KEY, t);
              drawTones();
              drawGrid();
            },
          },
          emojiChar(t === 1 ? "wave" : `wave::skin-tone-${t}`),
        ),
      ),
    );
  }
  grid.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...grid.querySelectorAll("button")];
    const next = buttons.indexOf(document.activeElement) + step;
    if (next < 0) search.focus();
    else buttons[Math.min(next, buttons.length - 1)]?.focus();
  };
  search.oninput = drawGrid;
  drawGrid();
  drawTones();
  openPopover(
    anchor,
    el("div", { class: "emoji-picker" }, search, grid, el("div", { class: "emoji-foot" }, caption, tones)),
    "Pick an emoji",
  );
}
