"""The queue of what waits for staff, the most influential and least certain first.

Finds the next item, what the documents say to it, and carries a decision out. Only the first decision counts. Knows
nothing of Slack.

The order is influence times uncertainty. Influence is log2(1 + n), where n counts the people who voted on the answer
and the proposals that ask the same. Uncertainty is 4 p (1 - p), where p is how likely the words are right before
anybody has looked: it is 1 at even odds and 0 for what is certain. p stands in `_LIKELY` by who says it. Of disputed
votes it is the share of votes up, with one more on either side; of what something contradicts it is a half.
Imported answers, of which there may be a hundred thousand, come last, in the order of import.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import log2

from sqlalchemy import Connection

from bot.learning.general import find_placeholder
from bot.learning.imported import approve_imported_in, build_imported_answer
from feedback import corrections, votes
from feedback.corrections import Correction, clean_text
from feedback.database import Database
from feedback.decisions import Decision, find_decided, record_decision
from feedback.errors import AlreadyDecided, FeedbackError, UnknownCorrection, UnknownReply
from feedback.events import FeedbackKind, FeedbackSource, Role, Said
from feedback.history.imports import (
    ImportedPair,
    Status,
    UnknownPair,
    count_proposals,
    decide_pair_in,
    find_pair,
    list_imports,
    list_proposals,
)
from feedback.proposals import Proposal, find_proposals
from feedback.replies import Reply, find_replies
from retrieval.draft import Draft
from retrieval.factcheck.check import Support, judge_claim
from retrieval.passage import Audience, EvidenceLine

Place = tuple[float, str, int]
"""Where an item stands in the queue: what it weighs (negative), when it came with its id, and its number."""

FIRST: Place = (float("-inf"), "", 0)
_MOST_LINES = 4
_LIKELY = {
    FeedbackSource.TICKET: 0.8,
    FeedbackSource.THREAD: 0.75,
    FeedbackSource.DOCUMENTS: 0.5,
}
_LIKELY_BY_CUSTOMER = 0.6
_MOST_OTHERS = 2


class Kind(StrEnum):
    """What waits."""

    CORRECTION = "correction"
    TICKET = "ticket"
    THREAD = "thread"
    DOCUMENTS = "documents"
    IMPORTED = "imported"
    DISPUTED = "disputed"
    CROWD = "crowd"
    DENIED = "denied"
    OUTDATED = "outdated"


VERIFIED = (Kind.DENIED, Kind.OUTDATED)
DOUBTS = (Kind.DISPUTED, Kind.CROWD, *VERIFIED)


_KINDS = {
    FeedbackSource.TICKET: Kind.TICKET,
    FeedbackSource.THREAD: Kind.THREAD,
    FeedbackSource.DOCUMENTS: Kind.DOCUMENTS,
}
GONE = (UnknownCorrection, UnknownPair, UnknownReply)


class Unfinished(FeedbackError):
    """A text that is to serve everybody still holds the place of a name or a number."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(f"{placeholder} stands for a name or a number of one case.")
        self.placeholder = placeholder


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to decide. `id` is a correction's id, an imported pair's number, a reply's id, or a crowd's key.

    `question` and `text` are in general words. `person` and `role` are who proposes it; "" for an import, whose
    `source` is named. `said` is what Chip answered. `alike` are the ids of what asks the same and waits too, and
    `others` what some of those answer. `as_written` are question and text in the words of those who said them. `counts`
    are of votes.
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
    alike: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    as_written: tuple[str, str] = ("", "")
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Documents:
    """What the documents say to an item's question, and to its text; None if they say nothing."""

    lines: tuple[EvidenceLine, ...]
    support: Support | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of one workspace.

    `prepare` returns what the documents say to a question now, `generalise_waiting` puts what has come since in general
    words, and `list_doubts` returns what nobody proposed.
    """

    db: Database
    team: str
    prepare: Callable[[str, Audience], Draft]
    base_id: str
    generalise_waiting: Callable[[], object] = lambda: None
    list_doubts: Callable[[], Sequence[Item]] = tuple

    def count(self) -> int:
        """Return how many items wait."""
        return len(self._list_first()) + count_proposals(self.db)

    def find_next(self, after: Place) -> tuple[Item | None, int]:
        """Return the first item behind a place, None behind the last, and how many wait in all."""
        first = self._list_first()
        found = next((item for item in first if item.place > after), None)
        return found or self._find_imported(after[2]), len(first) + count_proposals(self.db)

    def find(self, kind: Kind, item_id: str) -> Item | None:
        """Return an item that still waits; None if it is decided or deleted."""
        if kind is not Kind.IMPORTED:
            listed = self.list_doubts() if kind in DOUBTS else self._list_corrections(item_id)
            return next((item for item in listed if item.id == item_id), None)
        return self._find_imported(int(item_id) - 1, only=int(item_id))

    def look_up(self, item: Item) -> Documents:
        """Return what the documents say to an item."""
        lines = self.prepare(item.question, item.audience).retrieved.evidence.lines[:_MOST_LINES]
        return Documents(lines, judge_claim(item.text, lines).verdict if lines else None)

    def approve(self, item: Item, question: str, text: str, *, by: str, role: Role) -> bool:
        """Let an item hold, in these words. Return whether they differ from those that were proposed.

        Raises `AlreadyDecided`, `UnusableText`, `Unfinished`, and what is in `GONE`.
        """
        if item.kind is Kind.CROWD:
            with self.db.begin() as connection:
                self._note(connection, item, "approved", by)
            return False
        asked, clean = check_words(question, text)
        proposed = (clean_text(item.question), clean_text(item.text[: corrections.MAX_CHARACTERS]))
        is_changed = (asked, clean) != proposed
        said = Said("", by, role, FeedbackKind.CORRECTION, FeedbackSource.BUTTON, {"text": clean, "question": asked})
        answer = self._prepare_imported(item, asked) if item.kind is Kind.IMPORTED else None
        with self.db.begin() as connection:
            if answer is not None:
                approve_imported_in(connection, self.db, int(item.id), answer, said)
            elif item.kind is Kind.DISPUTED:
                corrections.append_correction(connection, self.db, replace(said, reply_id=item.id))
            elif item.kind in VERIFIED:
                held = self._find_held(connection, item)
                corrections.append_correction(connection, self.db, replace(said, reply_id=held.reply_id))
            else:
                self._approve_correction(connection, item, said)
            self._note(connection, item, "changed" if is_changed else "approved", by)
        return is_changed

    def reject(self, item: Item, *, by: str, role: Role) -> None:
        """Use an item for nothing. Raises as `approve` does."""
        with self.db.begin() as connection:
            if item.kind is Kind.IMPORTED:
                decide_pair_in(connection, self.db, int(item.id), status=Status.REJECTED, by=by)
            elif item.kind is Kind.DISPUTED:
                value = {"verdict": votes.Vote.DOWN.value}
                vote = Said(item.id, by, role, FeedbackKind.VOTE, FeedbackSource.BUTTON, value)
                votes.press_in(connection, self.db, vote)
            elif item.kind in VERIFIED:
                self._find_held(connection, item)
                self._decide(connection, item.id, by, role, approved=False, if_waiting=False)
            elif item.kind is not Kind.CROWD:
                self._decide(connection, item.id, by, role, approved=False)
            self._note(connection, item, "rejected", by)

    def find_decider(self, kind: Kind, item_id: str) -> str | None:
        """Return who decided an item; None if nobody did, or it is deleted."""
        noted = find_decided(self.db, self.team, kind.value).get(item_id)
        if noted is not None:
            return noted.by
        try:
            if kind is Kind.IMPORTED:
                return find_pair(self.db, int(item_id)).decided_by
        except UnknownPair:
            return None
        found = corrections.find_correction(self.db, item_id)
        return found.decided_by if found else None

    def _approve_correction(self, connection: Connection, item: Item, said: Said) -> None:
        """Let a correction hold as it was written, or staff's words in its place; what asks the same is answered."""
        if (said.value["question"], said.value["text"]) == item.as_written:
            self._decide(connection, item.id, said.person, said.role, approved=True)
        else:
            corrections.replace_in(connection, self.db, item.id, said)
        for other in item.alike:
            self._decide(connection, other, said.person, said.role, approved=False)

    def _decide(
        self,
        connection: Connection,
        correction_id: str,
        by: str,
        role: Role,
        *,
        approved: bool,
        if_waiting: bool = True,
    ) -> None:
        said = Said("", by, role, FeedbackKind.DECISION, FeedbackSource.BUTTON, {"approved": approved})
        corrections.decide_in(connection, self.db, correction_id, said, if_waiting=if_waiting)

    def _find_held(self, connection: Connection, item: Item) -> Correction:
        """Return the verified answer of an item. Raises `AlreadyDecided` if it was withdrawn meanwhile."""
        held = corrections.find_in(connection, item.id)
        if held.state is not corrections.State.APPROVED:
            raise AlreadyDecided(f"correction {item.id}", held.decided_by)
        return held

    def _list_first(self) -> list[Item]:
        """Return all that comes before what was imported, heaviest first."""
        return sorted([*self._list_corrections(), *self.list_doubts()], key=lambda item: item.place)

    def _note(self, connection: Connection, item: Item, outcome: str, by: str) -> None:
        record_decision(connection, self.team, Decision(item.kind.value, item.id, outcome, by, self.db.clock()))

    def _list_corrections(self, first: str = "") -> list[Item]:
        """Return what waits, heaviest first. What asks the same is one item: `first`, or what is most likely right."""
        self.generalise_waiting()
        waiting = corrections.find_pending(self.db)
        proposed = find_proposals(self.db, [one.id for one in waiting])
        given = find_replies(self.db, list({one.reply_id for one in waiting}))
        counts = votes.count_voters(self.db, list(given))
        groups: defaultdict[str, list[Correction]] = defaultdict(list)
        for one in waiting:
            reply = given.get(one.reply_id)
            if reply is not None and reply.team == self.team and one.id in proposed:
                groups[proposed[one.id].first].append(one)
        items = []
        for group in groups.values():
            voters = sum(counts.get(reply_id, 0) for reply_id in {one.reply_id for one in group})
            group.sort(key=lambda one: (one.id != first, -_tell_likely(one), one.at, one.id))
            items.append(_build_correction(group, proposed, given[group[0].reply_id], voters))
        return sorted(items, key=lambda item: item.place)

    def _find_imported(self, after: int, only: int | None = None) -> Item | None:
        pair = next(iter(list_proposals(self.db, limit=1, after=after)), None)
        if pair is None or pair.status is not Status.PROPOSED or only not in (None, pair.number):
            return None
        source = next((one.source for one in list_imports(self.db) if one.id == pair.import_id), "")
        return Item(
            kind=Kind.IMPORTED,
            id=str(pair.number),
            place=(0.0, "", pair.number),
            question=pair.question,
            said="",
            text=pair.answer,
            audience=Audience(pair.audience),
            source=source,
        )

    def _prepare_imported(self, item: Item, question: str) -> Reply:
        pair: ImportedPair = replace(find_pair(self.db, int(item.id)), question=question)
        return build_imported_answer(pair, self.prepare(question, item.audience), self.base_id)


def check_words(question: str, text: str) -> tuple[str, str]:
    """Return the question and the answer, clean. Raises `UnusableText`, and `Unfinished` for a placeholder."""
    asked, clean = clean_text(question), clean_text(text)
    placeholder = find_placeholder(asked) or find_placeholder(clean)
    if placeholder is not None:
        raise Unfinished(placeholder)
    return asked, clean


def weigh(people: int, likely: float) -> float:
    """Return what an item weighs: influence times uncertainty, as the module says."""
    return log2(1 + people) * 4 * likely * (1 - likely)


def _tell_likely(one: Correction) -> float:
    return _LIKELY.get(one.source, _LIKELY_BY_CUSTOMER if one.role is Role.CUSTOMER else max(_LIKELY.values()))


def _build_correction(group: Sequence[Correction], proposed: dict[str, Proposal], reply: Reply, voters: int) -> Item:
    one, *others = group
    told = [text for other in others if (text := proposed[other.id].text) != proposed[one.id].text]
    return Item(
        kind=_KINDS.get(one.source, Kind.CORRECTION),
        id=one.id,
        place=(-weigh(voters + len(group), _tell_likely(one)), f"{one.at.isoformat()} {one.id}", 0),
        question=proposed[one.id].question,
        said=reply.shown,
        text=proposed[one.id].text,
        audience=Audience(reply.audience),
        person=one.person,
        role=one.role.value,
        alike=tuple(other.id for other in others),
        others=tuple(told[:_MOST_OTHERS]),
        as_written=(one.question or reply.query or reply.question, one.text),
    )
