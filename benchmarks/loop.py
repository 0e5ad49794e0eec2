"""Measures the whole loop from outside, as a person and an admin meet it: start, answers, a retrain, a swap.

python -m benchmarks.loop [--likes 40] [--corrections 20]

Starts `chip run` on the sample company in a folder of its own and talks to it through the local workspace's page API.
Nothing is asserted: a slow machine gives slow figures.

How to read it: the corrections are the documents' own sentences, as staff would write them. A swap is measured while
eight replies are in progress.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from websockets.sync.client import connect

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.core import find_base
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import GenerationRequest
from config.loading import load_settings
from config.settings import SAMPLE
from retrain.registry import list_adapters
from retrieval.english.sentences import split_sentences
from retrieval.prompt import ChatMessage

PROJECT = Path(__file__).resolve().parent.parent
QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"
PORT = 8399
URL = f"http://127.0.0.1:{PORT}"
SWAPS = 20


@contextmanager
def running_chip(folder: Path) -> Iterator[tuple[psutil.Process, float]]:
    """Run `chip run` and yield its process and the seconds until it said that it is ready."""
    environment = os.environ | {"CHIP_DATA": str(folder), "CHIP_WORKSPACE__PORT": str(PORT)}
    started = time.monotonic()
    command = [sys.executable, "-u", "-m", "bot", "run"]
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        while "Chip is ready" not in (folder / "run.log").read_text():
            if process.poll() is not None:
                raise RuntimeError((folder / "run.log").read_text())
            time.sleep(0.05)
        yield psutil.Process(process.pid), time.monotonic() - started
    finally:
        process.terminate()
        process.wait(60)


def call(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the page's API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def ask(question: str) -> tuple[float, dict[str, Any]]:
    """Ask as Cleo; return the seconds to the first streamed text and the finished answer."""
    with connect(f"{URL.replace('http', 'ws')}/ui/events?user=U0CLEO") as events:
        started = time.monotonic()
        ts = call("/ui/post", {"user": "U0CLEO", "channel": "D0CLEO", "text": question})["ts"]
        first = None
        while True:
            event = json.loads(events.recv(timeout=60))
            message = event.get("message", {})
            if message.get("thread_ts") != ts or message.get("user") == "U0CLEO":
                continue
            if first is None and (message.get("markdown") or message.get("text")):
                first = time.monotonic() - started
            if first is not None and not message["streaming"]:
                return first, message


def vote(message: dict[str, Any], verdict: str) -> None:
    """Press a vote button under an answer, as Cleo."""
    button = next(block for block in message["blocks"] if block["type"] == "context_actions")
    reply_id = button["block_id"].removeprefix("vote_")
    place = {"user": "U0CLEO", "channel": "D0CLEO", "ts": message["ts"]}
    press = {"block_id": button["block_id"], "action_id": "answer_vote", "value": f"{verdict}:{reply_id}"}
    call("/ui/action", place | press)


def correct(message: dict[str, Any], text: str) -> None:
    """Vote down as Cleo and say in the modal what would have been right."""
    with connect(f"{URL.replace('http', 'ws')}/ui/events?user=U0CLEO") as events:
        vote(message, "down")
        view = wait_for(events, "view_opened")["view"]
        values = {"correction_text": {"text": {"type": "plain_text_input", "value": text}}}
        call("/ui/view/submit", {"user": "U0CLEO", "view_id": view["id"], "values": values})


def write_correction(row: dict[str, Any]) -> str:
    """Return what staff would write: the documents' sentence that holds the facts, or only the first fact."""
    for document in row["documents"]:
        for sentence in split_sentences((SAMPLE / "knowledge" / document).read_text(encoding="utf-8")):
            if len(sentence) < 200 and all(any(fact in sentence for fact in group) for group in row["facts"]):
                return sentence.lstrip("#-*| ")
    return f"It is {row['facts'][0][0]}."


def approve_all() -> None:
    """Approve each waiting correction as Ada."""
    for message in call("/ui/messages?user=U0ADA&channel=C0ADMIN")["messages"]:
        for block in message.get("blocks") or []:
            if block["type"] == "actions" and block["elements"][0]["action_id"] == "approve_correction":
                press = {"block_id": block["block_id"], "action_id": "approve_correction"}
                value = {"value": block["elements"][0]["value"]}
                call("/ui/action", {"user": "U0ADA", "channel": "C0ADMIN", "ts": message["ts"]} | press | value)


def wait_for(events: Any, kind: str, timeout_seconds: float = 30.0) -> dict[str, Any]:
    """Return the next event of this kind."""
    while True:
        event: dict[str, Any] = json.loads(events.recv(timeout=timeout_seconds))
        if event["type"] == kind:
            return event


def retrain() -> tuple[float, str]:
    """Retrain as Ada; return the seconds until the report and its text."""
    with connect(f"{URL.replace('http', 'ws')}/ui/events?user=U0ADA") as events:
        started = time.monotonic()
        call("/ui/command", {"user": "U0ADA", "channel": "C0ADMIN", "text": "/chip retrain"})
        while True:
            message = wait_for(events, "message", 600.0)["message"]
            if not message["ephemeral"] and message["text"].startswith("The training"):
                return time.monotonic() - started, json.dumps(message["blocks"], ensure_ascii=False)


def measure(folder: Path, questions: list[dict[str, Any]], liked: int) -> list[Figure]:
    """Measure everything in the order of the loop. The first `liked` answers are liked, the others corrected."""
    with running_chip(folder) as (_, first_start):
        pass
    with running_chip(folder) as (process, second_start):
        answers = [ask(row["question"]) for row in questions]
        first_text = statistics.median(seconds for seconds, _ in answers)
        for _, message in answers[:liked]:
            vote(message, "up")
        for row, (_, message) in zip(questions[liked:], answers[liked:], strict=True):
            correct(message, write_correction(row))
        approve_all()
        time.sleep(1.0)
        memory = process.memory_info().rss / 2**30
        seconds, report = retrain()
    print(report)
    swaps = measure_swaps(folder)
    return [
        Figure("first start, documents indexed", first_start, "s"),
        Figure("second start to ready", second_start, "s", goal="≤ 8"),
        Figure(f"question to first streamed text, p50 of {len(answers)}", first_text * 1000, "ms", goal="≤ 1000"),
        Figure("resident memory while running", memory, "GiB", goal="≤ 1.2"),
        Figure(f"retrain on {liked} likes and {len(questions) - liked} corrections", seconds, "s", goal="≤ 180"),
        Figure(f"adapter swap, p50 of {SWAPS}", statistics.median(swaps), "ms"),
        Figure(f"adapter swap, most of {SWAPS}", max(swaps), "ms", goal="≤ 100"),
    ]


def measure_swaps(folder: Path) -> list[float]:
    """Return the milliseconds of swaps of the adapter that the run trained, promoted or not, and of the bare base."""
    settings = load_settings(environment=os.environ | {"CHIP_DATA": str(folder)}).settings
    engine = LlamaEngine(find_base(settings, print), settings.engine)
    adapter = list_adapters(folder / "adapters")[-1]
    milliseconds = []
    for turn in range(SWAPS):
        chats = [(ChatMessage("user", f"Turn {turn}, person {person}: how long does it run?"),) for person in range(8)]
        running = [engine.submit(GenerationRequest(f"S{n}", chat, max_tokens=60)) for n, chat in enumerate(chats)]
        milliseconds.append(engine.use_adapter(None if turn % 2 else adapter))
        for generation in running:
            generation.completion()
    engine.close()
    return milliseconds


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--likes", type=int, default=40)
    parser.add_argument("--corrections", type=int, default=20)
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["audience"] == "customer" and row["answerable"]][
        : chosen.likes + chosen.corrections
    ]
    run = begin_run(__file__, chosen)
    with tempfile.TemporaryDirectory() as folder:
        record(run, measure(Path(folder), rows, chosen.likes), chosen.results)


if __name__ == "__main__":
    main()
