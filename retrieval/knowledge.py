"""The front door of this package: one object that keeps the documents and finds the evidence for a question.

Ties the index, the query, line search and the choice of evidence together. Safe to use from many threads.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from retrieval.asked.gestures import Gesture, Gestures
from retrieval.asked.gist import asks, names_code
from retrieval.asked.glossary import Glossary
from retrieval.asked.query import MAX_CHARACTERS, Query, read_query
from retrieval.asked.rewording import reports_breakage, reword
from retrieval.asked.shareable import is_shareable
from retrieval.asked.small_talk import may_be_small_talk
from retrieval.encoders.cross_encoder import CrossEncoder
from retrieval.encoders.embedder import Embedder
from retrieval.english.facts import Fact
from retrieval.gaps import Gap, Unanswered, find_gaps
from retrieval.line_search import LineSearch
from retrieval.passage import (
    Audience,
    Evidence,
    EvidenceLine,
    Hit,
    Match,
    Passage,
    ReadSoFar,
    Scope,
    Turn,
    Vectors,
    VerifiedAnswer,
)
from retrieval.prompt import is_refusal
from retrieval.ranking.conflicts import find_conflicts
from retrieval.ranking.evidence import (
    SEARCHED_PASSAGES,
    EvidenceLimits,
    choose_evidence,
    choose_pages,
    choose_passages,
)
from retrieval.ranking.gathered import find_outline
from retrieval.reading.documents import Found, Rules
from retrieval.reading.file_reader import FileReader, ReadingLimits
from retrieval.reading.formats import read_parts
from retrieval.retrieved import Retrieved
from retrieval.search import SearchSettings, search
from retrieval.sources.folder import list_files
from retrieval.store.fact_lines import find_lines, list_facts
from retrieval.store.holdings import Holdings
from retrieval.store.index import Index
from retrieval.store.source_sync import IngestReport, Progress
from retrieval.titles import Titles
from retrieval.verified import VerifiedStore, is_verified

# How far below the best line a contradicting line of another page may score, shown or not.
COMPARED = EvidenceLimits(max_lines=9, max_words=240, keep_within=9.6, widens=False)
# A question that is searched with its thread finds what was said before, whether or not that answers it.
SURE_WITH_THREAD = 0.5
# A message that asks is more than small talk if the documents answer it with this confidence, or if it is this long.
NO_SMALL_TALK = 0.1
LONG_QUESTION = 10


class Knowledge:
    """The company's documents, searchable by scope."""

    def __init__(
        self,
        index_folder: Path,
        embedder: Embedder,
        *,
        default_audience: Audience = Audience.STAFF,
        audience_words: Mapping[str, Audience] | None = None,
        max_hits: int = SEARCHED_PASSAGES,
        search_settings: SearchSettings | None = None,
        standalone_questions: bool = True,
        limits: EvidenceLimits | None = None,
        cross_encoder: CrossEncoder | None = None,
        reading: ReadingLimits | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Open or create the index in its folder.

        Lines are searched in `max_hits` passages, and a cross-encoder reads the best lines again. With
        `standalone_questions` a follow-up is completed from its thread. `reading` limits what reading one file may
        take, in a process of its own; by default this process reads files, without limits. `timer` gives seconds.
        """
        self._embedder = embedder
        self._gestures = Gestures(embedder)
        self._default_audience = default_audience
        words = {word.casefold(): meant for word, meant in (audience_words or {}).items()}
        self._audience_words = tuple(sorted(words.items()))
        self._search_settings = search_settings or SearchSettings()
        self._standalone_questions = standalone_questions
        self._limits = limits or EvidenceLimits()
        self._timer = timer
        self._reader = None if reading is None else FileReader(reading)
        self._index = Index(
            index_folder, embedder, self._reader or read_parts, exact_units=self._search_settings.exact_units
        )
        self.holdings = Holdings(self._index)
        self._titles = Titles(self._index.catalogue)
        self._lines = LineSearch(self._index, embedder, cross_encoder, self._search_settings, max_hits, self._limits)
        self._reading: ReadSoFar | None = None
        self._glossary = Glossary()
        self._verified = VerifiedStore(self._index, embedder, self._lines.find_documents, self._lines.choose_sure_lines)

    def ingest(self, folder: Path, *, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what the folder holds.

        Raise `NotADirectoryError` if there is no such folder, `StoppedError` after `stop_reading`.
        """
        self._reading = ReadSoFar(0, len(list_files(folder)))

        def note(done: int, name: str) -> None:
            self._reading = ReadSoFar(done, max(done, self._reading.total if self._reading else 0))
            if progress is not None:
                progress(done, name)

        try:
            report = self._index.ingest(
                folder, default_audience=self._default_audience, words=self._audience_words, progress=note
            )
        finally:
            self._reading = None
        self._verified.review()
        return report

    def build_rules(self, audience: Audience) -> Rules:
        """Return the rules of a source whose documents are for this audience unless they name another."""
        return Rules(audience, words=self._audience_words)

    @property
    def reading(self) -> ReadSoFar | None:
        """How far `ingest` has come; None while it does not run."""
        return self._reading

    def sync(self, origin: str, found: Iterable[Found], *, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what a source lists. Raise `SourceGoneError` if it lists nothing any more."""
        report = self._index.sync(origin, found, progress=progress)
        self._verified.review()
        return report

    def forget(self, origin: str) -> int:
        """Remove all documents of a source; return how many there were."""
        removed = self._index.forget(origin)
        self._verified.review()
        return removed

    def set_verified(self, answers: Sequence[VerifiedAnswer]) -> None:
        """Hold exactly these answers, which staff approved. They are found as soon as this returns."""
        self._verified.replace(answers)

    def set_glossary(self, glossary: Glossary) -> None:
        """Search with the documents' words in the place of customers', as this glossary says, from now on."""
        self._glossary = glossary

    def to_review(self) -> list[VerifiedAnswer]:
        """Return the approved answers whose documents have changed; they are not shown until staff approve them again.

        An answer that was approved when no document answered is among them once a document does.
        """
        return self._verified.review()

    def find_gaps(self, unanswered: Sequence[Unanswered]) -> list[Gap]:
        """Group the questions that ask for the same thing, the most asked group first."""
        return find_gaps(unanswered, self._embedder)

    def find_evidence(
        self,
        question: str,
        scope: Scope,
        thread: Sequence[Turn] = (),
        *,
        with_verified: bool = True,
        whole_passages: bool = False,
    ) -> Retrieved:
        """Return the evidence that this asker may read for the question, asked in this thread.

        A verified answer to this very question is the whole evidence; `with_verified=False` leaves out verified
        answers. With `whole_passages` the evidence is passages, for a base that reads, and not lines to quote.
        """
        started = self._timer()
        turns = [turn for turn in thread if not _is_refused(turn)] if self._standalone_questions else ()
        catalogue, knows = self._index.catalogue, self._index.lexical.knows
        list_texts = partial(catalogue.walk_texts, scope.audiences)
        asked = read_query(question, turns, knows, self._titles.list_all, list_texts)
        query, searched = asked.text, self._glossary.translate(reword(asked.searched))
        hits: tuple[Hit, ...] = ()
        evidence = compared = Evidence((), Match.WEAK, is_whole=whole_passages)
        offered: tuple[EvidenceLine, ...] = ()
        confidence = 0.0
        if query:
            vector = self._embedder.encode([query])[0]
            if known := self._find_known(query, vector, scope, with_verified=with_verified):
                known_hits, evidence = known[0], replace(known[1], is_whole=whole_passages)
                milliseconds = (self._timer() - started) * 1000.0
                return Retrieved(query, known_hits, evidence, milliseconds, asked.impersonal, is_verified=True)
            if searched != query:
                vector = self._embedder.encode([searched])[0]
            find = self._lines.find_passages if with_verified else self._lines.find_documents
            found = find(searched, vector, scope)
            found = [pair for pair in found if self._verified.may_answer(query, pair[0].passage)]
            ranked = self._lines.rank(searched, vector, found)
            if asked.searched != query:
                ranked = replace(ranked, confidence=SURE_WITH_THREAD * ranked.confidence)
            evidence = (choose_passages if whole_passages else choose_evidence)(ranked, self._limits)
            compared = choose_evidence(ranked, COMPARED)
            hits, confidence = ranked.order_hits([hit for hit, _ in found]), ranked.confidence
            offered = choose_pages(ranked, self._limits)
            if outline := find_outline(query, [hit.passage for hit in hits]):
                evidence = Evidence(outline, Match.STRONG, is_whole=whole_passages)
        is_question = self._is_question(asked, confidence)
        conflicts = find_conflicts(compared.lines, {hit.passage.id: hit.passage for hit in hits})
        return Retrieved(
            query,
            hits,
            evidence,
            (self._timer() - started) * 1000.0,
            asked.impersonal,
            conflicts=conflicts,
            is_question=is_question,
            confidence=confidence,
            offered=offered if is_question else (),
            reading=self._reading,
        )

    def _find_known(
        self, query: str, vector: Vectors, scope: Scope, *, with_verified: bool
    ) -> tuple[tuple[Hit, ...], Evidence] | None:
        """Return what answers without a search: an approved answer, or the list of what Chip knows."""
        if with_verified and (verified := self._verified.find(query, vector, scope)):
            return (verified[0],), verified[1]
        listing = self._titles.find_listing(query, scope)
        return None if listing is None else ((), listing)

    def _is_question(self, asked: Query, confidence: float) -> bool:
        is_likely = confidence >= NO_SMALL_TALK or len(asked.gist.split()) >= LONG_QUESTION
        if (is_likely and asks(asked.gist)) or names_code(asked.gist) or reports_breakage(asked.gist):
            return True
        return self.is_question(asked.standalone)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a row of length 1 for each text: its vector, as search compares it."""
        return self._embedder.encode(texts)

    def is_question(self, message: str) -> bool:
        """Return whether a message is more than small talk: Chip refuses it if nothing is found for it."""
        return not may_be_small_talk(message, self._embedder)

    def find_gesture(self, message: str) -> Gesture | None:
        """Return the gesture that a message makes: thanks, "wrong" or a call for a person; None for others."""
        return self._gestures.find(message)

    def is_shareable(self, question: str, scope: Scope) -> bool:
        """Return whether others may see a question: it says nothing that the documents of this scope do not say."""
        return is_shareable(question, lambda term: self._index.lexical.holds(term, scope.audiences))

    def search(self, question: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the best passages that this asker may read, best first; `[]` for an empty question."""
        query = question[:MAX_CHARACTERS].strip()
        if not query:
            return []
        vector = self._embedder.encode([query])[0]
        return [hit for hit, _ in search(self._index, query, vector, scope, limit, self._search_settings)]

    def find_lines(self, sentence: str, scope: Scope) -> tuple[EvidenceLine, ...]:
        """Return what the documents that this asker may read say about the things in a sentence."""
        return find_lines(self._index, sentence, scope)

    def list_facts(self, name: str, scope: Scope) -> list[tuple[Fact, Passage]]:
        """Return the facts about one thing, each with its passage; `[]` for a name that no document uses."""
        return list_facts(self._index, name, scope)

    def passage(self, passage_id: str) -> Passage | None:
        """Return the passage with this id, or None if the documents no longer hold it."""
        entry = self._index.catalogue.get_entries([passage_id]).get(passage_id)
        return entry.passage if entry else None

    def passages(self, scope: Scope) -> Iterator[Passage]:
        """Yield the documents' passages that this asker may read, in the documents' order."""
        for batch in self._index.catalogue.walk_entries():
            passages = (entry.passage for entry in batch if entry.passage.audience in scope.audiences)
            yield from (passage for passage in passages if not is_verified(passage))

    def groups(self) -> frozenset[Audience]:
        """Return the user groups that documents are meant for."""
        return self._index.catalogue.list_groups()

    def stop_reading(self) -> None:
        """End the reading of documents within two seconds, with `StoppedError`. What is indexed can be searched."""
        self._index.stop()
        if self._reader is not None:
            self._reader.close()

    def close(self) -> None:
        """Close the files. The object cannot be used afterwards."""
        self.stop_reading()
        self._index.close()


def _is_refused(turn: Turn) -> bool:
    return turn.role == "assistant" and is_refusal(turn.text)
