"""What staff should look at although nobody proposed it: disputed votes, crowds of votes, answers that contradict.

A verified answer is doubted where the documents or another verified answer deny it, or where its documents have
changed. Jobs look for doubts, since each answer takes a search, and a month's votes take a second. Knows nothing of how
staff decide.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.learning.review import Item, Kind, Place, weigh
from feedback import corrections, votes
from feedback.corrections import Correction
from feedback.database import Database
from feedback.decisions import find_decided
from feedback.disputes import Dispute, find_disputed
from feedback.replies import Reply, find_replies
from retrain.data.crowds import CROWD, Crowd, find_crowds
from retrain.data.duplicates import Encode, find_groups
from retrain.settings import CurateSettings
from retrieval.draft import Draft
from retrieval.factcheck.check import Support, judge_claim
from retrieval.passage import Audience, EvidenceLine, VerifiedAnswer

LOOKED_BACK = timedelta(days=30)
_MOST = 100
_EVEN, _OUTDATED = 0.5, 0.7


@dataclass(slots=True)
class Doubts:
    """The doubts of one workspace. `find_outdated` returns the verified answers whose documents have changed."""

    db: Database
    team: str
    prepare: Callable[[str, Audience], Draft]
    encode: Encode
    find_outdated: Callable[[], Sequence[VerifiedAnswer]]
    clock: Callable[[], datetime]
    settings: CurateSettings = field(default_factory=CurateSettings)
    _denied: dict[str, str] = field(default_factory=dict)
    _outdated: frozenset[str] = frozenset()
    _counted: tuple[list[Dispute], list[Crowd]] | None = None
    _held: corrections.Held = field(init=False)
    _settled: tuple[list[Correction], set[str]] = field(default=([], set()))

    def __post_init__(self) -> None:
        self._held = corrections.Held(self.db)

    def refresh(self) -> None:
        """Look for verified answers that the documents or each other deny, and for those whose documents changed."""
        self._outdated = frozenset(answer.id for answer in self.find_outdated())
        held = [one for one, _ in self._list_held()]
        given = find_replies(self.db, [one.reply_id for one in held])
        denied = {one.id: line for one in held if (line := self._find_denial(one, given[one.reply_id]))}
        self._denied = {**denied, **self._find_denied_by_others(held, given)}

    def count_votes(self) -> tuple[list[Dispute], list[Crowd]]:
        """Find the disputes and the crowds among the votes of the last 30 days, and keep them."""
        since = self.clock() - LOOKED_BACK
        disputes = find_disputed(self.db, self.team, since=since, limit=_MOST)
        self._counted = (disputes, find_crowds(self.db, self.settings, since=since)[:_MOST])
        return self._counted

    def forget(self) -> None:
        """Keep nothing that votes and corrections told: some of them were forgotten."""
        self._counted = None
        self._settled = ([], set())

    def list_items(self) -> list[Item]:
        """Return all doubts that nobody has decided about."""
        return [*self._list_disputed(), *self._list_crowds(), *self._list_doubted()]

    def _list_held(self, only: Collection[str] | None = None) -> list[tuple[Correction, Reply]]:
        """Return the latest verified answers, or those `only` among them, with the replies that they correct."""
        held = [one for one in self._held.list()[-_MOST * 5 :] if only is None or one.id in only]
        given = find_replies(self.db, [one.reply_id for one in held])
        return [
            (one, reply)
            for one in held
            if (reply := given.get(one.reply_id)) is not None and reply.team in ("", self.team) and reply.question
        ]

    def _find_denial(self, one: Correction, reply: Reply) -> str | None:
        """Return the line of the documents that denies a verified answer."""
        lines = self.prepare(_ask(one, reply), Audience(reply.audience)).retrieved.evidence.lines
        return next(
            (line.flat for line in lines if judge_claim(one.text, [line]).verdict is Support.CONTRADICTED), None
        )

    def _find_denied_by_others(self, held: Sequence[Correction], given: dict[str, Reply]) -> dict[str, str]:
        """Return the verified answers that a later one to the same question denies, with its words."""
        asked = [_ask(one, given[one.reply_id]) for one in held]
        groups: Sequence[int] = find_groups(asked, self.encode(asked)).tolist() if asked else []
        denied = {}
        for number, one in enumerate(held):
            later = (other for at, other in enumerate(held[number + 1 :], number + 1) if groups[at] == groups[number])
            line = next((other.text for other in later if _deny(one.text, other.text, asked[number])), None)
            if line is not None:
                denied[one.id] = line
        return denied

    def _list_disputed(self) -> Iterator[Item]:
        disputes, _ = self._counted or self.count_votes()
        decided = find_replies(self.db, list(find_decided(self.db, self.team, Kind.DISPUTED.value)))
        settled = {_search(reply) for reply in decided.values()} | self._list_settled()
        given = find_replies(self.db, [one.reply_id for one in disputes])
        for one in disputes:
            reply = given.get(one.reply_id)
            if reply is not None and _search(reply) and _search(reply) not in settled:
                many = one.ups + one.downs
                place = _place(many, (one.ups + 1) / (many + 2), reply.created_at, reply.id)
                counts = {"ups": one.ups, "downs": one.downs, "answers": one.answers}
                yield _build(Kind.DISPUTED, reply.id, place, reply, reply.shown, counts)

    def _list_crowds(self) -> Iterator[Item]:
        _, crowds = self._counted or self.count_votes()
        decided = find_decided(self.db, self.team, CROWD)
        given = find_replies(self.db, [crowd.reply_id for crowd in crowds])
        for crowd in crowds:
            reply = given.get(crowd.reply_id)
            if crowd.key not in decided and reply is not None and reply.team == self.team:
                yield _build_crowd(crowd, reply)

    def _list_settled(self) -> set[str]:
        """Return the questions that a verified answer answers."""
        held = self._held.list()
        if self._settled[0] is not held:
            self._settled = (held, {_search(reply) for _, reply in self._list_held()})
        return self._settled[1]

    def _list_doubted(self) -> Iterator[Item]:
        outdated = self._outdated
        held = self._list_held(outdated | self._denied.keys())
        decided = find_decided(self.db, self.team, Kind.DENIED.value)
        counts = votes.count_voters(self.db, [reply.id for _, reply in held])
        for one, reply in held:
            people = 1 + counts.get(reply.id, 0)
            if one.id in outdated:
                yield _build_verified(Kind.OUTDATED, one, reply, _place(people, _OUTDATED, one.at, one.id))
            elif one.id not in decided:
                place = _place(people + 1, _EVEN, one.at, one.id)
                yield _build_verified(Kind.DENIED, one, reply, place, self._denied[one.id])


def _ask(one: Correction, reply: Reply) -> str:
    return one.question or reply.query or reply.question


def _search(reply: Reply) -> str:
    return (reply.query or reply.question).casefold()


def _deny(one: str, other: str, question: str) -> bool:
    return judge_claim(one, [EvidenceLine(1, other, question, "")]).verdict is Support.CONTRADICTED


def _place(people: int, likely: float, at: datetime, item_id: str) -> Place:
    return (-weigh(people, likely), f"{at.isoformat()} {item_id}", 0)


def _build(kind: Kind, item_id: str, place: Place, reply: Reply, text: str, counts: dict[str, int]) -> Item:
    question = reply.query or reply.question
    return Item(kind, item_id, place, question, reply.shown, text, Audience(reply.audience), counts=counts)


def _build_crowd(crowd: Crowd, reply: Reply) -> Item:
    at = datetime.fromtimestamp(crowd.first, UTC)
    place = _place(crowd.votes, _EVEN, at, crowd.key)
    counts = {"votes": crowd.votes, "ups": crowd.ups, "seconds": crowd.last - crowd.first + 1}
    item = _build(Kind.CROWD, crowd.key, place, reply, "", counts)
    return Item(
        item.kind, item.id, item.place, item.question, item.said, "", item.audience, crowd.person, counts=counts
    )


def _build_verified(kind: Kind, one: Correction, reply: Reply, place: Place, denial: str = "") -> Item:
    return Item(
        kind=kind,
        id=one.id,
        place=place,
        question=_ask(one, reply),
        said="",
        text=one.text,
        audience=Audience(reply.audience),
        person=one.person,
        role=one.role.value,
        others=(denial,) if denial else (),
    )
