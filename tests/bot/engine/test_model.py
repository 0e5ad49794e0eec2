"""The weights of a base while their file changes under a running Chip."""

from pathlib import Path

import pytest

from bot.engine import model
from retrain.bases.base import Base
from tests.bot.engine.tiny_gguf import write_random_base


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return write_random_base(tmp_path / "tiny")


@pytest.mark.parametrize(("most", "is_mapped"), [(model.COPIED_BYTES, False), (0, True)])
def test_small_weights_do_not_depend_on_their_file_once_they_are_loaded(
    base: Base, monkeypatch: pytest.MonkeyPatch, most: int, is_mapped: bool
) -> None:
    """A mapped file that is overwritten in place ends the process with SIGBUS."""
    monkeypatch.setattr(model, "COPIED_BYTES", most)
    loaded = model.LlamaModel(base)
    try:
        assert (str(base.gguf_path) in Path("/proc/self/maps").read_text()) is is_mapped
    finally:
        loaded.close()
