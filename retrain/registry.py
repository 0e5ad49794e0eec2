"""The adapters that exist, and the one that serves.

Adapters are folders that never change once written. The last row of an append-only table names the one that serves; it
is never "the newest". Knows nothing of training or of the engine.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, insert, select

from feedback.database import Database
from feedback.tables import promotions
from retrain.adapter import CARD, Adapter, AdapterError, hash_file, load_adapter, save_card
from retrain.errors import PromotionError
from retrain.report import NOT_JUDGED

BARE_BASE = "base"
UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of what serves. `adapter_id` is None for the bare base."""

    id: str
    at: datetime
    adapter_id: str | None
    base_id: str
    by: str
    reason: str


def build_candidate(trained: Adapter, adapters_folder: Path) -> Adapter:
    """Copy the trained files into a folder that is not registered yet. Return the adapter there, with its hashes.

    The folder's name begins with `UNFINISHED` until `register` renames it.
    """
    folder = adapters_folder / f"{UNFINISHED}{trained.id}"
    shutil.copytree(trained.folder, folder)
    files = {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.name != CARD}
    return replace(trained, folder=folder, files=files)


def register(candidate: Adapter, adapters_folder: Path, scores: dict[str, Any]) -> Adapter:
    """Write the candidate's card with its scores, rename its folder to its id and return the adapter there.

    Raises `AdapterError` if its files are not those that were scored.
    """
    candidate.verify()
    save_card(replace(candidate, scores=scores))
    folder = adapters_folder / candidate.id
    os.rename(candidate.folder, folder)
    return load_adapter(folder)


def discard_unfinished(adapters_folder: Path) -> None:
    """Remove what an interrupted retrain left. Only the holder of the lock may call this."""
    for folder in adapters_folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder)


def list_adapters(adapters_folder: Path) -> list[Adapter]:
    """Return the registered adapters with a readable card, oldest first."""
    found = []
    for card in adapters_folder.glob(f"*/{CARD}"):
        if not card.parent.name.startswith(UNFINISHED):
            try:
                found.append(load_adapter(card.parent))
            except AdapterError:
                continue
    return sorted(found, key=lambda adapter: (adapter.created_at, adapter.id))


def find_promotions(db: Database, base_id: str) -> list[Promotion]:
    """Return what has served on this base, oldest first."""
    query = select(promotions).where(promotions.c.base_id == base_id).order_by(promotions.c.number)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [_build_promotion(row) for row in rows]


def _build_promotion(row: Row[Any]) -> Promotion:
    return Promotion(row.id, row.at, row.adapter_id, row.base_id, row.by, row.reason)


def find_left_behind(db: Database, base_id: str) -> Promotion | None:
    """Return what answered last on another base, if nothing was ever chosen on this one since; None otherwise.

    An adapter belongs to the exact weights that it was trained on, so that a changed base leaves it behind.
    """
    query = select(promotions).order_by(promotions.c.number.desc()).limit(1)
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None or row.base_id == base_id or row.adapter_id is None:
        return None
    return _build_promotion(row)


def live(db: Database, base_id: str) -> str | None:
    """Return the id of the adapter that serves on this base; None for the bare base."""
    history = find_promotions(db, base_id)
    return history[-1].adapter_id if history else None


def load_live(db: Database, adapters_folder: Path, base_id: str) -> Adapter | None:
    """Return the adapter that serves, its files verified. Raises `AdapterError` if they are missing or changed."""
    adapter_id = live(db, base_id)
    return None if adapter_id is None else _load_verified(adapters_folder, adapter_id, base_id)


def promote(db: Database, adapter: Adapter, *, by: str, reason: str) -> Promotion:
    """Make the adapter the one that serves.

    Raises `PromotionError` unless the gate passed it, `AdapterError` if its files are missing or changed.
    """
    require_passed(adapter)
    adapter.verify()
    return _record(db, adapter.id, adapter.base_id, by, reason)


def find_servable(db: Database, adapters_folder: Path, adapter_id: str, base_id: str) -> Adapter:
    """Return an adapter that an admin may let serve: one that passed the gate, or that the gate could not judge.

    Raises `PromotionError` for any other, or if it serves already, and `AdapterError` if its files have changed.
    """
    if adapter_id == live(db, base_id):
        raise PromotionError(f"{adapter_id} answers already.")
    return _load_verified(adapters_folder, adapter_id, base_id)


def choose(db: Database, adapter: Adapter, *, by: str, reason: str) -> Promotion:
    """Record that an admin lets what `find_servable` returned serve. Call it once the engine serves it."""
    require_not_refused(adapter)
    return _record(db, adapter.id, adapter.base_id, by, reason)


def require_passed(adapter: Adapter) -> None:
    """Raise `PromotionError` unless the adapter's card says that it passed the gate."""
    if adapter.scores.get("passed") is not True:
        raise PromotionError(f"Adapter {adapter.id} did not pass the gate and must not serve.")


def require_not_refused(adapter: Adapter) -> None:
    """Raise `PromotionError` if the gate refused the adapter. One that it could not judge is an admin's to choose."""
    if adapter.scores.get("ruling") != NOT_JUDGED:
        require_passed(adapter)


def find_rollback(db: Database, adapters_folder: Path, base_id: str, to: str | None = None) -> Adapter | None:
    """Return what a rollback would serve: `to`, or what served before the present one; None is the bare base.

    Each rollback goes one step further back, past deleted adapters. `to` is an adapter's id or `BARE_BASE`. Raises
    `PromotionError` if there is nothing to go back to, and `AdapterError` if its files are missing or changed.
    """
    target = _find_previous(db, adapters_folder, base_id) if to is None else (None if to == BARE_BASE else to)
    if target == live(db, base_id):
        raise PromotionError(f"{target or 'The base'} answers already.")
    return None if target is None else _load_verified(adapters_folder, target, base_id)


def rollback(db: Database, adapter: Adapter | None, base_id: str, *, by: str, reason: str) -> Promotion:
    """Record that what `find_rollback` returned serves now. Call it once the engine serves it."""
    return _record(db, None if adapter is None else adapter.id, base_id, by, reason)


def read_stack(history: Iterable[Promotion]) -> list[str | None]:
    """Return what a rollback goes back through, from the bare base to what serves now.

    A promotion pushes, a rollback pops to what served before.
    """
    stack: list[str | None] = [None]
    for promotion in history:
        if promotion.adapter_id in stack:
            del stack[stack.index(promotion.adapter_id) + 1 :]
        else:
            stack.append(promotion.adapter_id)
    return stack


def _find_previous(db: Database, adapters_folder: Path, base_id: str) -> str | None:
    stack = read_stack(find_promotions(db, base_id))
    before = (one for one in reversed(stack[:-1]) if one is None or (adapters_folder / one).is_dir())
    return next(before, None)


def _load_verified(adapters_folder: Path, adapter_id: str, base_id: str) -> Adapter:
    if not _is_plain(adapter_id):
        raise PromotionError(f"'{adapter_id}' is not an adapter's id.")
    if not (adapters_folder / adapter_id).is_dir():
        raise PromotionError(f"There is no adapter {adapter_id}, or no more: one that learned what was forgotten goes.")
    adapter = load_adapter(adapters_folder / adapter_id)
    require_not_refused(adapter)
    if adapter.base_id != base_id:
        raise PromotionError(f"Adapter {adapter_id} belongs to {adapter.base_id}, not to {base_id}.")
    adapter.verify()
    return adapter


def _is_plain(adapter_id: str) -> bool:
    return adapter_id.replace("-", "").replace("_", "").isalnum()


def _record(db: Database, adapter_id: str | None, base_id: str, by: str, reason: str) -> Promotion:
    row = Promotion(db.new_id("P"), db.clock(), adapter_id, base_id, by, reason)
    values = {name: getattr(row, name) for name in Promotion.__slots__}
    with db.begin() as connection:
        connection.execute(insert(promotions).values(values))
    return row
