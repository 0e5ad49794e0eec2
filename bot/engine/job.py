"""A request on its way through the engine, and the stream that its caller reads. Knows nothing of llama.cpp."""

import codecs
import logging
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event

from bot.engine.port import Completion, EngineError, Finish, GenerationRequest
from bot.engine.sampler import Sampler

_log = logging.getLogger(__name__)


class LlamaGeneration:
    """The caller's side: text pieces as they come, then the completion or the error. Safe from any thread."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._pieces: SimpleQueue[str | None] = SimpleQueue()
        self._settled = Event()
        self._outcome: Completion | EngineError | None = None
        self.is_cancelled = False

    def __iter__(self) -> Iterator[str]:
        while (piece := self._pieces.get()) is not None:
            yield piece
        self._pieces.put(None)  # a second reading ends at once
        if isinstance(self._outcome, EngineError):
            raise self._outcome

    def cancel(self) -> None:
        self.is_cancelled = True
        self._wake()

    def completion(self) -> Completion:
        self._settled.wait()
        if isinstance(self._outcome, Completion):
            return self._outcome
        assert self._outcome is not None  # settled
        raise self._outcome

    @property
    def is_settled(self) -> bool:
        return self._settled.is_set()

    def emit(self, piece: str) -> None:
        """Engine's side: hand on a piece of text."""
        self._pieces.put(piece)

    def settle(self, outcome: Completion | EngineError) -> None:
        """Engine's side: end the stream; only the first call counts."""
        if not self._settled.is_set():
            self._outcome = outcome
            self._settled.set()
            self._pieces.put(None)


class Job:
    """The engine's side of a request: its tokens so far and its text. Times are the clock's seconds."""

    def __init__(self, request: GenerationRequest, prompt: str, generation: LlamaGeneration, submitted: float) -> None:
        self.request = request
        self.prompt = prompt
        self.generation = generation
        self.sampler = Sampler(request.temperature, request.seed)
        self.tokens: list[int] = []  # the prompt's, then the answer's
        self.prompt_tokens = 0
        self.reused_tokens = 0
        self.submitted = submitted
        self.admitted: float | None = None
        self.first_token: float | None = None
        self._text: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def set_prompt_tokens(self, tokens: list[int]) -> None:
        self.tokens = list(tokens)
        self.prompt_tokens = len(tokens)

    @property
    def completion_tokens(self) -> int:
        return len(self.tokens) - self.prompt_tokens

    def accept(self, token: int, piece: bytes, now: float) -> None:
        """Append an answer token and hand on the characters that it completes."""
        if self.first_token is None:
            self.first_token = now
        self.tokens.append(token)
        text = self._decoder.decode(piece)
        if text:
            self._text.append(text)
            self.generation.emit(text)

    @property
    def is_full(self) -> bool:
        return self.completion_tokens >= self.request.max_tokens

    def finish(self, finish: Finish, base_id: str, adapter_id: str | None, now: float) -> None:
        """Settle the generation and write its log line. Bytes of a character that never ended are left out."""
        first = now if self.first_token is None else self.first_token
        completion = Completion(
            text="".join(self._text),
            prompt=self.prompt,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            finish=finish,
            base_id=base_id,
            adapter_id=adapter_id,
            first_token_ms=(first - self.submitted) * 1000,
            total_ms=(now - self.submitted) * 1000,
            reused_tokens=self.reused_tokens,
        )
        self._log_completion(completion, waited_seconds=(self.admitted or now) - self.submitted)
        self.generation.settle(completion)

    def _log_completion(self, done: Completion, waited_seconds: float) -> None:
        _log.info(
            "id=%s lane=%s base=%s adapter=%s finish=%s prompt=%d reused=%d answer=%d"
            " waited=%.0fms first=%.0fms total=%.0fms",
            self.request.id,
            self.request.lane,
            done.base_id,
            done.adapter_id,
            done.finish,
            done.prompt_tokens,
            done.reused_tokens,
            done.completion_tokens,
            waited_seconds * 1000,
            done.first_token_ms,
            done.total_ms,
        )
