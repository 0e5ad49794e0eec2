"""Proves which adapter speaks, by lessons that it answered otherwise in its test than what served before it.

The card keeps hashes of both answers, and the data set has the questions. A model that is asked greedily says the same
again, but for ties; so only answers that all differ from the adapter's, of which one is the other model's, disprove it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrain.adapter import Adapter
from retrain.curate import Curated
from retrain.erasure import find_manifest
from retrain.errors import DatasetError
from retrain.evaluate import Answer
from retrain.examples import Example, load_dataset
from retrain.variations import rebuild_draft
from retrieval.draft import Draft

MOST = 3
PROBES = "probes"
"""The name under which an adapter's card keeps them."""

Ask = Callable[[Sequence[Draft]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Spoken:
    """How many probes were answered as the adapter did in its test, and how many as what served before it."""

    adapter_id: str
    as_adapter: int
    as_before: int
    of: int

    @property
    def is_proved(self) -> bool:
        """Whether the adapter speaks."""
        return self.as_adapter > 0

    @property
    def is_disproved(self) -> bool:
        """Whether what served before it speaks instead."""
        return not self.as_adapter and self.as_before > 0


def choose_probes(lessons: Sequence[Example], old: Sequence[Answer], new: Sequence[Answer]) -> list[dict[str, str]]:
    """Return up to `MOST` lessons that were answered differently, as a card keeps them."""
    told_apart = [
        {"group": lesson.group, "before": digest(was.text), "said": digest(now.text)}
        for lesson, was, now in zip(lessons, old, new, strict=True)
        if was.failure is None and now.failure is None and digest(was.text) != digest(now.text)
    ]
    return told_apart[:MOST]


def probe(adapter: Adapter, runs_folder: Path, is_question: Callable[[str], bool], ask: Ask) -> Spoken | None:
    """Ask what answers now the adapter's probes; None where it has none, or they were forgotten."""
    probes = {one["group"]: one for one in adapter.scores.get(PROBES, ())}
    manifest = find_manifest(runs_folder, adapter.dataset_hash)
    if not probes or manifest is None:
        return None
    try:
        taught = Curated(tuple(load_dataset(manifest.parent)), {}).lessons
    except DatasetError:
        return None
    lessons = [lesson for lesson in taught if lesson.group in probes]
    said = ask([rebuild_draft(lesson, is_question) for lesson in lessons])
    heard = [(probes[lesson.group], digest(text)) for lesson, text in zip(lessons, said, strict=True)]
    return Spoken(
        adapter.id,
        sum(one["said"] == text for one, text in heard),
        sum(one["before"] == text for one, text in heard),
        len(heard),
    )


def digest(text: str) -> str:
    """Return a hash of an answer's words, so that a card holds none of them."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]
