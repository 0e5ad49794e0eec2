"""The verified answers in the catalogue's file, each with its question's vector.

Knows nothing of when one of them answers; `retrieval.verified` decides that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from retrieval.passage import Audience, Vectors, VerifiedAnswer
from retrieval.store.catalogue_file import CatalogueFile


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """A verified answer with its question's vector, (width,).

    An answer approved while no document answered has no evidence. Then `near` are the passages that were nearest at
    that time, and `is_outrun` says whether a newer document answers the question now, once that was checked
    (`is_checked`).
    """

    answer: VerifiedAnswer
    vector: Vectors
    near: tuple[str, ...] = ()
    is_checked: bool = False
    is_outrun: bool = False


class VerifiedRows:
    """The verified answers, by id."""

    def __init__(self, file: CatalogueFile) -> None:
        self._file = file

    def list_rows(self) -> list[VerifiedRow]:
        """Return all verified answers, by id."""
        return [_to_row(row) for row in self._file.read("SELECT * FROM verified ORDER BY id", ())]

    def count(self) -> int:
        """Return the number of verified answers."""
        return int(self._file.read("SELECT count(*) FROM verified", ())[0][0])

    def record(self, row: VerifiedRow) -> None:
        """Store a verified answer with its vector, in place of an earlier one of its id."""
        answer = row.answer
        who = (answer.author, answer.approved_at.isoformat(), answer.audience.value)
        held = (json.dumps(answer.evidence), row.vector.astype(np.float32).tobytes())
        values = (answer.id, answer.question, answer.answer, *who, *held)
        silence = (json.dumps(row.near), row.is_checked, row.is_outrun)
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO verified VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, *silence),
            )

    def record_outrun(self, outrun: Mapping[str, bool], documents: str) -> None:
        """Note by id whether a document now answers what none answered. Answers that are not named stay unchanged.

        `documents` describes the state of the documents in which all were checked.
        """
        rows = [(is_outrun, answer_id) for answer_id, is_outrun in outrun.items()]
        with self._file.transaction() as connection:
            connection.executemany("UPDATE verified SET is_checked = 1, is_outrun = ? WHERE id = ?", rows)
            connection.execute("INSERT OR REPLACE INTO settings VALUES ('checked', ?)", (documents,))

    def last_checked(self) -> str | None:
        """Return what `describe_documents` said when all verified answers were last checked; None for never."""
        return self._file.find_setting("checked")

    def delete(self, answer_id: str) -> None:
        """Delete a verified answer. Do nothing if there is none."""
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM verified WHERE id = ?", (answer_id,))


def _to_row(row: tuple[Any, ...]) -> VerifiedRow:
    answer_id, question, answer, author, approved_at, audience, evidence, vector, near, is_checked, is_outrun = row
    when, rests_on = datetime.fromisoformat(approved_at), tuple(json.loads(evidence))
    approved = VerifiedAnswer(answer_id, question, answer, author, when, Audience(audience), rests_on)
    at = np.frombuffer(vector, dtype=np.float32)
    return VerifiedRow(approved, at, tuple(json.loads(near)), bool(is_checked), bool(is_outrun))
