"""Answers one question in Slack: conversation, evidence, prompt, generation, reply, record.

Reaches Slack only through `ReplyStream` and plain posts, and llama.cpp only through the engine's port.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from slack_sdk import WebClient

from bot.answering.private_reply import Outlet, PrivateReply, Show
from bot.answering.question import PendingReply, Question
from bot.answering.record import build_footer, build_reply
from bot.answering.reply_stream import ReplyStream
from bot.answering.say import Saying, Voice
from bot.answering.shown_answer import ShownAnswer
from bot.answering.stops import Stops
from bot.engine.port import Completion, DeadlinePassed, EngineBusy, EngineError, Lane, PromptTooLong
from bot.slack.directory import Directory
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.lost_streams import find_lost_stream
from bot.slack.marks import mark_outcome, mark_reply
from bot.slack.text import has_words, plain_question, shorten
from bot.slack.threads import ThreadReader
from bot.slack.written import Unread, read_text
from bot.views import blocks, wording
from feedback import conversation, inbox, replies, signals
from feedback.database import Database
from feedback.events import FeedbackSource
from retrieval.asked.gestures import Gesture
from retrieval.draft import Draft, prepare
from retrieval.english.sentences import split_sentences
from retrieval.knowledge import Knowledge
from retrieval.passage import Scope, Turn

logger = logging.getLogger(__name__)

QUESTION_CHARACTERS = 20_000
TURN_CHARACTERS = 300
TITLE_CHARACTERS = 80
ASKED_AGAIN_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers questions in one workspace; begin with `answer`.

    A prompt holds at most `thread_messages` earlier turns of its thread. `choose_lane` says which adapter answers.
    """

    client: WebClient
    directory: Directory
    db: Database
    knowledge: Knowledge
    voice: Voice
    company: str
    bot_user: str
    thread_messages: int
    clock: Callable[[], datetime]
    new_id: Callable[[str], str]
    stops: Stops
    threads: ThreadReader
    choose_lane: Callable[[Question], Lane] = lambda question: Lane.LIVE  # noqa: ARG005

    def answer(self, question: Question, show: Show | None = None) -> None:
        """Answer in the question's thread: from evidence, with "I don't know", or with the reason for no answer.

        Only the asker sees a private answer. `show` shows it; without `show` it is an ephemeral message.
        """
        show = self._choose_show(question, show)
        started = time.perf_counter()
        text = plain_question(question.text, bot_user=self.bot_user)
        if reason := _reason_not_to_read(text, question.unread):
            self.say_instead(question, reason, show)
            return
        with ThreadPoolExecutor(2, thread_name_prefix="chip-meanwhile") as side:
            meanwhile = [side.submit(self._show_status, question)] if show is None else []
            thread = self._earlier_turns(question) if question.thread_ts else []
            if question.thread_ts:
                meanwhile.append(side.submit(self.remember, question, question.ts, "user", text))
            scope = self.directory.scope(question.person, question.channel if question.thread_ts else None)
            draft = self._prepare(text, scope, thread)
            pending = PendingReply(question.reply_id or self.new_id("R"), question, draft, started)
            self._reply_or_say_why_not(pending, show, meanwhile)

    def _prepare(self, text: str, scope: Scope, thread: Sequence[Turn] = ()) -> Draft:
        reads = self.voice.engine.reads_passages
        return prepare(self.knowledge, self.company, text, scope, thread, whole_passages=reads)

    def _reply_or_say_why_not(
        self, pending: PendingReply, show: Show | None, meanwhile: Sequence[Future[None]]
    ) -> None:
        """Reply after `meanwhile` has ended, because Slack must not show a status after the answer has begun."""
        question = pending.question
        if self.stops.was_stopped(question):
            _wait_for(meanwhile)
            self.clear_status(question)  # which may have been set after it was said
            return
        try:
            self._reply(pending, show, meanwhile)
            return
        except EngineBusy as busy:
            reason = wording.BUSY.format(seconds=max(1, round(busy.wait_seconds)))
        except DeadlinePassed as late:
            reason = wording.BUSY.format(seconds=max(1, round(late.seconds)))
        except PromptTooLong:
            reason = wording.PROMPT_TOO_LONG
        _wait_for(meanwhile)
        self.say_instead(question, reason, show)

    def record_unspoken(self, question: Question, text: str, *, finish: str = replies.TAUGHT) -> replies.Reply:
        """Record a question that a person answers instead of Chip, with the evidence that Chip would have read."""
        started = time.perf_counter()
        scope = self.directory.scope(question.person, question.channel)
        pending = PendingReply(self.new_id("R"), question, self._prepare(text, scope), started)
        engine = self.voice.engine
        silent = Completion("", "", 0, 0, "stop", engine.base_id, engine.adapter_id(), 0.0, 0.0)
        role = self.directory.role(question.person).value
        reply = build_reply(pending, silent, ShownAnswer(()), self.clock(), role)
        reply = replace(reply, finish=finish, first_text_ms=reply.total_ms)
        replies.record_reply(self.db, reply)
        return reply

    def say_instead(
        self, question: Question, text: str, show: Show | None = None, shown: list[blocks.Block] | None = None
    ) -> None:
        """Post a sentence of Chip's own, or its blocks, where the answer would appear."""
        if (show := self._choose_show(question, show)) is not None:
            show(text, shown or [])
            return
        self.client.chat_postMessage(
            channel=question.channel,
            thread_ts=question.thread_ts,
            text=text,
            blocks=shown,
            metadata=mark_outcome(question.key),
        )

    def _choose_show(self, question: Question, show: Show | None) -> Show | None:
        """Return the function that shows an answer only to its asker; None if everybody in the thread may see it."""
        if show is not None or not question.is_private:
            return show

        def whisper(text: str, shown: list[blocks.Block]) -> str:
            thread_ts = question.thread_ts if question.thread_ts != question.ts else None
            posted = self.client.chat_postEphemeral(
                channel=question.channel, user=question.person, thread_ts=thread_ts, text=text, blocks=shown
            )
            return str(posted["message_ts"])

        return whisper

    def _open(self, pending: PendingReply, show: Show | None) -> Outlet:
        def note(ts: str) -> None:
            replies.add_part(self.db, pending.reply_id, pending.question.channel, ts)

        return PrivateReply(show, note) if show is not None else self.open_stream(pending.question, note)

    def open_stream(self, question: Question, on_part: Callable[[str], None]) -> ReplyStream:
        """Return a new stream into the question's thread."""

        def find_lost(text: str) -> str | None:
            place = (question.channel, question.thread_ts)
            return find_lost_stream(self.client, self.db, self.bot_user, place, question.ts, text)

        return ReplyStream(self.client, question.place, on_part, find_lost)

    def _reply(self, pending: PendingReply, show: Show | None, meanwhile: Sequence[Future[None]]) -> None:
        question = pending.question
        saying = self.voice.say(
            pending.draft,
            pending.reply_id,
            lane=self.choose_lane(question),
            person=question.person,
            workspace=question.team,
            milliseconds=pending.milliseconds,
        )
        stream = self._open(pending, show)
        with self.stops.saying(question, saying):
            _wait_for(meanwhile)
            if question.thread_ts and not self.stops.claim(question):
                saying.cancel()
                self.clear_status(question)
                return
            completion = _stream(saying, stream)
        if completion.finish == "cancelled" and not saying.shown.text:
            stream.abandon()
            self.say_instead(question, wording.STOPPED, show)
            return
        reply = self._record(pending, completion, saying.shown)
        wants_person = self._wants_person(pending.draft.asked)
        self._finish(pending, stream, saying.shown, reply, is_public=show is None, wants_person=wants_person)
        self._note_signals(pending, wants_person=wants_person)
        logger.info(
            "reply %s: prompt %d tokens, answer %d tokens, first text %s ms, total %d ms",
            *(reply.id, reply.prompt_tokens, reply.completion_tokens, reply.first_text_ms, reply.total_ms),
        )

    def _record(self, pending: PendingReply, completion: Completion, shown: ShownAnswer) -> replies.Reply:
        role = self.directory.role(pending.question.person)
        reply = build_reply(pending, completion, shown, self.clock(), role.value)
        replies.record_reply(self.db, reply)
        return reply

    def _finish(
        self,
        pending: PendingReply,
        stream: Outlet,
        shown: ShownAnswer,
        reply: replies.Reply,
        *,
        is_public: bool,
        wants_person: bool,
    ) -> None:
        """End the message with its footer, and remember the answer as a turn of its thread.

        A streamed answer is remembered before its message ends, because a follow-up may arrive right after that.
        """
        question, was_streamed = pending.question, bool(stream.parts)
        if was_streamed:
            self.remember(question, stream.parts[0], "assistant", shown.text)
        footer = build_footer(pending, shown, reply, wants_person=wants_person)
        inbox.note(self.db, question.key, reply_id=reply.id, markdown=stream.markdown, footer=footer)
        stream.finish(footer, mark_reply(reply.id, question.key))
        if is_public:
            if not was_streamed:
                self.remember(question, stream.parts[0], "assistant", shown.text)
            self._set_title(question, pending.draft.asked)

    def _wants_person(self, asked: str) -> bool:
        """Return whether one of several sentences asks for a person. A message that does only that never comes here."""
        sentences = split_sentences(asked)
        outer = dict.fromkeys([*sentences[:1], *sentences[-2:]])  # each takes 10 ms, and a story may be long
        return len(sentences) > 1 and any(self.knowledge.find_gesture(one) is Gesture.WANTS_PERSON for one in outer)

    def _note_signals(self, pending: PendingReply, *, wants_person: bool) -> None:
        """Record what the question says about an earlier answer, or about this one."""
        question, person = pending.question, pending.question.person
        role = self.directory.role(person).value
        before = signals.find_asked_before(
            self.db,
            team=question.team,
            person=person,
            question=pending.draft.asked,
            since=self.clock() - ASKED_AGAIN_WITHIN,
            but=pending.reply_id,
        )
        if before is not None:
            signals.record_reasked(self.db, before, person, role, again=pending.reply_id, key=f"{question.key}:again")
        if wants_person:
            signals.record_escalation(
                self.db, pending.reply_id, person, role, source=FeedbackSource.MESSAGE, key=f"{question.key}:person"
            )

    def _earlier_turns(self, question: Question) -> list[Turn]:
        def find() -> list[conversation.Message]:
            most = self.thread_messages + 1
            return conversation.find_thread(self.db, question.team, question.channel, question.thread_ts, limit=most)

        messages = find()
        if not messages and question.thread_ts != question.ts:
            self._read_thread(question)
            messages = find()
        earlier = [message for message in messages if message.ts != question.ts and message.role != "aside"]
        if question.edit:  # what was said after it answered the words that it had
            earlier = [message for message in earlier if message.ts < question.ts]
        latest = earlier[max(0, len(earlier) - self.thread_messages) :]
        return [
            Turn("assistant" if message.role == "assistant" else "user", shorten(message.text, TURN_CHARACTERS))
            for message in latest
        ]

    def _read_thread(self, question: Question) -> None:
        """Store a thread's messages from before Chip was asked. Everybody who may ask in the thread may read them."""
        for said in self.threads.read(question.channel, question.thread_ts, question.ts):
            is_own = said.get("user") == self.bot_user
            text = plain_question(read_text(said), bot_user=self.bot_user)
            if has_words(text):
                person = str(said.get("user") or said.get("bot_id") or "")
                self._record_turn(question, said["ts"], "assistant" if is_own else "user", text, person)

    def remember(self, question: Question, ts: str, role: Literal["user", "assistant"], text: str) -> None:
        """Store a message as a turn of the question's thread."""
        self._record_turn(question, ts, role, text, question.person if role == "user" else self.bot_user)

    def _record_turn(
        self, question: Question, ts: str, role: Literal["user", "assistant"], text: str, person: str
    ) -> None:
        message = conversation.Message(
            team=question.team,
            channel=question.channel,
            thread_ts=question.thread_ts,
            ts=ts,
            person=person,
            role=role,
            text=text,
            created_at=self.clock(),
        )
        conversation.record_message(self.db, message)

    def _show_status(self, question: Question) -> None:
        """Show the status that Chip is at work."""
        place = question.place
        try:
            self.client.assistant_threads_setStatus(
                channel_id=place.channel, thread_ts=place.thread_ts, status=wording.THINKING
            )
        except SLACK_ERRORS as error:
            logger.info("no status in %s: %s", place.channel, name_error(error))

    def _set_title(self, question: Question, text: str) -> None:
        """Set the title of a direct thread. This happens after the first answer, so that nobody waits for it."""
        if question.thread_ts != question.ts or not question.channel.startswith("D"):
            return
        try:
            self.client.assistant_threads_setTitle(
                channel_id=question.channel, thread_ts=question.thread_ts, title=shorten(text, TITLE_CHARACTERS)
            )
        except SLACK_ERRORS as error:
            logger.info("no title in %s: %s", question.channel, name_error(error))

    def clear_status(self, question: Question) -> None:
        """Clear the status. Slack does so itself when Chip posts a message."""
        try:
            self.client.assistant_threads_setStatus(
                channel_id=question.channel, thread_ts=question.thread_ts, status=""
            )
        except SLACK_ERRORS as error:
            logger.info("the status in %s stays for two minutes: %s", question.channel, name_error(error))


def _stream(saying: Saying, stream: Outlet) -> Completion:
    """Stream the answer until it ends or its asker stops it."""
    try:
        for markdown in saying:
            stream.append(markdown)
            if stream.is_stopped:
                saying.cancel()
                break
        return saying.completion()
    except EngineError:
        stream.abandon()
        raise


def _wait_for(jobs: Sequence[Future[None]]) -> None:
    """Wait for all of them. Raises what one of them raised."""
    for job in jobs:
        job.result()


def _reason_not_to_read(text: str, unread: Unread) -> str | None:
    if not has_words(text):
        return wording.UNREAD.get(unread, wording.EMPTY)
    if len(text) > QUESTION_CHARACTERS:
        return wording.TOO_LONG.format(length=len(text), limit=QUESTION_CHARACTERS)
    return None
