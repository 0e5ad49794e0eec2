"""What Chip is worth: how many questions it settled, and the tickets, time and money which that spares.

Everything is a range, because nobody knows what silent people think. Counted from the stored rows each time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, not_, select

from feedback.database import Database
from feedback.events import FeedbackKind
from feedback.measures import find_interval
from feedback.replies import UNSPOKEN
from feedback.tables import feedback_events, replies, standing_votes
from feedback.votes import Vote

# So few answers to the survey say nothing: their interval is 40 points wide.
FEWEST_SURVEYED = 20
MONTH = timedelta(days=365.25 / 12)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is not counted but assumed. Costs are in `currency`.

    `ticket_share` is the share of settled questions that would have become a ticket, which costs `ticket_cost` and
    `ticket_minutes` of somebody's time. `machine_cost` is what the machine costs a month, trainings included.
    """

    ticket_share: float = 0.5
    ticket_cost: float = 10.0
    ticket_minutes: float = 10.0
    machine_cost: float = 40.0
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Range:
    """A lower and an upper bound."""

    low: float
    high: float

    def __mul__(self, by: float) -> "Range":
        return Range(self.low * by, self.high * by)

    def __sub__(self, less: float) -> "Range":
        return Range(self.low - less, self.high - less)


@dataclass(frozen=True, slots=True)
class Worth:
    """The worth of a period. Of `asked` questions `settled` were, by the survey or between `liked` and `quiet`.

    `quiet` counts the questions after whose answer nobody complained, asked for a person or was refused; `liked` those
    of them with a thumbs-up. Of `surveyed` people `helped` said yes. `cost` is the machine's for the period.
    """

    asked: int
    quiet: int
    liked: int
    surveyed: int
    helped: int
    cost: float
    assumptions: Assumptions

    @property
    def is_surveyed(self) -> bool:
        """Whether enough people answered the survey to go by it."""
        return self.surveyed >= FEWEST_SURVEYED

    @property
    def settled(self) -> Range:
        """Questions that Chip settled, with 95 % by the survey, whose people are drawn at random."""
        if self.is_surveyed:
            low, high = find_interval(self.helped, self.surveyed)
            return Range(low, high) * self.asked
        return Range(self.liked, self.quiet)

    @property
    def tickets(self) -> Range:
        """Tickets that were not opened."""
        return self.settled * self.assumptions.ticket_share

    @property
    def hours(self) -> Range:
        """Hours of staff that were spared."""
        return self.tickets * (self.assumptions.ticket_minutes / 60.0)

    @property
    def saved(self) -> Range:
        """Money that the tickets would have cost, less what Chip costs."""
        return self.tickets * self.assumptions.ticket_cost - self.cost


def estimate_worth(db: Database, team: str, since: datetime, until: datetime, assumptions: Assumptions) -> Worth:
    """Return the worth of the replies given at or after `since` and before `until`, by what was said until now."""
    period = and_(replies.c.team == team, replies.c.created_at >= since, replies.c.created_at < until)
    spoken = and_(period, replies.c.finish.not_in(UNSPOKEN))
    quiet = and_(spoken, replies.c.refused.is_(False), not_(_is_voted(Vote.DOWN)), not_(_is_called()))
    said = feedback_events.c
    answers = (
        select(said.value)
        .join(replies, replies.c.id == said.reply_id)
        .where(period, said.kind == FeedbackKind.SURVEY.value, said.at >= since)
    )
    with db.read() as connection:
        asked, silent, liked = (
            connection.scalar(select(func.count()).select_from(replies).where(one)) or 0
            for one in (spoken, quiet, and_(quiet, _is_voted(Vote.UP)))
        )
        first = connection.scalar(select(func.min(replies.c.created_at)).where(replies.c.team == team))
        survey = [value.get("helped") for value in connection.scalars(answers)]
    ran = max(timedelta(), until - max(since, first)) if first else timedelta()
    cost = assumptions.machine_cost * (ran / MONTH)
    return Worth(asked, silent, liked, len(survey), survey.count("yes"), cost, assumptions)


def _is_voted(verdict: Vote) -> ColumnElement[bool]:
    vote = standing_votes.c
    return exists().where(and_(vote.reply_id == replies.c.id, vote.verdict == verdict.value))


def _is_called() -> ColumnElement[bool]:
    said = feedback_events.c
    return exists().where(and_(said.reply_id == replies.c.id, said.kind == FeedbackKind.ESCALATION.value))
