"""Explains an answer: what search offered, what was cited, how sure Chip was, which adapter spoke, what taught it.

Reads what is recorded; asks no model. Knows nothing of Slack.
"""

from dataclasses import dataclass
from pathlib import Path

from feedback.database import Database
from feedback.replies import Reply
from retrain.data.duplicates import Encode
from retrain.data.nearest import NearLesson, find_nearest
from retrain.errors import DatasetError
from retrain.examples import load_dataset
from retrain.lineage import Lineage, trace
from retrieval.knowledge import Knowledge
from retrieval.passage import Passage, Scope
from retrieval.verified import is_verified

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Offered:
    """A passage that search offered: the heading that it had then, its similarity, and whether it was cited.

    `passage` is what the documents hold of it now, None if they hold it no longer. `is_readable`: the person who asks
    may read it.
    """

    heading: str
    similarity: float | None
    is_cited: bool
    passage: Passage | None
    is_readable: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a reply says what it says. `lineage` is None where no adapter spoke: the bare base, or staff's own words."""

    reply: Reply
    offered: tuple[Offered, ...]
    lineage: Lineage | None
    nearest: tuple[NearLesson, ...]

    @property
    def is_verified(self) -> bool:
        """Whether the reply is an answer that staff approved, which no model words."""
        cited = (one.passage for one in self.offered if one.is_cited)
        return any(passage is not None and is_verified(passage) for passage in cited)


def explain(
    db: Database, knowledge: Knowledge, adapters_folder: Path, runs_folder: Path, reply: Reply, scope: Scope
) -> Explanation:
    """Return why Chip said this, as a person who may read `scope` may know it."""
    bare = Explanation(reply, tuple(list_offered(reply, knowledge, scope)), None, ())
    if reply.adapter_id is None or bare.is_verified:
        return bare
    lineage = trace(db, adapters_folder, runs_folder, reply.adapter_id)
    return Explanation(reply, bare.offered, lineage, tuple(_find_lessons(reply, lineage, knowledge.encode)))


def list_offered(reply: Reply, knowledge: Knowledge, scope: Scope) -> list[Offered]:
    """Return what search offered, best first, and what was cited besides: a verified answer, for one."""
    cited = find_cited(reply)
    rows: dict[str, tuple[str, float | None]] = {name: (heading, None) for name, heading in cited.items()}
    rows |= {one.passage_id: (one.heading, one.similarity) for one in reply.found}
    return [
        _build_offered(heading, similarity, passage_id in cited, knowledge.passage(passage_id), scope)
        for passage_id, (heading, similarity) in sorted(rows.items(), key=lambda row: -(row[1][1] or 0.0))
    ]


def find_cited(reply: Reply) -> dict[str, str]:
    """Return the headings of the cited passages by id. An older reply knows only what it was shown."""
    numbers = {line.number for line in reply.evidence} if reply.cited is None else set(reply.cited)
    return {line.passage_id: line.heading for line in reply.evidence if line.number in numbers and not reply.refused}


def _build_offered(
    heading: str, similarity: float | None, is_cited: bool, passage: Passage | None, scope: Scope
) -> Offered:
    """What is cited stands in the message that the person sees; a passage that is gone has no readers to go by."""
    readable = is_cited or (passage is not None and passage.audience in scope.audiences)
    return Offered(heading, similarity, is_cited, passage, readable)


def _find_lessons(reply: Reply, lineage: Lineage, encode: Encode) -> list[NearLesson]:
    if lineage.dataset is None or not reply.question:
        return []
    try:
        examples = load_dataset(lineage.dataset)
    except DatasetError:
        return []
    return find_nearest(reply.question, examples, encode, NEAREST)
