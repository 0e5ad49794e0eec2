"""What the rest of Chip sees of text generation: a request, a stream, a completion. Knows nothing of llama.cpp."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from bot.engine.sampling import PLAIN, Sampling, TokenLogprob
from retrain.adapter import Adapter
from retrieval.prompt import ChatMessage

Finish = Literal["stop", "length", "cancelled", "deadline"]


class Lane(StrEnum):
    """Which adapter answers, each in a context of its own.

    The live one, a canary that serves a share of people, or one on trial (evaluation), which waits while people wait.
    While the canary has no adapter, the live one answers for it.
    """

    LIVE = "live"
    CANARY = "canary"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One answer to generate.

    Greedy at temperature 0; otherwise sampled with `seed`. `sampling` holds rarely used choices. `prompt_tokens`, if
    given, are read instead of `messages`. People of the same `workspace`, and requests of the same `person`, share
    turns; a request without a person stands for itself. `is_background` work gets a turn only while nobody waits.
    `deadline_seconds` after `submit` the request ends: with `DeadlinePassed` if it had no turn yet, otherwise with the
    text so far.
    """

    id: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int = 200
    temperature: float = 0.0
    seed: int = 0
    lane: Lane = Lane.LIVE
    sampling: Sampling = PLAIN
    prompt_tokens: tuple[int, ...] = ()
    person: str = ""
    workspace: str = ""
    is_background: bool = False
    deadline_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished generation.

    `prompt` is the exact text that the model read, after its chat template. `reused_tokens` counts those of its tokens
    that the engine still held from an earlier prompt, `drafted_tokens` the answer's tokens that were guessed right, and
    `dropped_messages` the earliest messages of the thread that were left out to fit the context. `settings_id` names
    the engine's settings. Milliseconds count from `submit`.
    """

    text: str
    prompt: str
    prompt_tokens: int
    completion_tokens: int
    finish: Finish
    base_id: str
    adapter_id: str | None
    first_token_ms: float
    total_ms: float
    reused_tokens: int = 0
    drafted_tokens: int = 0
    dropped_messages: int = 0
    settings_id: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()

    def choose_read(self, messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
        """Return the request's messages that the model reads."""
        first = next((place for place, message in enumerate(messages) if message.role != "system"), len(messages))
        return (*messages[:first], *messages[first + self.dropped_messages :])


class EngineError(Exception):
    """A generation that failed. The message says why in one sentence."""


class InvalidRequest(EngineError):
    """The request itself can never be served: its tokens, grammar, sampling or messages are wrong."""


class PromptTooLong(EngineError):
    """The prompt and its answer do not fit the context."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(f"The prompt has {tokens} tokens; {limit} fit.")
        self.tokens = tokens
        self.limit = limit


class EngineBusy(EngineError):
    """The queue is full; `wait_seconds` estimates when a place is free."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"The engine is busy; try again in about {wait_seconds:.0f} seconds.")
        self.wait_seconds = wait_seconds


class DeadlinePassed(EngineError):
    """The request had no turn before its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"No answer was begun within {seconds:.0f} seconds.")
        self.seconds = seconds


class GenerationFailed(EngineError):
    """The model could not be run on this request. Other requests are not affected."""


class EngineStopped(EngineError):
    """The engine was closed, or its thread died, and this request was lost. After a restart the next one is served."""


class ModelFileError(EngineError):
    """A model or adapter file is missing, truncated, tampered with or of another shape."""


class Generation(Protocol):
    """A running generation: iterate it for text pieces (whole characters), then read `completion`."""

    def __iter__(self) -> Iterator[str]: ...

    def cancel(self) -> None:
        """Stop as soon as possible. After the end it does nothing."""

    def completion(self) -> Completion:
        """Wait for the end and return the completion. Raises `EngineError`."""


class Engine(Protocol):
    """Generates text with one base and at most one adapter a lane. Every method may be called from any thread."""

    @property
    def base_id(self) -> str: ...

    @property
    def reads_passages(self) -> bool:
        """Whether its base reads whole passages; otherwise the prompt holds single lines."""

    def submit(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises `EngineBusy`, `InvalidRequest` or `PromptTooLong`, also through the generation."""

    def use_adapter(self, adapter: Adapter | None, lane: Lane = Lane.LIVE) -> float:
        """Verify the adapter's hash, put it on the lane (None: the bare base) and return the swap's milliseconds.

        Generations in progress finish with the adapter that they began with, or start again with the new one; none is
        dropped. Raises `ModelFileError` and leaves the lane unchanged.
        """

    def adapter_id(self, lane: Lane = Lane.LIVE) -> str | None: ...

    def close(self) -> None: ...
