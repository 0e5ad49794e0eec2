"""Measures what the engine promises beyond throughput: follow-ups, swaps, fairness, and Python's share of a step.

python -m benchmarks.serving.goals --size M

The swaps need adapters, which are random here and written on the spot.

How to read it: a follow-up is restored from memory if its thread lost its slot to others. Python's share is the part of
the engine's busy time that is spent neither in llama.cpp nor in copying memory.
"""

import statistics
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.serving.models import SIZES, first_word, prepare
from benchmarks.serving.workload import build_uniform
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Completion, Generation, GenerationRequest
from bot.garbage import spare_lasting_objects
from config.settings import EngineSettings
from retrain.bases.base import Base
from tests.bot.engine.tiny_gguf import write_adapter, write_random_base

FOLLOW_UP_TOKENS, OTHERS, QUESTIONS = 60, 12, 50


def open_engine(base: Base, threads: int, **changes: int) -> closing[LlamaEngine]:
    settings = {"slots": 8, "threads": threads, "context_tokens": 1024, "queue": 2000, "draft_tokens": 0, **changes}
    return closing(LlamaEngine(base, EngineSettings(**settings)))


def measure_follow_up(base: Base, words: tuple[int, int], threads: int) -> Iterator[Figure]:
    """Take a thread of 700 tokens whose slot went to others.

    Yield its follow-up restored from RAM, and computed again.
    """
    asks = build_uniform(words, 5 * (OTHERS + 1), seed=1)
    firsts: dict[int, list[float]] = {}
    for megabytes in (0, 1024):
        with open_engine(base, threads, park_megabytes=megabytes) as engine:
            firsts[megabytes] = [
                _follow_up(engine, [ask.tokens for ask in asks[start : start + OTHERS + 1]], words)
                for start in range(0, len(asks), OTHERS + 1)
            ]
    restored, computed = statistics.median(firsts[1024]), statistics.median(firsts[0])
    follow_up = f"a follow-up of {FOLLOW_UP_TOKENS} tokens, its slot lost"
    yield Figure(f"{follow_up}: first token, restored", restored, "ms")
    yield Figure(f"{follow_up}: first token, computed again", computed, "ms")
    yield Figure(f"{follow_up}: restored sooner by", computed / restored, "×")


def _follow_up(engine: LlamaEngine, prompts: list[tuple[int, ...]], words: tuple[int, int]) -> float:
    thread, *others = prompts
    _answer(engine, thread, 8)
    for other in others:
        _answer(engine, other, 8)
    more = tuple(range(words[0], words[0] + FOLLOW_UP_TOKENS))
    return _answer(engine, (*thread, *more), 8).first_token_ms


def _answer(engine: LlamaEngine, tokens: tuple[int, ...], max_tokens: int) -> Completion:
    return engine.submit(GenerationRequest("goal", (), max_tokens=max_tokens, prompt_tokens=tokens)).completion()


def measure_fairness(base: Base, words: tuple[int, int], threads: int) -> Iterator[Figure]:
    """Let one person send 50 questions, and another one question when the first is being answered."""
    asks = build_uniform(words, QUESTIONS + 1, seed=2)
    ends: list[str] = []

    def send(engine: LlamaEngine, tokens: tuple[int, ...], person: str) -> Generation:
        return engine.submit(GenerationRequest(person, (), 16, prompt_tokens=tokens, person=person))

    def wait(name: str, running: Generation) -> None:
        running.completion()
        ends.append(name)

    with open_engine(base, threads) as engine:
        generations = [("many", send(engine, ask.tokens, "many")) for ask in asks[:QUESTIONS]]
        next(iter(generations[0][1]))
        generations.append(("one", send(engine, asks[-1].tokens, "one")))
        waiting = [threading.Thread(target=wait, args=named) for named in generations]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join()
    rounds = ends.index("one") / 8
    yield Figure(f"{QUESTIONS} questions of one person, then 1 of another: waits for", rounds, "answers", goal="≤ 2")


def measure_swaps(folder: Path, replies: int, threads: int) -> Iterator[Figure]:
    """Swap adapters while eight people are answered. Compare each reply with its adapter's own answer."""
    base = write_random_base(folder / "base")
    adapters = [None, write_adapter(folder / "one", base, seed=1), write_adapter(folder / "two", base, seed=2)]
    with open_engine(base, threads, context_tokens=512) as engine:
        expected = {}
        for adapter in adapters:
            engine.use_adapter(adapter)
            expected[adapter and adapter.id] = [_answer(engine, (1, 2, number), 16).text for number in range(20)]
        wrong, numbers, swaps, is_over = [0], count(), list[float](), threading.Event()

        def ask() -> None:
            while (number := next(numbers)) < replies:
                done = _answer(engine, (1, 2, number % 20), 16)
                wrong[0] += done.text != expected[done.adapter_id][number % 20]

        clients = [threading.Thread(target=ask) for _ in range(8)]
        swapper = threading.Thread(target=_swap_until, args=(engine, adapters, is_over, swaps))
        for thread in (*clients, swapper):
            thread.start()
        for thread in clients:
            thread.join()
        is_over.set()
        swapper.join()
    yield Figure("swaps under load: replies", replies)
    yield Figure("swaps under load: replies dropped or mixed", wrong[0], goal="= 0")
    yield Figure("swaps under load: swaps", len(swaps))
    yield Figure("swaps under load: decoding stands still, p50", statistics.median(swaps), "ms")
    yield Figure("swaps under load: decoding stands still, most", max(swaps), "ms", goal="≤ 100")


def _swap_until(engine: LlamaEngine, adapters: list, is_over: threading.Event, swaps: list[float]) -> None:  # type: ignore[type-arg]
    for turn in count():
        if is_over.is_set():
            return
        swaps.append(engine.use_adapter(adapters[turn % len(adapters)]))
        time.sleep(0.02)


def measure_python(base: Base, words: tuple[int, int], threads: int) -> Iterator[Figure]:
    """Yield the part of the engine's busy time that is not spent in llama.cpp, with eight people at once."""
    with open_engine(base, threads) as engine:
        running = [
            engine.submit(GenerationRequest("goal", (), 64, prompt_tokens=ask.tokens))
            for ask in build_uniform(words, 32, seed=3)
        ]
        for generation in running:
            generation.completion()
        stages = ("turn", "decode", "park")
        turn, decode, park = (engine.metrics.value("seconds_total", stage=stage) for stage in stages)
    yield Figure("Python's share of a step", 100 * (1 - (decode + park) / turn), "%", goal="< 3")
    yield Figure("copying memory to and from RAM", 100 * park / turn, "%")


def measure_all(chosen: Namespace) -> Iterator[Figure]:
    """Yield the figures of the model of this size. Those of swaps are of a tiny one."""
    base, words = prepare(chosen.size, chosen.models), first_word(SIZES[chosen.size].vocabulary)
    for measure in (measure_follow_up, measure_fairness, measure_python):
        for figure in measure(base, words, chosen.threads):
            goal = "≥ 5" if figure.unit == "×" and chosen.size.startswith("M") else figure.goal
            yield replace(figure, on=chosen.size, goal=goal)
    if chosen.replies:
        with tempfile.TemporaryDirectory() as folder:
            swapped = measure_swaps(Path(folder), chosen.replies, chosen.threads)
            yield from (replace(figure, on="tiny") for figure in swapped)


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--size", default="S", choices=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--replies", type=int, default=10_000, help="under swaps, of a tiny model; 0: none")
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "chip-serving-models")
    chosen = parser.parse_args()
    spare_lasting_objects()  # as `chip run` does
    run = begin_run(__file__, chosen)
    record(run, measure_all(chosen), chosen.results)


if __name__ == "__main__":
    main()
