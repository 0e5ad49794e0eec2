"""Looks for drift in what people ask, in how well they are answered and in the documents, and says what changed.

A job looks every hour for what is due. An alarm goes to the admin channel with examples that everybody may read, and
asks for a retrain. Knows nothing of when retrains run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bot.views import wording
from feedback.database import Database
from feedback.drift.looks import (
    Asked,
    Outcomes,
    Watched,
    find_looks,
    read_asked,
    read_down,
    read_reasked,
    read_withheld,
    record_look,
)
from feedback.drift.meanings import MOST, compare_meanings
from feedback.drift.quality import find_rises
from feedback.drift.topics import OTHER, Change, compare_topics, needs_look
from retrieval.passage import VerifiedAnswer

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=28)
EVERY = {Watched.QUESTIONS: WEEK, Watched.QUALITY: DAY, Watched.DOCUMENTS: DAY}
QUIET = timedelta(days=14)  # after an alarm of a kind
SHOWN = timedelta(days=14)  # on Home
LEVEL = 0.01  # for meanings and for topics, once a week each
LEAST_INDEX = 0.1
LEAST_ASKED = 30
MOST_READ = 5_000
LOOKED_BACK = timedelta(days=120)
EXAMPLES = 3


@dataclass(slots=True)
class DriftWatch:
    """Looks for drift in one workspace.

    `encode` returns a row of length 1 for each text. `may_show` says whether everybody may read a question.
    `find_outdated` returns the verified answers whose documents changed. `bring_forward` asks for a retrain, with the
    reason.
    """

    db: Database
    encode: Callable[[Sequence[str]], NDArray[np.float32]]
    may_show: Callable[[str], bool]
    find_outdated: Callable[[], Sequence[VerifiedAnswer]]
    tell: Callable[[str], None]
    bring_forward: Callable[[str], object] = lambda reason: None  # noqa: ARG005

    def look(self) -> None:
        """Do every look that is due."""
        now = self.db.clock()
        looks = {
            Watched.QUESTIONS: self._look_at_questions,
            Watched.QUALITY: self._look_at_quality,
            Watched.DOCUMENTS: self._look_at_documents,
        }
        for kind, look in looks.items():
            if not find_looks(self.db, kind, now - EVERY[kind]):
                self._note(kind, look(now), now)

    def rows(self) -> list[tuple[str, str]]:
        """Return what Home says: the alarms of the last days."""
        since = self.db.clock() - SHOWN
        return [
            (wording.DRIFT_NAMES[kind], look.found)
            for kind in Watched
            for look in find_looks(self.db, kind, since)
            if look.is_alarm
        ]

    def _note(self, kind: Watched, found: str, now: datetime) -> None:
        was_told = any(look.is_alarm for look in find_looks(self.db, kind, now - QUIET))
        is_alarm = bool(found) and not was_told
        record_look(self.db, kind, found, is_alarm=is_alarm)
        if is_alarm:
            self.tell(wording.DRIFT_FOUND.format(what=wording.DRIFT_NAMES[kind], found=found))
            self.bring_forward(wording.DRIFT_NAMES[kind])

    def _look_at_questions(self, now: datetime) -> str:
        fresh = read_asked(self.db, now - WEEK, now, MOST_READ)
        before = read_asked(self.db, now - WEEK - MONTH, now - WEEK, MOST_READ)
        if min(len(fresh), len(before)) < LEAST_ASKED:
            return ""
        topics = compare_topics(_count_topics(before), _count_topics(fresh))
        found = [wording.DRIFT_TOPICS.format(topics=_word_topics(topics))] if _is_drift(topics) else []
        sample = _thin(fresh)
        shift = compare_meanings(self._encode(_thin(before)), self._encode(sample))
        if shift.chance <= LEVEL:
            typical = [sample[place].question for place in np.argsort(-shift.typical)]
            found.append(wording.DRIFT_MEANINGS.format(examples=self._word_examples(typical)))
        return " ".join(found)

    def _look_at_quality(self, now: datetime) -> str:
        since = now - LOOKED_BACK
        streams = {"withheld": read_withheld, "reasked": read_reasked, "down": read_down}
        return " ".join(
            said for name, read in streams.items() for said in self._tell_rise(name, read(self.db, since), now)
        )

    def _tell_rise(self, name: str, outcomes: Outcomes, now: datetime) -> Iterator[str]:
        rises = [rise for rise in find_rises(outcomes.flags) if outcomes.times[rise.shown_at] >= now - QUIET]
        if rises:
            last = rises[-1]
            bad = range(last.begun_at, last.shown_at + 1)
            asked = [outcomes.questions[place] for place in reversed(bad) if outcomes.flags[place]]
            said = wording.DRIFT_RISES[name].format(before=last.before, since=last.since)
            day = outcomes.times[min(last.begun_at, last.shown_at)]
            yield wording.DRIFT_RISE.format(said=said, day=day, examples=self._word_examples(asked))

    def _look_at_documents(self, _now: datetime) -> str:
        outdated = self.find_outdated()
        if not outdated:
            return ""
        asked = [answer.question for answer in outdated]
        return wording.DRIFT_DOCUMENTS.format(count=len(outdated), examples=self._word_examples(asked))

    def _encode(self, asked: Sequence[Asked]) -> NDArray[np.float32]:
        return np.asarray(self.encode([one.question for one in asked]), dtype=np.float32)

    def _word_examples(self, questions: Sequence[str]) -> str:
        """Quote the first questions that everybody may read."""
        shown: list[str] = []
        for question in dict.fromkeys(filter(None, questions)):
            if len(shown) < EXAMPLES and self.may_show(question):
                shown.append(f"“{question}”")
        return ", ".join(shown) or wording.DRIFT_NO_EXAMPLE


def _count_topics(asked: Sequence[Asked]) -> Counter[str]:
    return Counter(one.topic or OTHER for one in asked)


def _is_drift(topics: Change) -> bool:
    return needs_look(topics, LEVEL, LEAST_INDEX)


def _thin(asked: Sequence[Asked]) -> list[Asked]:
    """Return at most `MOST` of the questions, spread evenly over the period."""
    places = np.linspace(0, len(asked) - 1, min(MOST, len(asked))).astype(int)
    return [asked[place] for place in places]


def _word_topics(topics: Change) -> str:
    return ", ".join(f"{name} {before:.0%} → {now:.0%}" for name, before, now in topics.risen)
