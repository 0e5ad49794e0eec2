"""The card of a ticket in the staff channel: posts it, keeps it up to date, and writes in its thread."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.slack.directory import Directory
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.views import ticket_card
from feedback import conversation, corrections, replies, tickets
from feedback.database import Database
from feedback.tickets import Ticket

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TicketCards:
    """The cards of one workspace."""

    client: WebClient
    db: Database
    directory: Directory
    bot_user: str

    def post(self, ticket: Ticket, reply: replies.Reply) -> None:
        """Post the ticket's card and note its place. Raises one of `SLACK_ERRORS`."""
        text, shown = ticket_card.build_card(ticket, self._gather_facts(ticket, reply))
        posted = self.client.chat_postMessage(
            channel=ticket.card_channel, text=text, blocks=shown, unfurl_links=False, unfurl_media=False
        )
        tickets.note_card(self.db, ticket.id, str(posted["ts"]))

    def refresh(self, ticket_id: str) -> None:
        """Update the card to the ticket's present state."""
        ticket = tickets.find_ticket(self.db, ticket_id)
        reply = replies.find_reply(self.db, ticket.reply_id) if ticket else None
        if ticket is None or ticket.card_ts is None or reply is None:
            return
        text, shown = ticket_card.build_card(ticket, self._gather_facts(ticket, reply))
        self.client.chat_update(channel=ticket.card_channel, ts=ticket.card_ts, text=text, blocks=shown)

    def _gather_facts(self, ticket: Ticket, reply: replies.Reply) -> ticket_card.CardFacts:
        turns = conversation.find_thread(self.db, ticket.team, ticket.channel, ticket.thread_ts)
        people = {turn.person for turn in turns} - {self.bot_user}
        return ticket_card.CardFacts(
            names={person: self.directory.display_name(person) for person in people},
            name=self.directory.display_name(ticket.asker),
            role=self.directory.role(ticket.asker).value,
            turns=turns,
            reply=reply,
            link=self.find_link(reply.channel, reply.question_ts),
            learned=self._find_decision(ticket),
        )

    def _find_decision(self, ticket: Ticket) -> bool | None:
        correction = corrections.find_correction(self.db, ticket.correction_id) if ticket.correction_id else None
        if correction is None or correction.state is corrections.State.WAITING:
            return None
        return correction.state is corrections.State.APPROVED or bool(correction.became)

    def find_link(self, channel: str, ts: str) -> str | None:
        """Return the permalink of a message; None if Slack gives none."""
        try:
            return str(self.client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])
        except SLACK_ERRORS as error:
            logger.info("no permalink for %s: %s", ts, name_error(error))
            return None

    def show_anew(self, quoting: Iterable[Ticket]) -> None:
        """Show cards again without what was forgotten since. A card that Slack refuses to change stays as it is."""
        for ticket in quoting:
            try:
                self.refresh(ticket.id)
            except SLACK_ERRORS as error:
                logger.warning("the card of ticket %s still quotes: %s", ticket.id, name_error(error))

    def say(self, ticket: Ticket, text: str) -> None:
        """Write in the card's thread, if the card is posted."""
        if ticket.card_ts is not None:
            self.client.chat_postMessage(channel=ticket.card_channel, thread_ts=ticket.card_ts, text=text)

    def whisper(self, ticket: Ticket, person: str, text: str) -> None:
        """Write in the card's thread so that only this person sees it."""
        self.client.chat_postEphemeral(channel=ticket.card_channel, user=person, thread_ts=ticket.card_ts, text=text)
