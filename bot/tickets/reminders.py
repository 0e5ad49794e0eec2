"""Reminds staff of tickets that wait too long, once each, and posts the cards that could not be posted before."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.text import escape_mrkdwn
from bot.tickets.cards import TicketCards
from bot.views import wording
from feedback import replies, tickets
from feedback.tickets import Ticket

logger = logging.getLogger(__name__)

LISTED = 10  # calls listed in one reminder


@dataclass(frozen=True, slots=True)
class Reminders:
    """`after` is how long a ticket may wait before staff are reminded of it."""

    cards: TicketCards
    after: timedelta
    clock: Callable[[], datetime]

    def send(self) -> int:
        """Remind staff of all tickets that wait too long, and post missing cards.

        Return how many tickets staff were told of.
        """
        team, waited = self.cards.directory.team, self.clock() - self.after
        waiting = tickets.find_waiting(self.cards.db, team, reminded_before=waited)
        with_card = [ticket for ticket in waiting if ticket.card_ts is not None]
        together = [with_card] if len(with_card) > 1 else [[ticket] for ticket in with_card]
        return sum(
            self._remind_of(group) for group in [*together, *([ticket] for ticket in waiting if ticket.card_ts is None)]
        )

    def _remind_of(self, group: Sequence[Ticket]) -> int:
        """Post one message about one or several tickets. Return how many tickets staff were told of."""
        try:
            if len(group) > 1:
                self._remind_of_several(group)
            elif group[0].card_ts is None:
                self._post_missing_card(group[0])
            else:
                self._remind_of_one(group[0])
        except SLACK_ERRORS as error:
            logger.warning("no reminder of %d tickets, %s first: %s", len(group), group[0].id, name_error(error))
            return 0
        for ticket in group:
            tickets.note_reminder(self.cards.db, ticket.id)
        return len(group)

    def _post_missing_card(self, ticket: Ticket) -> None:
        reply = replies.find_reply(self.cards.db, ticket.reply_id)
        if reply is not None:
            self.cards.post(ticket, reply)

    def _remind_of_one(self, ticket: Ticket) -> None:
        sentence = wording.TICKET_WAITS if ticket.claimed_by is None else wording.TICKET_WAITS_FOR
        text = sentence.format(person=ticket.asker, by=ticket.claimed_by, minutes=self._count_minutes(ticket))
        self.cards.client.chat_postMessage(
            channel=ticket.card_channel, thread_ts=ticket.card_ts, text=text, reply_broadcast=True
        )

    def _remind_of_several(self, group: Sequence[Ticket]) -> None:
        lines = [wording.TICKETS_WAIT.format(count=len(group), minutes=self._count_minutes(group[0]))]
        for ticket in group[:LISTED]:
            link = self.cards.find_link(ticket.card_channel, ticket.card_ts or "")
            by = wording.TICKET_TAKEN_BY.format(by=ticket.claimed_by) if ticket.claimed_by else wording.TICKET_FREE
            name = escape_mrkdwn(self.cards.directory.display_name(ticket.asker))
            call = f"<{link}|{name}>" if link else name
            lines.append(wording.TICKETS_WAIT_LINE.format(call=call, minutes=self._count_minutes(ticket), by=by))
        if len(group) > LISTED:
            lines.append(wording.TICKETS_MORE.format(count=len(group) - LISTED))
        self.cards.client.chat_postMessage(channel=group[0].card_channel, text="\n".join(lines), unfurl_links=False)

    def _count_minutes(self, ticket: Ticket) -> int:
        return round((self.clock() - ticket.opened_at).total_seconds() / 60)
