"""Measures what one noisy workspace costs another in one deployment: how much later a question there is answered.

python -m benchmarks.fairness [--noise 60] [--questions 8]

Serves two workspaces as a deployment does, each with its own documents, index and model (chip-nano), in one process.
In the quiet one a person asks one question at a time: first while the other is idle, then while sixty people at once
ask in the other. Nothing is asserted.

How to read it: an answer is what the noisy workspace takes for one of its own then, from the first to the last.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from slack_sdk.oauth.installation_store import Installation

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.slack.crowd import ask as ask_in
from benchmarks.slack.running import CLEO, DIRECT, QUESTION, SECRET, write_document
from bot.deployment import serve_installations, settings_of
from bot.workspace.people import BOT_USER_ID, CHANNELS, PEOPLE, Channel, Directory, Person, Team
from bot.workspace.server import LocalWorkspace
from config.loading import load_settings
from config.settings import Settings

QUIET, NOISY = "T0LOCAL", "T0OTHER"
WAIT_SECONDS = 300.0
MOST_ANSWERS = 2


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--noise", type=int, default=60)
    parser.add_argument("--questions", type=int, default=8)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, list(measure(chosen.noise, chosen.questions)), chosen.results)


def measure(noise: int, questions: int) -> Iterator[Figure]:
    """Ask in the quiet workspace without and with noise in the other."""
    crowd = [Person(f"U1{n:05d}", f"person{n}", f"Person {n}", "customer", "#888888") for n in range(noise)]
    rooms = [Channel(f"D1{n:05d}", "", frozenset({one.id, BOT_USER_ID}), is_im=True) for n, one in enumerate(crowd)]
    noisy_people = Directory([*PEOPLE, *crowd], [*CHANNELS, *rooms], team=Team(NOISY, "Noisy", "noisy"))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        quiet = stack.enter_context(LocalWorkspace())
        noisy = stack.enter_context(LocalWorkspace(directory=noisy_people))
        serve(stack, Path(name), {QUIET: quiet, NOISY: noisy})
        for workspace in (quiet, noisy):
            ask(workspace)  # from here on everything is loaded
        alone = [ask(quiet) for _ in range(questions)]
        asked = noisy.inside(lambda w: [ask_in(w, number, room) for number, room in enumerate(rooms)])
        began, left_at_first = time.monotonic(), count_open(noisy, rooms, asked)
        beside: list[float] = []
        while len(beside) < questions and count_open(noisy, rooms, asked):
            beside.append(ask(quiet))
        seconds, done = time.monotonic() - began, left_at_first - count_open(noisy, rooms, asked)
    answer = seconds / max(1, done)
    late = statistics.median(beside) - statistics.median(alone)
    yield Figure("an answer in the quiet workspace while the other is idle, p50", statistics.median(alone), "s")
    yield Figure(f"the same while {noise} people ask at once in the other, p50", statistics.median(beside), "s")
    yield Figure("the same, the slowest", max(beside), "s")
    yield Figure("questions asked in the quiet one meanwhile", len(beside))
    yield Figure("an answer of the noisy workspace, one of many", answer, "s")
    yield Figure("the quiet workspace is late by, p50", late / answer, "answers", goal=f"≤ {MOST_ANSWERS}")


def serve(stack: ExitStack, folder: Path, workspaces: dict[str, LocalWorkspace]) -> None:
    """Serve both workspaces until the stack closes."""
    environment = {
        "CHIP_DATA": str(folder / "var"),
        "CHIP_HTTP__PORT": "0",
        "SLACK_APP_TOKEN": workspaces[QUIET].app_token,
        "CHIP_SLACK__BASE_URL": workspaces[QUIET].api_url,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "client secret",
    }
    settings = load_settings(environment=environment).settings
    write_document(folder)
    for team in workspaces:
        write_documents(settings, team, folder / "documents" / "moss.md")
    opened = serve_installations(settings, print, find_base_url=lambda team: workspaces[team].api_url)
    deployment = stack.enter_context(opened)
    for team, workspace in workspaces.items():
        installed = Installation(user_id=CLEO, team_id=team, bot_token=workspace.bot_token, bot_user_id=BOT_USER_ID)
        deployment.store.save(installed)
    workspaces[NOISY].deliver_through(workspaces[QUIET])


def write_documents(settings: Settings, team: str, document: Path) -> None:
    """Give a workspace its document."""
    folder = settings_of(settings, team).knowledge.folder
    (folder / document.name).write_text(document.read_text(encoding="utf-8"), encoding="utf-8")


def ask(workspace: LocalWorkspace) -> float:
    """Ask one question; return the seconds until its answer has ended."""
    visitor, began = workspace.visit(CLEO), time.monotonic()
    visitor.wait_for_reply(DIRECT, visitor.post(DIRECT, QUESTION), WAIT_SECONDS)
    return time.monotonic() - began


def count_open(workspace: LocalWorkspace, rooms: list[Channel], asked: list[str]) -> int:
    """Return how many of these questions have no finished answer."""
    messages = workspace.inside(lambda w: [message for room in rooms for message in w.board.everything(room.id)])
    answered = {message.thread_ts for message in messages if message.bot_id and message.metadata}
    return len(set(asked) - answered)


if __name__ == "__main__":
    main()
