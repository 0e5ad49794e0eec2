// What the page remembers between visits; until it is closed, where the browser is told to keep nothing.

export const memory = find();

function find() {
  try {
    localStorage.getItem("");
    return localStorage;
  } catch {
    const held = new Map();
    return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, String(value)) };
  }
}
