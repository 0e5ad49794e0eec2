"""The engine as Chip ships it."""

from collections.abc import Iterator

import pytest

from bot.engine.llama_engine import LlamaEngine
from config.loading import load_settings
from retrain.base_card import load_base


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    settings = load_settings(environment={}).settings
    engine = LlamaEngine(load_base(settings.engine.base), settings.engine)
    yield engine
    engine.close()
