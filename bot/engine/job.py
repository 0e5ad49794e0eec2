"""A request on its way through the engine: its tokens, its text, its state, and how it ended.

The caller's thread creates it. After that only the engine's thread may touch it, except for its `generation`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bot.engine.answer_text import AnswerText
from bot.engine.grammar import Grammar
from bot.engine.metrics import EngineMetrics
from bot.engine.port import Completion, EngineError, Finish, GenerationRequest
from bot.engine.sampler import Logits, Sampler, rank_logprobs
from bot.engine.sampling import TokenLogprob
from bot.engine.stream import QueuedGeneration

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who answered: the base, the adapter on it and the engine's settings."""

    base_id: str
    adapter_id: str | None
    settings_id: str


class Job:
    """The engine's side of a request. Times are the clock's seconds."""

    def __init__(
        self,
        request: GenerationRequest,
        prompt: str,
        generation: QueuedGeneration,
        submitted: float,
        metrics: EngineMetrics | None = None,
    ) -> None:
        self.request = request
        self.prompt = prompt
        self._whole_prompt = prompt
        self.generation = generation
        self.sampler = Sampler(request.temperature, request.seed, request.sampling)
        self.grammar: Grammar | None = None
        self.never_first: int | None = None
        self.tokens: list[int] = []  # the prompt's, then the answer's
        self.prompt_tokens = 0
        self.reused_tokens = 0
        self.drafted_tokens = 0
        self.dropped_messages = 0
        self.submitted = submitted
        self.admitted: float | None = None
        self.first_token: float | None = None
        self._metrics = metrics
        self._text = AnswerText(request.sampling.stop)
        self._logprobs: list[TokenLogprob] = []

    @property
    def is_read(self) -> bool:
        """Whether the prompt's tokens are known."""
        return bool(self.tokens)

    def set_prompt_tokens(self, tokens: list[int]) -> None:
        """Set the prompt's token ids, before any answer token."""
        self.tokens = list(tokens)
        self.prompt_tokens = len(tokens)

    def forget_reading(self) -> None:
        """Forget that the prompt was read, because a grammar belongs to the model that it was made with."""
        if self.grammar is not None:
            self.grammar.close()
        self.grammar, self.prompt, self.dropped_messages = None, self._whole_prompt, 0
        self.set_prompt_tokens([])

    @property
    def completion_tokens(self) -> int:
        """How many tokens the answer has so far."""
        return len(self.tokens) - self.prompt_tokens

    def is_late(self, now: float) -> bool:
        """Whether the request's deadline has passed."""
        limit = self.request.deadline_seconds
        return limit is not None and now - self.submitted >= limit

    def pick(self, logits: Logits) -> int:
        """Choose the next token for logits (vocabulary,). Raises `NotFinite`."""
        if self.never_first is not None and not self.completion_tokens:
            logits = logits.copy()
            logits[self.never_first] = -np.inf
        return self.sampler.pick(logits, self.tokens, self.grammar)

    def accept(self, token: int, piece: bytes, now: float, logits: Logits | None = None) -> None:
        """Append an answer token and pass on the characters that it completes."""
        if self.first_token is None:
            self.first_token = now
        self.tokens.append(token)
        if self.grammar is not None:
            self.grammar.accept(token)
        if logits is not None and self.request.sampling.logprobs is not None:
            logprob, top = rank_logprobs(logits, token, self.request.sampling.logprobs)
            self._logprobs.append(TokenLogprob(token, piece.decode("utf-8", "replace"), logprob, top))
        self._emit(self._text.feed(piece))

    def find_end(self) -> Finish | None:
        """Return why the answer ends after its last token; None if it continues."""
        if self._text.is_stopped:
            return "stop"
        return "length" if self.completion_tokens >= self.request.max_tokens else None

    def finish(self, finish: Finish, speaker: Speaker, now: float) -> None:
        """Settle the generation and write its log line. Bytes of an incomplete character are dropped."""
        self._emit(self._text.finish())
        first = now if self.first_token is None else self.first_token
        completion = Completion(
            text=self._text.text,
            prompt=self.prompt,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            finish=finish,
            base_id=speaker.base_id,
            adapter_id=speaker.adapter_id,
            first_token_ms=(first - self.submitted) * 1000,
            total_ms=(now - self.submitted) * 1000,
            reused_tokens=self.reused_tokens,
            drafted_tokens=self.drafted_tokens,
            dropped_messages=self.dropped_messages,
            settings_id=speaker.settings_id,
            logprobs=tuple(self._logprobs),
        )
        waited_seconds = (now if self.admitted is None else self.admitted) - self.submitted
        self._log_completion(completion, waited_seconds)
        if self._metrics is not None:
            self._metrics.note_completion(self.request.lane, completion, waited_seconds)
        self._settle(completion)

    def fail(self, error: EngineError) -> None:
        """Settle the generation with an error. After the end it changes nothing."""
        if self.generation.is_settled:
            return
        _log.warning("id=%s lane=%s failed: %s", self.request.id, self.request.lane, error)
        if self._metrics is not None:
            self._metrics.note_failure(self.request.lane, error)
        self._settle(error)

    def _settle(self, outcome: Completion | EngineError) -> None:
        if self.grammar is not None:
            self.grammar.close()
        self.generation.settle(outcome)

    def _emit(self, text: str) -> None:
        if text:
            self.generation.emit(text)

    def _log_completion(self, done: Completion, waited_seconds: float) -> None:
        counts = (done.prompt_tokens, done.reused_tokens, done.completion_tokens, done.drafted_tokens)
        times = (waited_seconds * 1000, done.first_token_ms, done.total_ms)
        _log.info(
            "id=%s lane=%s base=%s adapter=%s settings=%s finish=%s prompt=%d reused=%d answer=%d drafted=%d"
            " waited=%.0fms first=%.0fms total=%.0fms",
            *(self.request.id, self.request.lane, done.base_id, done.adapter_id, done.settings_id, done.finish),
            *counts,
            *times,
        )


Clock = Callable[[], float]
