"""The benchmark of rankings names its figures by the set that they were measured on."""

from contextlib import closing
from pathlib import Path

from benchmarks.retrieval.public_ranking import Search, ask_corpus, list_pages, measure
from models.recipes.data.pages import Asked, Corpus, Page
from retrieval.store.index import Index
from tests.retrieval.words import WordEmbedder


def test_every_ranking_finds_the_only_page_that_answers(tmp_path: Path) -> None:
    pages = (Page("Moss 2", ("The Moss 2 runs for 60 minutes.",)), Page("Heron 1", ("The Heron 1 weighs 5 kg.",)))
    asked = (
        Asked("How long does the Moss 2 run?", 0, frozenset({0})),
        Asked("What does the Orla cost?", None, frozenset()),
    )
    corpus = Corpus("tiny", pages, asked)
    with closing(Index(tmp_path, WordEmbedder())) as index:
        index.sync("pages", list_pages(corpus))
        figures = list(measure("tiny", Search(index, WordEmbedder(), None), ask_corpus(corpus)))
    assert {figure.on for figure in figures} == {"tiny"}
    values = {figure.what: figure.value for figure in figures}
    assert (values["questions"], values["passages"]) == (1, 2)
    for ranking in ("dense", "BM25", "fused", "reranked"):
        assert (values[f"{ranking}: nDCG@10"], values[f"{ranking}: recall@5"]) == (1.0, 1.0)
    assert 'AUROC of "not here"' in values
