"""The report of a month: an admin asks for it, and it comes by itself once the month is over."""

from datetime import timedelta

from bot.commands.month import report_month
from bot.views import wording
from tests.loop.conftest import ADA, ADMIN, CLEO, HELP, SAM, Chip
from tests.loop.test_command_stories import run

RUNTIME = "@Chip How long does the Tansy 4 run on one charge?"


def test_an_admin_sees_what_a_month_was_worth_and_what_that_assumes(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME, HELP)
    chip.ask(CLEO, "@Chip Which opera is the most famous in Vienna?", HELP)
    chip.settle()

    answer = run(chip, ADA, "/chip month", ADMIN, "Worth:")

    assert "2 questions (none in the month before)" in answer
    assert "Without an answer:* 1 (50%)" in answer
    assert "0 to 1 questions" in answer
    assert "50% of settled questions would have become a ticket of 10 EUR" in answer
    picture, table = (f for m in chip.workspace.messages("D0ADA") for f in m.files)
    assert chip.read_file(picture.id).startswith(b"\x89PNG")
    header, *days = chip.read_file(table.id).decode().splitlines()
    assert header == "day,replies,refused,up,down,escalated"
    assert days[-1].split(",")[1:3] == ["2", "1"]


def test_only_a_month_that_has_begun_is_reported_and_only_to_admins(chip: Chip) -> None:
    run(chip, ADA, "/chip month 2999-01", ADMIN, wording.MONTH_WHICH)
    run(chip, ADA, "/chip month May", ADMIN, wording.MONTH_WHICH)
    run(chip, SAM, "/chip month", HELP, "for admins")


def test_the_admin_channel_gets_the_report_once_when_the_month_is_over(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME, HELP)
    assert chip.services is not None
    assert not report_month(chip.services), "the month before has no question"
    clock = chip.services.clock
    object.__setattr__(chip.services, "clock", lambda: clock() + timedelta(days=32))

    assert report_month(chip.services)

    month = wording.MONTH_TITLE.format(month=f"{clock():%B %Y}")
    chip.wait_for_said(ADMIN, month)
    assert not report_month(chip.services)
