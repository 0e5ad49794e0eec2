"""Approves or rejects an imported answer. An approved one is served as a verified answer, as if staff had taught it."""

from collections.abc import Callable
from dataclasses import replace

from feedback.corrections import Correction, append_correction, clean_text
from feedback.database import Database
from feedback.events import FeedbackKind, FeedbackSource, Role, Said
from feedback.history.imports import ImportedPair, Status, decide_pair, decide_pair_in, find_pair
from feedback.replies import TAUGHT, is_known, record_reply
from retrain.data.imported import build_imported_reply
from retrieval.draft import Draft
from retrieval.passage import Audience


def approve_imported(
    db: Database,
    number: int,
    *,
    by: str,
    role: Role,
    prepare: Callable[[str, Audience], Draft],
    base_id: str,
    text: str | None = None,
) -> Correction:
    """Serve an imported answer, or staff's text in its place, as a verified answer.

    The corrections are served again afterwards. Raises `UnknownPair`, `AlreadyDecided`, and `UnusableText` for a
    text that is empty or too long.
    """
    pair = find_pair(db, number)
    clean = {"text": clean_text(pair.answer if text is None else text)}
    reply_id = f"R-import-{pair.digest[:24]}"
    draft = prepare(pair.question, Audience(pair.audience))
    reply = replace(build_imported_reply(pair, draft, reply_id=reply_id, base_id=base_id), finish=TAUGHT)
    with db.read() as connection:
        is_recorded = is_known(connection, reply_id)
    if not is_recorded:
        record_reply(db, reply)
    said = Said(reply_id, by, role, FeedbackKind.CORRECTION, FeedbackSource.BUTTON, clean)
    with db.begin() as connection:
        decide_pair_in(connection, db, number, status=Status.APPROVED, by=by)
        return append_correction(connection, db, said)


def reject_imported(db: Database, number: int, *, by: str) -> ImportedPair:
    """Use an imported answer for nothing from now on. Raises `UnknownPair` and `AlreadyDecided`."""
    return decide_pair(db, number, status=Status.REJECTED, by=by)
