"""Builds lessons: what one reply teaches through its votes or its correction. Knows nothing of duplicates or splits.

A liked reply with an unsupported claim is never a positive example: votes must not train flattery. A disliked reply
that its documents support is a negative example only if staff say so: the truth may be unwelcome.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from feedback.corrections import approved
from feedback.database import Database
from feedback.events import Role
from feedback.replies import Reply, find_replies
from retrain.data.claims import find_shown, find_supporting
from retrain.data.verdicts import Weighed
from retrain.examples import Example, Prompt
from retrain.prompt_forms import parse_prompt, reads_passages, write_claims
from retrain.settings import CurateSettings
from retrain.variations import find_quote, split_words
from retrieval.english.sentences import NO_BREAK, split_sentences
from retrieval.factcheck.check import Support
from retrieval.layout import ITEM, is_code_block, split_blocks
from retrieval.passage import MARKER, Evidence
from retrieval.passage_reader import Sentence
from retrieval.prompt import ChatMessage

FORGOTTEN = "forgotten"
VOTED_DOWN = "voted down"
UNWELCOME = "voted down, though the documents hold it"
DISPUTED = "disputed: the votes do not settle it"
UNSUPPORTED = "liked, but no document holds what it claims"
ASIDE = "votes that came in a burst and wait for review"
REFUSED = "a liked refusal"
NOT_SHOWN = "nothing of the answer was shown"
TOO_MANY = "older than the likes that are looked at"

# A person may write "Press [1] for support": a number within a sentence is not Chip's.
_CITATION = re.compile(rf"^\s*{MARKER}\s*|(?<=[.!?:])(?:[ \t]*{MARKER})+(?=\s|$)")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: the example as served, its reply, its teacher, and the key that identifies its question.

    `counts_as` is the person whose share of the data set it uses: the voter, or the first of those who vote in
    lockstep. `teacher` is the role of the person who wrote the target, None if Chip wrote it. `is_staff`: staff voted
    for it.
    """

    example: Example
    reply: Reply
    person: str
    counts_as: str
    key: tuple[str, ...]
    teacher: Role | None = None
    is_staff: bool = False


def find_likes(db: Database, weighed: Weighed, settings: CurateSettings, dropped: Counter[str]) -> list[Lesson]:
    """Return the lessons of votes: replies that are certainly good, and, as what not to say, those certainly bad.

    Replies that staff like come last, because the last lesson decides; newer ones come after older ones.
    """
    corrected = {correction.reply_id for correction in approved(db)}
    chosen: dict[str, int] = {}
    for number, reply_id in enumerate(weighed.reply_ids):
        if reply_id in corrected:
            continue
        if number < weighed.first:
            dropped[TOO_MANY] += 1
            continue
        reason = find_objection(weighed, number, settings)
        if reason:
            dropped[reason] += 1
        else:
            chosen[reply_id] = number
    lessons = list(_build_likes(db, weighed, _keep_latest(chosen, settings.most_likes, dropped), settings, dropped))
    return sorted(lessons, key=lambda lesson: (lesson.is_staff, lesson.reply.created_at))


def find_objection(weighed: Weighed, number: int, settings: CurateSettings) -> str:
    """Return why the votes on a reply teach nothing; "" if they teach something."""
    good, support = weighed.good[number], weighed.support[number]
    if weighed.aside[number] and not weighed.ups[number] + weighed.downs[number]:
        return ASIDE
    if good <= 1 - settings.sure and weighed.downs[number]:
        is_documented = support is Support.SUPPORTED and not weighed.by_staff[number]
        return UNWELCOME if is_documented else ""
    if weighed.ups[number] <= weighed.downs[number]:
        return VOTED_DOWN
    if weighed.refused[number]:
        return REFUSED
    if support in (Support.CONTRADICTED, Support.NOT_FOUND):
        return UNSUPPORTED
    return "" if good >= settings.sure else DISPUTED


def _keep_latest(chosen: dict[str, int], most: int, dropped: Counter[str]) -> dict[str, int]:
    """Keep the replies with the latest votes. Positions increase with the time of the first vote."""
    if len(chosen) > most:
        dropped[TOO_MANY] += len(chosen) - most
    return dict(list(chosen.items())[-most:])


def _build_likes(
    db: Database, weighed: Weighed, chosen: dict[str, int], settings: CurateSettings, dropped: Counter[str]
) -> Iterator[Lesson]:
    ids = list(chosen)
    for start in range(0, len(ids), _BATCH):
        replies = find_replies(db, ids[start : start + _BATCH])
        for reply_id in ids[start : start + _BATCH]:
            lesson = _build_like(replies.get(reply_id), weighed, chosen[reply_id], settings, dropped)
            if lesson is not None:
                yield lesson


def _build_like(
    reply: Reply | None, weighed: Weighed, number: int, settings: CurateSettings, dropped: Counter[str]
) -> Lesson | None:
    if reply is None or not reply.messages:
        dropped[FORGOTTEN] += reply is not None
        return None
    shown = _write_shown(reply)
    if not shown:
        dropped[NOT_SHOWN] += 1
        return None
    leader = int(weighed.leader[number])
    person, counts_as = (weighed.people[leader], weighed.people[weighed.group[leader]]) if leader >= 0 else ("", "")
    is_good = weighed.good[number] >= settings.sure
    lesson = build_lesson(reply, shown if is_good else "", "like" if is_good else "dislike", person, counts_as)
    example = replace(
        lesson.example,
        rejected=None if is_good else shown,
        confidence=round(float(np.abs(weighed.good[number] - 0.5) + 0.5), 3),
    )
    return replace(lesson, example=example, is_staff=bool(weighed.by_staff[number]))


def find_corrections(db: Database, dropped: Counter[str]) -> list[Lesson]:
    """Return the lessons of approved corrections, in the order of their approval."""
    corrections = approved(db)
    replies = find_replies(db, [correction.reply_id for correction in corrections])
    lessons = []
    for correction in corrections:
        reply = replies.get(correction.reply_id)
        if reply is None:
            dropped["the corrected reply is gone"] += 1
            continue
        if not reply.messages:
            dropped[FORGOTTEN] += 1
            continue
        target = cite(correction.text, _messages(reply))
        lesson = build_lesson(reply, target, "correction", correction.person, correction.person)
        shown = _write_shown(reply)
        rejected = shown if shown and not reply.refused and shown != target else None
        example = replace(lesson.example, correction_id=correction.id, rejected=rejected)
        lessons.append(replace(lesson, example=example, teacher=correction.role))
    return lessons


def cite(text: str, messages: Prompt) -> str:
    """Return a person's text as the answer to a prompt, with the numbers of the evidence that supports it.

    Only a quote cites a line, because Chip serves a cited line word for word; other words are taught without a
    citation. For a base that reads, every sentence that a passage supports cites it. Numbers in the text are removed.
    """
    bare = _CITATION.sub("", text)
    parsed = parse_prompt(messages)
    if parsed is not None and reads_passages(messages):
        return write_claims(messages, _find_sentences(bare, parsed[0]))
    bare = " ".join(bare.split())
    line = find_quote(bare, parsed[0]) if parsed else None
    return bare if line is None else f"[{line.number}] {bare}"


def _find_sentences(text: str, passages: Evidence) -> Iterator[Sentence]:
    """Yield the sentences of a text, each with its passage. Steps and code have lines of their own."""
    for block in split_blocks(text):
        is_whole = is_code_block(block) or ITEM.match(block)
        for place, sentence in enumerate([block] if is_whole else split_sentences(block)):
            sentence = sentence if is_code_block(block) else sentence.replace(NO_BREAK, " ")
            yield Sentence(sentence, " " if place else "\n", find_supporting(sentence, passages))


def build_lesson(reply: Reply, target: str, source: str, person: str, counts_as: str) -> Lesson:
    """Return the lesson of a reply with the prompt that was served."""
    messages = _messages(reply)
    example = Example(
        messages=messages,
        target=target,
        source=source,  # type: ignore[arg-type]
        weight=1.0,
        group=reply.id,
        reply_id=reply.id,
        thread=f"{reply.team}/{reply.channel}/{reply.thread_ts}",
    )
    earlier = tuple(message.content for message in messages[1:-1])
    key = (reply.audience, *earlier, normalise_question(reply.question))
    return Lesson(example, reply, person, counts_as, key)


def _write_shown(reply: Reply) -> str:
    """Return what people saw of a reply, with citations in its prompt's form; "" if they saw nothing."""
    messages = _messages(reply)
    claims, _ = find_shown(messages, reply.answer, reply.shown, [asdict(line) for line in reply.evidence])
    return write_claims(messages, claims)


def _messages(reply: Reply) -> Prompt:
    return tuple(ChatMessage(message.role, message.content) for message in reply.messages)  # type: ignore[arg-type]


def normalise_question(question: str) -> str:
    """Return the key that equal questions share: their words in order, without case and punctuation."""
    return " ".join(split_words(question))
