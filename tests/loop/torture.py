"""The torture: the real `chip run` is killed again and again while people ask and vote and a third of its acks is lost.

`python -m tests.loop.torture` runs the long one: 500 questions, 20 kills. The workspace lives in this process, Chip in
another, over Socket Mode or HTTP (`--transport http`). What must hold afterwards is `Outcome.faults`: one answer to
each question, each verdict in the ledger.
"""

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bot.core import make_id, now_utc
from bot.views import blocks
from bot.workspace.board import Message
from bot.workspace.errors import Refusal
from bot.workspace.server import LocalWorkspace
from bot.workspace.socket_mode import Delivery
from bot.workspace.visitor import Visitor
from feedback import inbox, replies, votes
from feedback.database import Database, open_database

PROJECT = Path(__file__).resolve().parents[2]
TEAM, HELP = "T0LOCAL", "C0HELP"
PLACES = {"U0CLEO": "D0CLEO", "U0SAM": "D0SAM", "U0ADA": "D0ADA"}
DOCUMENT = """---
title: Tansy 4
audience: customer
---
The Tansy 4 runs for 55 minutes on one charge. The battery of the Tansy 4 charges in 80 minutes.
"""
QUESTIONS = ("How long does the Tansy 4 run on one charge?", "In how many minutes does the battery charge?", "Hello!")
OPEN_AT_ONCE = 24  # questions; as many as a busy team has
LOST_ACKS = 1 / 3
PATIENCE_SECONDS = 600.0  # a start takes 5 s of computing, which is minutes where five others compute too
TELL_SECONDS = 30.0
SECRET = "torture"
# Three seconds for an ack, as Slack; again sooner than it. What finds no socket waits for one; what finds no port is
# given up by Slack after three retries, which a start outlasts: here it comes until it is taken.
SOONER = (0.0, 5.0, 30.0)
UNTIL_TAKEN = (0.0, 5.0, *[10.0] * 60)

Transport = Literal["socket", "http"]

START_CHIP = "from bot.cli.main import main; main()"


@dataclass(slots=True)
class Asked:
    """A question and what became of it. `wanted` is the verdict that its asker means to give."""

    person: str
    channel: str
    ts: str
    wanted: str
    by_button: bool
    has_voted: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and everything that should not be; `faults` is empty when all is well."""

    questions: int
    verdicts: int
    kills: int
    redelivered: int
    seconds: float
    faults: list[str]


@dataclass(slots=True)
class Torture:
    """One run in a folder of its own. `run` is the story."""

    folder: Path
    chance: random.Random
    workspace: LocalWorkspace
    port: int | None = None  # where Chip listens, over HTTP
    asked: list[Asked] = field(default_factory=list)
    kills: int = 0
    tell: Callable[[str], None] = lambda text: None  # noqa: ARG005
    _process: subprocess.Popen[bytes] | None = None

    def run(self, questions: int, kills: int) -> Outcome:
        """Ask, vote and kill until everything asked is answered and voted on, or patience ends."""
        started = time.monotonic()
        (self.folder / "documents").mkdir()
        (self.folder / "documents" / "tansy.md").write_text(DOCUMENT, encoding="utf-8")
        self.workspace.faults.lose_share_of_acks(LOST_ACKS)
        self._start()
        if self.port is not None:
            self._wait_until_up()
            self.workspace.deliver_to(f"http://127.0.0.1:{self.port}/slack/events", SECRET)
        next_kill = self._when_to_kill()
        quiet_since = time.monotonic()
        told = started
        while len(self.asked) < questions or self._open() or not all(one.has_voted for one in self.asked):
            before = self._progress()
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                self.tell(f"{told - started:.0f} s: {before[0]} asked, {before[2]} voted on, {self.kills} kills")
            share = questions * self.kills // (kills + 1)
            if self.kills < kills and time.monotonic() > next_kill and len(self.asked) >= share:
                self._kill()
                self._start()
                next_kill = self._when_to_kill()
            elif len(self._open()) < OPEN_AT_ONCE and len(self.asked) < self._may_ask(questions, kills):
                self._ask()
            self._vote()
            if self._progress() != before:
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since > PATIENCE_SECONDS:
                break
            time.sleep(0.02)
        self._settle()
        return self._judge(time.monotonic() - started)

    def close(self) -> None:
        """End the process, as a person would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)

    def _progress(self) -> tuple[int, int, int]:
        return len(self.asked), len(self._open()), sum(one.has_voted for one in self.asked)

    def _start(self) -> None:
        environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CHIP_", "SLACK_"))},
            "PYTHONPATH": str(PROJECT),
            "CHIP_DATA": str(self.folder / "var"),
            "CHIP_KNOWLEDGE__FOLDER": str(self.folder / "documents"),
            "CHIP_ENGINE__ANSWER_TOKENS": "32",
            "CHIP_SLACK__BASE_URL": self.workspace.api_url,
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            "SLACK_APP_TOKEN": self.workspace.app_token,
            "SLACK_SIGNING_SECRET": SECRET,
        }
        if self.port is not None:
            environment = {**environment, "CHIP_SLACK__TRANSPORT": "http", "CHIP_HTTP__PORT": str(self.port)}
        with (self.folder / "chip.log").open("ab") as log:
            command = [sys.executable, "-c", START_CHIP, "run"]
            self._process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.kills += 1

    def _when_to_kill(self) -> float:
        """A moment at most some seconds after Chip is connected; one in five comes while it still starts."""
        if self.chance.random() > 0.2:
            self._wait_until_up()
        return time.monotonic() + self.chance.uniform(0.0, 5.0)

    def _wait_until_up(self) -> None:
        self.workspace.wait_for(self._is_up, PATIENCE_SECONDS)

    def _is_up(self) -> bool:
        """Whether Chip can be reached: by its sockets, or at its port."""
        if self.port is None:
            return self.workspace.is_connected()
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def _may_ask(self, questions: int, kills: int) -> float:
        """How many may be asked by now: in half of the looks none, and no kill's share before the kill."""
        return questions * (self.kills + 1) / (kills + 1) if self.chance.random() < 0.5 else 0

    def _ask(self) -> None:
        person = self.chance.choice(list(PLACES))
        text = self.chance.choice(QUESTIONS)
        in_channel = self.chance.random() < 0.3
        channel = HELP if in_channel else PLACES[person]
        ts = self.workspace.visit(person).post(channel, f"@Chip {text}" if in_channel else text)
        self.asked.append(Asked(person, channel, ts, self.chance.choice(["up", "down"]), self.chance.random() < 0.5))

    def _vote(self) -> None:
        for one in self.asked:
            if one.has_voted or not (answers := self._answers(one)):
                continue
            visitor = self.workspace.visit(one.person)
            if one.by_button:
                one.has_voted = self._press(visitor, one, answers[0])
            else:
                visitor.react(one.channel, answers[0].ts, "+1" if one.wanted == "up" else "thumbsdown")
                one.has_voted = True
            return  # one at a time, so that a kill comes between them

    def _press(self, visitor: Visitor, one: Asked, answer: Message) -> bool:
        """Press the button, as a person does who is told when it failed and then presses again."""
        try:
            shown = visitor.wait_for_message(one.channel, lambda m: m["ts"] == answer.ts, one.ts)
            return visitor.click(shown, one.channel, blocks.VOTE, f"{one.wanted}:{_reply_id(answer)}")
        except Refusal:
            return False

    def _answers(self, one: Asked) -> list[Message]:
        thread = self.workspace.inside(lambda w: w.board.replies(one.channel, one.ts))
        return [message for message in thread if message.bot_id and _has_buttons(message)]

    def _open(self) -> list[Asked]:
        return [one for one in self.asked if not one.has_voted and not self._answers(one)]

    def _settle(self) -> None:
        db = self._open_database()
        try:
            self.workspace.wait_for(
                lambda: self.workspace.is_idle() and not inbox.find_unfinished(db), PATIENCE_SECONDS
            )
        except TimeoutError:
            pass  # the judge names what is unfinished
        finally:
            db.close()

    def _judge(self, seconds: float) -> Outcome:
        db = self._open_database()
        faults = [fault for one in self.asked for fault in self._judge_one(db, one)]
        faults += [f"{event.key} is not done" for event in inbox.find_unfinished(db)]
        faults += [f"a status stays in {place}" for place in self.workspace.statuses()]
        db.close()
        redelivered = self.workspace.inside(lambda w: w.line.redelivered)
        voted = sum(one.has_voted for one in self.asked)
        return Outcome(len(self.asked), voted, self.kills, redelivered, seconds, faults)

    def _judge_one(self, db: Database, one: Asked) -> list[str]:
        thread = self.workspace.inside(lambda w: w.board.replies(one.channel, one.ts))
        said = [message for message in thread if message.bot_id]
        name = f"question {one.ts} in {one.channel}"
        if [_has_buttons(message) for message in said] != [True]:
            return [f"{name} has {len(said)} messages, {sum(map(_has_buttons, said))} of them with buttons"]
        found = replies.find_replies_to(db, TEAM, one.channel, one.ts)
        if [reply.id for reply in found] != [_reply_id(said[0])]:
            return [f"{name} has {len(found)} recorded replies"]
        verdict = votes.verdicts(db, found[0].id).get(one.person)
        faults = [] if verdict == one.wanted else [f"{name} was voted {one.wanted}, the ledger has {verdict}"]
        return faults + ([f"{name} still streams"] if said[0].streaming else [])

    def _open_database(self) -> Database:
        url = f"sqlite:///{self.folder / 'var' / 'chip.db'}"
        return open_database(url, clock=now_utc, new_id=make_id)


def torture(
    folder: Path,
    *,
    questions: int,
    kills: int,
    seed: int = 0,
    transport: Transport = "socket",
    tell: Callable[[str], None] = lambda text: None,  # noqa: ARG005
) -> Outcome:
    """Run in an empty folder and return what came of it; `tell` hears how far it is."""
    port = _find_port() if transport == "http" else None
    delivery = Delivery(redelivery_seconds=SOONER if port is None else UNTIL_TAKEN)
    with LocalWorkspace(delivery=delivery) as workspace:
        run = Torture(folder, random.Random(seed), workspace, port, tell=tell)
        try:
            return run.run(questions, kills)
        finally:
            run.close()


def _find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _has_buttons(message: Message) -> bool:
    return any(_find_value(block) for block in message.blocks)


def _reply_id(message: Message) -> str:
    return next(value for block in message.blocks if (value := _find_value(block))).partition(":")[2]


def _find_value(block: Mapping[str, Any]) -> str:
    """Return the value behind a block's thumbs-up; empty where it has none."""
    buttons = [e for e in block.get("elements", []) if e.get("type") == "feedback_buttons"]
    return str(buttons[0]["positive_button"]["value"]) if buttons else ""


def main() -> None:
    """Run the long one, print what was measured, and exit with 1 when anything was lost or came twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--transport", choices=["socket", "http"], default="socket")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = torture(
            Path(folder),
            questions=chosen.questions,
            kills=chosen.kills,
            seed=chosen.seed,
            transport=chosen.transport,
            tell=lambda text: print(text, file=sys.stderr, flush=True),
        )
    print(
        f"{outcome.questions} questions, {outcome.verdicts} verdicts, {outcome.kills} kills, "
        f"{outcome.redelivered} redeliveries in {outcome.seconds:.0f} s: {len(outcome.faults)} faults"
    )
    for fault in outcome.faults:
        print(f"  {fault}")
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
