"""What the tests of retraining share: one tiny base for the session."""

from pathlib import Path

import pytest

from tests.retrain.tiny_base import make_tiny_base


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a verified tiny base model; never written to."""
    return make_tiny_base(tmp_path_factory.mktemp("models") / "tiny")
