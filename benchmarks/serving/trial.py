"""One system, one workload, one repetition, in a process of its own: prints one line of JSON for each concurrency.

A closed loop: so many clients, each sends its next request when its last has ended. Called by `__main__`.
"""

import argparse
import itertools
import json
import os
import statistics
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.models import SIZES, first_word, prepare
from benchmarks.serving.systems import Send, open_system
from benchmarks.serving.workload import ANSWER, Ask, build_desk, build_uniform

WARM_UP_SEED, FIRST_SEED = 7, 100


@dataclass(slots=True)
class Run:
    """The clients' shared state: what is still to be sent, and the seconds that each request took."""

    waiting: deque[Ask]
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    ended: dict[int, threading.Event] = field(default_factory=dict)


def measure(send: Send, asks: list[Ask], clients: int) -> dict[str, float]:
    """Return tokens per second, and percentiles of the first token and of the time between tokens, for these asks."""
    run = Run(deque(asks), ended={ask.index: threading.Event() for ask in asks})
    threads = [threading.Thread(target=_be_a_client, args=(send, run)) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    return {
        "tokens_per_second": ANSWER * len(asks) / wall,
        "first_p50": statistics.median(run.firsts),
        "first_p95": sorted(run.firsts)[int(0.95 * (len(run.firsts) - 1))],
        "gap_p50": statistics.median(run.gaps),
    }


def _be_a_client(send: Send, run: Run) -> None:
    while True:
        try:
            ask = run.waiting.popleft()
        except IndexError:
            return
        if ask.after is not None:
            run.ended[ask.after].wait()
        started = time.perf_counter()
        times: list[float] = []
        send(ask.tokens, lambda times=times: times.append(time.perf_counter()))  # type: ignore[misc]
        run.firsts.append(times[0] - started)
        run.gaps.extend(after - before for before, after in itertools.pairwise(times))
        run.ended[ask.index].set()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("system", "size", "workload"):
        parser.add_argument(name)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--llama-server", type=Path)
    parser.add_argument("--concurrency", type=int, nargs="+", required=True)
    parser.add_argument("--count", type=int, required=True)
    chosen = parser.parse_args()
    words = first_word(SIZES[chosen.size].vocabulary)
    with open_system(chosen.system, prepare(chosen.size, chosen.models), chosen.llama_server) as send:
        measure(send, build_uniform(words, 8, WARM_UP_SEED), 8)
        for clients in chosen.concurrency:
            build = build_uniform if chosen.workload == "A" else build_desk
            asks = build(words, chosen.count, FIRST_SEED + clients)
            load = os.getloadavg()[0]
            figures = measure(send, asks, clients)
            print(json.dumps({"clients": clients, "requests": len(asks), "load": load, **figures}), flush=True)


if __name__ == "__main__":
    main()
