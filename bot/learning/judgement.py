"""Judges what serves each week, and after documents changed, and tells admins where it got worse.

Knows nothing of how answers are made or judged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.views import wording
from feedback.database import Database
from feedback.measures import find_interval
from retrain.errors import RetrainRunning
from retrain.judging.serving import DOCUMENTS, WEEKLY, Judgement, find_judgements, find_lost

WEEK = timedelta(days=7)
SHOWN = 5
EXAMPLES = 5


@dataclass(slots=True)
class Judging:
    """The judgements of one workspace. `judge` asks what serves, for a cause, and returns None without questions.

    `find_questions` returns the wording of each question by its id.
    """

    db: Database
    judge: Callable[[str], Judgement | None]
    find_questions: Callable[[], Mapping[str, str]]
    tell: Callable[[str], None]
    _changed_at: datetime | None = field(default=None, init=False)

    def note_change(self) -> None:
        """Judge at the next occasion, because documents changed."""
        self._changed_at = self.db.clock()

    def judge_if_due(self) -> None:
        """Judge if a week has passed since the last time, or if documents changed. A retrain goes first."""
        last = next(iter(find_judgements(self.db, 1)), None)
        is_due = last is None or self.db.clock() - last.at >= WEEK
        if not is_due and self._changed_at is None:
            return
        cause = DOCUMENTS if self._changed_at is not None else WEEKLY
        try:
            judged = self.judge(cause)
        except RetrainRunning:
            return
        self._changed_at = None
        if judged is not None:
            self._tell(last, judged)

    def rows(self) -> list[tuple[str, str]]:
        """Return what Home says: the last judgement with its interval, and those before it."""
        found = [one for one in find_judgements(self.db, SHOWN) if one.asked]
        if not found:
            return []
        last, earlier = found[0], found[1:]
        low, high = find_interval(last.right, last.asked)
        told = wording.JUDGED_ROW.format(right=last.right, asked=last.asked, low=low, high=high, at=last.at)
        before = ", ".join(f"{one.right} of {one.asked} ({one.at:%m-%d})" for one in earlier)
        told += wording.JUDGED_BEFORE.format(earlier=before) if before else ""
        return [(wording.JUDGED, told + (wording.JUDGED_LEAKED.format(leaked=last.leaked) if last.leaked else ""))]

    def _tell(self, last: Judgement | None, judged: Judgement) -> None:
        """Tell what got worse, and of questions that leaked since the last time."""
        if last is not None and (lost := find_lost(last, judged)):
            worded = self.find_questions()
            examples = "; ".join(f"“{worded[one]}”" for one in lost[:EXAMPLES] if one in worded)
            self.tell(
                wording.JUDGED_WORSE.format(
                    right=judged.right, asked=judged.asked, lost=len(lost), day=last.at, examples=examples
                )
            )
        if judged.leaked > (last.leaked if last else 0):
            self.tell(wording.JUDGED_LEAKS.format(leaked=judged.leaked))
