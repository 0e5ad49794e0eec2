"""Proposes knowledge to staff: what people answered in tickets and threads, and documents against disliked replies.

Each becomes a correction that waits, and a proposal in general words. Those that ask the same are proposed as one.
Knows nothing of how staff decide.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.learning.general import generalise
from feedback import conversation, corrections, overheard, replies
from feedback.conversation import Message
from feedback.corrections import Correction
from feedback.database import Database
from feedback.events import FeedbackKind, FeedbackSource, Role, Said
from feedback.history import message as history
from feedback.history.acts import is_acknowledgement
from feedback.history.pairs import LONGEST_ANSWER, Pair, build_turns, draw_pairs
from feedback.privacy import FindNames, Masker, NameReaderError, group_names
from feedback.proposals import Proposal, find_proposals, record_proposals
from feedback.replies import HANDED_OVER, Reply
from retrain.data.duplicates import Encode, find_groups
from retrieval.draft import Draft
from retrieval.passage import Audience

logger = logging.getLogger(__name__)

QUIET = timedelta(hours=4)
"""A thread is over once nobody has written for so long, or its asker said thanks."""
LOOKED_BACK = timedelta(days=14)
BARE_FOR = timedelta(minutes=15)
"""How long a person may take, after a thumb, to write what is right; after that the thumb is bare."""
_MOST_AT_ONCE = 50
_MOST_COMPARED = 1_000
_TURNS = 60


@dataclass(frozen=True, slots=True)
class Proposer:
    """Proposes in one workspace.

    `prepare` returns what the documents say to a question now, `wants_person` whether a text asks for a person,
    `find_role` who somebody is, `find_names` the names of a reply's people, and `read_names` opens the reader of other
    names.
    """

    db: Database
    team: str
    bot_user: str
    prepare: Callable[[str, Audience], Draft]
    encode: Encode
    wants_person: Callable[[str], bool]
    find_role: Callable[[str], Role]
    find_names: Callable[[Reply, str], Sequence[str]]
    read_names: Callable[[], AbstractContextManager[FindNames | None]]
    clock: Callable[[], datetime]

    def propose(self) -> int:
        """Propose everything that is new, and return how many proposals that makes."""
        self._listen_to_threads()
        self._answer_bare_thumbs()
        return self.generalise_waiting()

    def generalise_waiting(self) -> int:
        """Put every waiting correction in general words that is not yet; return how many."""
        waiting = corrections.find_pending(self.db)
        given = replies.find_replies(self.db, list({one.reply_id for one in waiting}))
        ours = [one for one in waiting if one.reply_id in given and given[one.reply_id].team == self.team]
        known = find_proposals(self.db, [one.id for one in ours])
        new = [one for one in ours if one.id not in known]
        if not new:
            return 0
        with self.read_names() as reader:
            made = [self._generalise(one, given[one.reply_id], reader) for one in new]
        record_proposals(self.db, self._join(sorted(known.values(), key=lambda one: one.at), made))
        return len(made)

    def _generalise(self, one: Correction, reply: Reply, reader: FindNames | None) -> Proposal:
        question = self._find_question(one, reply)
        evidence = "\n".join(line.text for line in reply.evidence)
        people = group_names(self.find_names(reply, one.person))
        try:
            asked, text = generalise(question, one.text, Masker(people, find_names=reader), quoted=evidence)
        except NameReaderError as error:
            logger.warning("names that Slack does not show are found by their cues alone: %s", error)
            asked, text = generalise(question, one.text, Masker(people), quoted=evidence)
        return Proposal(one.id, reply.id, asked, text, one.id, one.at)

    def _find_question(self, one: Correction, reply: Reply) -> str:
        """Return what a correction answers: as the thread asked it, or as it was searched."""
        if one.question:
            return self.prepare(one.question, Audience(reply.audience)).retrieved.question
        if one.source is not FeedbackSource.TICKET:
            return reply.query or reply.question
        turns = conversation.find_thread(self.db, self.team, reply.channel, reply.thread_ts, _TURNS)
        answered = [pair for pair in self._draw(turns, {reply.asker}) if pair.answerer == one.person]
        if answered and not answered[-1].follows:
            return self.prepare(answered[-1].question, Audience(reply.audience)).retrieved.question
        if reply.finish != HANDED_OVER:
            return reply.query or reply.question
        earlier = replies.find_thread_replies(self.db, self.team, reply.channel, reply.thread_ts)
        asked = [before for before in earlier if before.finish != HANDED_OVER and before.question]
        return (asked[-1].query or asked[-1].question) if asked else reply.question

    def _join(self, known: Sequence[Proposal], made: Sequence[Proposal]) -> list[Proposal]:
        """Return what was made, each with the first that asks the same."""
        compared = [*known[-_MOST_COMPARED:], *made]
        texts = [one.question for one in compared]
        groups = [int(group) for group in find_groups(texts, self.encode(texts))]
        firsts: dict[int, str] = {}
        for one, group in zip(compared, groups, strict=True):
            firsts.setdefault(group, one.first)
        return [
            replace(one, first=firsts[group])
            for one, group in zip(made, groups[len(compared) - len(made) :], strict=True)
        ]

    def _listen_to_threads(self) -> None:
        """Take up what staff answered in threads that are over."""
        now = self.clock()
        for channel, thread_ts in overheard.find_threads(self.db, self.team, since=now - LOOKED_BACK):
            turns = conversation.find_thread(self.db, self.team, channel, thread_ts, _TURNS)
            given = [
                one
                for one in replies.find_thread_replies(self.db, self.team, channel, thread_ts)
                if one.question and one.finish != HANDED_OVER
            ]
            if given and self._is_over(turns, now):
                self._take_up(turns, given)

    def _is_over(self, turns: Sequence[Message], now: datetime) -> bool:
        last = turns[-1]
        return now - last.created_at >= QUIET or (last.role != "assistant" and is_acknowledgement(last.text))

    def _take_up(self, turns: Sequence[Message], given: Sequence[Reply]) -> None:
        askers = {one.asker for one in given}
        heard = [turn for turn in turns if turn.role != "assistant"]
        for pair in self._draw(heard, askers):
            if self.find_role(pair.answerer) is Role.CUSTOMER or pair.follows or len(pair.answer) > LONGEST_ANSWER:
                continue
            before = [one for one in given if float(one.question_ts) <= (pair.at or 0)] or given[:1]
            value = {"text": corrections.clean_text(pair.answer), "question": pair.question}
            key = f"thread:{before[-1].channel}:{before[-1].thread_ts}:{pair.at}"
            self._append(before[-1].id, pair.answerer, FeedbackSource.THREAD, value, key)

    def _draw(self, turns: Sequence[Message], askers: set[str]) -> Iterator[Pair]:
        """Yield the questions of a thread with people's answers. Chip's own messages count for nothing."""
        said = [
            (history.Message(turn.person, turn.text, at=float(turn.ts)), self._asks(turn.person, askers))
            for turn in turns
            if turn.person != self.bot_user and not (turn.person in askers and self.wants_person(turn.text))
        ]
        yield from (pair for pair in draw_pairs(build_turns(said)) if isinstance(pair, Pair))

    def _asks(self, person: str, askers: set[str]) -> bool:
        return person in askers or self.find_role(person) is Role.CUSTOMER

    def _answer_bare_thumbs(self) -> None:
        """Quote what the documents say to replies that somebody disliked without a word; nothing makes a gap."""
        now = self.clock()
        bare = overheard.find_bare_dislikes(
            self.db, self.team, since=now - LOOKED_BACK, until=now - BARE_FOR, limit=_MOST_AT_ONCE
        )
        for reply in replies.find_replies(self.db, bare).values():
            asked = reply.query or reply.question
            draft = self.prepare(asked, Audience(reply.audience))
            lines = draft.retrieved.evidence.lines
            if lines:
                text = "\n".join(line.text for line in lines)[: corrections.MAX_CHARACTERS]
                key = f"documents:{reply.id}"
                self._append(
                    reply.id, self.bot_user, FeedbackSource.DOCUMENTS, {"text": corrections.clean_text(text)}, key
                )
            else:
                question, _ = generalise(asked, "", Masker(group_names(self.find_names(reply, ""))))
                record_proposals(self.db, [Proposal(reply.id, reply.id, question, "", reply.id, now)])

    def _append(self, reply_id: str, person: str, source: FeedbackSource, value: dict[str, str], key: str) -> None:
        said = Said(reply_id, person, Role.STAFF, FeedbackKind.CORRECTION, source, value, key)
        with self.db.begin() as connection:
            corrections.append_correction(connection, self.db, said)
