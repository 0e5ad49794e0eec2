"""Says an answer: from a draft to the sentences that a person sees, each checked before it is shown.

The one place where an answer is generated and shown. Knows the engine's port; knows nothing of Slack or the terminal.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.answering.claim_reader import Sentence
from bot.answering.quoting import choose_sampling, find_room
from bot.answering.shown_answer import ShownAnswer, read_sentences
from bot.engine.port import Completion, Engine, Generation, GenerationRequest, Lane
from bot.views import wording
from retrieval.draft import Draft
from retrieval.encoders.entailment import EntailmentModel
from retrieval.passage import EvidenceLine, Scope
from retrieval.prompt import REFUSAL


class Saying:
    """An answer that is being said: iterate it for Markdown, then read `completion` and `shown`.

    Each piece is one checked sentence; an answer that was cut short says so in the last one. Where the check leaves
    nothing of an answer, the one piece is the refusal. Iterating raises `EngineError` where the engine fails.
    """

    def __init__(self, generation: Generation, shown: ShownAnswer, milliseconds: Callable[[], float]) -> None:
        self.generation = generation
        self.shown = shown
        self._milliseconds = milliseconds

    def __iter__(self) -> Iterator[str]:
        for sentence in read_sentences(self.generation, self._is_cut):
            if markdown := self._show(sentence):
                yield markdown
        if self._is_cut() and self.shown.text:
            yield f"{self.shown.finish()}\n\n{wording.CUT_SHORT}"
        elif self.completion().finish != "cancelled" and not self.shown.text:
            yield self._show(Sentence(REFUSAL, "", None))

    def cancel(self) -> None:
        """Stop as soon as possible; harmless after the end."""
        self.generation.cancel()

    def completion(self) -> Completion:
        """Wait for the end of the generation and return it; raises `EngineError`."""
        return self.generation.completion()

    def _is_cut(self) -> bool:
        return self.completion().finish in ("length", "deadline")

    def _show(self, sentence: Sentence) -> str:
        return self.shown.add(sentence, milliseconds=self._milliseconds)


class Recital(Saying):
    """What is said as it stands, without the model: an answer that staff approved, or what Chip knows."""

    def __init__(
        self, engine: Engine, line: EvidenceLine, shown: ShownAnswer, milliseconds: Callable[[], float]
    ) -> None:
        text = f"[{line.number}] {line.text}"
        self._line = line
        self._completion = Completion(text, "", 0, 0, "stop", engine.base_id, engine.adapter_id(), 0.0, 0.0)
        self.shown = shown
        self._milliseconds = milliseconds

    def __iter__(self) -> Iterator[str]:
        yield self.shown.recite(self._line, milliseconds=self._milliseconds)

    def cancel(self) -> None:
        """Nothing is generated that could be stopped."""

    def completion(self) -> Completion:
        return self._completion


@dataclass(frozen=True, slots=True)
class Voice:
    """Everything that saying an answer needs.

    `find_lines` gives what all documents say of the things in a sentence, and `list_lessons` the texts that staff
    approved: what cites no passage is checked against both. `max_tokens` bounds an answer, unless a list or code needs
    more; for `exact_quotes` see `choose_sampling`.
    """

    engine: Engine
    find_lines: Callable[[str, Scope], Sequence[EvidenceLine]]
    list_lessons: Callable[[], Sequence[str]]
    max_tokens: int
    exact_quotes: bool = True
    claim_model: EntailmentModel | None = None

    def say(
        self,
        draft: Draft,
        identity: str,
        *,
        lane: Lane = Lane.LIVE,
        person: str = "",
        workspace: str = "",
        milliseconds: Callable[[], float] | None = None,
    ) -> Saying:
        """Begin to answer. `identity` names the request; `milliseconds` tells the time since it was asked.

        Raises `EngineBusy`, `InvalidRequest` or `PromptTooLong`, at once or while the answer is iterated.
        """
        retrieved = draft.retrieved
        sampling = choose_sampling(
            retrieved.evidence.lines, exact_quotes=self.exact_quotes, is_unanswered=retrieved.is_unanswered
        )
        request = GenerationRequest(
            id=identity,
            messages=draft.messages,
            max_tokens=find_room(retrieved.evidence.lines, self.max_tokens),
            lane=lane,
            sampling=sampling,
            person=person,
            workspace=workspace,
        )
        shown = ShownAnswer(
            retrieved.evidence.lines,
            draft.said,
            self.list_lessons(),
            self.claim_model,
            lambda sentence: self.find_lines(sentence, draft.scope),
        )
        timer = milliseconds or _start_timer()
        if retrieved.is_verified:
            return Recital(self.engine, retrieved.evidence.lines[0], shown, timer)
        return Saying(self.engine.submit(request), shown, timer)


def _start_timer() -> Callable[[], float]:
    started = time.perf_counter()
    return lambda: (time.perf_counter() - started) * 1000.0
