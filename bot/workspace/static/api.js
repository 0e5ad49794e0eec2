// Calls the workspace's page API (docs/WORKSPACE.md). Each function returns the answer or throws a Refusal.

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal("unreachable", "The workspace did not answer. Is Chip still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok)
    throw new Refusal(body.error ?? `http_${response.status}`, body.message ?? "The workspace refused this.");
  return body;
}

function get(path, query) {
  const present = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return request(`${path}?${new URLSearchParams(present)}`);
}

function post(path, body) {
  return request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

export const bootstrap = (user) => get("/ui/bootstrap", { user });
export const messages = (user, channel, thread_ts) => get("/ui/messages", { user, channel, thread_ts });
export const home = (user) => get("/ui/home", { user });
export const postMessage = (body) => post("/ui/post", body);
export const stopStream = (body) => post("/ui/stop", body);
export const runCommand = (body) => post("/ui/command", body);
export const react = (body) => post("/ui/react", body);
export const editMessage = (body) => post("/ui/edit", body);
export const deleteMessage = (body) => post("/ui/delete", body);
export const act = (body) => post("/ui/action", body);
export const submitView = (body) => post("/ui/view/submit", body);
export const closeView = (body) => post("/ui/view/close", body);
// Stores a file for a form → {ok, file: id}.
export const uploadFile = (user, file) =>
  request(`/ui/upload?${new URLSearchParams({ user, name: file.name })}`, { method: "POST", body: file });
export const runShortcut = (body) => post("/ui/shortcut", body);
