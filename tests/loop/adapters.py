"""Registered adapters without training: a card, its hashes and a file that only a played engine serves."""

from pathlib import Path
from typing import Any

from retrain.adapter import GGUF, Adapter, hash_file, save_card


def write_adapter(
    folder: Path,
    adapter_id: str,
    base_id: str,
    *,
    passed: bool = True,
    ruling: str = "",
    dataset_hash: str = "0" * 64,
    at: str = "2026-01-01T00:00:00+00:00",
) -> Adapter:
    """Write an adapter as a retrain registers it."""
    own = folder / adapter_id
    own.mkdir(parents=True)
    (own / GGUF).write_bytes(f"adapter {adapter_id}".encode())
    scores: dict[str, Any] = {"passed": passed} | ({"ruling": ruling} if ruling else {})
    files = {GGUF: hash_file(own / GGUF)}
    adapter = Adapter(adapter_id, base_id, dataset_hash, at, files, {}, scores, own)
    save_card(adapter)
    return adapter
