"""The story of one question: conversation, evidence, prompt, generation, reply, record.

Knows Slack only through `ReplyStream` and the post of a plain sentence; knows llama.cpp only through the engine's port.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from slack_sdk import WebClient

from bot.answering.claim_reader import Sentence
from bot.answering.private_reply import Outlet, PrivateReply, Show
from bot.answering.question import QUESTION, Asked, Question
from bot.answering.quoting import choose_sampling, find_room
from bot.answering.record import build_footer, build_reply
from bot.answering.reply_stream import ReplyStream
from bot.answering.shown_answer import ShownAnswer, read_sentences
from bot.engine.port import (
    Completion,
    DeadlinePassed,
    Engine,
    EngineBusy,
    EngineError,
    Generation,
    GenerationRequest,
    PromptTooLong,
)
from bot.slack.directory import Directory
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.lost_streams import find_lost_stream
from bot.slack.marks import mark_outcome, mark_reply
from bot.slack.text import has_words, plain_question, shorten
from bot.views import blocks, wording
from feedback import conversation, inbox, replies, signals
from feedback.corrections import Lessons
from feedback.database import Database
from feedback.events import FeedbackSource
from retrieval.encoders.entailment import EntailmentModel
from retrieval.knowledge import Knowledge
from retrieval.passage import Turn
from retrieval.prompt import REFUSAL, build_messages

logger = logging.getLogger(__name__)

QUESTION_CHARACTERS = 2_000
TURN_CHARACTERS = 300
_CUT = ("length", "deadline")
TITLE_CHARACTERS = 80
ASKED_AGAIN_WITHIN = timedelta(minutes=30)
STOPPED = "stopped"  # a fact of a question, in the inbox, whose answer was stopped


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into a prompt and comes out of it."""

    answer_tokens: int
    thread_messages: int
    exact_quotes: bool = True


@dataclass(frozen=True, slots=True)
class Answering:
    """Everything that answering needs; `answer` is the story."""

    client: WebClient
    directory: Directory
    db: Database
    knowledge: Knowledge
    engine: Engine
    company: str
    bot_user: str
    limits: Limits
    lessons: Lessons
    clock: Callable[[], datetime]
    new_id: Callable[[str], str]
    claim_model: EntailmentModel | None = None
    # what is being said, by channel and thread
    live: dict[tuple[str, str], tuple[Question, Generation]] = field(default_factory=dict)
    waiting: dict[str, Question] = field(default_factory=dict)  # for their turn or their evidence, by key

    def answer(self, question: Question, show: Show | None = None) -> None:
        """Answer in the question's thread: from evidence, with "I don't know", or with the reason why not.

        A private answer is shown by `show`, to the asker alone, or as an ephemeral message in the thread.
        """
        show = self._choose_show(question, show)
        started = time.perf_counter()
        text = plain_question(question.text, bot_user=self.bot_user)
        if reason := _reason_not_to_read(text):
            self.say_instead(question, reason, show)
            return
        with ThreadPoolExecutor(2, thread_name_prefix="chip-meanwhile") as side:
            meanwhile = [side.submit(self._show_status, question)] if show is None else []
            thread = self._earlier_turns(question) if question.thread_ts else []
            if question.thread_ts:
                meanwhile.append(side.submit(self._remember, question, question.ts, "user", text))
            scope = self.directory.scope(question.person, question.channel if question.thread_ts else None)
            retrieved = self.knowledge.find_evidence(text, scope, thread)
            messages = build_messages(retrieved.question, retrieved.evidence, company=self.company, thread=thread)
            asked = Asked(question.reply_id or self.new_id("R"), question, text, scope, retrieved, messages, started)
            self._reply_or_say_why_not(asked, show, meanwhile)

    def _reply_or_say_why_not(self, asked: Asked, show: Show | None, meanwhile: Sequence[Future[None]]) -> None:
        """Reply, once what is done meanwhile is done: Slack must not show Chip at work after the answer has begun."""
        question = asked.question
        if self.was_stopped(question):
            _wait_for(meanwhile)
            self.clear_status(question)  # which may have been set after it was said
            return
        try:
            self._reply(asked, show, meanwhile)
            return
        except EngineBusy as busy:
            reason = wording.BUSY.format(seconds=max(1, round(busy.wait_seconds)))
        except DeadlinePassed as late:
            reason = wording.BUSY.format(seconds=max(1, round(late.seconds)))
        except PromptTooLong:
            reason = wording.PROMPT_TOO_LONG
        _wait_for(meanwhile)
        self.say_instead(question, reason, show)

    def expect(self, question: Question) -> None:
        """Note that a question in a thread will be answered; until it is, it can be stopped."""
        self.waiting[question.key] = question

    def was_stopped(self, question: Question) -> bool:
        """Whether a question that was expected is to be answered no more."""
        return bool(question.thread_ts) and question.key not in self.waiting

    def stop(self, channel: str, thread_ts: str, person: str) -> list[Question]:
        """Stop what is being said in a thread, as its asker wished, or what the person waits for there.

        Return the waiting questions that were stopped, whose asker is to be told. All that was stopped is noted in the
        inbox: whoever takes it up after a crash, or tries again after a pause, answers it no more, and says so.
        """
        said = self.live.get((channel, thread_ts))
        if said is not None:
            question, generation = said
            generation.cancel()
            self.note_stopped(question)
            return []
        place = (channel, thread_ts, person)
        waiting = [q for q in list(self.waiting.values()) if (q.channel, q.thread_ts, q.person) == place]
        stopped = [question for question in waiting if self.take_up(question)]
        self.stop_unfinished(*place)
        return stopped

    def note_stopped(self, question: Question) -> None:
        """Note in the inbox that the question is to be answered no more."""
        inbox.note(self.db, question.key, **{STOPPED: True})

    def stop_unfinished(self, channel: str, thread_ts: str, person: str, until: datetime | None = None) -> None:
        """Note of all that a person asked in a thread, up to an instant, that it is to be answered no more."""
        for asked in inbox.find_unfinished(self.db, QUESTION):
            place = (asked.channel, asked.payload.get("thread_ts"), asked.payload.get("person"))
            if place == (channel, thread_ts, person) and (until is None or asked.received_at <= until):
                inbox.note(self.db, asked.key, **{STOPPED: True})

    def take_up(self, question: Question) -> bool:
        """Whether the question was still waiting, which it is no longer: it is said or stopped, and never both."""
        return self.waiting.pop(question.key, None) is not None

    def record_taught(self, question: Question, text: str) -> replies.Reply:
        """Record a question that a person answered in Chip's place, with the evidence that Chip would have read."""
        started = time.perf_counter()
        scope = self.directory.scope(question.person, question.channel)
        retrieved = self.knowledge.find_evidence(text, scope)
        messages = build_messages(retrieved.question, retrieved.evidence, company=self.company)
        asked = Asked(self.new_id("R"), question, text, scope, retrieved, messages, started)
        silent = Completion("", "", 0, 0, "stop", self.engine.base_id, self.engine.adapter_id(), 0.0, 0.0)
        role = self.directory.role(question.person).value
        reply = build_reply(asked, silent, ShownAnswer(()), self.clock(), role)
        reply = replace(reply, finish=replies.TAUGHT)
        replies.record_reply(self.db, reply)
        return reply

    def say_instead(self, question: Question, text: str, show: Show | None = None) -> None:
        """Say a plain sentence of Chip's own in the place of an answer, where that would be shown."""
        if (show := self._choose_show(question, show)) is not None:
            show(text, [])
            return
        self.client.chat_postMessage(
            channel=question.channel, thread_ts=question.thread_ts, text=text, metadata=mark_outcome(question.key)
        )

    def _choose_show(self, question: Question, show: Show | None) -> Show | None:
        """Return what shows an answer to its asker alone; None where all may see it in the thread."""
        if show is not None or not question.is_private:
            return show

        def whisper(text: str, shown: list[blocks.Block]) -> str:
            thread_ts = question.thread_ts if question.thread_ts != question.ts else None
            posted = self.client.chat_postEphemeral(
                channel=question.channel, user=question.person, thread_ts=thread_ts, text=text, blocks=shown
            )
            return str(posted["message_ts"])

        return whisper

    def _open(self, asked: Asked, show: Show | None) -> Outlet:
        channel = asked.question.channel

        def note(ts: str) -> None:
            replies.add_part(self.db, asked.reply_id, channel, ts)

        return PrivateReply(show, note) if show is not None else self.open_stream(asked.question, note)

    def open_stream(self, question: Question, on_part: Callable[[str], None]) -> ReplyStream:
        """Return a stream into the question's thread, which has not begun."""

        def find_lost(text: str) -> str | None:
            place = (question.channel, question.thread_ts)
            return find_lost_stream(self.client, self.db, self.bot_user, place, question.ts, text)

        return ReplyStream(self.client, question.place, on_part, find_lost)

    def _reply(self, asked: Asked, show: Show | None, meanwhile: Sequence[Future[None]]) -> None:
        generation = self.engine.submit(
            GenerationRequest(
                id=asked.reply_id,
                messages=asked.messages,
                max_tokens=find_room(asked.retrieved.evidence.lines, self.limits.answer_tokens),
                sampling=choose_sampling(
                    asked.retrieved.evidence.lines,
                    exact_quotes=self.limits.exact_quotes,
                    is_verified=asked.retrieved.is_verified,
                    is_unanswered=asked.retrieved.is_unanswered,
                ),
                person=asked.question.person,
                workspace=asked.question.team,
            )
        )
        stream = self._open(asked, show)
        shown = ShownAnswer(
            asked.retrieved.evidence.lines,
            asked.said,
            self.lessons.texts(),
            self.claim_model,
            lambda sentence: self.knowledge.find_lines(sentence, asked.scope),
        )
        place = (asked.question.channel, asked.question.thread_ts)
        self.live[place] = (asked.question, generation)
        try:
            _wait_for(meanwhile)
            if asked.question.thread_ts and not self.take_up(asked.question):
                generation.cancel()
                self.clear_status(asked.question)
                return
            completion = self._show_sentences(generation, stream, shown, asked)
        finally:
            self.live.pop(place, None)
        if completion.finish == "cancelled" and not shown.text:
            stream.abandon()
            self.say_instead(asked.question, wording.STOPPED, show)
            return
        if completion.finish in _CUT:
            stream.append(f"{shown.finish()}\n\n{wording.CUT_SHORT}")
        if not shown.text:
            stream.append(shown.add(Sentence(REFUSAL, "", None), milliseconds=asked.milliseconds))
        role = self.directory.role(asked.question.person)
        reply = build_reply(asked, completion, shown, self.clock(), role.value)
        replies.record_reply(self.db, reply)
        was_streamed = bool(stream.parts)
        if was_streamed:  # a follow-up may come as soon as the answer looks finished
            self._remember(asked.question, stream.parts[0], "assistant", shown.text)
        footer = build_footer(asked, shown, reply)
        inbox.note(self.db, asked.question.key, reply_id=reply.id, markdown=stream.markdown, footer=footer)
        stream.finish(footer, mark_reply(reply.id, asked.question.key))
        if not was_streamed and show is None:
            self._remember(asked.question, stream.parts[0], "assistant", shown.text)
        if show is None:
            self._set_title(asked.question, asked.text)
        self._note_signals(asked)
        logger.info(
            "reply %s: prompt %d tokens, answer %d tokens, first text %s ms, total %d ms",
            *(reply.id, reply.prompt_tokens, reply.completion_tokens, reply.first_text_ms, reply.total_ms),
        )

    def _note_signals(self, asked: Asked) -> None:
        """Record what the question says of an earlier answer, or of this one."""
        question, person = asked.question, asked.question.person
        role = self.directory.role(person).value
        before = signals.find_asked_before(
            self.db,
            team=question.team,
            person=person,
            question=asked.text,
            since=self.clock() - ASKED_AGAIN_WITHIN,
            but=asked.reply_id,
        )
        if before is not None:
            signals.record_reasked(self.db, before, person, role, again=asked.reply_id, key=f"{question.key}:again")
        if signals.wants_person(asked.text):
            signals.record_escalation(
                self.db, asked.reply_id, person, role, source=FeedbackSource.MESSAGE, key=f"{question.key}:person"
            )

    def _show_sentences(self, generation: Generation, stream: Outlet, shown: ShownAnswer, asked: Asked) -> Completion:
        try:
            for sentence in read_sentences(generation, lambda: generation.completion().finish in _CUT):
                if markdown := shown.add(sentence, milliseconds=asked.milliseconds):
                    stream.append(markdown)
                if stream.is_stopped:
                    generation.cancel()
                    break
            return generation.completion()
        except EngineError:
            stream.abandon()
            raise

    def _earlier_turns(self, question: Question) -> list[Turn]:
        messages = conversation.find_thread(
            self.db, question.team, question.channel, question.thread_ts, limit=self.limits.thread_messages + 1
        )
        earlier = [message for message in messages if message.ts != question.ts]
        if question.edit:  # what was said after it answered the words that it had
            earlier = [message for message in earlier if message.ts < question.ts]
        latest = earlier[max(0, len(earlier) - self.limits.thread_messages) :]
        return [Turn(message.role, shorten(message.text, TURN_CHARACTERS)) for message in latest]

    def _remember(self, question: Question, ts: str, role: Literal["user", "assistant"], text: str) -> None:
        person = question.person if role == "user" else self.bot_user
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
        """Say that Chip is at work."""
        place = question.place
        try:
            self.client.assistant_threads_setStatus(
                channel_id=place.channel, thread_ts=place.thread_ts, status=wording.THINKING
            )
        except SLACK_ERRORS as error:
            logger.info("no status in %s: %s", place.channel, name_error(error))

    def _set_title(self, question: Question, text: str) -> None:
        """Say what a direct thread is about, after its first answer: whoever waits for that waits for no title."""
        if question.thread_ts != question.ts or not question.channel.startswith("D"):
            return
        try:
            self.client.assistant_threads_setTitle(
                channel_id=question.channel, thread_ts=question.thread_ts, title=shorten(text, TITLE_CHARACTERS)
            )
        except SLACK_ERRORS as error:
            logger.info("no title in %s: %s", question.channel, name_error(error))

    def clear_status(self, question: Question) -> None:
        """Show Chip at work no longer; Slack does so by itself with whatever Chip says."""
        try:
            self.client.assistant_threads_setStatus(
                channel_id=question.channel, thread_ts=question.thread_ts, status=""
            )
        except SLACK_ERRORS as error:
            logger.info("the status in %s stays for two minutes: %s", question.channel, name_error(error))


def _wait_for(jobs: Sequence[Future[None]]) -> None:
    """Return once all are done; raises what one of them raised."""
    for job in jobs:
        job.result()


def _reason_not_to_read(text: str) -> str | None:
    if not has_words(text):
        return wording.EMPTY
    if len(text) > QUESTION_CHARACTERS:
        return wording.TOO_LONG.format(length=len(text), limit=QUESTION_CHARACTERS)
    return None
