"""The report of a month: what Chip did, what it is worth, and what the documents lack; sent to who asks, or posted."""

import csv
import io
import logging
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta

from bot.commands.call import Call
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.private_files import send_file
from bot.views import blocks, month_view, stats_plot, wording
from feedback.questions import Day, daily
from feedback.switches import find_switch, set_switch
from feedback.worth import Worth, estimate_worth

REPORTED = "month reported"
"""The switch that holds the last month whose report was posted."""

_INSTANT = timedelta(microseconds=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of a month, or of what has passed of it, with those of the month before."""

    start: datetime
    worth: Worth
    days: Sequence[Day]
    before: Sequence[Day]

    @property
    def name(self) -> str:
        """The month as people write it: 2026-11."""
        return f"{self.start:%Y-%m}"

    def tell(self) -> tuple[str, list[blocks.Block]]:
        """Return the report as text and as blocks, without anybody's words."""
        text = wording.MONTH_TITLE.format(month=self.start.strftime("%B %Y"))
        return text, blocks.build_fields(text, month_view.build_rows(self.worth, self.days, self.before))

    def draw(self) -> bytes:
        """Return the picture of the days, a PNG."""
        return stats_plot.draw(self.days, wording.MONTH_TITLE.format(month=self.start.strftime("%B %Y")))

    def write_csv(self) -> bytes:
        """Return a table with a line for each day."""
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(field.name for field in fields(Day))
        writer.writerows(astuple(day) for day in self.days)
        return table.getvalue().encode()


def measure_month(services: Services, team: str, start: datetime) -> Month:
    """Measure the month that begins at `start`, until now if it is not over."""
    end = min(_next(start), services.clock())
    earlier = _next(start - timedelta(days=40))
    worth = estimate_worth(services.db, team, start, end, services.assumptions)
    days = daily(services.db, team, start.date(), (end - _INSTANT).date())
    return Month(start, worth, days, daily(services.db, team, earlier.date(), (start - _INSTANT).date()))


def month(call: Call) -> None:
    """Send the report of this month, or of the one that is named, with its picture and its table."""
    try:
        named = datetime.strptime(call.rest.strip(), "%Y-%m").replace(tzinfo=UTC) if call.rest.strip() else None
    except ValueError:
        call.say(wording.MONTH_WHICH)
        return
    start = named or _begin(call.services.clock())
    if start > call.services.clock():
        call.say(wording.MONTH_WHICH)
        return
    measured = measure_month(call.services, call.team, start)
    text, shown = measured.tell()
    for content, kind in ((measured.draw(), "png"), (measured.write_csv(), "csv")):
        send_file(call.services.client, call.person, content, f"chip-{measured.name}.{kind}", text, text)
    sent = wording.SENT_BY_MESSAGE.format(name=f"chip-{measured.name}.png and chip-{measured.name}.csv")
    call.say(text, [*shown, blocks.build_context(sent)])


def report_month(services: Services) -> bool:
    """Post the report of the last month in the admin channel, once, if anything was asked. Return whether it was."""
    start = _begin(_begin(services.clock()) - timedelta(days=1))
    name, team = f"{start:%Y-%m}", services.directory.team
    reported = find_switch(services.db, team, REPORTED)
    if services.admin_channel is None or (reported is not None and reported.value >= name):
        return False
    measured = measure_month(services, team, start)
    if not measured.worth.asked:
        return False
    text, shown = measured.tell()
    try:
        services.client.chat_postMessage(channel=services.admin_channel, text=text, blocks=shown)
    except SLACK_ERRORS as error:
        logger.warning("the month's report was not posted, the next hour tries again: %s", name_error(error))
        return False
    set_switch(services.db, team, REPORTED, name, by="schedule")
    return True


def _begin(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next(start: datetime) -> datetime:
    return _begin(_begin(start) + timedelta(days=32))
