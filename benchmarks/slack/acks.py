"""Measures how fast Chip acknowledges what Slack delivers, and Chip's own part of the time to an answer's first text.

python -m benchmarks.slack.acks [--transport http]

Starts the real `chip run` on one document against a local workspace in this process, over Socket Mode or HTTP. Nothing
is asserted: a busy machine gives slow figures.

How to read it: the workspace that plays Slack shares the processor with Chip, and the time that requests over HTTP wait
there is in the figures. The burst comes while questions are answered, so that the model is busy until its end.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.slack.own_part import measure_own_part
from benchmarks.slack.running import CLEO, DIRECT, HELP, QUESTION, TRANSPORTS, open_questions, running_chip
from bot.core import make_id, now_utc
from bot.workspace.board import Message
from bot.workspace.server import LocalWorkspace
from bot.workspace.workspace import Workspace
from feedback.database import open_database
from feedback.tables import inbox

ASKING = 8  # conversations in progress while acks are measured
UNDER_WAY = 60  # questions waiting or being answered when a burst begins, so that the model is busy until its end
EVENTS, BURST = 300, 1_000
WAIT_SECONDS = 180.0


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--transport", choices=list(TRANSPORTS), default="socket")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    figures = (*measure_acks(chosen.transport), *measure_own_part(chosen.transport))
    record(run, (replace(figure, on=TRANSPORTS[chosen.transport]) for figure in figures), chosen.results)


def measure_acks(transport: str) -> Iterator[Figure]:
    """Measure acks while the model generates, and of a burst."""
    with tempfile.TemporaryDirectory() as name, LocalWorkspace() as workspace, ExitStack() as stack:
        folder = Path(name)
        stack.enter_context(running_chip(folder, workspace, transport))
        yield from measure_while_generating(workspace)
        yield from measure_burst(workspace, folder)


def measure_while_generating(workspace: LocalWorkspace) -> Iterator[Figure]:
    """Keep conversations in progress, and deliver an event every 30 ms."""
    visitor = workspace.visit(CLEO)
    visitor.wait_for_reply(DIRECT, visitor.post(DIRECT, QUESTION), WAIT_SECONDS)  # from here on everything is loaded
    workspace.inside(lambda w: w.line.ack_seconds.clear())
    for number in range(EVENTS):
        if len(open_questions(workspace)) < ASKING:
            visitor.post(DIRECT, QUESTION)
        visitor.post(HELP, f"A message that asks nobody, number {number}")
        time.sleep(0.03)
    workspace.wait_for(lambda: not open_questions(workspace) and workspace.is_idle(), WAIT_SECONDS)
    p50, p99 = find_percentiles(workspace)
    yield Figure(f"ack while {ASKING} answers are made, p50 of {EVENTS} and more", p50, "ms")
    yield Figure(f"ack while {ASKING} answers are made, p99", p99, "ms", goal="≤ 50")


def measure_burst(workspace: LocalWorkspace, folder: Path) -> Iterator[Figure]:
    """Deliver a thousand events at once while the model generates, and count what is stored."""
    stored = count_stored(folder)
    for _ in range(UNDER_WAY):
        workspace.visit(CLEO).post(DIRECT, QUESTION)
    workspace.wait_for(workspace.is_idle, WAIT_SECONDS)
    workspace.inside(lambda w: w.line.ack_seconds.clear())
    redelivered = workspace.inside(lambda w: w.line.redelivered)
    started = time.perf_counter()
    workspace.inside(post_burst)
    workspace.wait_for(workspace.is_idle, WAIT_SECONDS)
    seconds = time.perf_counter() - started
    under_way = len(open_questions(workspace))
    while count_stored(folder) - stored < BURST and time.perf_counter() - started < WAIT_SECONDS:
        time.sleep(0.2)
    taken = time.perf_counter() - started
    burst = f"{BURST:,} events at once"
    p50, p99 = find_percentiles(workspace)
    yield Figure(f"{burst}: until all are acknowledged", seconds, "s")
    yield Figure(f"{burst}: until all are in the inbox", taken, "s")
    yield Figure(f"{burst}: answers still to be made when the last was acknowledged", under_way, goal="≥ 1")
    yield Figure(f"{burst}: ack, p50, with the time in the queue before it", p50, "ms")
    yield Figure(f"{burst}: ack, p99, with the time in the queue before it", p99, "ms")
    yield Figure(f"{burst}: delivered again", workspace.inside(lambda w: w.line.redelivered) - redelivered)
    yield Figure(f"{burst}: lost", BURST - (count_stored(folder) - stored), goal="= 0")


def post_burst(workspace: Workspace) -> None:
    """Post without a pause. Runs on the workspace's thread."""
    for number in range(BURST):
        ts = workspace.timeline.next_ts()
        workspace.board.post(Message(channel=HELP, ts=ts, user=CLEO, text=f"Nobody is asked, number {number}"))


def count_stored(folder: Path) -> int:
    """Return how many events of the channel are in Chip's inbox."""
    db = open_database(f"sqlite:///{folder / 'var' / 'chip.db'}", clock=now_utc, new_id=make_id)
    try:
        with db.read() as connection:
            return len(
                connection.execute(inbox.select().where(inbox.c.kind == "message", inbox.c.channel == HELP)).all()
            )
    finally:
        db.close()


def find_percentiles(workspace: LocalWorkspace) -> tuple[float, float]:
    """Return p50 and p99 of the acks since they were last cleared, in milliseconds."""
    seconds = sorted(workspace.inside(lambda w: list(w.line.ack_seconds)))
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    return statistics.median(seconds) * 1000, p99 * 1000


if __name__ == "__main__":
    main()
