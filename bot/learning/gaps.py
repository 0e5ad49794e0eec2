"""Reports gaps to admins: questions without an answer, and verified answers whose documents have changed.

Questions are shown without personal data. Knows the database and the documents. Posts nothing itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.slack.text import shorten
from feedback.corrections import approved
from feedback.database import Database
from feedback.privacy import mask_personal_data
from feedback.proposals import find_gaps
from feedback.replies import find_refused
from retrieval.gaps import Gap, Unanswered
from retrieval.knowledge import Knowledge
from retrieval.passage import VerifiedAnswer

_QUESTION_CHARACTERS = 120
_ROWS = 5


@dataclass(frozen=True, slots=True)
class Missing:
    """The gaps, most asked first, and the verified answers that wait for review."""

    gaps: tuple[Gap, ...]
    to_review: tuple[VerifiedAnswer, ...]


def find_missing(db: Database, knowledge: Knowledge, *, since: datetime | None = None) -> Missing:
    """Return what the documents lacked for the questions since then, without what staff have answered meanwhile."""
    corrected = {correction.reply_id for correction in approved(db)}
    asked = [
        Unanswered(mask_personal_data(reply.query or reply.question), reply.created_at)
        for reply in find_refused(db, since)
        if reply.id not in corrected
    ]
    asked += [Unanswered(gap.question, gap.at) for gap in find_gaps(db, since) if gap.reply_id not in corrected]
    gaps = (replace(gap, question=shorten(gap.question, _QUESTION_CHARACTERS)) for gap in knowledge.find_gaps(asked))
    return Missing(tuple(gaps), tuple(knowledge.to_review()))


def build_missing_rows(missing: Missing) -> list[tuple[str, str]]:
    """Return names and values for a report; empty if nothing is missing."""
    rows = []
    if missing.gaps:
        shown = [f"“{gap.question}” ({gap.count}×)" for gap in missing.gaps[:_ROWS]]
        more = f" and {len(missing.gaps) - _ROWS} more (`chip gaps`)" if len(missing.gaps) > _ROWS else ""
        rows.append(("Not in the documents", f"{', '.join(shown)}{more}"))
    if missing.to_review:
        asked = [f"“{shorten(answer.question, 80)}”" for answer in missing.to_review[:_ROWS]]
        note = "not shown since their documents changed; correct the answer again to approve it"
        rows.append(("Verified answers to review", f"{', '.join(asked)} ({note})"))
    return rows
