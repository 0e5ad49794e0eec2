"""Switches: what admins turned on or off for a workspace, and what a person chose for themselves. Survives a restart.

Knows names and values, not what they do.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from feedback.database import Database
from feedback.tables import switches

WORKSPACE = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One switch in its present state, and who set it when. `subject` is `WORKSPACE` or a person's id."""

    subject: str
    name: str
    value: str
    set_by: str
    set_at: datetime


def set_switch(db: Database, team: str, name: str, value: str, *, by: str, subject: str = WORKSPACE) -> None:
    """Set a switch and forget its value before."""
    row = {
        "team": team,
        "subject": subject,
        "name": name,
        "value": value,
        "set_by": by,
        "set_at": db.clock(),
    }
    same = (switches.c.team == team) & (switches.c.subject == subject) & (switches.c.name == name)
    with db.begin() as connection:
        connection.execute(delete(switches).where(same))
        connection.execute(insert(switches).values(row))


def find_switch(db: Database, team: str, name: str, *, subject: str = WORKSPACE) -> Setting | None:
    """Return a switch as it was last set; None if it never was."""
    same = (switches.c.team == team) & (switches.c.subject == subject) & (switches.c.name == name)
    with db.read() as connection:
        row = connection.execute(select(switches).where(same)).one_or_none()
    return None if row is None else Setting(row.subject, row.name, row.value, row.set_by, row.set_at)


def list_switches(db: Database, team: str, name: str) -> list[Setting]:
    """Return the switches of this name, of whatever subject, as they were last set."""
    same = (switches.c.team == team) & (switches.c.name == name)
    with db.read() as connection:
        rows = connection.execute(select(switches).where(same).order_by(switches.c.subject)).all()
    return [Setting(row.subject, row.name, row.value, row.set_by, row.set_at) for row in rows]


def is_on(db: Database, team: str, name: str, *, subject: str = WORKSPACE, default: bool = False) -> bool:
    """Whether a switch is "on"."""
    found = find_switch(db, team, name, subject=subject)
    return default if found is None else found.value == "on"
