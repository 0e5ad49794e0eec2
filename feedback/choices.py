"""What a person chose for themselves: so far, whether Chip may be trained on what they ask."""

from collections.abc import Callable

from feedback.database import Database
from feedback.events import Role
from feedback.replies import Reply
from feedback.switches import is_on, set_switch

TRAINING = "training"
"""The name of the switch."""

Covers = Callable[[Reply, Role | None], bool]


def may_train_on(db: Database, team: str, person: str) -> bool:
    """Whether Chip may be trained on the person's questions: yes, until they say otherwise."""
    return is_on(db, team, TRAINING, subject=person, default=True)


def choose_training(db: Database, team: str, person: str, *, allowed: bool) -> None:
    """Store the person's choice, which holds from the next training on."""
    set_switch(db, team, TRAINING, "on" if allowed else "off", by=person, subject=person)


def respect_choices(db: Database, covers: Covers) -> Covers:
    """Return `covers` restricted to people who did not say no."""
    return lambda reply, teacher: covers(reply, teacher) and may_train_on(db, reply.team, reply.asker)
