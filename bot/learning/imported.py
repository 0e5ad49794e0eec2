"""Approves an imported answer: it is served as a verified answer, as if staff had taught it."""

from dataclasses import replace

from sqlalchemy import Connection

from feedback.corrections import Correction, append_correction
from feedback.database import Database
from feedback.events import Said
from feedback.history.imports import ImportedPair, Status, decide_pair_in
from feedback.replies import TAUGHT, Reply, record_reply_in
from retrain.data.imported import build_imported_reply
from retrieval.draft import Draft


def build_imported_answer(pair: ImportedPair, draft: Draft, base_id: str) -> Reply:
    """Return the reply that the correction of an imported answer is about; Chip never gave it."""
    reply_id = f"R-import-{pair.digest[:24]}"
    return replace(build_imported_reply(pair, draft, reply_id=reply_id, base_id=base_id), finish=TAUGHT)


def approve_imported_in(connection: Connection, db: Database, number: int, reply: Reply, said: Said) -> Correction:
    """Serve an imported answer in staff's words, in a transaction of the caller's.

    The corrections are served again afterwards. Raises `UnknownPair` and `AlreadyDecided`.
    """
    decide_pair_in(connection, db, number, status=Status.APPROVED, by=said.person)
    record_reply_in(connection, reply)
    return append_correction(connection, db, replace(said, reply_id=reply.id))
