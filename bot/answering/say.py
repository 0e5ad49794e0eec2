"""Says an answer: from a draft to the sentences that a person sees, each checked before it is shown.

The one place where an answer is generated and shown. Knows the engine's port; knows nothing of Slack or the terminal.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.answering.quoting import choose_sampling
from bot.answering.shown_answer import ShownAnswer, read_sentences
from bot.engine.port import Completion, Engine, Generation, GenerationRequest, Lane
from bot.views import wording
from retrieval.draft import Draft
from retrieval.encoders.entailment import EntailmentModel
from retrieval.english.sentences import split_units
from retrieval.factcheck.quote_grammar import is_citing
from retrieval.passage import EvidenceLine, Scope
from retrieval.passage_reader import Sentence
from retrieval.prompt import REFUSAL, UNSURE, is_refusal, quote
from retrieval.retrieved import Retrieved


class Saying:
    """An answer that is being said: iterate it for Markdown, then read `completion` and `shown`.

    Each piece is one checked sentence; an answer that was cut short says so in the last one. Where the check leaves
    nothing of an answer, the one piece is the refusal. Iterating raises `EngineError` where the engine fails.
    """

    def __init__(
        self,
        generation: Generation,
        shown: ShownAnswer,
        milliseconds: Callable[[], float],
        quotable: Sequence[EvidenceLine] = (),
        offered: Sequence[EvidenceLine] = (),
        *,
        reads_passages: bool = False,
    ) -> None:
        """Read a generation; where the model chooses to cite, the `quotable` lines are said word for word.

        Where it refuses, the pages `offered` are shown in the place of the refusal, and so they are where the check
        leaves nothing of what it said.
        """
        self._offered = offered
        self._reads_passages = reads_passages
        self.generation = generation
        self.shown = shown
        self._milliseconds = milliseconds
        self._quotable = quotable

    def __iter__(self) -> Iterator[str]:
        for sentence in read_sentences(self.generation, self._is_cut, cites_after=self._reads_passages):
            if self._offered and not self.shown.text and is_refusal(sentence.text):
                self.cancel()
                yield self._refuse()
                return
            if markdown := self._show(sentence):
                yield markdown
        if self._is_quoted():
            for line in self._quotable:
                yield self.shown.recite(line, milliseconds=self._milliseconds)
        elif self._is_cut() and self.shown.text:
            yield f"{self.shown.finish()}\n\n{wording.CUT_SHORT}"
        elif self.completion().finish != "cancelled" and not self.shown.text:
            yield self._refuse()

    def _refuse(self) -> str:
        if self._offered:
            return self.shown.offer(UNSURE, self._offered, milliseconds=self._milliseconds)
        return self._show(Sentence(REFUSAL, "", None))

    def cancel(self) -> None:
        """Stop as soon as possible; harmless after the end."""
        self.generation.cancel()

    def completion(self) -> Completion:
        """Wait for the end and return the completion, with the evidence if that is quoted; raises `EngineError`."""
        completion = self.generation.completion()
        return replace(completion, text=quote(self._quotable)) if self._is_quoted() else completion

    def _is_quoted(self) -> bool:
        return is_citing(self.generation.completion().text)

    def _is_cut(self) -> bool:
        return self.completion().finish in ("length", "deadline")

    def _show(self, sentence: Sentence) -> str:
        return self.shown.add(sentence, milliseconds=self._milliseconds)


class Recital(Saying):
    """What is said as it stands, without the model: an answer that staff approved, or what Chip knows."""

    def __init__(
        self, engine: Engine, line: EvidenceLine, shown: ShownAnswer, milliseconds: Callable[[], float]
    ) -> None:
        self._line = line
        self._completion = _complete(engine, quote([line]))
        self.shown = shown
        self._milliseconds = milliseconds

    def __iter__(self) -> Iterator[str]:
        yield self.shown.recite(self._line, milliseconds=self._milliseconds)

    def cancel(self) -> None:
        """Nothing is generated that could be stopped."""

    def completion(self) -> Completion:
        return self._completion


class Offer(Recital):
    """What is said where the documents may not answer: the pages that may help, each with its best line."""

    def __init__(
        self, engine: Engine, pages: Sequence[EvidenceLine], shown: ShownAnswer, milliseconds: Callable[[], float]
    ) -> None:
        self._pages = pages
        self._completion = _complete(engine, UNSURE)
        self.shown = shown
        self._milliseconds = milliseconds

    def __iter__(self) -> Iterator[str]:
        yield self.shown.offer(UNSURE, self._pages, milliseconds=self._milliseconds)


@dataclass(frozen=True, slots=True)
class Voice:
    """Everything that saying an answer needs.

    `find_lines` gives what all documents say of the things in a sentence, and `list_lessons` the texts that staff
    approved: what cites no passage is checked against both. `max_tokens` bounds what the model writes; for
    `exact_quotes` see `choose_sampling`.
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
        request_id: str,
        *,
        lane: Lane = Lane.LIVE,
        person: str = "",
        workspace: str = "",
        milliseconds: Callable[[], float] | None = None,
    ) -> Saying:
        """Begin to answer. `milliseconds` tells the time since it was asked.

        Raises `EngineBusy`, `InvalidRequest` or `PromptTooLong`, at once or while the answer is iterated.
        """
        retrieved = draft.retrieved
        reads_passages = self.engine.reads_passages
        is_quoting = self.exact_quotes and not reads_passages
        sampling = choose_sampling(
            retrieved.evidence.lines,
            exact_quotes=is_quoting,
            is_question=retrieved.is_question,
            is_taught=self.engine.adapter_id(lane) is not None,
        )
        request = GenerationRequest(
            id=request_id,
            messages=draft.messages,
            max_tokens=self.max_tokens,
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
            beside=() if reads_passages else _list_beside(retrieved),
            reads_passages=reads_passages,
        )
        timer = milliseconds or _start_timer()
        if retrieved.is_unanswered and retrieved.offered:
            return Offer(self.engine, retrieved.offered, shown, timer)
        if retrieved.is_verified:
            return Recital(self.engine, retrieved.evidence.lines[0], shown, timer)
        return Saying(
            self.engine.submit(request),
            shown,
            timer,
            retrieved.evidence.lines if is_quoting else (),
            retrieved.offered if reads_passages else (),
            reads_passages=reads_passages,
        )


def _list_beside(retrieved: Retrieved) -> list[EvidenceLine]:
    """Return the lines of the passages that the evidence was cut from, under the evidence's numbers."""
    passages = {hit.passage.id: hit.passage for hit in retrieved.hits}
    return [
        EvidenceLine(line.number, unit.text, line.heading, line.passage_id)
        for line in retrieved.evidence.lines
        if line.passage_id in passages
        for unit in split_units(passages[line.passage_id].text)
    ]


def _complete(engine: Engine, text: str) -> Completion:
    """Return the completion of a text that no model wrote."""
    return Completion(text, "", 0, 0, "stop", engine.base_id, engine.adapter_id(), 0.0, 0.0)


def _start_timer() -> Callable[[], float]:
    started = time.perf_counter()
    return lambda: (time.perf_counter() - started) * 1000.0
