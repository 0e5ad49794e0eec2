"""The loop's swaps are measured on the base that the run served."""

from pathlib import Path

import pytest

from benchmarks import loop
from tests.bot.engine.tiny_gguf import write_adapter, write_random_base


def test_swaps_are_measured_on_the_base_that_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter of this base is refused by every other one."""
    base = write_random_base(tmp_path / "tiny", context=512)
    write_adapter(tmp_path / "adapters" / "lora-1", base, seed=1)
    monkeypatch.setenv("CHIP_ENGINE__BASE", str(base.gguf_path))
    monkeypatch.setenv("CHIP_ENGINE__THREADS", "1")
    monkeypatch.setattr(loop, "SWAPS", 2)
    milliseconds = loop.measure_swaps(tmp_path)
    assert len(milliseconds) == 2
    assert min(milliseconds) > 0
