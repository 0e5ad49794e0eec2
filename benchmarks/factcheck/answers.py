"""Measures what a person is shown with the claim check and without it, on the sample company's questions.

    python -m benchmarks.factcheck.answers [--base FILE.gguf] [--limit 300] [--index FOLDER]

The product's evidence, prompt and engine answer every question, false premises and staff's secrets among them, in three
ways: with quotes held exact (the default), freely, and freely with sampling, which makes the model invent more. Of each
answer two forms are compared: every sentence as the model wrote it, with the citations that it gave, and what the check
lets through, with the citations that it gives.

Nothing is tuned here.

How to read it: a sentence is hallucinated where no single line that the asker may read holds its words in their order,
so a right paraphrase counts against both forms. A citation is right where the cited line holds the sentence so. "At
equal coverage" is over the questions that are answered in both forms.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import cast

from benchmarks.base_model.answering import TALK, no_lessons
from benchmarks.figures import Figure
from benchmarks.retrieval.sample_company import QUESTIONS, Row, load_rows
from benchmarks.run import begin_run, build_parser, record
from bot.answering.say import Saying, Voice
from bot.answering.shown_answer import read_sentences
from bot.core import open_knowledge
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Engine, Generation, GenerationRequest
from bot.slack.text import has_words
from config.settings import SAMPLE, EngineSettings, Settings
from retrain.bases.base import load_base
from retrain.bases.shelf import DEFAULT, SHIPPED
from retrieval.draft import prepare
from retrieval.english.sentences import split_sentences, split_units
from retrieval.factcheck.check import is_courtesy
from retrieval.factcheck.quotes import is_in_order
from retrieval.knowledge import Knowledge
from retrieval.passage import NUMBERED_MARKER, EvidenceLine
from retrieval.passage_reader import Sentence
from retrieval.prompt import REFUSAL
from retrieval.retrieved import Retrieved

COMPANY = "Tarnwell Robotics"
TEMPERATURE = 1.2
WAYS = {"exact": "quotes held exact", "free": "quotes free", "sampled": f"quotes free, temperature {TEMPERATURE}"}
_NO_FACTS = frozenset(one.text for text in (*TALK, REFUSAL) for one in read_sentences([text]))
_CITED = re.compile(rf" {NUMBERED_MARKER}$")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that a person sees, the line that it cites, and whether the documents and that line hold it."""

    text: str
    line: EvidenceLine | None
    is_true: bool
    is_cited_rightly: bool


@dataclass(slots=True)
class Tally:
    """What was shown over many questions in one of the two forms. `answers` holds the sentences of each question."""

    answers: list[list[Said]] = field(default_factory=list)

    def rates(self, kept: Sequence[bool]) -> tuple[float, float, float]:
        """Return hallucinated sentences per 100, citation precision and recall, of those questions that are kept."""
        said = [one for answer, keep in zip(self.answers, kept, strict=True) if keep for one in answer]
        cited = [one for one in said if one.line is not None]
        right = sum(one.is_cited_rightly for one in cited)
        untrue = 100 * sum(not one.is_true for one in said) / max(1, len(said))
        return untrue, right / max(1, len(cited)), right / max(1, len(said))


class Truth:
    """Every line that an asker may read, to look up whether one of them holds a sentence."""

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


def show_checked(saying: Saying, retrieved: Retrieved, truth: Truth) -> list[Said]:
    """Return what the check lets through, as the product shows it."""
    numbered = {line.number: line for line in retrieved.evidence.lines}
    said, before = [], ""
    for markdown in saying:
        words, before = saying.shown.text.removeprefix(before).strip(), saying.shown.text
        cited = _CITED.search(markdown)
        if words not in _NO_FACTS and not is_courtesy(words) and has_words(words):
            said.append(_judge(words, numbered.get(int(cited.group(1))) if cited else None, truth))
    return said


def _facts(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Return the sentences that say something, without refusals and the small talk that was taught."""
    return [one for one in sentences if one.text not in _NO_FACTS and not is_courtesy(one.text) and has_words(one.text)]


def _judge(text: str, line: EvidenceLine | None, truth: Truth) -> Said:
    return Said(text, line, truth.holds(text), line is not None and is_in_order(text, line.text))


def measure(rows: Sequence[Row], knowledge: Knowledge, engine: LlamaEngine, way: str) -> Iterator[Figure]:
    """Yield the figures of one way of generating."""
    off, checked = Tally(), Tally()
    truths: dict[object, Truth] = {}
    secrets = {"off": 0, "on": 0}
    empty = {"off": 0, "on": 0}
    lost = true = 0
    for number, row in enumerate(rows):
        if row.scope not in truths:
            truths[row.scope] = Truth(knowledge, row)
        truth = truths[row.scope]
        draft = prepare(knowledge, COMPANY, row.question, row.scope)
        chosen = cast(Engine, HotEngine(engine, number)) if way == "sampled" else engine
        voice = Voice(chosen, knowledge.find_lines, no_lessons, 200, exact_quotes=way == "exact")
        saying = voice.say(draft, "measure")
        passed = show_checked(saying, draft.retrieved, truth)
        written = show_unchecked(saying.completion().text.strip(), draft.retrieved, truth)
        for name, tally, said in (("off", off, written), ("on", checked, passed)):
            tally.answers.append(said)
            words = " ".join(one.text for one in said).lower()
            secrets[name] += any(word.lower() in words for word in row.forbid)
            empty[name] += bool(said) and not row.answerable
        kept = {one.text for one in checked.answers[-1]}
        rightly = [one for one in off.answers[-1] if one.is_true]
        true += len(rightly)
        lost += sum(one.text not in kept for one in rightly)
    on = WAYS[way]
    yield Figure("questions", len(rows), on=on)
    yield from _compare(on, off, checked)
    yield Figure("true sentences withheld or changed", lost / max(1, true), on=on)
    for name, counts in (("answers with a forbidden word", secrets), ("answered though no document answers", empty)):
        yield from (Figure(f"{name}, check {form}", count, on=on) for form, count in counts.items())


def _compare(on: str, off: Tally, checked: Tally) -> Iterator[Figure]:
    """Yield what both forms show: over all questions, and hallucinations over the questions answered in both."""
    both = [bool(one) and bool(other) for one, other in zip(off.answers, checked.answers, strict=True)]
    rates = {}
    for form, tally in (("off", off), ("on", checked)):
        _, precision, recall = tally.rates([True] * len(both))
        rates[form] = tally.rates(both)[0]
        goal = "≥ 0.95" if form == "on" else ""
        yield Figure(f"answered, check {form}", sum(map(bool, tally.answers)), on=on)
        yield Figure(f"citation precision, check {form}", precision, on=on, goal=goal)
        yield Figure(f"citation recall, check {form}", recall, on=on, goal=goal)
        yield Figure(f"hallucinated sentences per 100 at equal coverage, check {form}", rates[form], on=on)
    if rates["off"]:
        fewer = 100 * (1 - rates["on"] / rates["off"])
        yield Figure("fewer hallucinated sentences at equal coverage", fewer, "%", on=on, goal="≥ 70")


@dataclass(frozen=True, slots=True)
class HotEngine:
    """An engine that samples, which makes a model invent more."""

    engine: LlamaEngine
    seed: int

    def submit(self, request: GenerationRequest) -> Generation:
        return self.engine.submit(replace(request, temperature=TEMPERATURE, seed=self.seed))


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--base", type=Path, default=SHIPPED[DEFAULT])
    parser.add_argument("--limit", type=int, default=300, help="questions at most, drawn at random")
    parser.add_argument("--index", type=Path, default=None, help="keep the data folder here, and use it the next time")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only these (default: all three)")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    rows = load_rows(QUESTIONS)
    rows = Random(7).sample(rows, k=min(chosen.limit, len(rows)))
    with tempfile.TemporaryDirectory() as scratch:
        knowledge = open_knowledge(Settings(data=chosen.index or Path(scratch)))
        engine = LlamaEngine(load_base(chosen.base), EngineSettings(base=chosen.base, threads=chosen.threads))
        knowledge.ingest(SAMPLE / "knowledge")
        for way in chosen.way or WAYS:
            run = begin_run(__file__, chosen)
            record(run, measure(rows, knowledge, engine, way), chosen.results)
        engine.close()
        knowledge.close()


if __name__ == "__main__":
    main()
