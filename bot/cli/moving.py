"""`chip migrate-data`: moves the rows of the configured database to another one, and tells what to set."""

from collections.abc import Iterator
from contextlib import closing

from bot.core import make_id, now_utc
from bot.run import hold_data_folder
from config.masking import mask_secrets
from config.settings import Settings
from feedback.database import open_database
from feedback.moving import move_rows


def move_data(settings: Settings, url: str) -> Iterator[str]:
    """Move all rows while no Chip runs on the data folder; yield what to tell. The old database stays as it is."""
    with (
        hold_data_folder(settings.data),
        closing(open_database(settings.database_url, clock=now_utc, new_id=make_id)) as source,
        closing(open_database(url, clock=now_utc, new_id=make_id)) as target,
    ):
        moved = move_rows(source, target)
    for table, count in moved.items():
        if count:
            yield f"  {table}: {count:,} rows"
    yield f"{sum(moved.values()):,} rows are in {mask_secrets(url)}, and each is what it was."
    yield "Now set `database` to that address (CHIP_DATABASE, or CHIP_DATABASE_FILE) and start Chip."
    yield "The old database stays as it is; keep it until all is well."
