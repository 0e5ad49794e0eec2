"""Measures what a person is shown with the claim check and without it, on the sample company's questions.

    python -m benchmarks.factcheck.answers [--base models/chip-nano] [--limit 300] [--index FOLDER] [--json]

The product's evidence, prompt and engine answer every question, false premises and staff's secrets among them, in three
ways: with quotes held exact (the default), freely, and freely with sampling, which makes the model invent more. Of each
answer two forms are compared: every sentence as the model wrote it, with the citations that it gave, and what the check
lets through, with the citations that it gives.

A sentence is hallucinated where no single line that the asker may read holds its words in their order: a right
paraphrase counts against both forms. A citation is right where the cited line holds the sentence so. Nothing is tuned
here.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.base_model.answering import TALK
from benchmarks.retrieval.sample_company import QUESTIONS, Row, load_rows
from bot.answering.claim_reader import Sentence
from bot.answering.quoting import choose_sampling
from bot.answering.shown_answer import ShownAnswer, read_sentences
from bot.core import open_knowledge
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import GenerationRequest
from bot.engine.sampling import PLAIN
from bot.slack.text import has_words
from config.settings import SAMPLE, EngineSettings, Settings
from retrain.base_card import load_base
from retrieval.english.sentences import split_sentences, split_units
from retrieval.factcheck.check import is_courtesy
from retrieval.factcheck.signs import is_in_order
from retrieval.knowledge import Knowledge, Retrieved
from retrieval.passage import EvidenceLine
from retrieval.prompt import REFUSAL, build_messages

COMPANY = "Tarnwell Robotics"
TEMPERATURE = 1.2
WAYS = ("exact", "free", "sampled")
_NO_FACTS = frozenset(one.text for text in (*TALK, REFUSAL) for one in read_sentences([text]))
_CITED = re.compile(r" \[(\d{1,2})\]$")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that a person sees, the line that it cites, and whether documents and that line hold it."""

    text: str
    line: EvidenceLine | None
    is_true: bool
    is_cited_rightly: bool


@dataclass(slots=True)
class Tally:
    """What was shown over many questions, in one of the two forms; `answers` holds the sentences of each question."""

    answers: list[list[Said]] = field(default_factory=list)

    def figures(self, kept: Sequence[bool]) -> dict[str, float]:
        """Return the figures of those questions that are kept."""
        said = [one for answer, keep in zip(self.answers, kept, strict=True) if keep for one in answer]
        cited = [one for one in said if one.line is not None]
        right = sum(one.is_cited_rightly for one in cited)
        return {
            "sentences": len(said),
            "hallucinated per 100": round(100 * sum(not one.is_true for one in said) / max(1, len(said)), 2),
            "citation precision": round(right / max(1, len(cited)), 3),
            "citation recall": round(right / max(1, len(said)), 3),
        }


class Truth:
    """Every line that an asker may read, for looking up whether one of them holds a sentence."""

    def __init__(self, knowledge: Knowledge, row: Row) -> None:
        units = (unit.text for passage in knowledge.passages(row.scope) for unit in split_units(passage.text))
        self._lines = [part for text in units for part in (text, *split_sentences(text))]
        self._known: dict[str, bool] = {}

    def holds(self, sentence: str) -> bool:
        """Whether one line holds the sentence's words in their order."""
        if sentence not in self._known:
            self._known[sentence] = any(is_in_order(sentence, line) for line in self._lines)
        return self._known[sentence]


def show_unchecked(text: str, retrieved: Retrieved, truth: Truth) -> list[Said]:
    """Return every sentence as the model wrote it."""
    numbered = {line.number: line for line in retrieved.evidence.lines}
    sentences = _facts(read_sentences([text]))
    return [_judge(one.text, numbered.get(one.number or 0), truth) for one in sentences]


def show_checked(text: str, retrieved: Retrieved, truth: Truth) -> list[Said]:
    """Return what the check lets through, as the product shows it."""
    numbered = {line.number: line for line in retrieved.evidence.lines}
    shown = ShownAnswer(retrieved.evidence.lines, lessons=[])
    said = []
    for sentence in _facts(read_sentences([text])):
        before = shown.text
        markdown = shown.add(sentence, milliseconds=lambda: 0.0)
        if shown.text != before:
            cited = _CITED.search(markdown)
            words = shown.text.removeprefix(before).strip()
            said.append(_judge(words, numbered.get(int(cited.group(1))) if cited else None, truth))
    return said


def _facts(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Return the sentences that say something; refusals and the small talk that was taught do not."""
    return [one for one in sentences if one.text not in _NO_FACTS and not is_courtesy(one.text) and has_words(one.text)]


def _judge(text: str, line: EvidenceLine | None, truth: Truth) -> Said:
    return Said(text, line, truth.holds(text), line is not None and is_in_order(text, line.text))


def measure(rows: Sequence[Row], knowledge: Knowledge, engine: LlamaEngine, way: str) -> dict[str, Any]:
    """Return the figures of one way of generating."""
    off, on = Tally(), Tally()
    truths: dict[object, Truth] = {}
    secrets = {"off": 0, "on": 0}
    empty = {"off": 0, "on": 0}
    lost = true = 0
    for number, row in enumerate(rows):
        if row.scope not in truths:
            truths[row.scope] = Truth(knowledge, row)
        truth = truths[row.scope]
        retrieved = knowledge.find_evidence(row.question, row.scope)
        text = _generate(engine, row, retrieved, way, seed=number)
        for name, tally, show in (("off", off, show_unchecked), ("on", on, show_checked)):
            said = show(text, retrieved, truth)
            tally.answers.append(said)
            words = " ".join(one.text for one in said).lower()
            secrets[name] += any(word.lower() in words for word in row.forbid)
            empty[name] += bool(said) and not row.answerable
        kept = {one.text for one in on.answers[-1]}
        rightly = [one for one in off.answers[-1] if one.is_true]
        true += len(rightly)
        lost += sum(one.text not in kept for one in rightly)
    both = [bool(one) and bool(other) for one, other in zip(off.answers, on.answers, strict=True)]
    everything = [True] * len(rows)
    alike_off, alike_on = off.figures(both), on.figures(both)
    before, after = alike_off["hallucinated per 100"], alike_on["hallucinated per 100"]
    return {
        "questions": len(rows),
        "answered, off / on": (sum(map(bool, off.answers)), sum(map(bool, on.answers))),
        "all shown, off": off.figures(everything),
        "all shown, on": on.figures(everything),
        "at equal coverage, questions": sum(both),
        "at equal coverage, off": alike_off,
        "at equal coverage, on": alike_on,
        "fewer hallucinated sentences at equal coverage": round(1 - after / before, 3) if before else None,
        "true sentences withheld or changed": round(lost / max(1, true), 4),
        "answers with a forbidden word, off / on": (secrets["off"], secrets["on"]),
        "answered though no document answers, off / on": (empty["off"], empty["on"]),
    }


def _generate(engine: LlamaEngine, row: Row, retrieved: Retrieved, way: str, *, seed: int) -> str:
    messages = build_messages(_asked(row, retrieved), retrieved.evidence, company=COMPANY)
    exact = way == "exact"
    request = GenerationRequest(
        "measure",
        messages,
        temperature=TEMPERATURE if way == "sampled" else 0.0,
        seed=seed,
        sampling=choose_sampling(retrieved.evidence.lines, exact_quotes=True, is_unanswered=retrieved.is_unanswered)
        if exact
        else PLAIN,
    )
    return engine.submit(request).completion().text.strip()


def _asked(row: Row, retrieved: Retrieved) -> str:
    """Return the question as the model reads it."""
    return str(getattr(retrieved, "question", row.question))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, default=Path("models/chip-nano"))
    parser.add_argument("--limit", type=int, default=300, help="questions at most, drawn at random")
    parser.add_argument("--index", type=Path, default=None, help="keep the data folder here, and use it the next time")
    parser.add_argument("--way", action="append", choices=WAYS, help="only these (default: all three)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    rows = load_rows(QUESTIONS)
    rows = Random(7).sample(rows, k=min(chosen.limit, len(rows)))
    with tempfile.TemporaryDirectory() as scratch:
        knowledge = open_knowledge(Settings(data=chosen.index or Path(scratch)))
        engine = LlamaEngine(load_base(chosen.base), EngineSettings(base=chosen.base, threads=chosen.threads))
        knowledge.ingest(SAMPLE / "knowledge")
        figures = {way: measure(rows, knowledge, engine, way) for way in chosen.way or WAYS}
        engine.close()
        knowledge.close()
    if chosen.json:
        print(json.dumps(figures))
        return
    for way, values in figures.items():
        print(f"quotes {way}")
        for name, value in values.items():
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
