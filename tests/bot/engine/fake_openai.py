"""A small OpenAI-compatible server on loopback: streams words, loads adapters, and refuses as it is told."""

import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

WORDS = tuple(f"word{number} " for number in range(400))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with another status than 200."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawLines:
    """A stream that is sent as it stands, and then broken off."""

    lines: tuple[str, ...]


class FakeOpenAI:
    """`queue` holds what the next requests get instead of words; `requests` tells what was asked."""

    def __init__(self, *, models: tuple[str, ...], can_load: bool = True, word_seconds: float = 0.005) -> None:
        self.models = list(models)
        self.can_load = can_load
        self.word_seconds = word_seconds
        self.queue: deque[Refusal | RawLines] = deque()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers_as: str | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def load(self, name: str) -> int:
        """Take an adapter, if this server can; return the status of the answer."""
        if self.can_load:
            self.models.append(name)
        return 200 if self.can_load else 404

    def plan(self, body: dict[str, Any]) -> Refusal | Iterator[str]:
        """Return what was planned for the next request, else the lines of an answer."""
        planned = self.queue.popleft() if self.queue else self.answer(body)
        return iter(planned.lines) if isinstance(planned, RawLines) else planned

    def answer(self, body: dict[str, Any]) -> Iterator[str]:
        """Yield the lines of a streamed answer."""
        words = WORDS[: body["max_tokens"]]
        is_chat = "messages" in body
        for word in words:
            time.sleep(self.word_seconds)
            yield self._event(body, {"delta": {"content": word}} if is_chat else {"text": word})
        last = {"delta": {}, "finish_reason": "length"} if is_chat else {"text": "", "finish_reason": "length"}
        yield self._event(body, last)
        prompt = body.get("messages") or body["prompt"]
        usage = {"prompt_tokens": len(str(prompt).split()), "completion_tokens": len(words)}
        yield "data: " + json.dumps({"model": body["model"], "choices": [], "usage": usage})
        yield "data: [DONE]"

    def _event(self, body: dict[str, Any], choice: dict[str, Any]) -> str:
        return "data: " + json.dumps({"model": self.answers_as or body["model"], "choices": [{"index": 0, **choice}]})


class _Handler(BaseHTTPRequestHandler):
    fake: FakeOpenAI

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._send(200, json.dumps({"data": [{"id": name} for name in self.fake.models]}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/load_lora_adapter":
            self._send(self.fake.load(body["lora_name"]), "{}")
            return
        self.fake.requests.append({"path": self.path, **body})
        self.fake.headers.append(dict(self.headers.items()))
        planned = self.fake.plan(body)
        if isinstance(planned, Refusal):
            self._send(planned.status, planned.body, planned.headers)
        else:
            self._stream(planned)

    def _stream(self, lines: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for line in lines:
                self.wfile.write(f"{line}\n\n".encode())
        except OSError:
            pass  # the reader has left

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
