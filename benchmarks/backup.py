"""Measures back-ups of a Chip that takes events all the time: what is missing, how long it takes, what it costs.

python -m benchmarks.backup [--backups 5]

Starts the real `chip run` over HTTP on one document. Several senders post signed events and note each one that Chip
acknowledged, while questions are answered. Meanwhile `chip backup` runs in a process of its own, as a timer would start
it. The last back-up is tried out and restored. Nothing is asserted.

How to read it: an event that was acknowledged before a back-up began and is in none of its files is missing. Times are
those of a busy machine if its load is above two.
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from slack_sdk.signature import SignatureVerifier

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.slack.running import CLEO, DIRECT, HELP, PROJECT, QUESTION, SECRET, running_chip
from bot.workspace.server import LocalWorkspace

SENDERS = 4
PAUSE_SECONDS = 0.05
QUESTIONS = 8  # before each back-up
BACKUPS = 5


@dataclass(slots=True)
class Senders:
    """Threads that post events until told to stop. `acknowledged` holds when each ack came and how long it took."""

    address: str
    team: str
    acknowledged: dict[str, tuple[float, float]] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Senders":
        self.threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _send(self, number: int) -> None:
        sign, count = SignatureVerifier(SECRET), 0
        with httpx.Client(timeout=30.0) as client:
            while not self.stop.wait(PAUSE_SECONDS):
                count += 1
                key = f"Ev{number}X{count}"
                body = json.dumps(self._build_event(key))
                at, began = str(int(time.time())), time.monotonic()
                signature = sign.generate_signature(timestamp=at, body=body) or ""
                headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature}
                if client.post(self.address, content=body, headers=headers).status_code == 200:
                    now = time.monotonic()
                    self.acknowledged[key] = (now, now - began)

    def _build_event(self, key: str) -> dict[str, object]:
        ts = f"{time.time():.6f}"
        said = {"type": "message", "user": CLEO, "text": f"Nobody is asked, {key}", "ts": ts, "event_ts": ts}
        event = said | {"channel": HELP, "channel_type": "channel"}
        envelope = {"type": "event_callback", "team_id": self.team, "event_id": key, "event_time": int(time.time())}
        return envelope | {"event": event}


@dataclass(frozen=True, slots=True)
class Backup:
    """One back-up under load: how long it took, its bytes, and which acknowledged events it lacks of how many."""

    began: float
    seconds: float
    size: int
    due: int
    missing: int


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--backups", type=int, default=BACKUPS)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, list(measure(chosen.backups)), chosen.results)


def measure(count: int) -> Iterator[Figure]:
    """Back up under load, then try the last back-up out and restore it."""
    with tempfile.TemporaryDirectory() as name, LocalWorkspace() as workspace:
        folder = Path(name)
        with running_chip(folder, workspace, "http") as address, Senders(address, find_team(workspace)) as senders:
            time.sleep(5.0)
            backups = [back_up(folder, workspace, senders, number) for number in range(count)]
        last = folder / f"backup-{count - 1}"
        verify_seconds = run_chip(folder, "restore", str(last), "--verify")
        (folder / "elsewhere").mkdir()
        restore_seconds = run_chip(folder / "elsewhere", "restore", str(last))
        restored = len(set(list_events(folder / "elsewhere" / "var")) & senders.acknowledged.keys())
    yield Figure("events acknowledged before the last back-up", backups[-1].due)
    yield Figure(
        f"acknowledged events that are missing, in {count} back-ups", sum(one.missing for one in backups), goal="= 0"
    )
    yield Figure("events there after the restore", restored, goal=f"≥ {backups[-1].due}")
    seconds = [one.seconds for one in backups]
    yield Figure("chip backup under load, median", statistics.median(seconds), "s", low=min(seconds), high=max(seconds))
    yield Figure("size of the last back-up", backups[-1].size / 2**20, "MiB")
    during = [
        took for at, took in senders.acknowledged.values() if any(0 <= at - b.began <= b.seconds for b in backups)
    ]
    before = [took for at, took in senders.acknowledged.values() if at < backups[0].began]
    yield Figure("ack, p99, before the first back-up", find_p99(before), "ms")
    yield Figure("ack, p99, while a back-up is made", find_p99(during), "ms")
    yield Figure("chip restore --verify", verify_seconds, "s")
    yield Figure("chip restore", restore_seconds, "s")


def back_up(folder: Path, workspace: LocalWorkspace, senders: Senders, number: int) -> Backup:
    """Make one back-up while questions are answered, and look for all events that were acknowledged before it began."""
    for _ in range(QUESTIONS):
        workspace.visit(CLEO).post(DIRECT, QUESTION)
    due, began = set(senders.acknowledged), time.monotonic()
    target = folder / f"backup-{number}"
    seconds = run_chip(folder, "backup", str(target))
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Backup(began, seconds, size, len(due), len(due - set(list_events(target))))


def run_chip(folder: Path, *arguments: str) -> float:
    """Run a command of Chip's on the data folder `var` in this folder; return its seconds. Raise if it fails."""
    began = time.monotonic()
    environment = os.environ | {"CHIP_DATA": str(folder / "var")}
    subprocess.run(
        [sys.executable, "-m", "bot", *arguments], cwd=PROJECT, env=environment, check=True, capture_output=True
    )
    return time.monotonic() - began


def list_events(folder: Path) -> Iterator[str]:
    """Yield the ids of all events in the files of a data folder."""
    with closing(sqlite3.connect(folder / "chip.db")) as database:
        yield from (key for (key,) in database.execute("SELECT event_key FROM inbox"))
    with closing(sqlite3.connect(folder / "arrivals.db")) as arrivals:
        yield from (json.loads(body)["event_id"] for (body,) in arrivals.execute("SELECT body FROM arrivals"))


def find_team(workspace: LocalWorkspace) -> str:
    """Return the id of the workspace's team."""
    answer = httpx.post(f"{workspace.api_url}auth.test", headers={"Authorization": f"Bearer {workspace.bot_token}"})
    return str(answer.json()["team_id"])


def find_p99(seconds: list[float]) -> float:
    """Return the 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000


if __name__ == "__main__":
    main()
