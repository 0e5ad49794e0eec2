"""What serves is what was last recorded, and only what passed and is unchanged can be."""

from pathlib import Path

import pytest

from feedback.database import Database
from retrain.adapter import Adapter, AdapterError
from retrain.errors import PromotionError
from retrain.registry import (
    BARE_BASE,
    build_candidate,
    discard_unfinished,
    find_left_behind,
    find_promotions,
    find_rollback,
    list_adapters,
    live,
    load_live,
    promote,
    register,
    rollback,
)


def make_adapter(tmp_path: Path, adapter_id: str, *, passed: bool = True, base_id: str = "nano") -> Adapter:
    trained = tmp_path / f"trained-{adapter_id}"
    trained.mkdir()
    (trained / "adapter.gguf").write_bytes(adapter_id.encode())
    card = Adapter(adapter_id, base_id, "d" * 64, f"2026-11-22T{adapter_id}", {}, {}, {}, trained)
    (tmp_path / "adapters").mkdir(exist_ok=True)
    return register(build_candidate(card, tmp_path / "adapters"), tmp_path / "adapters", {"passed": passed})


def go_back(db: Database, tmp_path: Path, to: str | None = None) -> str | None:
    target = find_rollback(db, tmp_path / "adapters", "nano", to)
    return rollback(db, target, "nano", by="U1", reason="bad answers").adapter_id


def test_a_registered_adapter_is_whole_and_listed(tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path, "A1")
    assert list_adapters(tmp_path / "adapters") == [adapter]
    assert adapter.folder == tmp_path / "adapters" / "A1"
    assert list(adapter.files) == ["adapter.gguf"]
    adapter.verify()


def test_an_unfinished_adapter_is_not_listed_and_is_cleared_away(tmp_path: Path) -> None:
    make_adapter(tmp_path, "A1")
    (tmp_path / "adapters" / "A1").rename(tmp_path / "adapters" / ".unfinished-A1")
    assert list_adapters(tmp_path / "adapters") == []
    discard_unfinished(tmp_path / "adapters")
    assert list((tmp_path / "adapters").iterdir()) == []


def test_files_changed_while_they_were_scored_are_not_registered(tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path, "A1")
    candidate = build_candidate(adapter, tmp_path)
    candidate.gguf_path.write_bytes(b"other")
    with pytest.raises(AdapterError, match="hash"):
        register(candidate, tmp_path, {"passed": True})


def test_the_bare_base_serves_until_something_is_promoted(db: Database, tmp_path: Path) -> None:
    assert live(db, "nano") is None
    adapter = make_adapter(tmp_path, "A1")
    promote(db, adapter, by="U1", reason="It learned.")
    assert live(db, "nano") == "A1"
    assert live(db, "another-base") is None
    assert load_live(db, tmp_path / "adapters", "nano") == adapter
    assert [(row.adapter_id, row.by, row.reason) for row in find_promotions(db, "nano")] == [
        ("A1", "U1", "It learned.")
    ]


def test_what_did_not_pass_the_gate_is_never_promoted(db: Database, tmp_path: Path) -> None:
    with pytest.raises(PromotionError, match="did not pass"):
        promote(db, make_adapter(tmp_path, "A1", passed=False), by="U1", reason="please")
    with pytest.raises(PromotionError, match="did not pass"):
        find_rollback(db, tmp_path / "adapters", "nano", "A1")
    assert live(db, "nano") is None


def test_a_changed_file_is_neither_promoted_nor_served(db: Database, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path, "A1")
    promote(db, adapter, by="U1", reason="")
    adapter.gguf_path.write_bytes(b"tampered")
    with pytest.raises(AdapterError, match="hash"):
        load_live(db, tmp_path / "adapters", "nano")
    with pytest.raises(AdapterError, match="hash"):
        promote(db, adapter, by="U1", reason="")


def test_each_rollback_goes_one_step_further_back(db: Database, tmp_path: Path) -> None:
    for adapter_id in ("A1", "A2", "A3"):
        promote(db, make_adapter(tmp_path, adapter_id), by="U1", reason="")
    assert [go_back(db, tmp_path) for _ in range(3)] == ["A2", "A1", None]
    with pytest.raises(PromotionError, match="base answers already"):
        go_back(db, tmp_path)
    assert len(find_promotions(db, "nano")) == 6, "history is only added to"


def test_after_a_rollback_and_a_new_promotion_the_bad_adapter_is_skipped(db: Database, tmp_path: Path) -> None:
    for adapter_id in ("A1", "A2"):
        promote(db, make_adapter(tmp_path, adapter_id), by="U1", reason="")
    assert go_back(db, tmp_path) == "A1"
    promote(db, make_adapter(tmp_path, "A3"), by="U1", reason="")
    assert go_back(db, tmp_path) == "A1"


def test_a_rollback_can_name_where_to(db: Database, tmp_path: Path) -> None:
    for adapter_id in ("A1", "A2"):
        promote(db, make_adapter(tmp_path, adapter_id), by="U1", reason="")
    assert go_back(db, tmp_path, BARE_BASE) is None
    assert go_back(db, tmp_path, "A2") == "A2"


@pytest.mark.parametrize("to", ["A9", "../trained-A1", ""])
def test_a_rollback_to_what_is_no_adapter_is_refused(db: Database, tmp_path: Path, to: str) -> None:
    promote(db, make_adapter(tmp_path, "A1"), by="U1", reason="")
    with pytest.raises((AdapterError, PromotionError)):
        go_back(db, tmp_path, to)


def test_an_adapter_of_another_base_does_not_serve_on_this_one(db: Database, tmp_path: Path) -> None:
    make_adapter(tmp_path, "A1", base_id="qwen")
    with pytest.raises(PromotionError, match="belongs to qwen"):
        find_rollback(db, tmp_path / "adapters", "nano", "A1")


def test_a_changed_base_leaves_its_adapter_behind_until_something_is_chosen_on_it(db: Database, tmp_path: Path) -> None:
    assert find_left_behind(db, "other") is None
    adapter = make_adapter(tmp_path, "A1")
    promote(db, adapter, by="U9", reason="")
    assert find_left_behind(db, adapter.base_id) is None
    left = find_left_behind(db, "other")
    assert left is not None
    assert (left.adapter_id, left.base_id) == (adapter.id, adapter.base_id)
    assert live(db, "other") is None
    rollback(db, None, "other", by="U9", reason="the base alone")
    assert find_left_behind(db, "other") is None
