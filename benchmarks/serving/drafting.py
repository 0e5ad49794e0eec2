"""Does guessing from the evidence make the shipped model's answers faster? The sample company's questions, in turns.

    python -m benchmarks.serving.drafting --people 1 4 8 --draft-tokens 4 8

The prompts, and the grammar that holds quotes exact, are those of the product. `--processor` takes seconds of processor
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

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.answering.quoting import choose_sampling
from bot.core import open_knowledge
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Completion, GenerationRequest
from bot.engine.sampling import Sampling
from config.settings import PROJECT, EngineSettings, Settings
from retrain.base_card import load_base
from retrieval.passage import CUSTOMER_SCOPE
from retrieval.prompt import ChatMessage, build_messages

QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"
Prompt = tuple[tuple[ChatMessage, ...], Sampling]


def build_prompts(settings: Settings, count: int) -> list[Prompt]:
    """Return the prompts that the first so many questions get, and how their answers are chosen."""
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[:count]]
    with closing(open_knowledge(settings)) as knowledge:
        knowledge.ingest(settings.knowledge.folder)
        found = [knowledge.find_evidence(question, CUSTOMER_SCOPE).evidence for question in questions]
    return [
        (
            build_messages(question, evidence, company=settings.company),
            choose_sampling(evidence.lines, exact_quotes=settings.engine.exact_quotes),
        )
        for question, evidence in zip(questions, found, strict=True)
    ]


def answer_all(
    settings: Settings, draft_tokens: int, prompts: list[Prompt], people: int, read_clock: Callable[[], float]
) -> tuple[float, list[Completion]]:
    """Return the seconds and the answers of an engine of its own, after a warm-up."""
    chosen = settings.engine.model_copy(update={"draft_tokens": draft_tokens, "queue": 1000})
    with closing(LlamaEngine(load_base(chosen.base), chosen)) as engine, ThreadPoolExecutor(people) as pool:

        def answer(prompt: Prompt) -> Completion:
            messages, sampling = prompt
            request = GenerationRequest("draft", messages, max_tokens=chosen.answer_tokens, sampling=sampling)
            return engine.submit(request).completion()

        answer(prompts[0])
        started = read_clock()
        done = list(pool.map(answer, prompts))
        return read_clock() - started, done


def measure(chosen: Namespace, people: int, settings: Settings, prompts: list[Prompt]) -> Iterator[Figure]:
    """Yield the figures of so many people at once, without guesses and with each length, in turns."""
    clock = time.process_time if chosen.processor else time.perf_counter
    plain: list[float] = []
    guessing: dict[int, list[float]] = {size: [] for size in chosen.draft_tokens}
    different = dict.fromkeys(guessing, 0)
    right = dict.fromkeys(guessing, 0.0)
    for _ in range(chosen.repetitions):
        seconds, answers = answer_all(settings, 0, prompts, people, clock)
        plain.append(seconds)
        for size, column in guessing.items():
            faster, guessed = answer_all(settings, size, prompts, people, clock)
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
        prompts = build_prompts(settings, chosen.questions)
    for people in chosen.people:
        run = begin_run(__file__, chosen)
        record(run, measure(chosen, people, settings, prompts), chosen.results)


if __name__ == "__main__":
    main()
