"""The engine as retraining sees it: an answerer that puts a candidate on the trial lane while the champion serves."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answering.claim_reader import ClaimReader
from bot.answering.quoting import choose_sampling
from bot.answering.shown_answer import ShownAnswer
from bot.engine.port import Engine, EngineError, Generation, GenerationRequest, Lane
from retrain.adapter import Adapter
from retrain.errors import RetrainStopped
from retrain.evaluate import Answer
from retrain.variations import parse_evidence
from retrieval.prompt import REFUSAL, ChatMessage

BATCH = 16


class TrialAnswerer:
    """Answers prompts with any adapter, greedily; a person who waits goes first. A failure is an answer's value.

    As in serving, what `is_question` says is one is refused where its prompt has no evidence.

    Once `stop` is set, `answer` raises `RetrainStopped` between two batches.
    """

    def __init__(
        self,
        engine: Engine,
        max_tokens: int,
        *,
        exact_quotes: bool = True,
        is_question: Callable[[str], bool] = lambda _: False,
        stop: threading.Event | None = None,
    ) -> None:
        self._engine = engine
        self._max_tokens = max_tokens
        self._exact_quotes = exact_quotes
        self._is_question = is_question
        self._stop = stop or threading.Event()

    def answer(self, prompts: Sequence[tuple[ChatMessage, ...]], adapter: Adapter | None) -> list[Answer]:
        """Return one answer for each prompt, in order."""
        self._engine.use_adapter(adapter, Lane.TRIAL)
        try:
            answers: list[Answer] = []
            for start in range(0, len(prompts), BATCH):
                if self._stop.is_set():
                    raise RetrainStopped
                answers += self._answer_batch(prompts[start : start + BATCH], start)
            return answers
        finally:
            self._engine.use_adapter(None, Lane.TRIAL)

    def _answer_batch(self, prompts: Sequence[tuple[ChatMessage, ...]], first: int) -> list[Answer]:
        generations = [self._submit(f"trial-{first + index}", messages) for index, messages in enumerate(prompts)]
        answers = [_wait_for(generation) for generation in generations]
        return [_show(messages, answer) for messages, answer in zip(prompts, answers, strict=True)]

    def _submit(self, identity: str, messages: tuple[ChatMessage, ...]) -> Generation | EngineError:
        parsed = parse_evidence(messages[-1].content)
        lines, question = (parsed[0].lines, parsed[1]) if parsed else ((), "")
        is_unanswered = bool(question) and not lines and self._is_question(question)
        sampling = choose_sampling(lines, exact_quotes=self._exact_quotes, is_unanswered=is_unanswered)
        request = GenerationRequest(identity, messages, max_tokens=self._max_tokens, lane=Lane.TRIAL, sampling=sampling)
        try:
            return self._engine.submit(request)
        except EngineError as error:
            return error


def _show(messages: tuple[ChatMessage, ...], answer: Answer) -> Answer:
    """Add what a person would see of the answer: unsupported sentences withheld, quotes in the document's words."""
    parsed = parse_evidence(messages[-1].content)
    if parsed is None or answer.failure is not None:
        return answer
    reader, shown = ClaimReader(), ShownAnswer(parsed[0].lines)
    for sentence in [*reader.feed(answer.text), *reader.finish()]:
        shown.add(sentence, milliseconds=lambda: answer.milliseconds)
    return replace(answer, shown=shown.text or REFUSAL)


def _wait_for(generation: Generation | EngineError) -> Answer:
    if isinstance(generation, EngineError):
        return Answer("", 0.0, failure=str(generation))
    try:
        completion = generation.completion()
    except EngineError as error:
        return Answer("", 0.0, failure=str(error))
    return Answer(completion.text, completion.total_ms)
