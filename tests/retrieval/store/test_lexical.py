"""The ranking of words: the same best passages as scoring all of them, from files, with what is new since."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from retrieval.english.terms import tokenise
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience
from retrieval.reading.documents import Document
from retrieval.sources.folder import load_documents
from retrieval.store.index import Index
from retrieval.store.lexical import LexicalIndex, build_lexical_index, count_terms, load_lexical_index
from tests.retrieval.words import WordEmbedder

AUDIENCES = (Audience.PUBLIC, Audience.CUSTOMER, Audience.STAFF, Audience("group:S1"))


def make_corpus(random: Random, count: int) -> tuple[list[str], list[Audience], list[str]]:
    """Passages over words of which the first are common and the last are rare."""
    words = [f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(200)]
    texts = [" ".join(random.choices(words, weights=[1 / n for n in range(1, 201)], k=12)) for _ in range(count)]
    return [f"p{n:05}" for n in range(count)], random.choices(AUDIENCES, k=count), texts


def rank_plainly(index: LexicalIndex, question: str, readers: frozenset[Audience]) -> dict[str, float]:
    """Return the score of every passage that these readers may read and that shares a term."""
    assert index.ranking is not None
    scores = np.round(index.ranking.get_scores(tokenise(question)), 4)
    allowed = [index.names[code] in readers for code in index.readers]
    return {index.ids[n].decode(): float(scores[n]) for n in range(len(scores)) if scores[n] > 0 and allowed[n]}


@pytest.mark.parametrize("limit", [1, 5, 30])
def test_the_best_are_those_of_scoring_every_passage(limit: int) -> None:
    random = Random(limit)
    ids, audiences, texts = make_corpus(random, 1_500)
    index = build_lexical_index(ids, audiences, texts)
    for _ in range(60):
        question = " ".join(random.sample(" ".join(texts[:40]).split(), k=random.randint(1, 6)))
        readers = frozenset(random.sample(AUDIENCES, k=random.randint(1, 3)))
        plain = rank_plainly(index, question, readers)
        ranked = index.rank(question, readers, limit)
        assert len(ranked) == min(limit, len(plain))
        best = sorted(plain.values(), reverse=True)[: len(ranked)]
        assert [plain[identity] for identity in ranked] == pytest.approx(best, abs=2e-4)


def test_common_terms_are_not_looked_up_for_passages_that_cannot_be_among_the_best() -> None:
    common = ["the moss mows lawns"] * 400
    index = build_lexical_index([f"p{n:03}" for n in range(401)], [Audience.CUSTOMER] * 401, [*common, "moss quartz"])
    assert index.rank("moss quartz lawns", CUSTOMER_SCOPE.audiences, 1) == ["p400"]


def test_a_stored_ranking_is_that_of_its_catalogue_and_of_no_other(tmp_path: Path) -> None:
    ids, audiences, texts = make_corpus(Random(3), 300)
    built = build_lexical_index(ids, audiences, texts)
    built.save(tmp_path / "words", "mine")
    stored = load_lexical_index(tmp_path / "words", "mine")
    assert stored is not None
    for question in texts[:20]:
        assert stored.rank(question, STAFF_SCOPE.audiences, 10) == built.rank(question, STAFF_SCOPE.audiences, 10)
    assert load_lexical_index(tmp_path / "words", "another") is None
    (tmp_path / "words" / "ids.npy").write_bytes(b"garbage")
    assert load_lexical_index(tmp_path / "words", "mine") is None
    assert load_lexical_index(tmp_path / "nowhere", "mine") is None


def test_what_is_new_ranks_as_if_it_had_been_there_and_replaces_what_it_changes() -> None:
    ids, audiences, texts = make_corpus(Random(4), 400)
    whole = build_lexical_index(ids, audiences, texts)
    part = build_lexical_index(ids[:380], audiences[:380], texts[:380])
    followed = part.with_fresh(count_terms(*one) for one in zip(ids[380:], audiences[380:], texts[380:], strict=True))
    for question in texts[385:395]:
        ranked = followed.rank(question, STAFF_SCOPE.audiences, 5)
        assert ranked[0] == whole.rank(question, STAFF_SCOPE.audiences, 5)[0]
    moved = whole.with_fresh([count_terms("p00007", Audience.STAFF, "quartz")])
    assert moved.rank("quartz", STAFF_SCOPE.audiences, 5) == ["p00007"]
    assert moved.rank("quartz", CUSTOMER_SCOPE.audiences, 5) == []
    assert "p00007" not in moved.rank(texts[7], STAFF_SCOPE.audiences, 400)


def test_an_empty_index_ranks_nothing_and_then_what_is_new(tmp_path: Path) -> None:
    empty = build_lexical_index([], [], [])
    empty.save(tmp_path / "words", "mine")
    stored = load_lexical_index(tmp_path / "words", "mine")
    assert stored is not None
    assert stored.rank("quartz", CUSTOMER_SCOPE.audiences, 5) == []
    new = stored.with_fresh([count_terms("p1", Audience.PUBLIC, "Quartz is hard.")])
    assert new.rank("quartz", CUSTOMER_SCOPE.audiences, 5) == ["p1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("Moss", "Heron"):
        (folder / f"{name}.md").write_text(f"---\naudience: customer\n---\nThe {name} mows lawns.\n")
    return folder


def rank(index: Index, question: str) -> list[str]:
    entries = index.catalogue.get_entries(index.lexical.rank(question, CUSTOMER_SCOPE.audiences, 5))
    return [entry.passage.text for entry in entries.values()]


def test_a_restart_reads_the_stored_ranking_and_adds_what_was_written_after_it(tmp_path: Path, folder: Path) -> None:
    index = Index(tmp_path / "index", WordEmbedder())
    index.ingest(folder, default_audience=Audience.STAFF)
    stamp = index.lexical.stamp
    other = Index(tmp_path / "index", WordEmbedder())
    (folder / "Moss.md").write_text("---\naudience: customer\n---\nThe Moss mows meadows.\n")
    (document, *_) = (d for d in load_documents(folder) if isinstance(d, Document) and "Moss" in d.source)
    with index._writing():  # as a sync that is killed before its end
        index._put_document(document, "folder", document.source)
    other.refresh()
    index.close()
    again = Index(tmp_path / "index", WordEmbedder())
    for opened in (other, again):
        assert rank(opened, "meadows") == ["The Moss mows meadows."]
        assert opened.lexical.stamp == stamp
        opened.close()


def test_a_ranking_is_built_anew_once_much_is_new(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.store.word_ranking.MOST_FRESH", 0)
    index = Index(tmp_path / "index", WordEmbedder())
    other = Index(tmp_path / "index", WordEmbedder())
    index.ingest(folder, default_audience=Audience.STAFF)
    other.refresh()
    assert len(rank(other, "lawns")) == 2
    assert other.lexical.fresh == ()
    index.close()
    other.close()
