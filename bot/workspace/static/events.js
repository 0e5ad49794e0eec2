// Keeps one event socket open for one person: reconnects with growing pauses and says when it is up or down.

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8000;

// onEvent(event) for each event; onState("open" | "lost", isReconnect). Returns {stop, retry}.
export function listen(user, onEvent, onState) {
  let socket = null;
  let pause = FIRST_PAUSE_MS;
  let timer = null;
  let stopped = false;
  let opened = 0;

  function connect() {
    clearTimeout(timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ui/events?user=${encodeURIComponent(user)}`);
    socket.onopen = () => {
      pause = FIRST_PAUSE_MS;
      onState("open", opened++ > 0);
    };
    socket.onmessage = ({ data }) => onEvent(JSON.parse(data));
    socket.onclose = () => {
      if (stopped) return;
      onState("lost", opened > 0);
      timer = setTimeout(connect, pause * (0.8 + Math.random() * 0.4));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
  }

  connect();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      socket.close();
    },
    retry() {
      if (socket.readyState === WebSocket.CLOSED) connect();
    },
  };
}
