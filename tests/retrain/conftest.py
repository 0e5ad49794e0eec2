"""What the tests of retraining share: one tiny base for the session, and a migrated database for each test."""

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedback.database import Database, migrate, open_database
from tests.retrain.tiny_base import make_tiny_base

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a verified tiny base model; never written to."""
    return make_tiny_base(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "chip.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def db(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own; its clock moves one second with every look at it."""
    path = shutil.copy(migrated, tmp_path / "chip.db")
    seconds, ids = itertools.count(), itertools.count(1)
    database = open_database(
        f"sqlite:///{path}",
        clock=lambda: START + timedelta(seconds=next(seconds)),
        new_id=lambda prefix: f"{prefix}{next(ids)}",
    )
    yield database
    database.close()
