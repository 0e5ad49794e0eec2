"""Soaks the engine in sixteen conversations with cancels, swaps, long threads and bad requests.

    python -m benchmarks.serving.soak --minutes 10

Nothing may leak, hang or mix. Every answer is held against what the idle engine says to the same question with the same
adapter. Ends with a nonzero status where an answer differs, a request hangs, or resident memory grows.

How to read it: memory is the highest of the last fifth of the time against that of the second fifth. A fault is an
answer that differs or is stuck; what rounding may decide is none.
"""

import random
import sys
import tempfile
import threading
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.serving.ties import RANKED, TIE, find_gap
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Completion, EngineError, GenerationRequest, Lane
from bot.engine.sampling import Sampling
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrieval.prompt import ChatMessage
from tests.bot.engine.tiny_gguf import write_adapter, write_random_base

CLIENTS, QUESTIONS, MOST_GROWTH, STUCK_SECONDS = 16, 40, 0.02, 120.0
MOST_ROUNDED = 0.002
"""Answers that rounding may decide beyond a tie: a random model's attention can be tied as well, which amplifies it."""
SYSTEM = ChatMessage("system", "You are Chip, the support assistant of a company that sells robots.")


@dataclass(slots=True)
class Soak:
    """What the clients share: the engine, the right answers, and what went wrong."""

    engine: LlamaEngine
    expected: dict[tuple[str | None, int], str]
    until: float
    enough: float
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)  # the highest resident memory, by fifths of the time

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until or self.outcomes.total() >= self.enough


def build_request(number: int) -> GenerationRequest:
    """Return the question of this number; some are long, some threads."""
    turns = tuple(
        ChatMessage(role, f"turn {turn} of {number}") for turn in range(number % 4) for role in ("user", "assistant")
    )
    messages = (SYSTEM, *turns, ChatMessage("user", f"Question {number}? " + "x" * (7 * (number % 11))))
    return GenerationRequest(f"soak-{number}", messages, max_tokens=12 + number % 30, sampling=RANKED)


def run(
    seconds: float, folder: Path, *, clients: int = CLIENTS, draft_tokens: int = 4, enough: float = float("inf")
) -> Soak:
    """Soak a tiny model for this long, or until this many requests have ended, and return what happened."""
    base = write_random_base(folder / "base")
    adapters = [None, write_adapter(folder / "one", base, seed=1), write_adapter(folder / "two", base, seed=2)]
    settings = EngineSettings(
        slots=4, threads=1, context_tokens=512, queue=64, park_megabytes=4, draft_tokens=draft_tokens
    )
    engine = LlamaEngine(base, settings)
    try:
        soak = Soak(engine, _read_answers(engine, adapters), time.monotonic() + seconds, enough)
        threads = [threading.Thread(target=_be_a_client, args=(soak, number)) for number in range(clients)]
        threads.append(threading.Thread(target=_swap, args=(soak, adapters)))
        for thread in threads:
            thread.start()
        _watch_memory(soak, seconds)
        for thread in threads:
            thread.join(STUCK_SECONDS)
        soak.faults += [f"{thread.name} is stuck" for thread in threads if thread.is_alive()]
        answered = soak.outcomes["length"] + soak.outcomes["stop"]
        if soak.outcomes["rounded"] > max(1, MOST_ROUNDED * answered):
            soak.faults.append(f"{soak.outcomes['rounded']} of {answered} answers differ by more than a tie")
        if restarts := engine.metrics.value("restarts_total"):
            soak.faults.append(f"the engine's thread died {restarts:.0f} times")
        return soak
    finally:
        engine.close()


def _read_answers(engine: LlamaEngine, adapters: list[Adapter | None]) -> dict[tuple[str | None, int], str]:
    answers = {}
    for adapter in adapters:
        engine.use_adapter(adapter)
        for number in range(QUESTIONS):
            done = engine.submit(build_request(number)).completion()
            answers[done.adapter_id, number] = done.text
    return answers


def _be_a_client(soak: Soak, seed: int) -> None:
    chance = random.Random(seed)
    while not soak.is_over:
        try:
            _ask_one(soak, chance)
        except EngineError as error:
            soak.outcomes[type(error).__name__] += 1
        except Exception as error:
            soak.faults.append(repr(error))


def _ask_one(soak: Soak, chance: random.Random) -> None:
    number, kind = chance.randrange(QUESTIONS), chance.random()
    request = replace(build_request(number), person=f"U{chance.randrange(6)}")
    if kind < 0.05:
        request = replace(request, prompt_tokens=(1, 10**7))
    elif kind < 0.10:
        request = replace(request, sampling=Sampling(grammar='root ::= "yes" | "no"'))
    elif kind < 0.15:
        request = replace(request, deadline_seconds=chance.choice((0.001, 0.05)))
    elif kind < 0.20:
        request = replace(request, temperature=1.0, seed=number)
    generation = soak.engine.submit(request)
    if chance.random() < 0.3:
        time.sleep(chance.random() * 0.05)
        generation.cancel()
    text = "".join(generation)
    done = generation.completion()
    soak.outcomes[done.finish] += 1
    if text != done.text:
        soak.faults.append(f"question {number}: the pieces are not the answer")
    if request.temperature == 0 and request.sampling.grammar is None:
        _judge(soak, number, done)


def _judge(soak: Soak, number: int, done: Completion) -> None:
    """Compare a greedy answer with the idle engine's: the same, a tie decided by rounding, or another adapter's."""
    gap = find_gap(done, soak.expected[done.adapter_id, number])
    if gap is None:
        return
    others = [
        text for (adapter, asked), text in soak.expected.items() if asked == number and adapter != done.adapter_id
    ]
    if gap == float("inf") or any(text.startswith(done.text) for text in others if len(done.text) > 3):
        soak.faults.append(f"question {number} with {done.adapter_id} was cut, or answered by another adapter")
    soak.outcomes["tie" if gap < TIE else "rounded"] += 1


def _swap(soak: Soak, adapters: list[Adapter | None]) -> None:
    chance = random.Random(0)
    while not soak.is_over:
        soak.engine.use_adapter(chance.choice(adapters), chance.choice((Lane.LIVE, Lane.LIVE, Lane.TRIAL)))
        soak.outcomes["swap"] += 1
        time.sleep(chance.random() * 0.5)


def _watch_memory(soak: Soak, seconds: float) -> None:
    """Compare the highest resident memory of the last fifth with that of the second fifth."""
    process, samples = psutil.Process(), array("q")  # a list of them would grow by half a megabyte itself
    while not soak.is_over:
        samples.append(process.memory_info().rss)
        time.sleep(0.05)
    if len(samples) < 5:
        return
    fifth = len(samples) // 5
    soak.memory = [max(samples[place * fifth : (place + 1) * fifth]) for place in range(5)]
    before, after = soak.memory[1], soak.memory[-1]
    if seconds >= 60 and soak.enough == float("inf") and after > before * (1 + MOST_GROWTH):
        soak.faults.append(f"memory grew from {before} to {after} bytes")


def build_figures(soak: Soak) -> Iterator[Figure]:
    """Yield what was answered, swapped and cancelled, the memory's growth and the faults."""
    outcomes = soak.outcomes
    yield Figure("answers", outcomes["length"] + outcomes["stop"])
    yield Figure("swaps", outcomes["swap"])
    yield Figure("cancels", outcomes["cancelled"])
    if soak.memory:
        before, after = soak.memory[1], soak.memory[-1]
        yield Figure("memory, second fifth", before / 2**20, "MiB")
        yield Figure("memory, last fifth", after / 2**20, "MiB")
        yield Figure("growth of memory", 100 * (after / before - 1), "%", goal="≤ 2")
    yield Figure("faults", len(soak.faults), goal="= 0")


def main() -> None:
    """Soak, print and keep the figures; exit 1 after a fault."""
    parser = build_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    chosen = parser.parse_args()
    begun = begin_run(__file__, chosen)
    with tempfile.TemporaryDirectory() as folder:
        soak = run(chosen.minutes * 60, Path(folder))
    print("\n".join(soak.faults[:20]) or "nothing leaked, hung or mixed")
    record(begun, build_figures(soak), chosen.results)
    sys.exit(bool(soak.faults))


if __name__ == "__main__":
    main()
