"""The BM25 ranking of passages by the terms that they share with a question.

An index here is a snapshot, in memory or mapped from files, plus what is new since. It is replaced as a whole, never
changed. Knows nothing of vectors.
"""

import json
import logging
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import bm25s  # type: ignore[import-untyped]  # the package has no types
import numpy as np
from numpy.typing import NDArray

from retrieval.english.terms import TERMS_VERSION, tokenise
from retrieval.passage import Audience
from retrieval.store.maxscore import DIGITS, Column, rank_rows

K1 = 1.2
B = 0.75

Scored = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A passage as BM25 sees it: its id, who may read it, and how often it holds each term."""

    id: str
    audience: Audience
    terms: Mapping[str, int]


def count_terms(passage_id: str, audience: Audience, text: str) -> Words:
    """Return the passage with how often it holds each term."""
    return Words(passage_id, audience, Counter(tokenise(text)))


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """BM25 over passages: row i of the columns of `ranking` is `ids[i]`, meant for the audience `names[readers[i]]`.

    `most` is each term's highest score anywhere. `fresh` are passages written since; they replace the rows of the same
    id. `stamp` says which writes the rows cover.
    """

    ids: NDArray[np.bytes_]
    readers: NDArray[np.uint16]
    names: tuple[Audience, ...]
    ranking: bm25s.BM25 | None
    most: NDArray[np.float32]
    average_words: float
    stamp: int = 0
    fresh: tuple[Words, ...] = ()
    _readable: dict[frozenset[Audience], NDArray[np.bool_]] = field(default_factory=dict)

    def rank(self, question: str, audiences: frozenset[Audience], limit: int) -> list[str]:
        """Return the ids of the best passages that these audiences may read and that share a term with the question."""
        return list(self.score(question, audiences, limit))

    def score(self, question: str, audiences: frozenset[Audience], limit: int) -> dict[str, float]:
        """Return the same ids, best first, each with its BM25 score."""
        terms = Counter(tokenise(question))
        if not terms:
            return {}
        newer = {words.id for words in self.fresh}
        found = [one for one in self._rank_rows(terms, audiences, limit + len(newer)) if one[1] not in newer]
        found += self._rank_fresh(terms, audiences)
        # The id breaks ties, so that the order of equal passages is the same on every machine.
        best = sorted(found, key=lambda one: (-one[0], one[1]))[:limit]
        return {passage_id: score for score, passage_id in best}

    def knows(self, word: str) -> bool:
        """Whether any passage, for any reader, holds the word; True for a word that says nothing ("the")."""
        known = self.ranking.vocab_dict if self.ranking is not None else {}
        return all(term in known or any(term in words.terms for words in self.fresh) for term in tokenise(word))

    def holds(self, term: str, audiences: frozenset[Audience]) -> bool:
        """Whether a passage that these audiences may read holds the term."""
        allowed = self._find_readable(audiences)
        newer = {words.id for words in self.fresh}
        return any(words.audience in audiences and term in words.terms for words in self.fresh) or any(
            self.ids[row].decode() not in newer
            for column in self._find_columns({term: 1})
            for row in column.rows[allowed[column.rows]]
        )

    def with_fresh(self, fresh: Iterable[Words]) -> "LexicalIndex":
        """Return the same rows with other passages as what is new since."""
        return replace(self, fresh=tuple(fresh))

    def _rank_rows(self, terms: Mapping[str, int], audiences: frozenset[Audience], limit: int) -> list[Scored]:
        """Return the best rows, in no order."""
        columns = self._find_columns(terms)
        if not columns:
            return []
        allowed = self._find_readable(audiences)
        rows, totals = rank_rows(columns, allowed, limit)
        return [(float(total), self.ids[row].decode()) for row, total in zip(rows, totals, strict=True)]

    def _find_columns(self, terms: Mapping[str, int]) -> list[Column]:
        if self.ranking is None:
            return []
        stored, known = self.ranking.scores, self.ranking.vocab_dict
        columns = []
        for term, count in terms.items():
            number = known.get(term)
            if number is not None:
                part = slice(int(stored["indptr"][number]), int(stored["indptr"][number + 1]))
                values = np.asarray(stored["data"][part])
                most = float(self.most[number]) * count
                columns.append(Column(np.asarray(stored["indices"][part]), values, count, most))
        return sorted(columns, key=lambda column: (-column.most, len(column.rows)))

    def _find_readable(self, audiences: frozenset[Audience]) -> NDArray[np.bool_]:
        readable = self._readable.get(audiences)
        if readable is None:
            wanted = np.array([name in audiences for name in self.names], dtype=bool)
            readable = self._readable[audiences] = wanted[self.readers]
        return readable

    def _rank_fresh(self, terms: Mapping[str, int], audiences: frozenset[Audience]) -> list[Scored]:
        """Return everything new with its score by the same formula. Its counts are added to those of the rows."""
        readable = [words for words in self.fresh if words.audience in audiences and terms.keys() & words.terms.keys()]
        if not readable:
            return []
        total = len(self.ids) + len(self.fresh)
        average = self.average_words or sum(sum(words.terms.values()) for words in self.fresh) / len(self.fresh)
        rarity = {term: _weigh_rarity(self._count_holding(term), total) for term in terms}
        scored = []
        for words in readable:
            norm = K1 * (1 - B + B * sum(words.terms.values()) / average)
            parts = (rarity[t] * n * f / (f + norm) for t, n in terms.items() if (f := words.terms.get(t, 0)))
            scored.append((round(sum(parts), DIGITS), words.id))
        return scored

    def _count_holding(self, term: str) -> int:
        rows = 0
        if self.ranking is not None and term in self.ranking.vocab_dict:
            number = self.ranking.vocab_dict[term]
            rows = int(self.ranking.scores["indptr"][number + 1] - self.ranking.scores["indptr"][number])
        return rows + sum(term in words.terms for words in self.fresh)

    def save(self, folder: Path, catalogue: str) -> None:
        """Write the rows, without what is new, where `load_lexical_index` finds them; as a whole or not at all.

        `catalogue` names the file whose writes the stamp counts.
        """
        new = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        if self.ranking is not None:
            self.ranking.save(new / "bm25", show_progress=False)
        for name, column in (("ids", self.ids), ("readers", self.readers), ("most", self.most)):
            np.save(new / f"{name}.npy", column, allow_pickle=False)
        about = {"stamp": self.stamp, "names": self.names, "average": self.average_words}
        about |= {"terms": TERMS_VERSION, "catalogue": catalogue}
        (new / "about.json").write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


def build_lexical_index(ids: Sequence[str], audiences: Sequence[Audience], texts: Iterable[str]) -> LexicalIndex:
    """Return the snapshot for these passages."""
    numbered: dict[str, int] = {}
    terms = [[numbered.setdefault(term, len(numbered)) for term in tokenise(text)] for text in texts]
    names = tuple(sorted(set(audiences)))
    codes = {name: code for code, name in enumerate(names)}
    readers = np.array([codes[audience] for audience in audiences], dtype=np.uint16)
    held = np.array([passage_id.encode() for passage_id in ids], dtype=np.bytes_)
    if not numbered:
        return LexicalIndex(held, readers, names, None, np.zeros(0, dtype=np.float32), 0.0)
    # bm25s sets its own logger to debug, whatever the program has chosen.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    ranking = bm25s.BM25(method="lucene", k1=K1, b=B)
    ranking.index((terms, numbered), create_empty_token=False, show_progress=False)
    most = np.maximum.reduceat(ranking.scores["data"], ranking.scores["indptr"][:-1]).astype(np.float32)
    average = sum(map(len, terms)) / len(terms)
    return LexicalIndex(held, readers, names, ranking, most, average)


def load_lexical_index(folder: Path, catalogue: str) -> LexicalIndex | None:
    """Return the snapshot of this catalogue, its columns mapped from the files; None if none can be used."""
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        if (about["terms"], about["catalogue"]) != (TERMS_VERSION, catalogue):
            return None
        ids, readers, most = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("ids", "readers", "most"))
        has_terms = (folder / "bm25").exists()
        ranking = bm25s.BM25.load(folder / "bm25", mmap=True, show_progress=False) if has_terms else None
        names = tuple(Audience(name) for name in about["names"])
        return LexicalIndex(ids, readers, names, ranking, most, about["average"], about["stamp"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _weigh_rarity(holding: int, total: int) -> float:
    return math.log(1.0 + (total - holding + 0.5) / (holding + 0.5))
