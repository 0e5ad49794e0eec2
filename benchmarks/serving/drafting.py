"""Measures whether guessing from the evidence makes the shipped model answer faster, on the sample company's questions.

    python -m benchmarks.serving.drafting --people 1 4 8 --draft-tokens 4 8

The drafts, and the grammar that holds quotes exact, are those of the product. `--processor` takes seconds of processor
time, which tell on a busy machine too where the engine has one thread (`--threads 1`).

How to read it: each column is for so many people who ask at once. The ratio is the median over the repetitions, with
its range; different answers count those that guessing changed.
"""

import json
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from benchmarks.base_model.answering import no_lessons, no_look_up
from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.answering.say import Voice
from bot.core import find_base, open_knowledge
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Completion
from config.settings import PROJECT, EngineSettings, Settings
from retrieval.draft import Draft, prepare
from retrieval.passage import CUSTOMER_SCOPE

QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"


def prepare_drafts(settings: Settings, count: int) -> list[Draft]:
    """Return the drafts of the first questions, this many."""
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[:count]]
    with closing(open_knowledge(settings)) as knowledge:
        knowledge.ingest(settings.knowledge.folder)
        return [prepare(knowledge, settings.company, question, CUSTOMER_SCOPE) for question in questions]


def answer_all(
    settings: Settings, draft_tokens: int, drafts: list[Draft], people: int, read_clock: Callable[[], float]
) -> tuple[float, list[Completion]]:
    """Return the seconds and the answers of an engine of its own, after a warm-up."""
    chosen = settings.engine.model_copy(update={"draft_tokens": draft_tokens, "queue": 1000})
    with closing(LlamaEngine(find_base(settings), chosen)) as engine, ThreadPoolExecutor(people) as pool:
        voice = Voice(engine, no_look_up, no_lessons, chosen.answer_tokens, chosen.exact_quotes)

        def answer(draft: Draft) -> Completion:
            return voice.say(draft, "draft").completion()

        answer(drafts[0])
        started = read_clock()
        done = list(pool.map(answer, drafts))
        return read_clock() - started, done


def measure(chosen: Namespace, people: int, settings: Settings, drafts: list[Draft]) -> Iterator[Figure]:
    """Yield the figures for this many people at once, without guesses and with each length, in turns."""
    clock = time.process_time if chosen.processor else time.perf_counter
    plain: list[float] = []
    guessing: dict[int, list[float]] = {size: [] for size in chosen.draft_tokens}
    different = dict.fromkeys(guessing, 0)
    right = dict.fromkeys(guessing, 0.0)
    for _ in range(chosen.repetitions):
        seconds, answers = answer_all(settings, 0, drafts, people, clock)
        plain.append(seconds)
        for size, column in guessing.items():
            faster, guessed = answer_all(settings, size, drafts, people, clock)
            column.append(seconds / faster)
            different[size] += sum(a.text != b.text for a, b in zip(answers, guessed, strict=True))
            right[size] = sum(done.drafted_tokens for done in guessed) / sum(done.completion_tokens for done in guessed)
    on = f"{people} at once{', processor time' if chosen.processor else ''}"
    yield Figure("without guesses", statistics.median(plain), "s", on=on)
    for size, ratios in guessing.items():
        name, ratio = f"{size} ahead", statistics.median(ratios)
        yield Figure(f"{name}: times as fast", ratio, "×", on=on, goal="> 1", low=min(ratios), high=max(ratios))
        yield Figure(f"{name}: tokens guessed right", 100 * right[size], "%", on=on)
        yield Figure(f"{name}: different answers", different[size], on=on, goal="= 0")


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--draft-tokens", type=int, nargs="+", default=[8])
    parser.add_argument("--people", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), engine=EngineSettings(threads=chosen.threads))
        drafts = prepare_drafts(settings, chosen.questions)
    for people in chosen.people:
        run = begin_run(__file__, chosen)
        record(run, measure(chosen, people, settings, drafts), chosen.results)


if __name__ == "__main__":
    main()
