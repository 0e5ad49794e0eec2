"""Signals that are neither vote nor correction: so far, that somebody asked for a person."""

from datetime import datetime

from feedback.database import Database
from feedback.errors import UnknownReply
from feedback.events import FeedbackEvent, Kind, Role, Said, Source, append_event
from feedback.replies import is_known


def record_escalation(
    db: Database,
    reply_id: str,
    person: str,
    role: str,
    *,
    source: Source = Source.BUTTON,
    key: str | None = None,
    at: datetime | None = None,
) -> FeedbackEvent:
    """Log that the person asked for a human after this reply. Raises `UnknownReply`."""
    with db.begin() as connection:
        if not is_known(connection, reply_id):
            raise UnknownReply(reply_id)
        return append_event(connection, db, Said(reply_id, person, Role(role), Kind.ESCALATION, source, {}, key, at))
