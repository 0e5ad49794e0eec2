// Builds DOM nodes. Text always becomes a text node; nothing here parses HTML, so data can never turn into markup.

const SVG = "http://www.w3.org/2000/svg";

// el("button", {class: "x", onclick: f, "aria-label": "…"}, "text", node, null, [more]) → HTMLElement.
// Attributes that are null, undefined or false are left out; `true` gives an empty attribute.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fragment(...children) {
  return append(document.createDocumentFragment(), children);
}

// Puts exactly these children into the node.
export function fill(node, ...children) {
  node.replaceChildren(fragment(...children));
  return node;
}

const signatures = new WeakMap();

// Fills the node anew only when the signature (any JSON value) differs from last time's: a control that is being
// pressed or has the focus must not be replaced by its twin. → whether it was filled.
export function fillWhenNew(node, signature, make) {
  const text = JSON.stringify(signature);
  if (signatures.get(node) === text) return false;
  signatures.set(node, text);
  fill(node, make());
  return true;
}

let nextId = 0;

// An element id that is not taken, for labels and what they label.
export function freshId(stem) {
  return `${stem}-${nextId++}`;
}

const ICONS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 14.2c.8 1.3 2 2 3.5 2s2.7-.7 3.5-2M9 9.6v.1M15 9.6v.1",
  reply: "M20 11.5a7.5 7.5 0 0 1-11 6.6L4 19.5l1.4-4.6A7.5 7.5 0 1 1 20 11.5Z",
  more: "M12 5.4v.1M12 12v.1M12 18.6v.1",
  close: "M6 6l12 12M18 6 6 18",
  send: "M4 12 3.5 4.5 21 12 3.5 19.5 4 12Zm0 0h8",
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
  home: "M4 11.2 12 4l8 7.2V20h-5.5v-5.5h-5V20H4v-8.8Z",
  up: "M7 11v9H4v-9h3Zm0 0 4-7.5c1.6 0 2.5 1 2.5 2.5l-.7 3.5H18a2 2 0 0 1 2 2.4l-1.2 6.5A2 2 0 0 1 16.8 20H7",
  down: "M17 13V4h3v9h-3Zm0 0-4 7.5c-1.6 0-2.5-1-2.5-2.5l.7-3.5H6a2 2 0 0 1-2-2.4l1.2-6.5A2 2 0 0 1 7.2 4H17",
  trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 11v5.5M13.5 11v5.5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6Z",
  at: "M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0Zm0 0v1.4a2.6 2.6 0 0 0 5 1A9 9 0 1 0 17 19.500",
  bulb: "M9.500 18h5M10 21h4M12 3a6 6 0 0 0-3.600 10.800c.7.600 1.100 1.300 1.100 2.200h5c0-.9.400-1.600 1.100-2.200A6 6 0 0 0 12 3Z",
  chevron: "M6 9l6 6 6-6",
  search: "M10.5 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20.500 20.500",
};

// A line icon, 24 × 24 units, drawn in the current text colour.
export function icon(name, size = 18) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.8,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.more);
  if (name === "more") svg.setAttribute("stroke-width", 3);
  svg.append(path);
  return svg;
}
