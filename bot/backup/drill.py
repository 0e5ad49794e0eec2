"""Tries a back-up out: opens everything in it as Chip would, and counts what is there. Touches no data folder."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, union

from bot.backup.contents import ARRIVALS, DATABASE
from feedback.arrivals import Arrivals
from feedback.database import Database
from feedback.tables import feedback_events, inbox, messages, replies
from retrain.data.version import list_versions
from retrain.examples import load_dataset
from retrain.proof import FOLDER as FORGOTTEN
from retrain.registry import list_adapters
from retrieval.store.catalogue import Catalogue

OpenDatabase = Callable[[Path], Database]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a back-up holds. `waiting` counts events that Chip will take up when it starts."""

    events: int
    waiting: int
    replies: int
    votes: int
    adapters: int
    datasets: int
    documents: int


def try_out(folder: Path, open_one: OpenDatabase) -> Trial:
    """Open every part of an unpacked back-up. Raises what opening raises: `DatabaseUnusable`, `AdapterError` or so.

    `open_one` opens a database and brings it up to date.
    """
    databases = sorted(folder.rglob(DATABASE))
    events, unfinished, replied, votes = map(sum, zip(*(_count_rows(open_one, one) for one in databases), strict=True))
    waiting = unfinished + sum(map(_count_arrivals, folder.rglob(ARRIVALS)))
    homes = [database.parent for database in databases]
    adapters = [adapter for home in homes for adapter in list_adapters(home / "adapters")]
    for adapter in adapters:
        adapter.verify()
    versions = [version for home in homes for version in list_versions(home / "retrain")]
    for version in versions:
        load_dataset(version.folder)
    documents = sum(map(_count_documents, folder.rglob("catalogue.sqlite3")))
    return Trial(events, waiting, replied, votes, len(adapters), len(versions), documents)


def find_forgotten_since(began_at: datetime, aside: Path, data: Path, open_one: OpenDatabase) -> Iterator[str]:
    """Yield who was forgotten after a back-up and is in the restored databases again.

    The reports of forgetting, which hold hashes, lie in the folder that was put aside.
    """
    hashes = {
        report["person"]
        for path in aside.rglob(f"{FORGOTTEN}/*.json")
        if datetime.fromisoformat((report := json.loads(path.read_text(encoding="utf-8")))["at"]) >= began_at
    }
    for database in sorted(data.rglob(DATABASE)) if hashes else ():
        if not database.is_relative_to(aside):
            yield from (
                one for one in _list_people(open_one, database) if hashlib.sha256(one.encode()).hexdigest() in hashes
            )


def _count_rows(open_one: OpenDatabase, database: Path) -> tuple[int, int, int, int]:
    unfinished = inbox.c.done_at.is_(None)
    with closing(open_one(database)) as db, db.read() as connection:
        return (
            connection.execute(select(func.count()).select_from(inbox)).scalar_one(),
            connection.execute(select(func.count()).select_from(inbox).where(unfinished)).scalar_one(),
            connection.execute(select(func.count()).select_from(replies)).scalar_one(),
            connection.execute(select(func.count()).select_from(feedback_events)).scalar_one(),
        )


def _list_people(open_one: OpenDatabase, database: Path) -> list[str]:
    people = union(select(messages.c.person), select(replies.c.asker), select(feedback_events.c.person))
    with closing(open_one(database)) as db, db.read() as connection:
        return sorted(person for person in connection.scalars(people) if person)


def _count_arrivals(file: Path) -> int:
    with closing(Arrivals(file)) as arrivals:
        return len(arrivals.list_kept())


def _count_documents(file: Path) -> int:
    """Return how many documents are indexed; none where another version of Chip did, which reads them again."""
    try:
        catalogue = Catalogue(file)
    except sqlite3.DatabaseError:
        return 0
    with closing(catalogue):
        return catalogue.count()[0]
