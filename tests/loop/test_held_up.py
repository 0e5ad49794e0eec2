"""Messages that are held up while Chip finds out what they are hold up nothing else."""

import threading

import pytest

from bot.answering import listening
from bot.app import LISTENER_THREADS
from feedback.tables import inbox
from tests.loop.conftest import ADA, CLEO, HELP, Chip

MANY = LISTENER_THREADS + 2


def count_messages(chip: Chip) -> int:
    with chip.core.db.read() as connection:
        return len(connection.execute(inbox.select().where(inbox.c.kind == "message")).all())


def test_a_command_is_acknowledged_while_more_messages_are_held_up_than_bolt_has_threads(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(listening, "find_question", lambda *_, **__: goes_on.wait(30) and None)
    try:
        for number in range(MANY):
            chip.workspace.visit(CLEO).post(HELP, f"Nobody is asked, {number}")
        chip.workspace.wait_for(lambda: count_messages(chip) == MANY)
        assert chip.workspace.visit(ADA).command(HELP, "/chip help")
    finally:
        goes_on.set()
    chip.settle()
