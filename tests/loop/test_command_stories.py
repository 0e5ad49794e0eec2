"""`/chip` as each person sees it."""

import json

import pytest

from bot import wording
from retrain import registry
from tests.loop.adapters import write_adapter
from tests.loop.conftest import ADA, ADMIN, BOTH_TRANSPORTS, CLEO, HELP, SAM, STAFF, Chip


def run(chip: Chip, person: str, text: str, channel: str, expected: str) -> str:
    """Run a command; return the private answer that holds `expected`."""
    assert chip.workspace.visit(person).command(channel, text)
    answer = chip.wait_for_said(channel, expected)
    assert answer.ephemeral_to == person
    return json.dumps([answer.text, answer.blocks], ensure_ascii=False)


@pytest.mark.parametrize(("person", "lines"), [(CLEO, 1), (SAM, 2), (ADA, 3)])
@pytest.mark.parametrize("text", ["/chip", "/chip help"])
@BOTH_TRANSPORTS
def test_help_shows_what_the_caller_may_do(chip: Chip, person: str, lines: int, text: str) -> None:
    answer = run(chip, person, text, HELP, "`/chip help`")
    parts = (wording.COMMAND_HELP_ALL, wording.COMMAND_HELP_STAFF, wording.COMMAND_HELP_ADMIN)
    assert [part[-20:] in json.loads(answer)[0] for part in parts] == [True, lines > 1, lines > 2]


@pytest.mark.parametrize(
    ("person", "word", "refusal"),
    [
        (CLEO, "status", wording.STAFF_ONLY),
        (CLEO, "retrain", wording.ADMINS_ONLY),
        (SAM, "retrain", wording.ADMINS_ONLY),
        (SAM, "rollback", wording.ADMINS_ONLY),
    ],
)
def test_a_command_is_refused_to_whom_it_is_not_for(chip: Chip, person: str, word: str, refusal: str) -> None:
    run(chip, person, f"/chip {word}", HELP, refusal.format(command=word))
    assert chip.engine.swaps == []


def test_an_unknown_command_is_answered_with_the_help(chip: Chip) -> None:
    answer = run(chip, SAM, "/chip make coffee", HELP, "I don't know `/chip make`")
    assert "/chip status" in answer


def test_status_names_base_adapter_and_figures(chip: Chip) -> None:
    chip.ask(CLEO, "Which opera is the most famous in Vienna?")
    answer = run(chip, SAM, "/chip status", STAFF, "quoting-base")
    assert "none (bare base)" in answer
    assert "1, of which 1 said" in answer
    assert "no votes yet" in answer


def test_a_rollback_with_nothing_to_go_back_to_says_so(chip: Chip) -> None:
    run(chip, ADA, "/chip rollback", ADMIN, "There is nothing to go back to")
    assert chip.engine.swaps == []


def test_a_rollback_serves_the_one_before_and_is_announced(chip: Chip) -> None:
    adapter = write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id)
    registry.promote(chip.core.db, adapter, by="test", reason="test")
    chip.engine.use_adapter(adapter)
    assert "A1" in run(chip, ADA, "/chip status", ADMIN, "A1")

    answer = run(chip, ADA, "/chip rollback", ADMIN, "speaks with")

    assert "the bare base quoting-base" in answer
    assert "A1" in answer
    assert chip.engine.adapter_id() is None
    assert registry.live(chip.core.db, chip.engine.base_id) is None
    announced = chip.wait_for_said(ADMIN, f"(by <@{ADA}>)")
    assert announced.ephemeral_to is None


def test_a_rollback_to_an_adapter_whose_file_was_changed_is_refused(chip: Chip) -> None:
    adapter = write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id)
    adapter.gguf_path.write_bytes(b"something else")

    run(chip, ADA, "/chip rollback A1", ADMIN, "does not match its recorded hash")
    assert chip.engine.swaps == []


def test_a_command_that_fails_tells_the_caller_a_reference(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chip.parts is not None

    def explode() -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(type(chip.parts.learning), "status_rows", lambda _self: explode())
    run(chip, SAM, "/chip status", STAFF, "under the reference E")
