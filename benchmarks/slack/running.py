"""What the measurements of Slack share: the real `chip run` on one document against a local workspace."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.workspace.server import LocalWorkspace

PROJECT = Path(__file__).resolve().parents[2]
HELP, CLEO, DIRECT = "C0HELP", "U0CLEO", "D0CLEO"
QUESTION = "How long does the Moss 2 run on one charge?"
SECRET = "bench"
TRANSPORTS = {"socket": "Socket Mode", "http": "HTTP"}


@contextmanager
def running_chip(folder: Path, workspace: LocalWorkspace, transport: str) -> Iterator[str]:
    """Run `chip run` against the workspace until the end of the context. Lend the address for events over HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "CHIP_DATA": str(folder / "var"),
        "CHIP_KNOWLEDGE__FOLDER": str(write_document(folder)),
        "CHIP_SLACK__BASE_URL": workspace.api_url,
        "CHIP_SLACK__TRANSPORT": transport,
        "CHIP_HTTP__PORT": str(port),
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_SIGNING_SECRET": SECRET,
    }
    with (folder / "chip.log").open("w") as log:
        command = [sys.executable, "-u", "-m", "bot", "run"]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        while "Chip is ready" not in (folder / "chip.log").read_text():
            if process.poll() is not None:
                raise RuntimeError((folder / "chip.log").read_text())
            time.sleep(0.05)
        address = f"http://127.0.0.1:{port}/slack/events"
        if transport == "http":
            workspace.deliver_to(address, SECRET)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def open_questions(workspace: LocalWorkspace) -> list[str]:
    """Return the questions in the direct conversation that have no finished answer yet."""
    messages = workspace.messages(DIRECT)
    answered = {message.thread_ts for message in messages if message.bot_id and message.metadata}
    return [message.ts for message in messages if not message.bot_id and message.ts not in answered]


def write_document(folder: Path) -> Path:
    """Write the one document and return its folder."""
    documents = folder / "documents"
    documents.mkdir()
    text = "---\ntitle: Moss 2\naudience: customer\n---\nThe Moss 2 runs for 60 minutes on one charge.\n"
    (documents / "moss.md").write_text(text, encoding="utf-8")
    return documents
