"""Consent to learn from what people write in a Slack workspace: who gave it, when, and for which channels.

Slack's terms restrict training language models on data from its API. So learning is off until an admin who read
`NOTICE` turns it on. Guests and people of other organisations need a separate yes. Every decision is a row that stays;
the last one holds. Knows nothing of training.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from feedback.database import Database
from feedback.events import Role
from feedback.replies import Reply
from feedback.tables import consents

NOTICE = (
    "Chip can learn from what people write to it: from the answers that were voted good, and from corrections. The "
    "training runs on your own machine, and nothing leaves it. Slack's API terms restrict training language models on "
    "data obtained through its API; whether your use is allowed is for you to decide, with your own counsel where in "
    "doubt. What people wrote to Chip before is included. Whoever asks to be forgotten, and messages that are deleted, "
    "leave the training data at once; an adapter that learned from them is replaced by one that is trained without "
    "them, and deleted. Guests and people of other organisations are left out unless you include them."
)
NOTICE_ID = hashlib.sha256(NOTICE.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Consent:
    """A decision about learning. `channels` empty means all; `guests`: guests' and strangers' words count too."""

    is_on: bool
    guests: bool = False
    channels: tuple[str, ...] = ()
    by: str = ""
    at: datetime | None = None
    notice: str = NOTICE_ID

    def covers(self, reply: Reply, teacher: Role | None = None) -> bool:
        """Whether a reply, taught by a person of this role, may be learned from."""
        if not self.is_on or (self.channels and reply.channel not in self.channels):
            return False
        if self.guests:
            return True
        is_direct = reply.channel.startswith("D")
        has_only_its_askers_words = is_direct or len(reply.messages) <= _FIRST_TURN
        return reply.asker_role in _MEMBERS and teacher is not Role.CUSTOMER and has_only_its_askers_words


# A system message and the question. Later turns of a channel's thread hold what others wrote, perhaps guests.
_FIRST_TURN = 2
_MEMBERS = (Role.STAFF.value, Role.ADMIN.value)

OFF = Consent(is_on=False)
LOCAL = Consent(is_on=True, guests=True)
"""What holds until somebody decides: nothing is learned from a real workspace, everything in the local one."""


def record_consent(
    db: Database, team: str, *, by: str, is_on: bool, guests: bool = False, channels: Iterable[str] = ()
) -> Consent:
    """Store an admin's decision about the present notice. It holds from now on."""
    decided = Consent(is_on, guests, tuple(channels), by, db.clock())
    row = {
        "team": team,
        "is_on": decided.is_on,
        "guests": decided.guests,
        "channels": list(decided.channels),
        "notice": decided.notice,
        "by": decided.by,
        "at": decided.at,
    }
    with db.begin() as connection:
        connection.execute(insert(consents).values(row))
    return decided


def find_consent(db: Database, team: str) -> Consent | None:
    """Return the decision that holds; None if nobody ever decided."""
    query = select(consents).where(consents.c.team == team).order_by(consents.c.number.desc()).limit(1)
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Consent(row.is_on, row.guests, tuple(row.channels), row.by, row.at, row.notice)


def build_covers(db: Database, default: Consent) -> Callable[[Reply, Role | None], bool]:
    """Return a function that says whether a reply, taught by this role, may be learned. It looks each team up once."""
    known: dict[str, Consent] = {}

    def covers(reply: Reply, teacher: Role | None) -> bool:
        if reply.team not in known:
            known[reply.team] = find_consent(db, reply.team) or default
        return known[reply.team].covers(reply, teacher)

    return covers


def describe_consents(db: Database, default: Consent) -> list[dict[str, Any]]:
    """Return the decision that holds in each workspace, for the card of a data set; the default where none was made."""
    with db.read() as connection:
        teams = list(connection.scalars(select(consents.c.team).distinct().order_by(consents.c.team)))
    decided = {team: find_consent(db, team) or default for team in teams} or {"every workspace": default}
    return [
        {
            "workspace": team,
            "learning": "on" if consent.is_on else "off",
            "guests": "included" if consent.guests else "left out",
            "channels": " ".join(consent.channels) or "all",
            "since": f"{consent.at:%Y-%m-%d}" if consent.at else "nobody decided",
            "notice": consent.notice,
        }
        for team, consent in decided.items()
    ]
