"""Questions on SQuAD: does the answer hold the gold span, and does the model know when nothing does?"""

import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import bm25s  # type: ignore[import-untyped]  # the package has no types

from benchmarks.base_model.answering import BaseModel, count_unsupported
from benchmarks.figures import Figure
from models.recipes.chip_nano.context import split_sentences
from retrieval.encoders.cross_encoder import CrossEncoder
from retrieval.encoders.embedder import Embedder
from retrieval.passage import Audience, Evidence, Hit, Passage
from retrieval.prompt import is_refusal
from retrieval.ranking.evidence import EvidenceLimits, cut_evidence

SENTENCES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answers (none: unanswerable) and the passages to search."""

    text: str
    golds: tuple[str, ...]
    right: Passage
    wrong: tuple[Passage, ...]


def load_questions(path: Path, limit: int, random: Random) -> list[Question]:
    """Return `limit` questions of SQuAD dev 1.1, each with two lexically hard paragraphs of other pages or places."""
    articles = json.loads(lzma.decompress(path.read_bytes()))["data"]
    paragraphs = [(a["title"].replace("_", " "), p) for a in articles for p in a["paragraphs"]]
    index = bm25s.BM25()
    index.index(bm25s.tokenize([p["context"] for _, p in paragraphs], show_progress=False), show_progress=False)
    asked = [(n, qa) for n, (_, p) in enumerate(paragraphs) for qa in p["qas"]]
    questions = []
    for number, qa in random.sample(asked, k=min(limit, len(asked))):
        found = index.retrieve(bm25s.tokenize(qa["question"], show_progress=False), k=8, show_progress=False)[0][0]
        golds = tuple(dict.fromkeys(answer["text"] for answer in qa["answers"]))
        hard = [int(other) for other in found if not _holds(paragraphs[int(other)][1]["context"], golds)]
        wrong = tuple(_trim(*paragraphs[other], None, other) for other in hard if other != number)[:2]
        right = _trim(*paragraphs[number], qa["answers"][0]["answer_start"], number)
        questions.append(Question(qa["question"].strip(), golds, right, wrong))
    return questions


def load_unanswerable(path: Path, limit: int, random: Random) -> list[Question]:
    """Return `limit` questions of SQuAD dev 2.0, about half of them without an answer in their paragraph."""
    articles = json.loads(lzma.decompress(path.read_bytes()))["data"]
    asked = [(a["title"].replace("_", " "), p, qa) for a in articles for p in a["paragraphs"] for qa in p["qas"]]
    questions = []
    for number, (title, paragraph, qa) in enumerate(random.sample(asked, k=min(limit, len(asked)))):
        golds = tuple(dict.fromkeys(answer["text"] for answer in qa["answers"]))
        start = qa["answers"][0]["answer_start"] if golds else None
        questions.append(Question(qa["question"].strip(), golds, _trim(title, paragraph, start, number), ()))
    return questions


def _trim(title: str, paragraph: dict[str, Any], start: int | None, number: int) -> Passage:
    """Return the paragraph cut to five sentences, around character `start` where that is given."""
    sentences = split_sentences(paragraph["context"])
    first = 0
    if start is not None:
        lengths = [len(" ".join(sentences[: place + 1])) for place in range(len(sentences))]
        gold = next((place for place, length in enumerate(lengths) if start < length), len(sentences) - 1)
        first = max(0, min(gold - 2, len(sentences) - SENTENCES))
    text = " ".join(sentences[first : first + SENTENCES])
    return Passage(f"p{number}", text, title, title, f"{number}.md", Audience.CUSTOMER)


def _holds(text: str, golds: Sequence[str]) -> bool:
    return any(gold.lower() in text.lower() for gold in golds)


def _find(
    question: str, passages: Sequence[Passage], embedder: Embedder, cross_encoder: CrossEncoder | None
) -> Evidence:
    hits = [Hit(passage, 1.0, 0.0) for passage in passages]
    return cut_evidence(question, hits, embedder=embedder, limits=EvidenceLimits(), cross_encoder=cross_encoder)


def measure_squad(
    model: BaseModel, questions: Sequence[Question], embedder: Embedder, cross_encoder: CrossEncoder | None
) -> Iterator[Figure]:
    """Yield gold-span rates of the model and of both baselines, and the balanced accuracy of refusing."""
    right, answered, refused, first = [], [], [], []
    baselines: dict[str, list[bool]] = {"bm25": [], "embedding": []}
    unsupported = said = 0
    for question in questions:
        passages = [question.right, *question.wrong]
        evidence = _find(question.text, passages, embedder, cross_encoder)
        answer = model.answer(question.text, evidence, company="Acme").text
        right.append(_holds(answer, question.golds))
        first.append(bool(evidence.lines) and _holds(evidence.lines[0].text, question.golds))
        answered.append(not is_refusal(answer))
        bad, total = count_unsupported(answer, evidence)
        unsupported, said = unsupported + bad, said + total
        sentences = [sentence for passage in passages for sentence in split_sentences(passage.text)]
        for name, best in _baselines(question.text, sentences, embedder).items():
            baselines[name].append(_holds(best, question.golds))
        empty = _find(question.text, question.wrong, embedder, cross_encoder)
        refused.append(is_refusal(model.answer(question.text, empty, company="Acme").text))
    on = "SQuAD 1.1 dev"
    yield Figure("questions", len(questions), on=on)
    yield Figure("gold span in the answer", fmean(right), on=on)
    yield Figure("gold span in the first line of evidence", fmean(first), on=on)
    for name, hits in baselines.items():
        yield Figure(f"gold span in the best sentence by {name}", fmean(hits), on=on)
    yield from yield_refusals(on, fmean(answered), fmean(refused), goal="≥ 0.7")
    yield Figure("sentences not in the evidence, per 100", 100 * unsupported / max(1, said), on=on)


def measure_unanswerable(
    model: BaseModel, questions: Sequence[Question], embedder: Embedder, cross_encoder: CrossEncoder | None
) -> Iterator[Figure]:
    """Yield the balanced accuracy of refusing on SQuAD 2.0."""
    refusals: dict[bool, list[bool]] = {True: [], False: []}
    for question in questions:
        evidence = _find(question.text, [question.right], embedder, cross_encoder)
        said = model.answer(question.text, evidence, company="Acme").text
        refusals[bool(question.golds)].append(is_refusal(said))
    yield Figure("questions", len(questions), on="SQuAD 2.0 dev")
    yield from yield_refusals("SQuAD 2.0 dev", 1 - fmean(refusals[True]), fmean(refusals[False]))


def yield_refusals(on: str, answers: float, refuses: float, *, goal: str = "") -> Iterator[Figure]:
    """Yield how often the model answers where it can and refuses where it cannot, and their mean."""
    yield Figure("answers when it is there", answers, on=on)
    yield Figure("refuses when it is not", refuses, on=on)
    yield Figure("answers / refuses, balanced", (answers + refuses) / 2, on=on, goal=goal)


def _baselines(question: str, sentences: Sequence[str], embedder: Embedder) -> dict[str, str]:
    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(sentences), show_progress=False), show_progress=False)
    found = index.retrieve(bm25s.tokenize(question, show_progress=False), k=1, show_progress=False)[0][0][0]
    vectors = embedder.encode([question, *sentences])
    return {"bm25": sentences[int(found)], "embedding": sentences[int((vectors[1:] @ vectors[0]).argmax())]}
