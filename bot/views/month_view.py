"""Words the report of a month. Pure: from figures to names and values."""

from collections.abc import Sequence

from bot.views import wording
from feedback.measures import find_interval
from feedback.questions import Day
from feedback.worth import FEWEST_SURVEYED, Range, Worth


def build_rows(worth: Worth, days: Sequence[Day], before: Sequence[Day]) -> list[tuple[str, str]]:
    """Return the rows of the report: what was asked, how people liked it, what it spared, and by which assumptions."""
    assumed = worth.assumptions
    asked, earlier = (sum(day.replies for day in some) for some in (days, before))
    refused = sum(day.refused for day in days)
    money = _tell_range(worth.saved, f" {assumed.currency}")
    return [
        ("Asked", f"{wording.count(asked, 'question', 'questions')} ({earlier or 'none'} in the month before)"),
        ("Without an answer", _tell_share(refused, asked)),
        ("Satisfaction", f"{_tell_satisfaction(days)} (before: {_tell_satisfaction(before)})"),
        ("Asked for a person", _tell_share(sum(day.escalated for day in days), asked)),
        ("Settled", f"{_tell_range(worth.settled)} questions: {_tell_reason(worth)}"),
        ("Spared", f"{_tell_range(worth.tickets)} tickets, {_tell_range(worth.hours)} hours"),
        ("Worth", f"{money} after {worth.cost:,.0f} {assumed.currency} for the machine"),
        (
            "Assumed",
            f"{assumed.ticket_share:.0%} of settled questions would have become a ticket of {assumed.ticket_cost:g} "
            f"{assumed.currency} and {assumed.ticket_minutes:g} minutes; the machine costs {assumed.machine_cost:g} "
            f"{assumed.currency} a month (settings `worth`)",
        ),
    ]


def _tell_range(values: Range, unit: str = "") -> str:
    low, high = round(values.low), round(values.high)
    return f"{low:,}{unit}" if low == high else f"{low:,} to {high:,}{unit}"


def _tell_share(count: int, of: int) -> str:
    return f"{count} ({count / of:.0%})" if of else "–"


def _tell_satisfaction(days: Sequence[Day]) -> str:
    up, down = sum(day.up for day in days), sum(day.down for day in days)
    if not up + down:
        return "no votes"
    low, high = find_interval(up, up + down)
    votes = wording.count(up + down, "vote", "votes")
    return f"{up / (up + down):.0%} of {votes}, so between {low:.0%} and {high:.0%}"


def _tell_reason(worth: Worth) -> str:
    if worth.is_surveyed:
        return f"{worth.helped} of {worth.surveyed} who were asked said that it helped"
    answers = wording.count(worth.surveyed, "answer", "answers")
    return (
        f"{worth.liked} were liked, after {worth.quiet} nobody complained; the survey has {answers} and counts from "
        f"{FEWEST_SURVEYED} on"
    )
