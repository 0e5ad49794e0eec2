"""The desk: turns a conversation that needs a person into a ticket, and carries the claimant's answer back.

The claimant writes in the card's thread; the asker reads the answer in their own. The answer is recorded as a
correction and closes the ticket. `feedback.tickets` owns what a ticket is.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.slack.directory import Directory
from bot.slack.errors import SLACK_ERRORS, is_passing, name_error
from bot.slack.text import escape_mrkdwn, harmless_mrkdwn, plain_question, split_text
from bot.tickets.cards import TicketCards
from bot.tickets.crossing import Crossing, Written
from bot.tickets.reminders import Reminders
from bot.views import blocks, ticket_card, wording
from feedback import conversation, corrections, replies, tickets
from feedback.database import Database
from feedback.decisions import Decision, record_decision
from feedback.errors import AlreadyDecided, FeedbackError
from feedback.events import FeedbackKind, FeedbackSource, Role, Said
from feedback.tickets import Ticket, TicketState

logger = logging.getLogger(__name__)

NOTE = "note:"
CALLS_PERIOD = timedelta(days=1)
MOST_OPEN = 3  # conversations in which one person may call for somebody at once
_SECTION_BYTES = 2_800


@dataclass(frozen=True, slots=True)
class Tickets:
    """The desk of one workspace. `staff_channel` is None if Chip sees no such channel.

    `most_calls` is how often one person may call for somebody within a day; None for any number.
    """

    cards: TicketCards
    crossing: Crossing
    reminders: Reminders
    staff_channel: str | None
    clock: Callable[[], datetime]
    most_calls: int | None = None

    @property
    def db(self) -> Database:
        """The database of the workspace."""
        return self.cards.db

    @property
    def directory(self) -> Directory:
        """The people and channels of the workspace."""
        return self.cards.directory

    def bring_in(self, reply: replies.Reply, person: str) -> tuple[str, bool]:
        """Open the conversation's card unless it has one.

        Return what to tell the person, and whether the ticket is new. A person who waits in several conversations is
        sent back to those.
        """
        if self.staff_channel is None:
            return wording.PERSON_NOWHERE, True
        is_open = tickets.find_open(self.db, reply.team, reply.channel, reply.thread_ts) is not None
        if not is_open and (refusal := self._refuse_call(reply.team, person)):
            return refusal, False
        ticket, is_new = tickets.open_ticket(
            self.db,
            team=reply.team,
            channel=reply.channel,
            thread_ts=reply.thread_ts,
            reply_id=reply.id,
            asker=person,
            card_channel=self.staff_channel,
        )
        if ticket.card_ts is None:
            self.cards.post(ticket, reply)
        return (wording.PERSON_ASKED if is_new else wording.PERSON_ASKED_ALREADY), is_new

    def _refuse_call(self, team: str, person: str) -> str | None:
        """Return why the person may not call for somebody in one more conversation now, or None."""
        count = tickets.count_open(self.db, team, person)
        if count >= MOST_OPEN:
            return wording.PERSON_ASKED_OFTEN.format(count=count)
        if self.most_calls is None:
            return None
        count = tickets.count_since(self.db, team, person, self.clock() - CALLS_PERIOD)
        return wording.PERSON_ASKED_TODAY.format(count=count) if count >= self.most_calls else None

    def claim(self, ticket_id: str, person: str) -> str | None:
        """Make the person the claimant. Return why not, or None."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        if not tickets.claim(self.db, ticket_id, person):
            return wording.TICKET_TAKEN
        self.cards.refresh(ticket_id)
        return None

    def release(self, ticket_id: str, person: str) -> str | None:
        """Give a ticket back. Return why not, or None."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        if not tickets.release(self.db, ticket_id, person):
            return wording.TICKET_TAKEN
        self.cards.refresh(ticket_id)
        return None

    def dismiss(self, ticket_id: str, person: str) -> str | None:
        """Close a ticket without an answer. Return why not, or None."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        if not tickets.close(self.db, ticket_id, by=person, state=TicketState.DISMISSED):
            return wording.TICKET_CLOSED
        self.cards.refresh(ticket_id)
        return None

    def keep_out(self, ticket_id: str, person: str) -> str | None:
        """Keep the answer for the one person that it was written for. Return why not, or None."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        ticket = tickets.find_ticket(self.db, ticket_id)
        if ticket is None or ticket.correction_id is None:
            return wording.TICKET_UNKNOWN
        role = self.directory.role(person)
        said = Said("", person, role, FeedbackKind.DECISION, FeedbackSource.BUTTON, {"approved": False})
        try:
            with self.db.begin() as connection:
                corrections.decide_in(connection, self.db, ticket.correction_id, said)
                decided = Decision(ticket_card.TICKET, ticket.correction_id, "rejected", person, self.clock())
                record_decision(connection, ticket.team, decided)
        except AlreadyDecided:
            self.cards.refresh(ticket_id)
            return wording.CORRECTION_DECIDED
        self.cards.refresh(ticket_id)
        return None

    def find_for_message(self, channel: str, thread_ts: str) -> Ticket | None:
        """Return the ticket whose card's thread holds a message."""
        return tickets.find_by_card(self.db, channel, thread_ts) if channel == self.staff_channel else None

    def find_claimed(self, team: str, channel: str, thread_ts: str) -> Ticket | None:
        """Return the ticket of a conversation that a person has claimed."""
        ticket = tickets.find_open(self.db, team, channel, thread_ts)
        return ticket if ticket is not None and ticket.state is TicketState.CLAIMED else None

    def handle_message(self, ticket: Ticket, written: Written, is_again: bool = False) -> None:
        """Handle a message in a card's thread: the claimant's words become the answer, everything else stays there.

        `is_again`: an earlier try may have carried it. Raises one of `SLACK_ERRORS`, in particular if a later try may
        succeed.
        """
        is_empty = not written.text.strip() and not written.files
        if written.text.lower().lstrip().startswith(NOTE) or is_empty or ticket.is_closed:
            return
        if ticket.state is TicketState.OPEN:
            self.cards.whisper(ticket, written.person, wording.TICKET_CLAIM_FIRST)
            return
        if written.person != ticket.claimed_by or self.directory.role(written.person) is Role.CUSTOMER:
            return
        # The files go first: the words close the ticket, and a closed ticket is not resumed.
        has_left = not self.crossing.carry_files(written, ticket.channel, ticket.thread_ts, self._head(written.person))
        if written.text.strip():
            self._answer(ticket, written, is_again=is_again)
        if has_left:
            self.cards.whisper(ticket, written.person, wording.TICKET_FILE_LEFT.format(person=ticket.asker))

    def forward(self, ticket: Ticket, written: Written, is_again: bool = False) -> None:
        """Show staff what was said in a claimed conversation, or tell its author that it did not arrive.

        `is_again`: an earlier try may have carried it. Raises one of `SLACK_ERRORS`, in particular if a later try may
        succeed.
        """
        head = wording.TICKET_FORWARDED.format(person=written.person)
        lines = [head]
        if written.text.strip():
            lines.append(">" + harmless_mrkdwn(written.text).replace("\n", "\n>"))
        if not self.crossing.carry_files(written, ticket.card_channel, ticket.card_ts or "", head):
            lines.append(self._say_where_the_file_is(ticket, written))
        elif written.files and not written.text.strip():
            return
        try:
            self.crossing.post_once(
                ticket.card_channel, ticket.card_ts or "", written.key, is_again, text="\n".join(lines)
            )
        except SLACK_ERRORS as error:
            if is_passing(error):
                raise
            logger.warning("a message of ticket %s did not arrive: %s", ticket.id, name_error(error))
            self.cards.client.chat_postEphemeral(
                channel=ticket.channel,
                user=written.person,
                thread_ts=ticket.thread_ts,
                text=wording.TICKET_NOT_CARRIED,
            )

    def _say_where_the_file_is(self, ticket: Ticket, written: Written) -> str:
        if ticket.channel.startswith("D"):
            return wording.TICKET_FILE_PRIVATE.format(person=written.person)
        link = self.cards.find_link(ticket.channel, written.ts)
        place = f"<{link}|{wording.TICKET_PLACE}>" if link else f"<#{ticket.channel}>"
        return wording.TICKET_FILE_THERE.format(place=place)

    def _answer(self, ticket: Ticket, written: Written, *, is_again: bool) -> None:
        person, text, key = written.person, written.text, written.key
        head = self._head(person)
        pieces = [blocks.build_section(piece) for piece in split_text(harmless_mrkdwn(text), _SECTION_BYTES)]
        try:
            ts = self.crossing.post_once(
                ticket.channel,
                ticket.thread_ts,
                key,
                is_again,
                text=head,
                blocks=[blocks.build_context(head), *pieces],
                unfurl_links=False,
            )
        except SLACK_ERRORS as error:
            if is_passing(error):
                raise
            logger.warning("the answer to ticket %s did not arrive: %s", ticket.id, name_error(error))
            self.cards.say(ticket, wording.TICKET_UNDELIVERED.format(reason=name_error(error)))
            return
        plain = plain_question(text, bot_user=self.cards.bot_user)
        self._remember(ticket, person, ts, plain)
        correction_id = self._record_correction(ticket, person, plain, key)
        tickets.close(self.db, ticket.id, by=person, state=TicketState.ANSWERED, correction_id=correction_id)
        self.cards.refresh(ticket.id)

    def _head(self, person: str) -> str:
        return wording.TICKET_REPLY.format(name=escape_mrkdwn(self.directory.display_name(person)))

    def _record_correction(self, ticket: Ticket, person: str, text: str, key: str) -> str | None:
        try:
            return corrections.record_correction(
                self.db,
                reply_id=ticket.reply_id,
                person=person,
                role=self.directory.role(person).value,
                text=text,
                source=FeedbackSource.TICKET,
                key=f"{key}:answer",
            ).id
        except FeedbackError as error:
            logger.info("the answer to ticket %s is no correction: %s", ticket.id, type(error).__name__)
            return None

    def _remember(self, ticket: Ticket, person: str, ts: str, text: str) -> None:
        message = conversation.Message(
            team=ticket.team,
            channel=ticket.channel,
            thread_ts=ticket.thread_ts,
            ts=ts,
            person=person,
            role="assistant",
            text=text,
            created_at=self.clock(),
        )
        conversation.record_message(self.db, message)

    def _reason_not(self, ticket_id: str, person: str) -> str | None:
        if self.directory.role(person) is Role.CUSTOMER:
            return wording.TICKET_STAFF_ONLY
        return None if tickets.find_ticket(self.db, ticket_id) else wording.TICKET_UNKNOWN
