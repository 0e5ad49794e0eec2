"""The queue of what waits for staff: corrections, those on the most voted answers first, then imported answers.

Finds the next item, what the documents say to it, and carries a decision out. Only the first decision counts. Knows
nothing of Slack.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.learning.imported import approve_imported, reject_imported
from feedback import corrections, votes
from feedback.database import Database
from feedback.errors import UnknownCorrection
from feedback.events import Role
from feedback.history.imports import (
    Status,
    UnknownPair,
    count_proposals,
    find_pair,
    list_imports,
    list_proposals,
)
from feedback.replies import Reply, find_replies
from retrieval.draft import Draft
from retrieval.factcheck.check import Support, judge_claim
from retrieval.passage import Audience, EvidenceLine

Place = tuple[int, int, str, int]
"""Where an item stands in the queue: the kind, the votes on its answer (negative), when it came, its number."""

FIRST: Place = (-1, 0, "", 0)
_CORRECTION, _IMPORTED = 0, 1
_MOST_LINES = 4


class Kind(StrEnum):
    """What waits."""

    CORRECTION = "correction"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to decide. `id` is a correction's id or an imported pair's number.

    `person` and `role` are who proposes it; "" for an import, whose `source` is named. `said` is what Chip answered.
    """

    kind: Kind
    id: str
    place: Place
    question: str
    said: str
    text: str
    audience: Audience
    person: str = ""
    role: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Documents:
    """What the documents say to an item's question, and to its text; None if they say nothing."""

    lines: tuple[EvidenceLine, ...]
    support: Support | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of one workspace. `prepare` returns what the documents say to a question now."""

    db: Database
    team: str
    prepare: Callable[[str, Audience], Draft]
    base_id: str

    def count(self) -> int:
        """Return how many items wait."""
        return len(self._list_corrections()) + count_proposals(self.db)

    def find_next(self, after: Place) -> Item | None:
        """Return the first item behind a place; None behind the last."""
        found = next((item for item in self._list_corrections() if item.place > after), None)
        return found or self._find_imported(after[3] if after[0] == _IMPORTED else 0)

    def find(self, kind: Kind, item_id: str) -> Item | None:
        """Return an item that still waits; None if it is decided or deleted."""
        if kind is Kind.CORRECTION:
            return next((item for item in self._list_corrections() if item.id == item_id), None)
        return self._find_imported(int(item_id) - 1, only=int(item_id))

    def look_up(self, item: Item) -> Documents:
        """Return what the documents say to an item."""
        lines = self.prepare(item.question, item.audience).retrieved.evidence.lines[:_MOST_LINES]
        return Documents(lines, judge_claim(item.text, lines).verdict if lines else None)

    def approve(self, item: Item, text: str, *, by: str, role: Role) -> bool:
        """Let an item hold, in these words. Return whether they differ from those that were proposed.

        Raises `AlreadyDecided`, `UnusableText`, and `UnknownCorrection` or `UnknownPair` for what is deleted.
        """
        clean = corrections.clean_text(text)
        is_changed = clean != corrections.clean_text(item.text[: corrections.MAX_CHARACTERS])
        if item.kind is Kind.CORRECTION:
            own = clean if is_changed else None
            corrections.decide(self.db, item.id, by=by, role=role.value, approved=True, if_waiting=True, instead=own)
        else:
            approve_imported(
                self.db, int(item.id), by=by, role=role, prepare=self.prepare, base_id=self.base_id, text=clean
            )
        return is_changed

    def reject(self, item: Item, *, by: str, role: Role) -> None:
        """Use an item for nothing. Raises as `approve` does."""
        if item.kind is Kind.CORRECTION:
            corrections.decide(self.db, item.id, by=by, role=role.value, approved=False, if_waiting=True)
        else:
            reject_imported(self.db, int(item.id), by=by)

    def find_decider(self, kind: Kind, item_id: str) -> str | None:
        """Return who decided an item; None if nobody did, or it is deleted."""
        try:
            if kind is Kind.IMPORTED:
                return find_pair(self.db, int(item_id)).decided_by
        except UnknownPair:
            return None
        found = corrections.find_correction(self.db, item_id)
        return found.decided_by if found else None

    def _list_corrections(self) -> list[Item]:
        waiting = corrections.find_pending(self.db)
        given = find_replies(self.db, [one.reply_id for one in waiting])
        counts = votes.count_voters(self.db, list(given))
        items = [
            _build_correction(one, reply, counts.get(reply.id, 0))
            for one in waiting
            if (reply := given.get(one.reply_id)) is not None and reply.team == self.team
        ]
        return sorted(items, key=lambda item: item.place)

    def _find_imported(self, after: int, only: int | None = None) -> Item | None:
        pair = next(iter(list_proposals(self.db, limit=1, after=after)), None)
        if pair is None or pair.status is not Status.PROPOSED or only not in (None, pair.number):
            return None
        source = next((one.source for one in list_imports(self.db) if one.id == pair.import_id), "")
        return Item(
            kind=Kind.IMPORTED,
            id=str(pair.number),
            place=(_IMPORTED, 0, "", pair.number),
            question=pair.question,
            said="",
            text=pair.answer,
            audience=Audience(pair.audience),
            source=source,
        )


def _build_correction(one: corrections.Correction, reply: Reply, voters: int) -> Item:
    return Item(
        kind=Kind.CORRECTION,
        id=one.id,
        place=(_CORRECTION, -voters, f"{one.at.isoformat()} {one.id}", 0),
        question=reply.query or reply.question,
        said=reply.shown,
        text=one.text,
        audience=Audience(reply.audience),
        person=one.person,
        role=one.role.value,
    )


GONE = (UnknownCorrection, UnknownPair)
