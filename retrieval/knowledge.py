"""The front door of this package: one object that keeps the documents and finds the evidence for a question.

Ties the index, search, the standalone question and the cut together; safe to use from many threads.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from retrieval.asked.acronyms import expand_acronyms
from retrieval.asked.gestures import Gesture, Gestures
from retrieval.asked.gist import asks, find_gist
from retrieval.asked.impersonal import make_impersonal
from retrieval.asked.listing import asks_what_chip_knows, find_kind
from retrieval.asked.shareable import is_shareable
from retrieval.asked.small_talk import may_be_small_talk
from retrieval.asked.standalone import resolve_follow_up
from retrieval.encoders.cross_encoder import CrossEncoder
from retrieval.encoders.embedder import Embedder
from retrieval.english.facts import Fact, find_subjects, read_values
from retrieval.english.lines import split_name
from retrieval.english.sentences import split_units
from retrieval.english.terms import tokenise
from retrieval.gaps import Gap, Unanswered, find_gaps
from retrieval.passage import (
    CUSTOMER_SCOPE,
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
from retrieval.ranking.conflicts import Conflict, find_conflicts
from retrieval.ranking.evidence import (
    SEARCHED_PASSAGES,
    EvidenceLimits,
    RankedUnits,
    choose_evidence,
    choose_pages,
    choose_passages,
    rank_units,
)
from retrieval.ranking.gathered import find_outline
from retrieval.reading.documents import Found
from retrieval.reading.file_reader import FileReader, ReadingLimits
from retrieval.reading.formats import read_parts
from retrieval.reading.loss import Loss
from retrieval.search import SearchSettings, search
from retrieval.sources.folder import list_files
from retrieval.store.catalogue import Edition
from retrieval.store.index import Index
from retrieval.store.reading_log import Sync
from retrieval.store.source_sync import IngestReport, Progress
from retrieval.store.vectors import VectorsDamagedError
from retrieval.store.versions import leave_out_copies, prefer_newest
from retrieval.verified import Near, VerifiedStore, is_verified

# What is longer is no question: beyond this many characters only the start is looked at.
MAX_QUESTION_CHARACTERS = 20_000
# So far below the best line a line may be that contradicts it, shown or not.
COMPARED = EvidenceLimits(max_lines=9, max_words=240, keep_within=6.0, widens=False)
# A true sentence's own passage is among so many of the nearest in words.
CHECKED_PASSAGES = 10
# What Chip says of itself, before the titles of the documents that an asker may read.
I_ANSWER_FROM = "I answer questions from the company's documents, such as these:"
WHAT_I_KNOW = "What I know"
MOST_TITLES = 12
# Searched with its thread, a question finds what was said before, whether or not that answers it.
SURE_WITH_THREAD = 0.5
# What asks is no small talk where the documents may answer it, or where it has so many words.
LONG_QUESTION = 10
NO_SMALL_TALK = 0.1
# Facts of like kinds about the things that a sentence names: a product's own number is among so many.
CHECKED_FACTS = 60


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found for one question: the query as searched, the hits best first, the evidence and the time.

    `question` is what was asked in words that name nobody: what the model reads.
    `is_verified`: the evidence is one line to be said as it stands, an answer that staff approved to this very question
    or the list of what Chip knows. `conflicts` are lines near the question that contradict each other, even where one
    of them is not shown as evidence.
    `is_question`: the message is no small talk, so that it is to be refused where nothing was found. `confidence` in
    [0, 1] is how likely the first line answers, before it is shifted for the company. `offered` are the best lines of
    the pages that may help where a question is refused. `reading` is set while documents were still being read.
    """

    query: str
    hits: tuple[Hit, ...]
    evidence: Evidence
    milliseconds: float
    question: str
    is_verified: bool = False
    conflicts: tuple[Conflict, ...] = ()
    is_question: bool = False
    confidence: float = 0.0
    offered: tuple[EvidenceLine, ...] = ()
    reading: ReadSoFar | None = None

    @property
    def is_unanswered(self) -> bool:
        """Whether it is a question for which nothing was found."""
        return self.is_question and not self.evidence.lines


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is searchable, and how many of the documents customers may read."""

    documents: int
    passages: int
    for_customers: int


class Knowledge:
    """The company's documents, searchable by scope."""

    def __init__(
        self,
        index_folder: Path,
        embedder: Embedder,
        *,
        default_audience: Audience = Audience.STAFF,
        max_hits: int = SEARCHED_PASSAGES,
        search_settings: SearchSettings | None = None,
        standalone_questions: bool = True,
        limits: EvidenceLimits | None = None,
        cross_encoder: CrossEncoder | None = None,
        reading: ReadingLimits | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Open or create the index in its folder; a cross-encoder reads the best lines again. `timer` gives seconds.

        `max_hits` passages are searched for lines. `standalone_questions`: what a question leaves to its thread is
        searched for too. `reading`: what reading one
        file may take, in a process of its own; by default files are read here, without limits.
        """
        self._embedder = embedder
        self._gestures = Gestures(embedder)
        self._default_audience = default_audience
        self._max_hits = max_hits
        self._search_settings = search_settings or SearchSettings()
        self._standalone_questions = standalone_questions
        self._limits = limits or EvidenceLimits()
        self._cross_encoder = cross_encoder
        self._timer = timer
        self._reader = None if reading is None else FileReader(reading)
        self._index = Index(
            index_folder, embedder, self._reader or read_parts, exact_units=self._search_settings.exact_units
        )
        self._editions: tuple[Edition, ...] = ()
        self._editions_of = ""
        self._reading: ReadSoFar | None = None
        self._verified = VerifiedStore(self._index, embedder, self._find_documents, self._choose_lines)

    def ingest(self, folder: Path, *, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what the folder holds.

        Raise `NotADirectoryError` where there is no such folder, `StoppedError` when it is told to stop.
        """
        self._reading = ReadSoFar(0, len(list_files(folder)))

        def note(done: int, name: str) -> None:
            self._reading = ReadSoFar(done, max(done, self._reading.total if self._reading else 0))
            if progress is not None:
                progress(done, name)

        try:
            report = self._index.ingest(folder, default_audience=self._default_audience, progress=note)
        finally:
            self._reading = None
        self._verified.review()
        return report

    @property
    def reading(self) -> ReadSoFar | None:
        """How far `ingest` has come; None while it does not run."""
        return self._reading

    def sync(self, origin: str, found: Iterable[Found], *, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what a source lists. Raise `SourceGoneError` where it lists nothing any more."""
        report = self._index.sync(origin, found, progress=progress)
        self._verified.review()
        return report

    def forget(self, origin: str) -> int:
        """Take all documents of a source out of search; return how many those were."""
        removed = self._index.forget(origin)
        self._verified.review()
        return removed

    def set_verified(self, answers: Sequence[VerifiedAnswer]) -> None:
        """Hold exactly these answers of staff's; they are found from the moment on when this returns."""
        self._verified.replace(answers)

    def to_review(self) -> list[VerifiedAnswer]:
        """Return the answers of staff's whose documents have changed since; they are not shown until approved anew.

        One that was given where no document answered is among them once a document does.
        """
        return self._verified.review()

    def find_gaps(self, unanswered: Sequence[Unanswered]) -> list[Gap]:
        """Put together the questions that ask for the same, most asked first."""
        return find_gaps(unanswered, self._embedder)

    def record_sync(self, origin: str, at: datetime, problem: str) -> None:
        """Note when a source was read, and why that failed; "" where it did not."""
        self._index.catalogue.reading_log.record_sync(origin, Sync(at, problem))

    def syncs(self) -> dict[str, Sync]:
        """Return when each source was last read into this index."""
        return self._index.catalogue.reading_log.list_syncs()

    def documents_of(self, origin: str) -> int:
        """Return how many documents of a source are indexed."""
        return len(self._index.catalogue.list_documents(origin))

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

        A verified answer to the very question is all of the evidence; `with_verified=False` leaves out all of them.
        `whole_passages`: the evidence is passages, for a base that reads, and not what of them is quoted.
        """
        started = self._timer()
        knows = self._index.lexical.knows
        gist = find_gist(question[:MAX_QUESTION_CHARACTERS], knows)
        asked = make_impersonal(gist, knows)
        turns = [turn for turn in thread if not _is_refused(turn)] if self._standalone_questions else ()
        whole = resolve_follow_up(gist, turns, self._list_titles)
        query, searched = (
            make_impersonal(expand_acronyms(text, self._list_titles), knows)
            for text in (whole.question, whole.searched)
        )
        hits: tuple[Hit, ...] = ()
        evidence = compared = Evidence((), Match.WEAK, is_whole=whole_passages)
        offered: tuple[EvidenceLine, ...] = ()
        confidence = 0.0
        if query:
            vector = self._embedder.encode([query])[0]
            if with_verified and (known := self._verified.find(query, vector, scope)):
                hit, evidence = known[0], replace(known[1], is_whole=whole_passages)
                return Retrieved(query, (hit,), evidence, (self._timer() - started) * 1000.0, asked, is_verified=True)
            if told := self._list_known(query, scope):
                told = replace(told, is_whole=whole_passages)
                return Retrieved(query, (), told, (self._timer() - started) * 1000.0, asked, is_verified=True)
            if searched != query:
                vector = self._embedder.encode([searched])[0]
            found = (self._find if with_verified else self._find_documents)(searched, vector, scope)
            found = [pair for pair in found if self._verified.may_answer(query, pair[0].passage)]
            ranked = self._rank(searched, vector, found)
            if searched != query:
                ranked = replace(ranked, confidence=SURE_WITH_THREAD * ranked.confidence)
            evidence = (choose_passages if whole_passages else choose_evidence)(ranked, self._limits)
            compared = choose_evidence(ranked, COMPARED)
            hits, confidence = ranked.order_hits([hit for hit, _ in found]), ranked.confidence
            offered = choose_pages(ranked, self._limits)
            if outline := find_outline(query, [hit.passage for hit in hits]):
                passage, text = outline
                line = EvidenceLine(1, text, passage.heading, passage.id)
                evidence = Evidence((line,), Match.STRONG, is_whole=whole_passages)
        is_likely = confidence >= NO_SMALL_TALK or len(gist.split()) >= LONG_QUESTION
        is_question = (is_likely and asks(gist)) or self.is_question(whole.question)
        conflicts = find_conflicts(compared.lines, {hit.passage.id: hit.passage for hit in hits})
        return Retrieved(
            query,
            hits,
            evidence,
            (self._timer() - started) * 1000.0,
            asked,
            conflicts=conflicts,
            is_question=is_question,
            confidence=confidence,
            offered=offered if is_question else (),
            reading=self._reading,
        )

    def _list_known(self, query: str, scope: Scope) -> Evidence | None:
        """Return the titles that answer what Chip knows, or which things of a folder there are; None for all else.

        "Which products do you have?" is answered from a folder that is called so.
        """
        is_about_chip, kind = asks_what_chip_knows(query), find_kind(query)
        if not (is_about_chip or kind):
            return None
        editions = [edition for edition in self._list_editions() if edition.audience in scope.audiences]
        if is_about_chip:
            titles, heading = [edition.title for edition in editions], WHAT_I_KNOW
        else:
            titles = [edition.title for edition in editions if kind == _find_folder_terms(edition.source)]
            heading = ", ".join(sorted(kind))
        titles = list(dict.fromkeys(titles))
        if len(titles) < 2 and not (is_about_chip and titles):
            return None
        shown = "\n".join(f"- {title}" for title in titles[:MOST_TITLES])
        rest = f"\n- and {len(titles) - MOST_TITLES} more" if len(titles) > MOST_TITLES else ""
        lead = f"{I_ANSWER_FROM}\n" if is_about_chip else ""
        return Evidence((EvidenceLine(1, f"{lead}{shown}{rest}", heading, ""),), Match.STRONG)

    def _list_titles(self) -> list[str]:
        return [edition.title for edition in self._list_editions()]

    def _list_editions(self) -> tuple[Edition, ...]:
        """Return the documents; read again once one was written or removed."""
        version = self._index.catalogue.describe_documents()
        if version != self._editions_of:
            self._editions = tuple(self._index.catalogue.list_editions())
            self._editions_of = version
        return self._editions

    def _find(self, query: str, vector: Vectors, scope: Scope) -> Near:
        """Return the passages that are searched for lines; old versions give way to new ones, copies to others."""
        distinct: Near = ()
        for limit in (self._max_hits, 2 * self._max_hits):
            found = search(self._index, query, vector, scope, limit, self._search_settings)
            found = prefer_newest(found, self._find_editions([hit.passage.source for hit, _ in found]), scope)
            distinct = leave_out_copies(found)
            if len(distinct) == len(found):
                break
        return distinct[: self._max_hits]

    def _find_documents(self, query: str, vector: Vectors, scope: Scope) -> Near:
        return [pair for pair in self._find(query, vector, scope) if not is_verified(pair[0].passage)]

    def _rank(self, query: str, vector: Vectors, found: Near) -> RankedUnits:
        return rank_units(
            query,
            vector,
            [hit for hit, _ in found],
            embedder=self._embedder,
            unit_vectors={entry.passage.id: entry.unit_vectors for _, entry in found},
            cross_encoder=self._cross_encoder,
        )

    def _choose_lines(self, query: str, vector: Vectors, found: Near) -> Evidence:
        return choose_evidence(self._rank(query, vector, found), self._limits.for_sure())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the texts' vectors, as search compares them: one row of length 1 each."""
        return self._embedder.encode(texts)

    def is_question(self, message: str) -> bool:
        """Return whether a message is no small talk: where nothing is found for it, it is to be refused."""
        return not may_be_small_talk(message, self._embedder)

    def find_gesture(self, message: str) -> Gesture | None:
        """Return what a message does that asks nothing of the documents; None for all others."""
        return self._gestures.find(message)

    def is_shareable(self, question: str, scope: Scope) -> bool:
        """Return whether a question says nothing that documents of this scope do not: others may see it."""
        return is_shareable(question, lambda term: self._index.lexical.holds(term, scope.audiences))

    def _find_editions(self, sources: Sequence[str]) -> dict[str, Edition]:
        """Return these documents and those that supersede them, by source."""
        found = self._index.catalogue.find_editions(sources)
        newer = [edition.superseded_by for edition in found.values() if edition.superseded_by]
        return found | self._index.catalogue.find_editions(newer)

    def search(self, question: str, scope: Scope, limit: int) -> list[Hit]:
        """Return the best passages that this asker may read, best first; `[]` for an empty question."""
        query = question[:MAX_QUESTION_CHARACTERS].strip()
        if not query:
            return []
        vector = self._embedder.encode([query])[0]
        return [hit for hit, _ in search(self._index, query, vector, scope, limit, self._search_settings)]

    def find_lines(self, sentence: str, scope: Scope) -> tuple[EvidenceLine, ...]:
        """Return what the documents say of the things in a sentence: lines that state facts of these kinds of them.

        And those of the passages nearest to it in words. Of everything that this asker may read, not only of what was
        found for the question. A few milliseconds.
        """
        facts = self._find_facts(sentence, scope)
        near = self._index.lexical.rank(sentence, scope.audiences, CHECKED_PASSAGES)
        found = self._index.catalogue.get_entries(list(dict.fromkeys([*(fact.passage_id for fact in facts), *near])))
        units = {
            identity: [unit.text for unit in split_units(entry.passage.text)]
            for identity, entry in found.items()
            if entry.passage.audience in scope.audiences
        }
        places = [(fact.passage_id, fact.unit) for fact in facts if fact.passage_id in units]
        places += [(identity, number) for identity in near for number in range(len(units.get(identity, ())))]
        return tuple(
            EvidenceLine(n, units[identity][unit], found[identity].passage.heading, identity)
            for n, (identity, unit) in enumerate(dict.fromkeys(places), start=1)
        )

    def _find_facts(self, sentence: str, scope: Scope) -> list[Fact]:
        kinds = {kind for kind, _ in read_values(sentence)}
        subjects = find_subjects(sentence)
        if not kinds or not subjects:
            return []
        return self._index.catalogue.find_facts(subjects, scope.audiences, kinds)[:CHECKED_FACTS]

    def list_facts(self, name: str, scope: Scope) -> list[tuple[Fact, Passage]]:
        """Return the table of facts of one thing, each with its passage; `[]` for a name that no document uses."""
        facts = self._index.catalogue.find_facts([" ".join(split_name(name))], scope.audiences)
        found = self._index.catalogue.get_entries(list(dict.fromkeys(fact.passage_id for fact in facts)))
        return [(fact, found[fact.passage_id].passage) for fact in facts if fact.passage_id in found]

    def passage(self, identity: str) -> Passage | None:
        """Return the passage of this id, or None where the documents no longer hold it."""
        entry = self._index.catalogue.get_entries([identity]).get(identity)
        return entry.passage if entry else None

    def passages(self, scope: Scope) -> Iterator[Passage]:
        """Yield the documents' passages that this asker may read, in the documents' order."""
        for batch in self._index.catalogue.walk_entries():
            passages = (entry.passage for entry in batch if entry.passage.audience in scope.audiences)
            yield from (passage for passage in passages if not is_verified(passage))

    def groups(self) -> frozenset[Audience]:
        """Return the user groups that documents are meant for."""
        return self._index.catalogue.list_groups()

    def counts(self) -> Counts:
        catalogue = self._index.catalogue
        return Counts(*catalogue.count(), catalogue.count_readable(CUSTOMER_SCOPE.audiences))

    def losses(self) -> list[Loss]:
        """Return the documents that gave no passage, or lost more than a tenth of the words that a person sees."""
        return self._index.catalogue.list_losses()

    def check(self) -> list[str]:
        """Return what is wrong with the index and how to mend it, in sentences; `[]` where all is well."""
        problems = list(self._index.mended)
        if not self.counts().documents:
            problems.append("No document is indexed. Run `chip ingest` on the folder of documents.")
        try:
            stored = self._index.vectors.count()
        except VectorsDamagedError as error:
            problems.append(f"Chroma cannot be read ({error.reason}). Restart Chip: it rebuilds the directory.")
        else:
            wanted = self._index.catalogue.count_units()
            if stored != wanted:
                problems.append(f"Chroma holds {stored} vectors and the catalogue {wanted}. Restart Chip to mend it.")
        return problems

    def stop_reading(self) -> None:
        """Let what reads documents end within a second or two with `StoppedError`; what is indexed can be searched."""
        self._index.stop()
        if self._reader is not None:
            self._reader.close()

    def close(self) -> None:
        """Close the files. The object cannot be used afterwards."""
        self.stop_reading()
        self._index.close()


def _is_refused(turn: Turn) -> bool:
    return turn.role == "assistant" and is_refusal(turn.text)


def _find_folder_terms(source: str) -> frozenset[str]:
    """Return the terms of the folder's name that a document lies in."""
    folder = source.rpartition(":")[2].rpartition("/")[0].rpartition("/")[2]
    return frozenset(tokenise(folder.replace("-", " ").replace("_", " ")))
