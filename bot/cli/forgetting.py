"""Forgets a person from the command line, while no Chip runs on the data folder."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from bot.core import find_base, make_id, now_utc
from bot.run import hold_data_folder
from bot.views.report import word_proof
from config.settings import Settings
from feedback.database import Database, open_database
from feedback.forgetting import forget_in_all_teams
from retrain import registry
from retrain.adapter import AdapterError
from retrain.erasure import Erased, erase_forgotten
from retrain.errors import RetrainError
from retrain.proof import FOLDER, prove

logger = logging.getLogger(__name__)


def forget_person(settings: Settings, person: str) -> Iterator[str]:
    """Forget the person and prove it; yield what to tell.

    An adapter that learned from the person serves no longer: what served before does, until the next retrain. Raises
    `OSError` while a Chip runs on the data folder, and `RetrainRunning` while a retrain does.
    """
    base_id = find_base(settings).id
    with (
        hold_data_folder(settings.data),
        closing(open_database(settings.database_url, clock=now_utc, new_id=make_id)) as db,
    ):
        forgotten = forget_in_all_teams(db, person)
        erased = _erase(db, settings, base_id)
        proof = prove(db, settings.data, person, forgotten, erased)
    if not forgotten.rows:
        yield f"Nothing of {person} was kept."
    for table, count in forgotten.rows.items():
        yield f"{table}: {count} rows"
    yield f"data sets: {proof.dataset_rows} rows; adapters deleted: {', '.join(proof.deleted_adapters) or 'none'}"
    yield word_proof(proof)
    yield f"The report is {settings.data / FOLDER / proof.id}.json"


def _erase(db: Database, settings: Settings, base_id: str) -> Erased:
    """Sweep datasets and adapters; the adapter that serves goes too, for nobody waits for its answers now."""
    adapters, runs = settings.data / "adapters", settings.data / "retrain"
    erased = erase_forgotten(db, adapters, runs, base_id)
    if erased.serving is None:
        return erased
    try:
        before = registry.find_rollback(db, adapters, base_id)
    except (RetrainError, AdapterError) as error:
        logger.warning("the bare base serves: %s", error)
        before = None
    registry.rollback(db, before, base_id, by="command line", reason="forgetting")
    again = erase_forgotten(db, adapters, runs, base_id)
    return replace(again, rows=erased.rows, deleted=(*erased.deleted, *again.deleted))
