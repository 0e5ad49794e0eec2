"""Cards on which staff decide about a correction: where they are, and which ones quote forgotten words."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from feedback.database import Database, insert_once
from feedback.tables import correction_cards, feedback_events, replies


@dataclass(frozen=True, slots=True)
class Card:
    """A card's message, and the correction that it is about."""

    correction_id: str
    channel: str
    ts: str


def note_card(db: Database, team: str, card: Card) -> None:
    """Note a card's place. A second card of the same correction changes nothing."""
    row = {"correction_id": card.correction_id, "team": team, "channel": card.channel, "ts": card.ts}
    db.write(lambda connection: insert_once(connection, correction_cards, row, ("correction_id",)))


def find_card(db: Database, correction_id: str) -> Card | None:
    """Return the card of a correction; None if it has none."""
    columns = (correction_cards.c.correction_id, correction_cards.c.channel, correction_cards.c.ts)
    with db.read() as connection:
        row = connection.execute(
            select(*columns).where(correction_cards.c.correction_id == correction_id)
        ).one_or_none()
    return None if row is None else Card(*row)


def find_forgotten(db: Database, team: str) -> list[Card]:
    """Return the cards that quote a deleted correction or a conversation whose words are deleted."""
    said, about = feedback_events.c, replies.c
    query = (
        select(correction_cards.c.correction_id, correction_cards.c.channel, correction_cards.c.ts)
        .outerjoin(feedback_events, said.id == correction_cards.c.correction_id)
        .outerjoin(replies, about.id == said.reply_id)
        .where(correction_cards.c.team == team, said.id.is_(None) | (about.question == ""))
    )
    with db.read() as connection:
        return [Card(*row) for row in connection.execute(query)]


def drop_card(db: Database, correction_id: str) -> None:
    """Forget the place of this correction's card."""
    db.write(
        lambda connection: connection.execute(
            delete(correction_cards).where(correction_cards.c.correction_id == correction_id)
        )
    )
