"""Says an answer: turns a draft into the sentences that a person sees, and checks each before it is shown.

The only place where an answer is generated. Knows the engine's port. Knows nothing of Slack or the terminal.
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
    """An answer in progress: iterate over its Markdown, then read `completion` and `shown`.

    Each piece is one checked sentence. The last piece of a truncated answer says that it is truncated. If the check
    withholds every sentence, the only piece is the refusal. Iterating raises `EngineError` if the engine fails.
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
        """Read a generation. If the model chooses to cite, the `quotable` lines are said word for word.

        If the model refuses, or if the check withholds everything, the `offered` pages are shown instead of the
        refusal.
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
            is_one_of_several = len(self._quotable) > 1
            for line in self._quotable:
                yield self.shown.recite(line, milliseconds=self._milliseconds, shows_heading=is_one_of_several)
        elif self._is_cut() and self.shown.text:
            yield f"{self.shown.finish()}\n\n{wording.CUT_SHORT}"
        elif self.completion().finish != "cancelled" and not self.shown.text:
            yield self._refuse()

    def _refuse(self) -> str:
        if self._offered:
            return self.shown.offer(UNSURE, self._offered, milliseconds=self._milliseconds)
        return self._show(Sentence(REFUSAL, "", None))

    def cancel(self) -> None:
        """Stop as soon as possible. Does nothing after the end."""
        self.generation.cancel()

    def completion(self) -> Completion:
        """Wait for the end and return the completion, with any quoted evidence. Raises `EngineError`."""
        completion = self.generation.completion()
        return replace(completion, text=quote(self._quotable)) if self._is_quoted() else completion

    def _is_quoted(self) -> bool:
        return is_citing(self.generation.completion().text)

    def _is_cut(self) -> bool:
        return self.completion().finish in ("length", "deadline")

    def _show(self, sentence: Sentence) -> str:
        return self.shown.add(sentence, milliseconds=self._milliseconds)


class Recital(Saying):
    """A text that is said unchanged, without the model: an approved answer, or the list of what Chip knows."""

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
        """Do nothing, because no model is generating."""

    def completion(self) -> Completion:
        return self._completion


class Offer(Recital):
    """The pages that may help if the documents may not answer, each with its best line."""

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
    """Says answers with one engine.

    `find_lines` returns what all documents say about the things in a sentence, and `list_lessons` the texts that staff
    approved. Sentences without a citation are checked against both. `max_tokens` limits what the model writes. For
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
        """Begin to answer. `milliseconds` returns the time since the question.

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
    """Return the other lines of the evidence's passages, with the numbers of the evidence."""
    passages = {hit.passage.id: hit.passage for hit in retrieved.hits}
    return [
        EvidenceLine(line.number, unit.text, line.heading, line.passage_id)
        for line in retrieved.evidence.lines
        if line.passage_id in passages
        for unit in split_units(passages[line.passage_id].text)
    ]


def _complete(engine: Engine, text: str) -> Completion:
    """Return a completion for a text that no model wrote."""
    return Completion(text, "", 0, 0, "stop", engine.base_id, engine.adapter_id(), 0.0, 0.0)


def _start_timer() -> Callable[[], float]:
    started = time.perf_counter()
    return lambda: (time.perf_counter() - started) * 1000.0
