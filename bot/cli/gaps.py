"""`chip gaps`: lists what people asked and the documents do not hold."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.slack.text import shorten

if TYPE_CHECKING:
    from config.settings import Settings


def show_gaps(settings: "Settings", days: float, now: datetime, output: Console) -> None:
    """Print the gaps of the last days and the verified answers that wait for review."""
    from bot.core import make_id, now_utc, open_knowledge
    from bot.learning.gaps import find_missing
    from feedback.database import open_database
    from feedback.measures import count_replies

    since = now - timedelta(days=days)
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    try:
        asked = count_replies(db, since)
        knowledge = open_knowledge(settings)
        try:
            missing = find_missing(db, knowledge, since=since)
        finally:
            knowledge.close()
    finally:
        db.close()
    if not asked:
        output.print(f"Nobody asked anything in the last {days:g} days.")
    elif not missing.gaps:
        output.print(f"All {asked} questions of the last {days:g} days were answered, or staff answered them since.")
    else:
        table = Table("asked", "question", "also asked as", "last", title="Not in the documents", title_justify="left")
        for gap in missing.gaps:
            last = gap.last_at.strftime("%Y-%m-%d")
            table.add_row(f"{gap.count}×", gap.question, shorten("; ".join(gap.others), 120), last)
        output.print(table)
    for answer in missing.to_review:
        output.print(
            f"To review: the verified answer to “{shorten(answer.question, 120)}” of {answer.approved_at:%Y-%m-%d} is "
            "not shown, since its documents changed. Correct the answer again to approve it.",
            markup=False,
        )
