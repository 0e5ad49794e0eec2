"""Stand-ins that keep a queue of what they will do and a history of what they were asked."""

import itertools
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.engine.port import Completion, EngineError, Finish, GenerationRequest, Lane, ModelFileError
from retrain.adapter import Adapter, AdapterError
from retrieval.prompt import REFUSAL, ChatMessage

_FIRST_LINE = re.compile(r"^\[1\] (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Slowly:
    """An answer that comes piece by piece, `seconds` apart; `error` strikes after the last piece."""

    pieces: tuple[str, ...]
    seconds: float = 0.0
    error: EngineError | None = None
    finish: Finish = "stop"


Planned = str | Slowly | EngineError


class QuotedGeneration:
    """The caller's side of an answer that is said as it is read."""

    def __init__(self, request: GenerationRequest, planned: Slowly, base_id: str, adapter_id: str | None) -> None:
        self._request = request
        self._planned = planned
        self._names = (base_id, adapter_id)
        self._cancelled = threading.Event()
        self._unread = self._speak()
        self._said = ""
        self._started = time.perf_counter()

    def __iter__(self) -> Iterator[str]:
        yield from self._unread
        if self._planned.error is not None and not self._cancelled.is_set():
            raise self._planned.error

    def cancel(self) -> None:
        self._cancelled.set()

    def completion(self) -> Completion:
        for _ in self:
            pass
        milliseconds = (time.perf_counter() - self._started) * 1000
        is_whole = self._said == "".join(self._planned.pieces)
        return Completion(
            text=self._said,
            prompt=render(self._request.messages),
            prompt_tokens=len(render(self._request.messages).split()),
            completion_tokens=len(self._said.split()),
            finish=self._planned.finish if is_whole else "cancelled",
            base_id=self._names[0],
            adapter_id=self._names[1],
            first_token_ms=milliseconds,
            total_ms=milliseconds,
        )

    def _speak(self) -> Iterator[str]:
        for piece in self._planned.pieces:
            if self._cancelled.wait(self._planned.seconds):
                return
            self._said += piece
            yield piece


@dataclass(slots=True)
class QuotingEngine:
    """An engine without a model: says what is queued, else quotes the first line of evidence, else does not know.

    `queue` holds texts, slow answers and errors for the next requests; `requests` and `swaps` tell what was asked.
    """

    base_id: str = "quoting-base"
    reads_passages: bool = False
    queue: deque[Planned] = field(default_factory=deque)
    requests: list[GenerationRequest] = field(default_factory=list)
    swaps: list[tuple[Lane, str | None]] = field(default_factory=list)
    _adapters: dict[Lane, Adapter | None] = field(default_factory=dict)
    _is_closed: bool = False

    def submit(self, request: GenerationRequest) -> QuotedGeneration:
        if self._is_closed:
            raise EngineError("The engine is closed.")
        self.requests.append(request)
        planned = self.queue.popleft() if self.queue else quote_first(request.messages)
        if isinstance(planned, EngineError):
            raise planned
        if isinstance(planned, str):
            planned = Slowly(tuple(_cut(planned)))
        planned = _limit(planned, request.max_tokens)
        is_live = request.lane is Lane.CANARY and self.adapter_id(Lane.CANARY) is None
        return QuotedGeneration(request, planned, self.base_id, self.adapter_id(Lane.LIVE if is_live else request.lane))

    def use_adapter(self, adapter: Adapter | None, lane: Lane = Lane.LIVE) -> float:
        if self._is_closed:
            raise EngineError("The engine is closed.")
        if adapter is not None:
            try:
                adapter.verify()
            except AdapterError as error:
                raise ModelFileError(str(error)) from error
        self._adapters[lane] = adapter
        self.swaps.append((lane, adapter.id if adapter else None))
        return 0.1

    def adapter_id(self, lane: Lane = Lane.LIVE) -> str | None:
        adapter = self._adapters.get(lane)
        return adapter.id if adapter else None

    def close(self) -> None:
        self._is_closed = True


def quote_first(messages: Sequence[ChatMessage]) -> str:
    """Return the answer that a trained base gives: the best line of evidence, quoted."""
    found = _FIRST_LINE.search(messages[-1].content)
    return f"[1] {found.group(1)}" if found else REFUSAL


def render(messages: Sequence[ChatMessage]) -> str:
    """Return the prompt as this engine's chat template writes it."""
    return "".join(f"<|{message.role}|>{message.content}<|end|>" for message in messages)


def _cut(text: str) -> Iterator[str]:
    yield from re.findall(r"\S+\s*|\s+", text)


def _limit(planned: Slowly, max_tokens: int) -> Slowly:
    """Cut an answer at its longest length, a piece being this engine's token."""
    if len(planned.pieces) <= max_tokens:
        return planned
    return Slowly(tuple(itertools.islice(planned.pieces, max_tokens)), planned.seconds, planned.error, "length")
