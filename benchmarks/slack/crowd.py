"""Lets two hundred people ask at once, and measures who is answered when, and what the waiting people are told.

python -m benchmarks.slack.crowd [--transport http] [--people 200]

Starts the real `chip run` on one document against a local workspace in this process. Nothing is asserted.

How to read it: a place is how far from the order of asking somebody got the first text. Searching and answering in
parallel makes some of these places.
"""

import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.slack.running import TRANSPORTS, running_chip
from bot.workspace.board import Message
from bot.workspace.people import BOT_USER_ID, CHANNELS, PEOPLE, Channel, Directory, Person
from bot.workspace.server import LocalWorkspace
from bot.workspace.workspace import Workspace

PEOPLE_AT_ONCE = 200
QUESTIONS = (
    "How long does the Moss 2 run on one charge?",
    "What is the running time of the Moss 2?",
    "How many minutes does the Moss 2 run?",
    "Does the Moss 2 run for an hour on one charge?",
)
WAIT_SECONDS = 420.0
LOOK_SECONDS = 0.05
_TOLD = re.compile(r"is answering (\d+) others first(?:, which takes about (\d+) s)?")


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--transport", choices=list(TRANSPORTS), default="socket")
    parser.add_argument("--people", type=int, default=PEOPLE_AT_ONCE)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    on = f"{chosen.people} people, {TRANSPORTS[chosen.transport]}"
    figures = list(measure_crowd(chosen.transport, chosen.people))
    record(run, (replace(figure, on=on) for figure in figures), chosen.results)


def measure_crowd(transport: str, people: int) -> Iterator[Figure]:
    """Let everybody ask at once and watch until all are answered."""
    crowd = [Person(f"U1{n:05d}", f"person{n}", f"Person {n}", "customer", "#888888") for n in range(people)]
    rooms = [Channel(f"D1{n:05d}", "", frozenset({one.id, BOT_USER_ID}), is_im=True) for n, one in enumerate(crowd)]
    directory = Directory([*PEOPLE, *crowd], [*CHANNELS, *rooms])
    with tempfile.TemporaryDirectory() as name, LocalWorkspace(directory=directory) as workspace:
        with running_chip(Path(name), workspace, transport):
            visitor = workspace.visit("U0CLEO")
            visitor.wait_for_reply("D0CLEO", visitor.post("D0CLEO", QUESTIONS[0]), WAIT_SECONDS)
            began = time.monotonic()
            asked = workspace.inside(lambda w: [ask(w, number, room) for number, room in enumerate(rooms)])
            told, first_text = watch(workspace, asked, began)
            seconds = time.monotonic() - began
        answers = [m for room in rooms for m in workspace.messages(room.id) if m.bot_id]
    answered = [sum(m.thread_ts == ts for m in answers) for ts in asked]
    order = sorted(first_text, key=lambda ts: first_text[ts])
    places = [abs(order.index(ts) - number) for number, ts in enumerate(asked) if ts in first_text]
    yield Figure("until all were answered", seconds, "s")
    yield Figure("answered once", answered.count(1), goal=f"= {people}")
    yield Figure("not answered", answered.count(0), goal="= 0")
    yield Figure("answered more than once", sum(count > 1 for count in answered), goal="= 0")
    yield Figure("out of turn by at most", max(places), "places")
    yield Figure("out of turn, median", statistics.median(places), "places")
    yield Figure("told how many come before them", len(told), "people")
    timed = [(at + said, first_text[ts]) for ts, notes in told.items() for at, said in notes if said is not None]
    if timed:
        off = statistics.median(abs(said - real) for said, real in timed)
        far = statistics.median(real for _, real in timed)
        yield Figure("named times, median distance from what came", off, "s")
        yield Figure("waits that were named a time, median", far, "s")


def ask(workspace: Workspace, number: int, room: Channel) -> str:
    """Post one person's question and return its ts. Runs on the workspace's thread."""
    ts, person = workspace.timeline.next_ts(), next(iter(room.members - {BOT_USER_ID}))
    text = QUESTIONS[number % len(QUESTIONS)]
    return workspace.board.post(Message(channel=room.id, ts=ts, user=person, text=text)).ts


def watch(
    workspace: LocalWorkspace, asked: list[str], began: float
) -> tuple[dict[str, list[tuple[float, float | None]]], dict[str, float]]:
    """Return what each question was told (when, and the seconds named), and when its first text came, since `began`."""
    told: dict[str, list[tuple[float, float | None]]] = {}
    first_text: dict[str, float] = {}
    seen = 0
    while len(first_text) < len(asked) or not is_over(workspace):
        now = time.monotonic() - began
        if now > WAIT_SECONDS:
            break
        for call in workspace.calls("chat.startStream"):
            if call.arguments["thread_ts"] in asked:
                first_text.setdefault(call.arguments["thread_ts"], now)
        statuses = workspace.calls("assistant.threads.setStatus")
        for call in statuses[seen:]:
            if found := _TOLD.search(call.arguments["status"]):
                named = float(found[2]) if found[2] else None
                told.setdefault(call.arguments["thread_ts"], []).append((now, named))
        seen = len(statuses)
        time.sleep(LOOK_SECONDS)
    return told, first_text


def is_over(workspace: LocalWorkspace) -> bool:
    """Whether nothing is being said any more."""
    return not workspace.inside(lambda w: any(m.streaming for c in w.directory.channels for m in w.board.everything(c)))


if __name__ == "__main__":
    main()
