"""Measures how learned words carry over: customers call things otherwise, staff name the passage, others ask.

    python -m benchmarks.words --cases FOLDER --data FOLDER --set jitsi balena

Words that people's questions share with the documents that answer them are replaced by words that the documents lack.
Headings with such a word teach, asked in customers' words too: each names its passage, as a correction by staff does.
People's questions are asked before and after; none of them teaches. Only search is measured: no model answers.

How to read it: "found first" and "found among five" count the test questions whose document comes first or among five,
with the documents' own words, with the customers' before learning, and after. "Others" are the questions without such a
word: what was learned must not harm them.
"""

import tarfile
import tempfile
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.answers import CACHE, open_chip
from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.unseen import SETS, Question, load_questions
from retrain.finder.words import Meaning, Pair, learn_words
from retrieval.asked.glossary import Glossary, find_term
from retrieval.english.terms import tokenise
from retrieval.knowledge import Knowledge
from retrieval.passage import STAFF_SCOPE, Passage

# Plain nouns: each takes the place of one word of a set where no document of it holds the noun.
NOUNS = (
    *("lantern", "parcel", "kettle", "saddle", "ribbon", "barrel", "whistle", "pebble", "blanket", "ladder"),
    *("teapot", "mitten", "anchor", "pillow", "thimble", "feather", "trumpet", "bucket", "button", "walnut"),
)
LEAST, MOST = 3, 6  # headings that teach a word
COMMON = 0.1  # a word that a larger share of the passages holds finds nothing
DEPTH = 20
SAMPLE = 5_000


@dataclass(frozen=True, slots=True)
class Renamed:
    """A set in customers' words: the noun of each term, what teaches, what tests, and the other questions."""

    nouns: Mapping[str, str]
    teach: Sequence[Pair]
    test: Sequence[Question]
    others: Sequence[Question]

    def ask(self, question: Question) -> str:
        """Return a question in customers' words."""
        return Glossary(self.nouns).translate(question.text)


def rename(questions: Sequence[Question], passages: Sequence[Passage], folder: str) -> Renamed:
    """Choose the words that get other names, and what teaches them."""
    held = {passage.id: frozenset(tokenise(f"{passage.heading} {passage.text}")) for passage in passages}
    often = Counter(term for terms in held.values() for term in terms)
    taught: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        for term in set(tokenise(_ask_heading(passage))) & held[passage.id]:
            taught[term].append(passage)
    askable = [one for one in questions if one.is_answerable and not one.thread]
    chosen = [
        term
        for term in sorted(_find_shared(askable, passages, held, folder), key=lambda term: (-len(taught[term]), term))
        if len(taught[term]) >= LEAST and often[term] <= COMMON * len(passages)
    ]
    nouns = dict(zip(chosen, (noun for noun in NOUNS if find_term(noun) not in often), strict=False))
    test = [one for one in askable if nouns.keys() & set(tokenise(one.text))]
    return Renamed(nouns, _teach(nouns, taught), test, [one for one in askable if one not in test])


def _teach(nouns: Mapping[str, str], taught: Mapping[str, Sequence[Passage]]) -> list[Pair]:
    """Return the pairs that teach: headings in customers' words, of each word those of as many documents as may be."""
    chosen = {
        passage.id: passage
        for term in nouns
        for passage in list({passage.source: passage for passage in taught[term]}.values())[:MOST]
    }
    speak = Glossary(nouns).translate
    return [Pair(speak(_ask_heading(one)), {one.id: _show(one)}, one.id, by_staff=True) for one in chosen.values()]


def _show(passage: Passage) -> str:
    return f"{passage.heading}\n{passage.text}"


def _ask_heading(passage: Passage) -> str:
    return " ".join(passage.heading.split(" › ")[-2:])


def _find_shared(
    questions: Sequence[Question], passages: Sequence[Passage], held: Mapping[str, frozenset[str]], folder: str
) -> set[str]:
    """Return the words that questions share with the documents that answer them."""
    shared: set[str] = set()
    for question in questions:
        asked = {term for term in tokenise(question.text) if term.isalpha() and len(term) > 2}
        own = [held[one.id] for one in passages if f"{folder}/{one.source}" in question.documents]
        shared |= asked.intersection(*[frozenset().union(*own)])
    return shared


def teach(renamed: Renamed, knowledge: Knowledge, passages: Sequence[Passage]) -> list[Meaning]:
    """Return what the teaching pairs teach."""

    def find_rank(question: str, wanted: frozenset[str]) -> float:
        hits = knowledge.search(question, STAFF_SCOPE, DEPTH)
        return next((1.0 / rank for rank, hit in enumerate(hits, 1) if hit.passage.id in wanted), 0.0)

    return learn_words(renamed.teach, map(_show, passages), find_rank)


def count_found(asked: Sequence[tuple[Question, str]], knowledge: Knowledge, folder: str) -> tuple[int, int]:
    """Return for how many questions a document that answers comes first, and among the first five."""
    places = []
    for question, text in asked:
        hits = knowledge.search(text, STAFF_SCOPE, DEPTH)
        sources = list(dict.fromkeys(f"{folder}/{hit.passage.source.partition('#')[0]}" for hit in hits))
        places.append(next((place for place, one in enumerate(sources) if one in question.documents), DEPTH))
    return sum(place == 0 for place in places), sum(place < 5 for place in places)


def measure(name: str, questions: Sequence[Question], knowledge: Knowledge) -> Iterator[Figure]:
    """Yield the figures of a set."""
    folder = SETS[name].folder
    passages = list(islice(knowledge.passages(STAFF_SCOPE), SAMPLE))
    renamed = rename(questions, passages, folder)
    learned = teach(renamed, knowledge, passages)
    print(f"{name}: {len(renamed.teach)} teach, {len(renamed.test)} test; {renamed.nouns}")
    for one in learned:
        print(f"  {one.word} → {one.phrase}: {one.questions} questions, {one.before:.2f} → {one.after:.2f}")
    glossary = Glossary({term: one.phrase for one in learned if (term := find_term(one.word))})
    yield Figure("words renamed", len(renamed.nouns), on=name)
    right = [one for one in learned if renamed.nouns and _is_right(one, renamed.nouns)]
    yield Figure("words learned", len(learned), on=name)
    yield Figure("of them the documents' word", len(right), on=name)
    test = [(one, renamed.ask(one)) for one in renamed.test]
    ways = {
        "own words": [(one, one.text) for one in renamed.test],
        "before": test,
        "after": [(one, glossary.translate(text)) for one, text in test],
    }
    for way, asked in ways.items():
        first, five = count_found(asked, knowledge, folder)
        yield Figure(f"found first of {len(asked)}, {way}", first, on=name)
        yield Figure(f"found among five of {len(asked)}, {way}", five, on=name)
    for way, words in (("before", Glossary()), ("after", glossary)):
        first, _ = count_found([(one, words.translate(one.text)) for one in renamed.others], knowledge, folder)
        yield Figure(f"others found first of {len(renamed.others)}, {way}", first, on=name)


def _is_right(meaning: Meaning, nouns: Mapping[str, str]) -> bool:
    return any(noun == meaning.word and term in tokenise(meaning.phrase) for term, noun in nouns.items())


def add_options(parser: ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--cases", type=Path, required=True, help="the folder that holds kb/")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds the archives")
    parser.add_argument("--set", nargs="+", choices=("jitsi", "balena"), default=["jitsi", "balena"])
    parser.add_argument("--cache", type=Path, default=CACHE, help="the folder that keeps vectors")


def main() -> None:
    """Measure and record."""
    parser = build_parser(__doc__)
    add_options(parser)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    figures: list[Figure] = []
    for name in chosen.set:
        questions = load_questions(chosen.cases / "kb" / f"{name}.jsonl")
        with tempfile.TemporaryDirectory(prefix=f"chip-{name}-") as folder:
            with tarfile.open(chosen.data / f"{SETS[name].archive}.tar.xz") as archive:
                archive.extractall(folder, filter="data")
            with open_chip(Path(folder) / SETS[name].folder, chosen.cache, default_audience="staff") as chip:
                figures += measure(name, questions, chip.knowledge)
    record(run, figures, chosen.results)


if __name__ == "__main__":
    main()
