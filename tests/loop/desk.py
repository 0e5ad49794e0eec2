"""The support desk of the stories: somebody asks for a person, and staff take the card."""

from typing import Any

from bot.views import blocks, ticket_card
from bot.workspace.board import Message
from feedback import tickets
from tests.loop.conftest import CLEO, HELP, SAM, STAFF, Chip, show

OPERA = "@Chip Which opera is the most famous in Vienna?"


def ask_for_a_person(chip: Chip, question: str = OPERA) -> tuple[dict[str, Any], Message]:
    """Let Cleo ask in #help and press the button; return the answer's message and the card."""
    message = chip.ask(CLEO, question, HELP)
    chip.settle()
    assert chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)
    card = chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person")
    chip.workspace.wait_for(lambda: tickets.find_by_card(chip.core.db, STAFF, card.ts))
    return message, card


def press(chip: Chip, person: str, card: Message, button: str) -> None:
    assert chip.workspace.visit(person).click(chip.show(person, card), STAFF, button)


def claim(chip: Chip, card: Message, person: str = SAM) -> None:
    press(chip, person, card, ticket_card.CLAIM)
    chip.wait_for_said(STAFF, f"<@{person}> answers.")


def find_ticket(chip: Chip, card: Message) -> tickets.Ticket:
    ticket = tickets.find_by_card(chip.core.db, STAFF, card.ts)
    assert ticket is not None
    return ticket


def in_thread(chip: Chip, channel: str, thread_ts: str) -> list[str]:
    return [show(m) for m in chip.workspace.messages(channel) if m.bot_id and m.thread_ts == thread_ts]
