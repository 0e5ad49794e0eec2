"""Proves that a person is forgotten: what was deleted where, a search of all files for what is left, and a report.

The report names nobody: it holds the hash of the person's id, counts, and no word of theirs. Weights cannot be
searched: an adapter that learned from the person is deleted, and one that serves is named until another replaces it.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from feedback.database import Database
from feedback.forgetting import Forgotten
from feedback.traces import find_databases, overwrite_deleted, search
from retrain.erasure import Erased

FOLDER = "forgotten"
KEPT = (
    "that the person does not want to be trained on, where they said so",
    "who decided something as an admin or agent (consents, promotions, channel rules, imports, claimed tickets)",
    "an open call for a person, until it is closed",
    "messages in Slack itself, and documents that the workspace gave Chip to read",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The report. `found` counts by file what is left of the person's words; `serving` is an adapter to be replaced."""

    id: str
    at: str
    person: str
    rows: dict[str, int]
    dataset_rows: int
    deleted_adapters: tuple[str, ...]
    serving: str | None
    marks: int
    files: int
    bytes: int
    found: dict[str, int]
    kept: tuple[str, ...]
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Whether no word is left, and no adapter serves that learned one."""
        return not self.found and self.serving is None


# An event that came in the last seconds stands in the file of arrivals until that is swept, every five seconds.
TRIES = 4
PAUSE_SECONDS = 2.0


def prove(db: Database, data: Path, person: str, forgotten: Forgotten, erased: Erased | None) -> Proof:
    """Search the data folder for what the person wrote, overwrite what SQLite kept of it, and save the report.

    `erased` is None while a retrain runs, which sweeps when it ends.
    """
    began = time.monotonic()
    searched = search(data, forgotten.marks)
    for tries in range(TRIES):
        if not searched.found:
            break
        time.sleep(PAUSE_SECONDS if tries else 0.0)
        for database in find_databases(data, searched.found):
            overwrite_deleted(database)
        searched = search(data, forgotten.marks)
    proof = Proof(
        id=db.new_id("F"),
        at=db.clock().isoformat(),
        person=hashlib.sha256(person.encode()).hexdigest(),
        rows=forgotten.rows,
        dataset_rows=erased.rows if erased else 0,
        deleted_adapters=erased.deleted if erased else (),
        serving=erased.serving if erased else "a retrain is running",
        marks=len(forgotten.marks),
        files=searched.files,
        bytes=searched.size,
        found=searched.found,
        kept=KEPT,
        seconds=round(time.monotonic() - began, 2),
    )
    save_proof(proof, data)
    return proof


def save_proof(proof: Proof, data: Path) -> Path:
    """Write the report into the data folder; return its path."""
    path = data / FOLDER / f"{proof.id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(proof), indent=2), encoding="utf-8")
    return path
