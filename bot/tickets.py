"""Tickets: a conversation that needs a person gets one card in the staff channel, and the answer is carried back.

What the claimant writes in the card's thread reaches the asker in theirs, is recorded as a correction and closes the
card. Knows Slack's Web API; what a ticket is, is `feedback.tickets`'.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.slack import marks
from bot.slack.directory import Directory
from bot.slack.errors import SLACK_ERRORS, is_passing, name_error
from bot.slack.files import carry_files
from bot.slack.text import escape_mrkdwn, harmless_mrkdwn, plain_question, split_text
from bot.views import blocks, ticket_card, wording
from feedback import conversation, corrections, inbox, replies, tickets
from feedback.database import Database
from feedback.errors import FeedbackError
from feedback.events import FeedbackSource, Role
from feedback.tickets import Ticket, TicketState

logger = logging.getLogger(__name__)

NOTE = "note:"
CARRIED = "carried"  # a fact of a message with files, in the inbox: whether all of them are in the other thread
MOST_OPEN = 3  # conversations for which one person may want somebody at once
LISTED = 10  # calls in one reminder
FILES_WITHIN = timedelta(hours=1)  # that long a message waits for its files; its words go without them then
_SECTION_BYTES = 2_800


@dataclass(frozen=True, slots=True)
class Written:
    """A message of a ticket. `key` is its key in the inbox: by it, it is carried and recorded as a correction once.

    `files` are those that came with it, as Slack names them.
    """

    key: str
    ts: str
    person: str
    text: str
    files: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Tickets:
    """The desk. `staff_channel` is None where Chip sees no such channel; `remind_after` is how long staff may wait.

    `serve_corrections` serves the corrections that hold from now on.
    """

    client: WebClient
    db: Database
    directory: Directory
    bot_user: str
    staff_channel: str | None
    remind_after: timedelta
    clock: Callable[[], datetime]
    serve_corrections: Callable[[], bool]

    def bring_in(self, reply: replies.Reply, person: str) -> tuple[str, bool]:
        """Open the conversation's card unless there is one; return what to tell the person, and whether it is new.

        A person who waits in several conversations is sent back to those.
        """
        if self.staff_channel is None:
            return wording.PERSON_NOWHERE, True
        if tickets.find_open(self.db, reply.team, reply.channel, reply.thread_ts) is None:
            count = tickets.count_open(self.db, reply.team, person)
            if count >= MOST_OPEN:
                return wording.PERSON_ASKED_OFTEN.format(count=count), False
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
        self.serve_corrections()
        self._refresh(ticket_id)
        return None

    def find_for_message(self, channel: str, thread_ts: str) -> Ticket | None:
        """Return the ticket in whose card's thread a message stands."""
        return tickets.find_by_card(self.db, channel, thread_ts) if channel == self.staff_channel else None

    def find_claimed(self, team: str, channel: str, thread_ts: str) -> Ticket | None:
        """Return the ticket of a conversation that a person has taken over."""
        ticket = tickets.find_open(self.db, team, channel, thread_ts)
        return ticket if ticket is not None and ticket.state is TicketState.CLAIMED else None

    def take_message(self, ticket: Ticket, written: Written, is_again: bool = False) -> None:
        """Take what somebody wrote in a card's thread: the claimant's words are the answer, all else stays there.

        `is_again`: an earlier try may have carried it. Raises one of `SLACK_ERRORS`, a passing one above all.
        """
        is_empty = not written.text.strip() and not written.files
        if written.text.lower().lstrip().startswith(NOTE) or is_empty or ticket.is_closed:
            return
        if ticket.state is TicketState.OPEN:
            self._whisper(ticket, written.person, wording.TICKET_CLAIM_FIRST)
            return
        if written.person != ticket.claimed_by or self.directory.role(written.person) is Role.CUSTOMER:
            return
        # The files go first: the words close the ticket, after which nothing of it is taken up again.
        has_left = not self._carry_files(written, ticket.channel, ticket.thread_ts, self._head(written.person))
        if written.text.strip():
            self._answer(ticket, written, is_again=is_again)
        if has_left:
            self._whisper(ticket, written.person, wording.TICKET_FILE_LEFT.format(person=ticket.asker))

    def forward(self, ticket: Ticket, written: Written, is_again: bool = False) -> None:
        """Show staff what was said in a conversation that a person has taken over, or say that it did not arrive.

        `is_again`: an earlier try may have carried it. Raises one of `SLACK_ERRORS`, a passing one above all.
        """
        head = wording.TICKET_FORWARDED.format(person=written.person)
        lines = [head]
        if written.text.strip():
            lines.append(">" + harmless_mrkdwn(written.text).replace("\n", "\n>"))
        if not self._carry_files(written, ticket.card_channel, ticket.card_ts or "", head):
            lines.append(self._say_where_the_file_is(ticket, written))
        elif written.files and not written.text.strip():
            return
        try:
            self._post_once(ticket.card_channel, ticket.card_ts or "", written.key, is_again, text="\n".join(lines))
        except SLACK_ERRORS as error:
            if is_passing(error):
                raise
            logger.warning("a message of ticket %s did not arrive: %s", ticket.id, name_error(error))
            self.client.chat_postEphemeral(
                channel=ticket.channel,
                user=written.person,
                thread_ts=ticket.thread_ts,
                text=wording.TICKET_NOT_CARRIED,
            )

    def show_anew(self, quoting: Iterable[Ticket]) -> None:
        """Show cards without what was forgotten since; one that Slack refuses stays as it is."""
        for ticket in quoting:
            try:
                self._refresh(ticket.id)
            except SLACK_ERRORS as error:
                logger.warning("the card of ticket %s still quotes: %s", ticket.id, name_error(error))

    def remind(self) -> int:
        """Remind staff once of all tickets that wait too long; post the cards that could not be posted. How many."""
        team, waited = self.directory.team, self.clock() - self.remind_after
        waiting = tickets.find_waiting(self.db, team, reminded_before=waited)
        with_card = [ticket for ticket in waiting if ticket.card_ts is not None]
        together = [with_card] if len(with_card) > 1 else [[ticket] for ticket in with_card]
        return sum(
            self._remind_of(group) for group in [*together, *([ticket] for ticket in waiting if ticket.card_ts is None)]
        )

    def _remind_of(self, group: Sequence[Ticket]) -> int:
        """Post one message about one or several tickets; return of how many staff heard."""
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
            tickets.note_reminder(self.db, ticket.id)
        return len(group)

    def _post_missing_card(self, ticket: Ticket) -> None:
        reply = replies.find_reply(self.db, ticket.reply_id)
        if reply is not None:
            self._post_card(ticket, reply)

    def _remind_of_one(self, ticket: Ticket) -> None:
        sentence = wording.TICKET_WAITS if ticket.claimed_by is None else wording.TICKET_WAITS_FOR
        text = sentence.format(person=ticket.asker, by=ticket.claimed_by, minutes=self._count_minutes(ticket))
        self.client.chat_postMessage(
            channel=ticket.card_channel, thread_ts=ticket.card_ts, text=text, reply_broadcast=True
        )

    def _remind_of_several(self, group: Sequence[Ticket]) -> None:
        lines = [wording.TICKETS_WAIT.format(count=len(group), minutes=self._count_minutes(group[0]))]
        for ticket in group[:LISTED]:
            link = self._link(ticket.card_channel, ticket.card_ts or "")
            by = wording.TICKET_TAKEN_BY.format(by=ticket.claimed_by) if ticket.claimed_by else wording.TICKET_FREE
            name = escape_mrkdwn(self.directory.display_name(ticket.asker))
            call = f"<{link}|{name}>" if link else name
            lines.append(wording.TICKETS_WAIT_LINE.format(call=call, minutes=self._count_minutes(ticket), by=by))
        if len(group) > LISTED:
            lines.append(wording.TICKETS_MORE.format(count=len(group) - LISTED))
        self.client.chat_postMessage(channel=group[0].card_channel, text="\n".join(lines), unfurl_links=False)

    def _count_minutes(self, ticket: Ticket) -> int:
        return round((self.clock() - ticket.opened_at).total_seconds() / 60)

    def _carry_files(self, written: Written, channel: str, thread_ts: str, head: str) -> bool:
        """Share what came with a message in the other thread; False where something of it stays behind.

        It is shared at least once: a kill between the sharing and the note of it shares it again. Raises one of
        `SLACK_ERRORS` where it may be shared later.
        """
        if not written.files:
            return True
        stored = inbox.find_event(self.db, written.key)
        if stored is not None and CARRIED in stored.payload:
            return bool(stored.payload[CARRIED])
        try:
            is_carried = carry_files(self.client, written.files, channel, thread_ts, head)
        except SLACK_ERRORS as error:
            if stored is not None and self.clock() - stored.received_at < FILES_WITHIN:
                raise
            logger.warning("files for %s came too late: %s", channel, name_error(error))
            is_carried = False
        inbox.note(self.db, written.key, **{CARRIED: is_carried})
        return is_carried

    def _say_where_the_file_is(self, ticket: Ticket, written: Written) -> str:
        if ticket.channel.startswith("D"):
            return wording.TICKET_FILE_PRIVATE.format(person=written.person)
        link = self._link(ticket.channel, written.ts)
        place = f"<{link}|{wording.TICKET_PLACE}>" if link else f"<#{ticket.channel}>"
        return wording.TICKET_FILE_THERE.format(place=place)

    def _post_once(self, channel: str, thread_ts: str, key: str, is_again: bool, **content: Any) -> str:
        """Post into a thread what the message `key` says, unless an earlier try did; return its ts."""
        if is_again and (posted := self._find_carried(channel, thread_ts, key)):
            return posted
        answer = self.client.chat_postMessage(
            channel=channel, thread_ts=thread_ts, metadata=marks.mark_outcome(key), **content
        )
        return str(answer["ts"])

    def _find_carried(self, channel: str, thread_ts: str, key: str) -> str | None:
        try:
            said = marks.find_own_messages(self.client, self.bot_user, channel, thread_ts)
        except SLACK_ERRORS as error:
            if is_passing(error):
                raise
            logger.warning("a thread in %s cannot be read: %s", channel, name_error(error))
            return None
        return next((str(message["ts"]) for message in said if marks.is_about(message, key)), None)

    def _answer(self, ticket: Ticket, written: Written, *, is_again: bool) -> None:
        person, text, key = written.person, written.text, written.key
        head = self._head(person)
        pieces = [blocks.build_section(piece) for piece in split_text(harmless_mrkdwn(text), _SECTION_BYTES)]
        try:
            ts = self._post_once(
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
            self._say_at_card(ticket, wording.TICKET_UNDELIVERED.format(reason=name_error(error)))
            return
        plain = plain_question(text, bot_user=self.bot_user)
        self._remember(ticket, person, ts, plain)
        correction_id = self._record_correction(ticket, person, plain, key)
        tickets.close(self.db, ticket.id, by=person, state=TicketState.ANSWERED, correction_id=correction_id)
        self._refresh(ticket.id)

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
            link=self._link(reply.channel, reply.question_ts),
            learned=self._find_decision(ticket),
        )

    def _find_decision(self, ticket: Ticket) -> bool | None:
        correction = corrections.find_correction(self.db, ticket.correction_id) if ticket.correction_id else None
        if correction is None or correction.state is corrections.State.WAITING:
            return None
        return correction.state is corrections.State.APPROVED

    def _link(self, channel: str, ts: str) -> str | None:
        try:
            return str(self.client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])
        except SLACK_ERRORS as error:
            logger.info("no permalink for %s: %s", ts, name_error(error))
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
