"""Going back from an adapter takes back what it alone had learned, and nothing else."""

from pathlib import Path

from feedback.corrections import approved, find_pending
from feedback.database import Database
from retrain.adapter import Adapter
from retrain.examples import Example, freeze_dataset
from retrain.registry import build_candidate, register
from retrain.unlearn import take_back_lessons
from tests.retrain.feedback_rows import add_reply, build_prompt, correct


def learn(tmp_path: Path, adapter_id: str, reply_ids: list[str]) -> None:
    """Register an adapter whose run learned the corrections of these replies."""
    run = tmp_path / "runs" / f"T{adapter_id}"
    run.mkdir(parents=True)
    prompt = build_prompt("How long?")
    examples = [Example(prompt, "Long.", "correction", 1.0, reply, reply_id=reply) for reply in reply_ids]
    dataset = freeze_dataset([*examples, Example(prompt, "Hi.", "replay", 1.0, adapter_id)], run, {})
    trained = tmp_path / f"trained-{adapter_id}"
    trained.mkdir()
    (trained / "adapter.gguf").write_bytes(adapter_id.encode())
    (tmp_path / "adapters").mkdir(exist_ok=True)
    card = Adapter(adapter_id, "nano", dataset.sha256, "2026-11-22T10:00:00", {}, {}, {}, trained)
    register(build_candidate(card, tmp_path / "adapters"), tmp_path / "adapters", {"passed": True})


def take_back(db: Database, tmp_path: Path, left: str | None, now: str | None) -> int:
    return take_back_lessons(db, tmp_path / "adapters", tmp_path / "runs", left=left, now=now, by="UA")


def teach(db: Database, *reply_ids: str) -> None:
    for reply_id in reply_ids:
        add_reply(db, reply_id, f"What about {reply_id}?")
        correct(db, reply_id, f"What {reply_id} should have said.")


def test_only_what_the_adapter_alone_had_learned_waits_again(db: Database, tmp_path: Path) -> None:
    teach(db, "R1", "R2", "R3")
    learn(tmp_path, "A1", ["R1"])
    learn(tmp_path, "A2", ["R1", "R2"])
    assert take_back(db, tmp_path, "A2", "A1") == 1
    assert [correction.reply_id for correction in find_pending(db)] == ["R2"]
    assert {correction.reply_id for correction in approved(db)} == {"R1", "R3"}


def test_going_back_to_the_bare_base_takes_back_all_that_was_learned(db: Database, tmp_path: Path) -> None:
    teach(db, "R1", "R2")
    learn(tmp_path, "A1", ["R1", "R2"])
    assert take_back(db, tmp_path, "A1", None) == 2
    assert approved(db) == []


def test_an_adapter_that_is_gone_takes_nothing_back(db: Database, tmp_path: Path) -> None:
    teach(db, "R1")
    assert take_back(db, tmp_path, "A9", None) == 0
    assert take_back(db, tmp_path, None, "A9") == 0
    assert len(approved(db)) == 1
