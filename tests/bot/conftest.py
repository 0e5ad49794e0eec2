"""The engine as Chip ships it."""

from collections.abc import Iterator

import pytest

from bot.engine.llama_engine import LlamaEngine
from config.loading import load_settings
from retrain.bases.base import load_base
from retrain.bases.shelf import DEFAULT, SHIPPED


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    settings = load_settings(environment={}).settings
    engine = LlamaEngine(load_base(SHIPPED[DEFAULT]), settings.engine)
    yield engine
    engine.close()
