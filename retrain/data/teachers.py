"""Counts the people whom a data set was learned from, by their role. Names nobody."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from feedback.corrections import find_all
from feedback.database import Database
from feedback.emoji import Vote
from feedback.tables import standing_votes
from retrain.examples import Example

_BATCH = 500


def count_teachers(db: Database, lessons: Iterable[Example]) -> dict[str, int]:
    """Return how many people of each role wrote what is learned, or liked it."""
    lessons = list(lessons)
    corrected = {one.correction_id for one in lessons if one.source == "correction"}
    people = {(one.role.value, one.person) for one in find_all(db).values() if one.id in corrected}
    liked = [one.reply_id for one in lessons if one.source == "like" and one.reply_id]
    people.update(_find_voters(db, sorted(set(liked))))
    roles = [role for role, _ in people]
    return {role: roles.count(role) for role in sorted(set(roles))}


def _find_voters(db: Database, reply_ids: list[str]) -> Iterator[tuple[str, str]]:
    up = standing_votes.c.verdict == Vote.UP.value
    columns = (standing_votes.c.role, standing_votes.c.person)
    with db.read() as connection:
        for start in range(0, len(reply_ids), _BATCH):
            batch = standing_votes.c.reply_id.in_(reply_ids[start : start + _BATCH])
            yield from ((row.role, row.person) for row in connection.execute(select(*columns).where(up, batch)))
