"""The OpenAI protocol as Chip uses it: the body of a request, the events of its stream, and what a refusal means."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx

from bot.engine.port import (
    Completion,
    EngineBusy,
    EngineError,
    Finish,
    GenerationFailed,
    GenerationRequest,
    InvalidRequest,
    PromptTooLong,
)
from bot.engine.sampling import TokenLogprob
from bot.engine.stream import QueuedGeneration

BUSY_SECONDS = 5.0
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_TOO_LONG = re.compile(r"context (?:length|size|window)|exceed_context", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{2,}")


def build_body(request: GenerationRequest, model: str) -> dict[str, object]:
    """Return the JSON of a streamed request. Options without effect are left out, because not every server has all."""
    body: dict[str, object] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.prompt_tokens:
        body["prompt"] = list(request.prompt_tokens)
    else:
        body["messages"] = [{"role": message.role, "content": message.content} for message in request.messages]
    return body | _build_options(request)


def _build_options(request: GenerationRequest) -> dict[str, object]:
    chosen = request.sampling
    options: dict[str, object] = {
        "top_k": chosen.top_k or None,
        "top_p": chosen.top_p if chosen.top_p < 1 else None,
        "min_p": chosen.min_p or None,
        "stop": list(chosen.stop) or None,
        "grammar": chosen.grammar,
    }
    if chosen.repetition_penalty != 1:  # the names that llama-server and vLLM use
        options |= {"repeat_penalty": chosen.repetition_penalty, "repetition_penalty": chosen.repetition_penalty}
    if chosen.json_schema is not None:
        schema = {"name": "answer", "schema": _parse_schema(chosen.json_schema)}
        options["response_format"] = {"type": "json_schema", "json_schema": schema}
    if chosen.logprobs is not None:
        is_chat = not request.prompt_tokens
        options |= {"logprobs": True, "top_logprobs": chosen.logprobs} if is_chat else {"logprobs": chosen.logprobs}
    return {name: value for name, value in options.items() if value is not None}


def _parse_schema(text: str) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise InvalidRequest("The JSON schema is not JSON.") from error
    if not isinstance(schema, dict):
        raise InvalidRequest("The JSON schema is not an object.")
    return schema


def explain_refusal(response: httpx.Response) -> EngineError:
    """Return the error that an answer with a status other than 200 stands for."""
    text = response.text[:2000]
    if response.status_code in _BUSY:
        after = response.headers.get("retry-after", "")
        return EngineBusy(float(after) if after.isdigit() else BUSY_SECONDS)
    if response.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY):
        return _explain_bad_request(text)
    return GenerationFailed(f"The server that generates answered with status {response.status_code}.")


def _explain_bad_request(text: str) -> EngineError:
    if not _TOO_LONG.search(text):
        return InvalidRequest("The server that generates does not take this request.")
    numbers = sorted(int(number) for number in _NUMBERS.findall(text))
    limit = next((number for number in numbers if number not in (400, 422)), 0)
    return PromptTooLong(numbers[-1] if numbers else 0, limit)


class Answering:
    """Reads the events of one streamed answer and passes its text on."""

    def __init__(
        self,
        request: GenerationRequest,
        generation: QueuedGeneration,
        base_id: str,
        adapter_id: str | None,
        clock: Callable[[], float],
        submitted: float,
    ) -> None:
        self.finish: Finish | None = None
        self._request = request
        self._generation = generation
        self._names = (base_id, adapter_id)
        self._clock = clock
        self._submitted = submitted
        self._first: float | None = None
        self._text: list[str] = []
        self._usage: dict[str, Any] = {}
        self._logprobs: list[TokenLogprob] = []
        self._is_done = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be read: the stream has ended or the caller has cancelled."""
        return self._is_done or self._generation.is_cancelled

    def read(self, line: str) -> None:
        """Take one line of the stream. Raises `GenerationFailed` for a line that is no event of the protocol."""
        if not line.startswith("data:"):
            return
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            self._is_done = True
            return
        try:
            self._read_event(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise GenerationFailed("The server that generates sent what cannot be read.") from error

    def complete(self) -> Completion:
        """Return the completion. Raises `GenerationFailed` if the stream broke off."""
        if self._generation.is_cancelled and not self._is_done:
            self.finish = "cancelled"
        if self.finish is None:
            raise GenerationFailed("The server that generates broke off in the middle of an answer.")
        now = self._clock()
        details = self._usage.get("prompt_tokens_details") or {}
        return Completion(
            text="".join(self._text),
            prompt=_show_prompt(self._request),
            prompt_tokens=int(self._usage.get("prompt_tokens", 0)),
            completion_tokens=int(self._usage.get("completion_tokens", len(self._text))),
            finish=self.finish,
            base_id=self._names[0],
            adapter_id=self._names[1],
            first_token_ms=((now if self._first is None else self._first) - self._submitted) * 1000,
            total_ms=(now - self._submitted) * 1000,
            reused_tokens=int(details.get("cached_tokens") or 0),
            logprobs=tuple(self._logprobs),
        )

    def _read_event(self, event: dict[str, Any]) -> None:
        if "error" in event:
            raise GenerationFailed("The server that generates failed in the middle of an answer.")
        self._require_adapter(event.get("model"))
        self._usage = event.get("usage") or self._usage
        for choice in event.get("choices") or []:
            text = choice["text"] if "text" in choice else choice.get("delta", {}).get("content")
            self._emit(text or "")
            self._note_logprobs(choice.get("logprobs") or {})
            if reason := choice.get("finish_reason"):
                self.finish = "length" if reason == "length" else "stop"

    def _require_adapter(self, model: str | None) -> None:
        """Refuse an answer of the base: a server that does not know the adapter's name may use its base."""
        adapter_id = self._names[1]
        if adapter_id is not None and model is not None and model != adapter_id:
            raise GenerationFailed(f"The server that generates answered as {model}, not as {adapter_id}.")

    def _emit(self, text: str) -> None:
        if not text:
            return
        if self._first is None:
            self._first = self._clock()
        self._text.append(text)
        self._generation.emit(text)

    def _note_logprobs(self, logprobs: dict[str, Any]) -> None:
        """Note the log-probabilities. Chat completions name tokens by text and not by id, so each id is -1."""
        for token in logprobs.get("content") or []:
            top = tuple(
                (int(other.get("id", -1)), float(other["logprob"])) for other in token.get("top_logprobs") or []
            )
            self._logprobs.append(TokenLogprob(int(token.get("id", -1)), token["token"], float(token["logprob"]), top))


def _show_prompt(request: GenerationRequest) -> str:
    """Return what was sent. The server applies its template itself, so the exact prompt is unknown."""
    if request.prompt_tokens:
        return " ".join(map(str, request.prompt_tokens))
    return "\n".join(f"{message.role}: {message.content}" for message in request.messages)
