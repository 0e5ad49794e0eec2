"""Measures the review's window under load: how fast Approve is acknowledged, and when the next item stands there.

python -m benchmarks.slack.review

Starts the real `chip run` on one document against a local workspace in this process. Eight conversations are in
progress while staff approve one imported answer after another. Slack gives up after three seconds. Nothing is asserted.

How to read it: the workspace that plays Slack shares the processor with Chip. The acknowledgement holds no search; the
next item does, and it waits for the processor that eight answers share.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.slack.acks import ASKING, WAIT_SECONDS
from benchmarks.slack.running import CLEO, DIRECT, QUESTION, open_questions, running_chip
from bot.core import make_id, now_utc
from bot.workspace.server import LocalWorkspace
from bot.workspace.visitor import Visitor
from feedback.database import open_database
from feedback.history.imports import NewPair, Use, record_import, record_pairs

STAFF, SAM = "C0STAFF", "U0SAM"
APPROVED = 30


def main() -> None:
    """Measure, print and keep the figures."""
    chosen = build_parser(__doc__).parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure(), chosen.results)


def measure() -> Iterator[Figure]:
    """Approve one after another while questions are answered."""
    with tempfile.TemporaryDirectory() as name, LocalWorkspace() as workspace:
        folder = Path(name)
        with running_chip(folder, workspace, "socket"):
            fill(folder)
            cleo, sam = workspace.visit(CLEO), workspace.visit(SAM)
            cleo.wait_for_reply(DIRECT, cleo.post(DIRECT, QUESTION), WAIT_SECONDS)
            sam.command(STAFF, "/chip review")
            acks, shown = [], []
            for number in range(APPROVED):
                wait_for_item(workspace, sam, number)
                while len(open_questions(workspace)) < ASKING:
                    cleo.post(DIRECT, QUESTION)
                started = time.perf_counter()
                sam.submit_view({})
                acks.append((time.perf_counter() - started) * 1000)
                wait_for_item(workspace, sam, number + 1)
                shown.append((time.perf_counter() - started) * 1000)
    for what, times, goal in (("acknowledged", acks, "≤ 1000"), ("the next item shown", shown, "")):
        ordered = sorted(times)
        yield Figure(
            f"Approve while {ASKING} answers are made, until {what}, p50 of {APPROVED}", ordered[APPROVED // 2], "ms"
        )
        yield Figure(f"Approve while {ASKING} answers are made, until {what}, slowest", ordered[-1], "ms", goal=goal)


def fill(folder: Path) -> None:
    """Let imported answers wait, one more than are approved."""
    db = open_database(f"sqlite:///{folder / 'var' / 'chip.db'}", clock=now_utc, new_id=make_id)
    import_id = record_import(db, by=SAM, source="bench", digest="bench", used_as=Use.REVIEW)
    pairs = [
        NewPair(
            f"How is model {number} cleaned?",
            f"Wipe model {number} with a cloth.",
            str(number),
            "a",
            "b",
            "customer",
            None,
        )
        for number in range(APPROVED + 1)
    ]
    record_pairs(db, import_id, pairs)
    db.close()


def wait_for_item(workspace: LocalWorkspace, sam: Visitor, number: int) -> dict[str, Any]:
    """Return the window once it shows the item of this number."""

    def find() -> dict[str, Any] | None:
        view = sam.view()
        return view if view and f"model {number} " in json.dumps(view["blocks"]) else None

    return workspace.wait_for(find, WAIT_SECONDS)


if __name__ == "__main__":
    main()
