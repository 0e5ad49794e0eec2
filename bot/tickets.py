"""A person is wanted: one card in the staff channel for each conversation, claimed and answered there.

What the claimant writes in the card's thread reaches the asker in theirs, is recorded as a correction and closes the
card. Knows Slack's Web API; what a ticket is, is `feedback.tickets`'.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sdk import WebClient

from bot import blocks, ticket_card, wording
from bot.audience import Directory
from bot.slack_errors import SLACK_ERRORS, name_error
from bot.slack_text import escape_mrkdwn, harmless_mrkdwn, plain_question, split_text
from feedback import conversation, corrections, replies, tickets
from feedback.database import Database
from feedback.errors import FeedbackError
from feedback.events import Role, Source
from feedback.tickets import Ticket, TicketState

logger = logging.getLogger(__name__)

NOTE = "note:"
_SECTION_BYTES = 2_800


@dataclass(frozen=True, slots=True)
class Tickets:
    """The desk. `staff_channel` is None where Chip sees no such channel; `remind_after` is how long staff may wait.

    `learn_corrections` serves the corrections that hold from now on.
    """

    client: WebClient
    db: Database
    directory: Directory
    bot_user: str
    staff_channel: str | None
    remind_after: timedelta
    clock: Callable[[], datetime]
    learn_corrections: Callable[[], bool]

    def bring_in(self, reply: replies.Reply, person: str) -> tuple[str, bool]:
        """Open the conversation's card unless there is one; return what to tell the person, and whether it is new."""
        if self.staff_channel is None:
            return wording.PERSON_NOWHERE, True
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
            self._post_card(ticket, reply)
        return (wording.PERSON_ASKED if is_new else wording.PERSON_ASKED_ALREADY), is_new

    def claim(self, ticket_id: str, person: str) -> str | None:
        """Make the person the one who answers; return why not."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        if not tickets.claim(self.db, ticket_id, person):
            return wording.TICKET_TAKEN
        self._refresh(ticket_id)
        return None

    def release(self, ticket_id: str, person: str) -> str | None:
        """Give a ticket back; return why not."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        if not tickets.release(self.db, ticket_id, person):
            return wording.TICKET_TAKEN
        self._refresh(ticket_id)
        return None

    def dismiss(self, ticket_id: str, person: str) -> str | None:
        """Close a ticket without an answer; return why not."""
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        if not tickets.close(self.db, ticket_id, by=person, state=TicketState.DISMISSED):
            return wording.TICKET_CLOSED
        self._refresh(ticket_id)
        return None

    def use(self, ticket_id: str, person: str) -> str | None:
        """Let the answer serve others who ask the same; return why not."""
        return self._decide(ticket_id, person, approved=True)

    def keep_out(self, ticket_id: str, person: str) -> str | None:
        """Keep the answer for the one person that it was written for; return why not."""
        return self._decide(ticket_id, person, approved=False)

    def _decide(self, ticket_id: str, person: str, *, approved: bool) -> str | None:
        if refusal := self._reason_not(ticket_id, person):
            return refusal
        ticket = tickets.find_ticket(self.db, ticket_id)
        if ticket is None or ticket.correction_id is None:
            return wording.TICKET_UNKNOWN
        role = self.directory.role(person).value
        corrections.decide(self.db, ticket.correction_id, by=person, role=role, approved=approved)
        self.learn_corrections()
        self._refresh(ticket_id)
        return None

    def find_for_message(self, channel: str, thread_ts: str) -> Ticket | None:
        """Return the ticket in whose card's thread a message stands."""
        return tickets.find_by_card(self.db, channel, thread_ts) if channel == self.staff_channel else None

    def find_claimed(self, team: str, channel: str, thread_ts: str) -> Ticket | None:
        """Return the ticket of a conversation that a person has taken over."""
        ticket = tickets.find_open(self.db, team, channel, thread_ts)
        return ticket if ticket is not None and ticket.state is TicketState.CLAIMED else None

    def take_message(self, ticket: Ticket, person: str, text: str, *, key: str) -> None:
        """Take what somebody wrote in a card's thread: the claimant's words are the answer, all else stays there.

        `key` is the inbox key of the message, by which its correction is recorded once.
        """
        if text.lower().lstrip().startswith(NOTE) or not text.strip() or ticket.is_closed:
            return
        if ticket.state is TicketState.OPEN:
            self._whisper(ticket, person, wording.TICKET_CLAIM_FIRST)
            return
        if person != ticket.claimed_by or self.directory.role(person) is Role.CUSTOMER:
            return
        self._answer(ticket, person, text, key)

    def forward(self, ticket: Ticket, person: str, text: str) -> None:
        """Show staff what was said in a conversation that a person has taken over."""
        quoted = harmless_mrkdwn(text).replace("\n", "\n>")
        self._say_at_card(ticket, f"{wording.TICKET_FORWARDED.format(person=person)}\n>{quoted}")

    def show_anew(self, quoting: Iterable[Ticket]) -> None:
        """Show cards without what was forgotten since; one that Slack refuses stays as it is."""
        for ticket in quoting:
            try:
                self._refresh(ticket.id)
            except SLACK_ERRORS as error:
                logger.warning("the card of ticket %s still quotes: %s", ticket.id, name_error(error))

    def remind(self) -> int:
        """Remind staff of every ticket that waits too long; post the cards that could not be posted. How many."""
        team, waited = self.directory.team, self.clock() - self.remind_after
        count = 0
        for ticket in tickets.find_waiting(self.db, team, reminded_before=waited):
            try:
                self._remind_of(ticket)
            except SLACK_ERRORS as error:
                logger.warning("no reminder of ticket %s: %s", ticket.id, name_error(error))
            else:
                tickets.note_reminder(self.db, ticket.id)
                count += 1
        return count

    def _remind_of(self, ticket: Ticket) -> None:
        if ticket.card_ts is None:
            reply = replies.find_reply(self.db, ticket.reply_id)
            if reply is not None:
                self._post_card(ticket, reply)
            return
        minutes = round((self.clock() - ticket.opened_at).total_seconds() / 60)
        sentence = wording.TICKET_WAITS if ticket.claimed_by is None else wording.TICKET_WAITS_FOR
        text = sentence.format(person=ticket.asker, by=ticket.claimed_by, minutes=minutes)
        self.client.chat_postMessage(
            channel=ticket.card_channel, thread_ts=ticket.card_ts, text=text, reply_broadcast=True
        )

    def _answer(self, ticket: Ticket, person: str, text: str, key: str) -> None:
        name = self.directory.display_name(person)
        head = wording.TICKET_REPLY.format(name=escape_mrkdwn(name))
        pieces = [blocks.build_section(piece) for piece in split_text(harmless_mrkdwn(text), _SECTION_BYTES)]
        try:
            posted = self.client.chat_postMessage(
                channel=ticket.channel,
                thread_ts=ticket.thread_ts,
                text=head,
                blocks=[blocks.build_context(head), *pieces],
                unfurl_links=False,
            )
        except SLACK_ERRORS as error:
            logger.warning("the answer to ticket %s did not arrive: %s", ticket.id, name_error(error))
            self._say_at_card(ticket, wording.TICKET_UNDELIVERED.format(reason=name_error(error)))
            return
        plain = plain_question(text, bot_user=self.bot_user)
        self._remember(ticket, person, str(posted["ts"]), plain)
        correction_id = self._record_correction(ticket, person, plain, key)
        tickets.close(self.db, ticket.id, by=person, state=TicketState.ANSWERED, correction_id=correction_id)
        self._refresh(ticket.id)

    def _record_correction(self, ticket: Ticket, person: str, text: str, key: str) -> str | None:
        try:
            return corrections.record_correction(
                self.db,
                reply_id=ticket.reply_id,
                person=person,
                role=self.directory.role(person).value,
                text=text,
                source=Source.TICKET,
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

    def _post_card(self, ticket: Ticket, reply: replies.Reply) -> None:
        text, shown = ticket_card.build_card(ticket, self._facts(ticket, reply))
        posted = self.client.chat_postMessage(
            channel=ticket.card_channel, text=text, blocks=shown, unfurl_links=False, unfurl_media=False
        )
        tickets.note_card(self.db, ticket.id, str(posted["ts"]))

    def _refresh(self, ticket_id: str) -> None:
        """Show the ticket as it stands now on its card."""
        ticket = tickets.find_ticket(self.db, ticket_id)
        reply = replies.find_reply(self.db, ticket.reply_id) if ticket else None
        if ticket is None or ticket.card_ts is None or reply is None:
            return
        text, shown = ticket_card.build_card(ticket, self._facts(ticket, reply))
        self.client.chat_update(channel=ticket.card_channel, ts=ticket.card_ts, text=text, blocks=shown)

    def _facts(self, ticket: Ticket, reply: replies.Reply) -> ticket_card.CardFacts:
        turns = conversation.find_thread(self.db, ticket.team, ticket.channel, ticket.thread_ts)
        people = {turn.person for turn in turns} - {self.bot_user}
        return ticket_card.CardFacts(
            names={person: self.directory.display_name(person) for person in people},
            name=self.directory.display_name(ticket.asker),
            role=self.directory.role(ticket.asker).value,
            turns=turns,
            reply=reply,
            link=self._link(reply),
            learned=self._find_decision(ticket),
        )

    def _find_decision(self, ticket: Ticket) -> bool | None:
        correction = corrections.find_correction(self.db, ticket.correction_id) if ticket.correction_id else None
        if correction is None or correction.state is corrections.State.WAITING:
            return None
        return correction.state is corrections.State.APPROVED

    def _link(self, reply: replies.Reply) -> str | None:
        try:
            return str(self.client.chat_getPermalink(channel=reply.channel, message_ts=reply.question_ts)["permalink"])
        except SLACK_ERRORS as error:
            logger.info("no permalink for %s: %s", reply.question_ts, name_error(error))
            return None

    def _reason_not(self, ticket_id: str, person: str) -> str | None:
        if self.directory.role(person) is Role.CUSTOMER:
            return wording.TICKET_STAFF_ONLY
        return None if tickets.find_ticket(self.db, ticket_id) else wording.TICKET_UNKNOWN

    def _say_at_card(self, ticket: Ticket, text: str) -> None:
        if ticket.card_ts is not None:
            self.client.chat_postMessage(channel=ticket.card_channel, thread_ts=ticket.card_ts, text=text)

    def _whisper(self, ticket: Ticket, person: str, text: str) -> None:
        self.client.chat_postEphemeral(channel=ticket.card_channel, user=person, thread_ts=ticket.card_ts, text=text)
