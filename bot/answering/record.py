"""Builds the footer of an answer, and the row that records the answer."""

from dataclasses import asdict
from datetime import datetime

from bot.answering.question import PendingReply
from bot.answering.shown_answer import ShownAnswer
from bot.engine.port import Completion
from bot.views import blocks, wording
from feedback import replies
from retrieval.asked.language import find_language
from retrieval.passage import Audience, EvidenceLine, Match, ReadSoFar
from retrieval.prompt import is_refusal


def build_footer(
    pending: PendingReply, shown: ShownAnswer, reply: replies.Reply, *, wants_person: bool
) -> list[blocks.Block]:
    """Return the blocks under an answer. They say so where an answer should cite a source and does not."""
    offer = reply.refused or wants_person
    passages = {hit.passage.id: hit.passage for hit in pending.draft.retrieved.hits}
    footer = blocks.build_answer_footer(
        reply.id,
        shown.cited,
        offer_person=offer,
        has_thread=bool(pending.question.thread_ts),
        has_votes=pending.question.has_votes,
        passages=passages,
    )
    found = pending.draft.retrieved.conflicts
    said = [one for one in found if _is_said(one.newer, shown) or _is_said(one.older, shown)]
    unread = pending.question.unread
    told = [*_tell_withheld(shown.withheld), *([blocks.build_context(wording.UNREAD[unread])] if unread else [])]
    language = _tell_language(pending.draft.asked) if reply.refused else []
    reading = _tell_reading(pending.draft.retrieved.reading) if reply.refused else []
    footer = [*reading, *language, *blocks.build_conflicts(said, passages), *told, *footer]
    uncited = not shown.cited and not reply.refused and pending.draft.retrieved.evidence.match is not Match.WEAK
    return [blocks.build_context(wording.NO_SOURCE), *footer] if uncited else footer


def _is_said(line: EvidenceLine, shown: ShownAnswer) -> bool:
    """Whether an answer cites evidence that includes a line."""
    return any(line.passage_id == cited.passage_id and line.flat in cited.flat for cited in shown.cited)


def _tell_language(asked: str) -> list[blocks.Block]:
    """Return what Chip can do in the asker's language; nothing if that is English."""
    sentence = wording.OTHER_LANGUAGES.get(find_language(asked) or "")
    return [blocks.build_section(sentence)] if sentence else []


def _tell_reading(reading: ReadSoFar | None) -> list[blocks.Block]:
    """Return the note that the answer may be in a document that is not read yet."""
    return [blocks.build_section(wording.STILL_READING.format(**asdict(reading)))] if reading else []


def _tell_withheld(count: int) -> list[blocks.Block]:
    if count == 0:
        return []
    return [blocks.build_context(wording.WITHHELD_ONE if count == 1 else wording.WITHHELD_MANY.format(count=count))]


def build_reply(
    pending: PendingReply, completion: Completion, shown: ShownAnswer, now: datetime, asker_role: str | None = None
) -> replies.Reply:
    """Return the row that links an answer to its exact prompt, passages, base and adapter."""
    question, evidence = pending.question, pending.draft.retrieved.evidence
    return replies.Reply(
        id=pending.reply_id,
        team=question.team,
        channel=question.channel,
        thread_ts=question.thread_ts,
        question_ts=question.ts,
        asker=question.person,
        audience=(Audience.STAFF if Audience.STAFF in pending.draft.scope.audiences else Audience.CUSTOMER).value,
        question=pending.draft.asked,
        query=pending.draft.retrieved.query,
        answer=completion.text,
        shown=shown.text,
        prompt=completion.prompt,
        messages=tuple(
            replies.SentMessage(read.role, read.content) for read in completion.choose_read(pending.draft.messages)
        ),
        evidence=tuple(
            replies.SourceLine(**asdict(line)) for line in evidence.lines or pending.draft.retrieved.offered
        ),
        match=evidence.match.value,
        base_id=completion.base_id,
        adapter_id=completion.adapter_id,
        finish=completion.finish,
        refused=is_refusal(shown.text),
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        first_text_ms=round(shown.first_text_ms),
        total_ms=round(pending.milliseconds()),
        created_at=now,
        asker_role=asker_role,
        sentences=shown.sentences,
        withheld=shown.withheld,
        found=tuple(
            replies.FoundPassage(hit.passage.id, hit.passage.heading, round(hit.score, 4), round(hit.similarity, 4))
            for hit in pending.draft.retrieved.hits
        ),
        confidence=round(pending.draft.retrieved.confidence, 4),
        cited=tuple(line.number for line in shown.cited),
    )
