"""What staff may do: see how Chip is doing, and decide about corrections."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from bot.commands.call import Call
from bot.commands.review import list_decisions, show_next
from bot.learning.review import FIRST
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.private_files import send_file
from bot.views import blocks, review_view, stats_plot, wording
from feedback import questions

logger = logging.getLogger(__name__)

DAYS = 30
_MOST_DAYS = 366
_SHOWN = 5


def status(call: Call) -> None:
    """Show the model in use and the figures."""
    rows = [*call.services.learning.status_rows(), *call.services.trials.status_rows()]
    call.say("Chip's status", blocks.build_fields("Status", rows))


def stats(call: Call) -> None:
    """Send a picture of the last days, and the questions without an answer."""
    if call.rest and not call.rest.isdecimal():
        call.say(wording.STATS_DAYS)
        return
    days = max(2, min(int(call.rest or DAYS), _MOST_DAYS))
    now, services = call.services.clock(), call.services
    since = now - timedelta(days=days - 1)
    first = since.date()
    figures = questions.daily(services.db, call.team, first, now.date())
    earlier = questions.daily(services.db, call.team, first - timedelta(days=days), first - timedelta(days=1))
    asked, refused = sum(day.replies for day in figures), sum(day.refused for day in figures)
    title = wording.STATS_TITLE.format(days=days)
    alt_text = wording.STATS_ALT.format(
        days=days, asked=wording.count(asked, "question", "questions"), refused=_tell_refused(refused)
    )
    picture = stats_plot.draw(figures, _tell_change(figures, earlier))
    send_file(services.client, call.person, picture, "chip-stats.png", title, alt_text)
    unanswered = questions.find_unanswered(services.db, call.team, since, _SHOWN)
    rows = [(f"{one.times} ×", one.question) for one in unanswered]
    shown = blocks.build_fields(wording.STATS_UNANSWERED, rows) if rows else []
    text = f"{alt_text} {wording.SENT_BY_MESSAGE.format(name='chip-stats.png')}"
    call.say(text, [blocks.build_section(text), *shown])


def _tell_change(days: Sequence[questions.Day], before: Sequence[questions.Day]) -> str:
    """Return the picture's title: how much was asked, and how much in as many days before."""
    asked, earlier = (sum(day.replies for day in some) for some in (days, before))
    counted = wording.count(asked, "question", "questions")
    return f"{counted} in {len(days)} days ({earlier or 'none'} in the {len(before)} days before)"


def _tell_refused(refused: int) -> str:
    return f"I did not know the answer {wording.count_times(refused)}." if refused else "I answered every one."


def review(call: Call) -> None:
    """Open the window that shows what waits for a decision, one after another; `log` lists who decided what."""
    if call.rest.strip().casefold() == "log":
        call.say(list_decisions(call.services))
        return
    try:
        opened = call.services.client.views_open(trigger_id=call.trigger, view=review_view.build_loading())
    except SLACK_ERRORS as error:
        logger.warning("the review did not open: %s", name_error(error))
        call.say(wording.WINDOW_NOT_OPENED)
        return
    show_next(call.services, str(opened["view"]["id"]), FIRST)
