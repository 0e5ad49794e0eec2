"""Builds the card on which staff see who needs a person, and the outcome. Pure: from a ticket to Block Kit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import blocks, wording
from bot.views.review_view import build_open_button
from feedback.conversation import Message
from feedback.forgetting import NOBODY
from feedback.replies import Reply, SourceLine
from feedback.tickets import Ticket, TicketState

CLAIM = "claim_ticket"
RELEASE = "release_ticket"
DISMISS = "dismiss_ticket"
KEEP_OUT = "keep_answer_out"
TICKET = "ticket"
"""The review's kind of a ticket's answer."""

_TURNS = 6
_TURN_CHARACTERS = 350
_SOURCES = 3


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card shows besides its ticket: the asker, the people's names, the conversation, the evidence, a link.

    `names` holds everybody's but Chip's. `learned` is what staff decided about the answer as a correction; None if they
    have not decided or there is none.
    """

    name: str
    role: str
    names: Mapping[str, str]
    turns: Sequence[Message]
    reply: Reply
    link: str | None
    learned: bool | None = None


def build_card(ticket: Ticket, facts: CardFacts) -> tuple[str, list[blocks.Block]]:
    """Return the card's notification text and blocks in the ticket's present state."""
    person = wording.TICKET_NOBODY if ticket.asker == NOBODY else f"<@{ticket.asker}>"
    place = wording.TICKET_IN_DM if ticket.channel.startswith("D") else f"<#{ticket.channel}>"
    head = wording.TICKET_HEAD.format(person=person, role=facts.role, place=place)
    shown = [blocks.build_section(head), blocks.build_section(_conversation(facts))]
    if found := _found(facts.reply.evidence):
        shown.append(blocks.build_context(found))
    if facts.link:
        shown.append(blocks.build_context(f"<{facts.link}|{wording.TICKET_LINK}>"))
    notice = wording.TICKET_NOTICE.format(name=escape_mrkdwn(facts.name))
    return notice, [*shown, blocks.build_context(_state(ticket, facts.learned)), *_buttons(ticket, facts.learned)]


def _conversation(facts: CardFacts) -> str:
    turns = list(facts.turns)[-_TURNS:]
    if not turns:
        return _line(facts.name, facts.reply.question) + "\n" + _line("Chip", facts.reply.shown)
    return "\n".join(_line(facts.names.get(turn.person, "Chip"), turn.text) for turn in turns)


def _line(who: str, text: str) -> str:
    quoted = escape_mrkdwn(shorten(text.strip(), _TURN_CHARACTERS)).replace("\n", "\n>")
    return f">*{escape_mrkdwn(who)}:* {quoted}"


def _found(lines: Sequence[SourceLine]) -> str:
    headings = list(dict.fromkeys(line.heading for line in lines))[:_SOURCES]
    return wording.TICKET_FOUND.format(sources=escape_mrkdwn(" · ".join(headings))) if headings else ""


def _state(ticket: Ticket, learned: bool | None) -> str:
    if learned is not None:
        return (wording.TICKET_USED if learned else wording.TICKET_KEPT_OUT).format(by=ticket.claimed_by)
    sentence = {
        TicketState.OPEN: wording.TICKET_OPEN,
        TicketState.CLAIMED: wording.TICKET_CLAIMED,
        TicketState.ANSWERED: wording.TICKET_ANSWERED,
        TicketState.DISMISSED: wording.TICKET_DISMISSED,
    }[ticket.state]
    return sentence.format(by=ticket.claimed_by, person=ticket.asker)


def _buttons(ticket: Ticket, learned: bool | None) -> list[blocks.Block]:
    dismiss = blocks.build_button(wording.TICKET_DISMISS_BUTTON, DISMISS, ticket.id)
    buttons = {
        TicketState.OPEN: [blocks.build_button(wording.TICKET_CLAIM_BUTTON, CLAIM, ticket.id, "primary"), dismiss],
        TicketState.CLAIMED: [blocks.build_button(wording.TICKET_RELEASE_BUTTON, RELEASE, ticket.id), dismiss],
        TicketState.ANSWERED: [
            build_open_button(TICKET, ticket.correction_id or ""),
            blocks.build_button(wording.TICKET_KEEP_OUT_BUTTON, KEEP_OUT, ticket.id),
        ],
        TicketState.DISMISSED: [],
    }[ticket.state]
    is_answered = ticket.state is TicketState.ANSWERED
    if not buttons or (is_answered and (ticket.correction_id is None or learned is not None)):
        return []
    return [{"type": "actions", "elements": buttons}]
