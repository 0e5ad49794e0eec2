"""Verified answers: serves what staff approved as the answer to a question, from that moment on.

They are kept in the catalogue beside the documents and rebuilt from the list that is passed in. An answer rests on
passages; once one of them is gone, it waits for review and is not shown. If no document answered at approval, it rests
on that silence, and waits for review once a document answers. Knows nothing of feedback or of who may approve.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from retrieval.encoders.embedder import Embedder
from retrieval.english.closed_words import NEGATION, QUESTION_WORDS
from retrieval.english.identifiers import are_siblings, find_identifiers, split_words
from retrieval.english.terms import tokenise
from retrieval.passage import (
    CUSTOMER_SCOPE,
    STAFF_SCOPE,
    Audience,
    Evidence,
    EvidenceLine,
    Hit,
    Match,
    Passage,
    Scope,
    Vectors,
    VerifiedAnswer,
)
from retrieval.ranking.others import find_asked
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document, DocumentKind, Part, Rules, build_document
from retrieval.store.catalogue import Entry
from retrieval.store.index import Index
from retrieval.store.verified_rows import VerifiedRow

Near = Sequence[tuple[Hit, Entry]]
FindNear = Callable[[str, Vectors, Scope], Near]
ChooseLines = Callable[[str, Vectors, Near], Evidence]

VERIFIED_ORIGIN = "verified"
TITLE = "Verified by staff"
# The setting of an index that has held verified answers, even an empty list.
_HAS_HELD = "has held verified answers"

# Two questions are the same if they share this much. Below that, "take to charge" would pass for "run on one charge"
# (cosine .90, words .57), so meaning alone does not decide.
SAME_WORDS = 0.8
SAME_MEANING = 0.85
_DENYING = re.compile(NEGATION, re.IGNORECASE)
# "on one charge" is "on a charge".
_FILLING = frozenset({"one", "exactly", "actually", "really", "currently", "now", "usually"})


def audience_of_correction(
    asked_as: Audience, evidence: Sequence[Audience | None], *, is_first_question: bool
) -> Audience:
    """Return who may read a correction: nobody who may not read its evidence or its conversation.

    `evidence` holds the present audience of each passage that was read, None for one that is gone.
    """
    narrow = {audience for audience in evidence if audience is not None} - CUSTOMER_SCOPE.audiences
    groups = {audience for audience in narrow if audience.is_group}
    if len(groups) == 1 and len(narrow) == 1:
        return groups.pop()
    if narrow:
        return Audience.STAFF
    if asked_as not in CUSTOMER_SCOPE.audiences and (not evidence or None in evidence or not is_first_question):
        return Audience.STAFF
    return Audience.CUSTOMER


def is_verified(passage: Passage) -> bool:
    """Whether a passage is an answer that staff approved."""
    return passage.source.startswith(f"{VERIFIED_ORIGIN}:")


def find_answer_of(passage: Passage, answers: Mapping[str, VerifiedAnswer]) -> VerifiedAnswer | None:
    """Return the answer that a passage shows, from these by id; None for a document's passage."""
    return answers.get(passage.source.removeprefix(f"{VERIFIED_ORIGIN}:")) if is_verified(passage) else None


class VerifiedStore:
    """The verified answers of one index. Thread-safe."""

    def __init__(self, index: Index, embedder: Embedder, find_near: FindNear, choose_lines: ChooseLines) -> None:
        """`find_near` searches only the documents, in milliseconds. `choose_lines` reads what it found."""
        self._index = index
        self._embedder = embedder
        self._find_near = find_near
        self._choose_lines = choose_lines
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        self._version = index.catalogue.file.version()
        self._rows: list[VerifiedRow] = index.catalogue.verified.list_rows()
        self._telling: frozenset[str] | None = None
        self._titles: frozenset[str] = frozenset()

    def replace(self, answers: Sequence[VerifiedAnswer]) -> None:
        """Hold exactly these answers, searchable when this returns. Answers that are held already cost nothing."""
        wanted = {answer.id: answer for answer in answers if any(c.isalnum() for c in answer.answer)}
        held = {row.answer.id: row for row in self._list_rows()}
        # A new index cannot tell what the documents said at approval, so every document that answers counts as news.
        has_held = self._index.catalogue.file.find_setting(_HAS_HELD) is not None
        for answer_id in held.keys() - wanted.keys():
            self._index.catalogue.verified.delete(answer_id)
        for answer_id, answer in wanted.items():
            if answer_id not in held or held[answer_id].answer != answer:
                (vector,) = self._embedder.encode([answer.question])
                row = VerifiedRow(answer, vector)
                if has_held and not answer.evidence:
                    row = replace(row, near=tuple(hit.passage.id for hit, _ in self._search_near(row)))
                self._index.catalogue.verified.record(row)
        if not has_held:
            self._index.catalogue.file.record_setting(_HAS_HELD, "yes")
        self.review()

    def review(self) -> list[VerifiedAnswer]:
        """Show what rests on standing documents, hide what does not. Return the answers that wait for review.

        An answer does not wait if staff have approved another one to the same question since.
        """
        self._check_silence()
        with self._lock:
            self._telling = None
            self._read_rows()
            waiting = [row for row in self._rows if not self._stands(row)]
            hidden = {row.answer.id for row in waiting}
            standing = [row for row in self._rows if row.answer.id not in hidden]
            contexts = {_name_source(row.answer): row.answer.question for row in self._rows}
            self._index.replace_origin(VERIFIED_ORIGIN, [_build_document(row.answer) for row in standing], contexts)
        return [row.answer for row in waiting if not any(self._takes_its_place(o, row) for o in standing)]

    def find(self, question: str, vector: Vectors, scope: Scope) -> tuple[Hit, Evidence] | None:
        """Return the latest answer that this asker may read to this very question, even in other words."""
        asked = _describe_question(question)
        for row in sorted(self._list_rows(), key=lambda row: (row.answer.approved_at, row.answer.id), reverse=True):
            similarity = float(row.vector @ vector)
            may_read = row.answer.audience in scope.audiences
            is_same = similarity >= SAME_MEANING and self._is_same(asked, row.answer)
            if may_read and is_same and not self._is_for_another(question, row.answer) and self._stands(row):
                document = _build_document(row.answer)
                passages = build_passages(document)
                return Hit(passages[0], 1.0, round(similarity, 5)), _build_evidence(document, passages)
        return None

    def may_answer(self, question: str, passage: Passage) -> bool:
        """Whether a verified answer may be evidence for a question: not if it was given for another thing.

        Another thing is another code, version, model or number, or something else that a document's title names.
        """
        rows = {row.answer.id: row.answer for row in self._list_rows()}
        answer = find_answer_of(passage, rows)
        return answer is None or not self._is_for_another(question, answer)

    def _is_for_another(self, question: str, answer: VerifiedAnswer) -> bool:
        given = f"{answer.question} {answer.answer}"
        known = find_identifiers(given) | find_identifiers(answer.question.title())
        asked = find_asked(question, known)
        if any(one not in known and any(are_siblings(one, other) for other in known) for one in asked):
            return True
        asked_titles, given_titles = self._find_titles(question), self._find_titles(given)
        return bool(asked_titles and given_titles) and not asked_titles & given_titles

    def _find_titles(self, text: str) -> frozenset[str]:
        """Return the titles that a text names, without those inside longer ones: "Moss 2 Pro" is no "Moss 2"."""
        folded = f" {' '.join(split_words(text))} "
        named = [title for title in self._titles if f" {title} " in folded]
        return frozenset(title for title in named if not any(title != other and title in other for other in named))

    def _list_rows(self) -> list[VerifiedRow]:
        with self._lock:
            self._read_rows()
            return list(self._rows)

    def _read_rows(self) -> None:
        version = self._index.catalogue.file.version()
        rows = self._index.catalogue.verified.count()
        if version != self._version or rows != len(self._rows) or self._telling is None:
            self._version = version
            self._rows = self._index.catalogue.verified.list_rows()
            # What distinguishes documents in their titles also distinguishes questions: "Moss 2", "Moss 2 Pro".
            titles = [edition.title for edition in self._index.catalogue.list_editions()]
            self._telling = frozenset(term for title in titles for term in tokenise(title))
            self._titles = frozenset(filter(None, (" ".join(split_words(title)) for title in titles)))

    def _is_same(self, asked: "_Description", answer: VerifiedAnswer) -> bool:
        known = _describe_question(answer.question)
        if (asked.asking, asked.is_denying) != (known.asking, known.is_denying):
            return False
        apart, union = asked.terms ^ known.terms, asked.terms | known.terms
        if any(term in (self._telling or ()) or any(c.isdigit() for c in term) for term in apart):
            return False
        return bool(union) and len(asked.terms & known.terms) / len(union) >= SAME_WORDS

    def _takes_its_place(self, later: VerifiedRow, row: VerifiedRow) -> bool:
        """Whether a later answer is to the same question, for all who might read this one."""
        return (
            later.answer.approved_at > row.answer.approved_at
            and later.answer.audience in _find_scope(row.answer.audience).audiences
            and float(later.vector @ row.vector) >= SAME_MEANING
            and self._is_same(_describe_question(later.answer.question), row.answer)
        )

    def _check_silence(self) -> None:
        """Note which answers that rested on silence a document now answers.

        Checks once for each change of the documents.

        That is a search of a few milliseconds for each such answer, and about 100 ms of the cross-encoder if a new
        passage is among the best. In a new index, as at the first start after an update of Chip, all passages are new.
        Callers that come meanwhile wait, and find it done.
        """
        catalogue = self._index.catalogue
        with self._checking:
            documents = catalogue.describe_documents()
            is_changed = catalogue.verified.last_checked() != documents
            silent = [row for row in catalogue.verified.list_rows() if not row.answer.evidence]
            looked = [(row, self._is_outrun(row)) for row in silent if is_changed or not row.is_checked]
            news = {row.answer.id: found for row, found in looked if not row.is_checked or found != row.is_outrun}
            if is_changed or news:
                catalogue.verified.record_outrun(news, documents)

    def _is_outrun(self, row: VerifiedRow) -> bool:
        """Whether a line of the present evidence is from a passage that was not near when the answer was approved."""
        found = self._search_near(row)
        news = {hit.passage.id for hit, _ in found} - set(row.near)
        if not news:
            return False
        return any(line.passage_id in news for line in self._choose_lines(row.answer.question, row.vector, found).lines)

    def _search_near(self, row: VerifiedRow) -> Near:
        return self._find_near(row.answer.question, row.vector, _find_scope(row.answer.audience))

    def _stands(self, row: VerifiedRow) -> bool:
        evidence = row.answer.evidence
        return not row.is_outrun and len(self._index.catalogue.find_known(evidence)) == len(set(evidence))


@dataclass(frozen=True, slots=True)
class _Description:
    """What makes a question this question."""

    terms: frozenset[str]
    asking: frozenset[str]
    is_denying: bool


def _describe_question(question: str) -> _Description:
    words = re.findall(r"[a-z]+", question.casefold())
    terms = frozenset(tokenise(question)) - _FILLING
    return _Description(terms, frozenset(words).intersection(QUESTION_WORDS), bool(_DENYING.search(question)))


def _find_scope(audience: Audience) -> Scope:
    """Return the scope of the readers whom an answer is for."""
    if audience in CUSTOMER_SCOPE.audiences:
        return CUSTOMER_SCOPE
    return Scope(STAFF_SCOPE.audiences | {audience})


def _name_source(answer: VerifiedAnswer) -> str:
    return f"{VERIFIED_ORIGIN}:{answer.id}"


def _build_document(answer: VerifiedAnswer) -> Document:
    title = f"{TITLE}, {answer.approved_at.date().isoformat()}"
    part = Part(answer.answer, DocumentKind.TEXT, title, answer.approved_at.date())
    return build_document(part, _name_source(answer), Rules(answer.audience, is_fixed=True))


def _build_evidence(document: Document, passages: Sequence[Passage]) -> Evidence:
    """Return the whole answer as one line, as staff wrote it."""
    return Evidence((EvidenceLine(1, document.text.strip(), passages[0].heading, passages[0].id),), Match.STRONG)
