"""One system, one workload, one repetition, in a process of its own: prints one line of JSON for each concurrency.

A closed loop: each of the clients sends its next request when its last one has ended. Called by `__main__`.
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
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.serving.models import SIZES, first_word, prepare
from benchmarks.serving.systems import Programs, Send, Tuning, open_system
from benchmarks.serving.workload import ANSWER, Ask, build_desk, build_uniform

WARM_UP_SEED, FIRST_SEED = 7, 100
WARM_UP_TOKENS = 20
"""After the shared prefix: the warm-up should leave the prefix in every slot, start every thread, and be short."""
MOST_LOST = 0.9
"""Some systems sometimes send two tokens in one piece. One that answers less than this is not compared."""


@dataclass(slots=True)
class Run:
    """The clients' shared state: what is still to be sent, and the seconds that each request took."""

    waiting: deque[Ask]
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    ended: dict[int, threading.Event] = field(default_factory=dict)
    pieces: int = 0


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
    if run.pieces < MOST_LOST * ANSWER * len(asks):
        raise SystemExit(f"only {run.pieces} pieces came for {len(asks)} answers of {ANSWER} tokens")
    return {
        "seconds": wall,
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
        run.pieces += len(times)
        run.gaps.extend(after - before for before, after in itertools.pairwise(times))
        run.ended[ask.index].set()


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds of processor time until now: of the whole machine, and of this process with its children."""

    at: float
    everyone: float
    ours: float

    def find_others(self, later: "Work") -> float:
        """Return how many cores other processes used since then, on average."""
        return max(0.0, later.everyone - later.ours - self.everyone + self.ours) / (later.at - self.at)


def read_work() -> Work:
    """Read the machine's times. A child that has ended counts among the others."""
    machine, me = psutil.cpu_times(), psutil.Process()
    family = [times for process in (me, *me.children(recursive=True)) if (times := process.cpu_times())]
    idle = machine.idle + getattr(machine, "iowait", 0.0) + getattr(machine, "guest", 0.0)
    return Work(time.monotonic(), sum(machine) - idle, sum(times.user + times.system for times in family))


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("system", "size", "workload"):
        parser.add_argument(name)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--llama-server", type=Path)
    parser.add_argument("--xllamacpp", type=Path)
    parser.add_argument("--concurrency", type=int, nargs="+", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--flash-attention", default="on")
    parser.add_argument("--count", type=int, required=True)
    chosen = parser.parse_args()
    words = first_word(SIZES[chosen.size].vocabulary)
    tuning = Tuning(chosen.threads, chosen.flash_attention == "on")
    programs = Programs(chosen.llama_server, chosen.xllamacpp)
    with open_system(chosen.system, prepare(chosen.size, chosen.models), programs, tuning) as send:
        measure(send, build_uniform(words, 8, WARM_UP_SEED, distinct=WARM_UP_TOKENS), 8)
        for clients in chosen.concurrency:
            build = build_uniform if chosen.workload == "A" else build_desk
            asks = build(words, chosen.count, FIRST_SEED + clients)
            at, load, before = datetime.now(UTC).isoformat(timespec="seconds"), os.getloadavg()[0], read_work()
            figures = measure(send, asks, clients)
            after = read_work()
            conditions = {
                "at": at,
                "load": load,
                "others": before.find_others(after),
                "threads": chosen.threads,
                "flash": chosen.flash_attention,
            }
            figures["processor_seconds"] = after.ours - before.ours
            named = {"clients": clients, "requests": chosen.count, "sent": len(asks)}
            print(json.dumps({**named, **conditions, **figures}), flush=True)


if __name__ == "__main__":
    main()
