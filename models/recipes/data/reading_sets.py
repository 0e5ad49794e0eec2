"""Whole public sets, and many invented companies, as corpora that the cross-encoder learns to read.

`public_sets` samples a little of each set to fit and to measure with; this yields all of their training parts, and two
sets more: QAMR (MIT; several questions about one sentence) and MedQuAD (CC BY 4.0; one question about many diseases, as
people ask one thing about many products). Knows nothing of lessons or models.
"""

import json
import lzma
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from xml.etree import ElementTree

from models.recipes.chip_nano.context import split_sentences
from models.recipes.data.natural import close_up, read_archive
from models.recipes.data.pages import Asked, Corpus, Page
from models.recipes.data.public_sets import MAX_LINE_CHARACTERS, load_corpora, read_squad_page

ARTICLES = 8  # of SQuAD searched together, as the documents of one company are
SENTENCES = 1_500
DISEASES = 120
# How often sets that `load_corpora` samples are drawn, each time with other articles, venues and companies.
ROUNDS = {"qed": 18, "venues": 16, "dialogues": 1, "hardware": 1, "docs": 6}
COMPANIES = tuple(f"invented {number}" for number in range(6))
COMPANY_ROUNDS = 40


def load_reading_corpora(data: Path, seed: int = 11) -> Iterator[Corpus]:
    """Yield the corpora of all training parts; about a minute for all of them."""
    random = Random(seed)
    yield from _squad(data / "squad" / "train-v1.1.json.xz", random)
    yield from _sentences(data / "qamr", random)
    yield from _diseases(data / "medquad", random)
    for name, rounds in ROUNDS.items():
        for number in range(rounds):
            yield from load_corpora(data, held_out=False, questions=100_000, seed=seed + 101 * number, only=(name,))
    for number in range(COMPANY_ROUNDS):
        yield from load_corpora(data, held_out=False, questions=100_000, seed=seed + 7 * number, only=COMPANIES)


def _squad(path: Path, random: Random) -> Iterator[Corpus]:
    articles = json.loads(lzma.decompress(path.read_bytes()))["data"]
    random.shuffle(articles)
    for first in range(0, len(articles), ARTICLES):
        pages: list[Page] = []
        asked: list[Asked] = []
        for article in articles[first : first + ARTICLES]:
            for paragraph in article["paragraphs"]:
                page, asks = read_squad_page(paragraph, article["title"].replace("_", " "), len(pages))
                pages.append(page)
                asked.extend(asks)
        yield Corpus("squad", tuple(pages), tuple(asked))


def _sentences(folder: Path, random: Random) -> Iterator[Corpus]:
    """Yield QAMR: sentences of one article are one page; each sentence answers several questions."""
    texts: dict[str, str] = {}
    for _, text in read_archive(folder, "wiki-sentences.tsv"):
        texts |= {name: close_up(said) for name, _, said in (line.partition("\t") for line in text.splitlines())}
    questions: dict[str, list[str]] = defaultdict(list)
    for _, text in read_archive(folder, "dev.tsv", "filtered"):
        for cells in (line.split("\t") for line in text.splitlines()):
            questions[cells[0]].append(cells[5])
    known = [name for name in questions if name in texts and len(texts[name]) <= MAX_LINE_CHARACTERS]
    articles: dict[str, list[str]] = defaultdict(list)
    for name in known:
        articles[name.rsplit(":", 2)[0]].append(name)
    order = list(articles)
    random.shuffle(order)
    pages: list[Page] = []
    asked: list[Asked] = []
    for article in order:
        for place, name in enumerate(articles[article]):
            asked.extend(Asked(question, len(pages), frozenset({place})) for question in questions[name])
        pages.append(Page("", tuple(texts[name] for name in articles[article])))
        if sum(len(page.lines) for page in pages) >= SENTENCES:
            yield Corpus("qamr", tuple(pages), tuple(asked))
            pages, asked = [], []
    if pages:
        yield Corpus("qamr", tuple(pages), tuple(asked))


def _diseases(folder: Path, random: Random) -> Iterator[Corpus]:
    """Yield MedQuAD: each answer's first sentences. Every question about one disease is asked about the others too."""
    documents = []
    for name, pairs in read_diseases(folder):
        said = [(question, lines) for question, answer in pairs if (lines := _first_sentences(answer))]
        if said:
            documents.append((name, said))
    random.shuffle(documents)
    for first in range(0, len(documents), DISEASES):
        pages: list[Page] = []
        asked: list[Asked] = []
        for name, said in documents[first : first + DISEASES]:
            for question, lines in said:
                # Any of an answer's first sentences may be the one that answers, so all count as right.
                asked.append(Asked(question, len(pages), frozenset(range(len(lines)))))
                pages.append(Page(name, lines))
        yield Corpus("medquad", tuple(pages), tuple(asked))


def read_diseases(folder: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield MedQuAD as it is: the name of each disease with its questions and whole answers, each on one line."""
    for _, text in read_archive(folder, ".xml"):
        root = ElementTree.fromstring(text)
        name = (root.findtext("Focus") or "").strip()
        pairs = [(p.findtext("Question") or "", p.findtext("Answer") or "") for p in root.iter("QAPair")]
        if name:
            yield name, [(" ".join(q.split()).replace(" ?", "?"), " ".join(a.split())) for q, a in pairs if a.strip()]


def _first_sentences(answer: str) -> tuple[str, ...]:
    sentences = [s for s in split_sentences(answer[:1_500]) if 25 <= len(s) <= MAX_LINE_CHARACTERS]
    return tuple(sentences[:2])
