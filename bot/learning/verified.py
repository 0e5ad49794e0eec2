"""Builds verified answers from corrections that hold: question, answer, evidence and readers."""

import re
from collections.abc import Callable, Mapping

from feedback.corrections import Correction, approved
from feedback.database import Database
from feedback.replies import Reply, find_replies
from retrieval.passage import MARKER, Audience, Passage, VerifiedAnswer
from retrieval.prompt import UNSURE
from retrieval.verified import audience_of_correction, find_answer_of

# A system message and the question: no earlier turn may have told it something that its readers may not know.
_FIRST_QUESTION = 2
# An answer rests on the lines that were ranked first. A change in a document that was ranked tenth says nothing.
_LINES_UNDER_IT = 3
# Chip cites behind a sentence. A person may write "Press [1] for support".
_CITATION = re.compile(rf"(?<=[.!?])[ \t]*{MARKER}(?=\s|$)")

FindPassage = Callable[[str], Passage | None]


def build_verified_answers(db: Database, find_passage: FindPassage) -> list[VerifiedAnswer]:
    """Return an answer for each correction that holds: staff's own, and customers' that staff approved."""
    held = approved(db)
    replies = find_replies(db, [correction.reply_id for correction in held])
    built: dict[str, VerifiedAnswer] = {}
    for correction in held:
        reply = replies.get(correction.reply_id)
        if reply is not None and reply.question:  # empty if it was forgotten
            built[correction.id] = _build(correction, reply, find_passage, built)
    return list(built.values())


def _build(
    correction: Correction, reply: Reply, find_passage: FindPassage, earlier: Mapping[str, VerifiedAnswer]
) -> VerifiedAnswer:
    read = () if reply.answer == UNSURE else reply.evidence  # pages that were offered answer nothing
    passages = {line.passage_id: find_passage(line.passage_id) for line in read}
    under_it: list[str] = []
    for passage_id in list(passages)[:_LINES_UNDER_IT]:
        passage = passages[passage_id]
        corrected = find_answer_of(passage, earlier) if passage else None
        # A correction of a verified answer replaces it, and so rests on what that one rested on.
        under_it += corrected.evidence if corrected else [passage_id]
    audiences = [passage.audience if passage else None for passage in passages.values()]
    is_first = len(reply.messages) == _FIRST_QUESTION
    return VerifiedAnswer(
        id=correction.id,
        question=correction.question or reply.query or reply.question,
        answer=_CITATION.sub("", correction.text).strip(),
        author=correction.person,
        approved_at=correction.decided_at or correction.at,
        audience=audience_of_correction(Audience(reply.audience), audiences, is_first_question=is_first),
        evidence=tuple(dict.fromkeys(under_it)),
    )
