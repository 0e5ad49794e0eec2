"""A base that reads passages goes round the whole loop: answer, correction, training, gate, swap and rollback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answering.say import Saying, Voice
from bot.engine.llama_engine import LlamaEngine
from bot.learning.trial import TrialAnswerer
from config.settings import EngineSettings
from feedback.corrections import Held
from feedback.database import Database
from retrain.bases.base import load_base
from retrain.registry import choose, find_servable, live, rollback
from retrain.run import RetrainDeps, run_retrain
from retrain.settings import CurateSettings, GateSettings, RetrainSettings, TrainSettings
from retrieval.draft import Draft, build_draft
from retrieval.passage import CUSTOMER_SCOPE, Audience
from retrieval.prompt import REFUSAL
from retrieval.retrieved import Retrieved
from tests.retrain.feedback_rows import add_reply, build_passages, correct, like

QUESTION = "How long does it charge?"
PASSAGES = build_passages((("Heron 1", "Charging takes 90 minutes. It folds."), ("Moss 2", "It mows.")))
SETTINGS = RetrainSettings(
    curate=CurateSettings(variations=1, replay=2),
    train=TrainSettings(rank=8, alpha=16, learning_rate=1e-2, max_epochs=60, threads=1, priority=0),
    gate=GateSettings(max_slowdown=100.0, reading_questions=4),
)


@pytest.fixture
def engine(tiny_base: Path) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(load_base(tiny_base), EngineSettings(slots=2, threads=1, context_tokens=512, draft_tokens=0))
    yield engine
    engine.close()


def prepare(question: str, audience: Audience = Audience.CUSTOMER) -> Draft:  # noqa: ARG001
    retrieved = Retrieved(question, (), PASSAGES, 0.0, question, is_question=True)
    return build_draft(retrieved, "Larkspur", question, CUSTOMER_SCOPE)


@pytest.mark.slow
def test_a_correction_is_learned_with_its_passage_served_and_rolled_back(
    db: Database, engine: LlamaEngine, tiny_base: Path, tmp_path: Path
) -> None:
    voice = Voice(engine, lambda _sentence, _scope: (), Held(db).texts, 24)

    def answer() -> tuple[str, Saying]:
        saying = voice.say(prepare(QUESTION), "R1")
        return "".join(saying), saying

    markdown, said = answer()
    assert engine.reads_passages
    assert markdown == REFUSAL, "what a random model writes stands in no passage"
    add_reply(db, "R1", QUESTION, said.completion().text, shown=markdown, refused=True, evidence=PASSAGES)
    like(db, "R1", verdict="down")
    correct(db, "R1", "Charging takes 90 minutes.")

    deps = RetrainDeps(
        db=db,
        base=load_base(tiny_base),
        forms_folder=tmp_path / "training",
        adapters_folder=tmp_path / "adapters",
        runs_folder=tmp_path / "runs",
        answerer=TrialAnswerer(voice),
        prepare=prepare,
        use_adapter=engine.use_adapter,
        settings=SETTINGS,
        heldout_path=None,
        prepare_replay=lambda count: [prepare(f"Rehearsal {number}?") for number in range(count)],
    )
    report = run_retrain(deps, trigger="command", requested_by="U9")
    assert report.outcome == "not judged", report.reasons
    assert report.after is not None
    assert (report.after.said, report.after.lessons) == (1, 1)
    assert report.adapter_id is not None
    adapter = find_servable(db, deps.adapters_folder, report.adapter_id, deps.base.id)
    engine.use_adapter(adapter)
    choose(db, adapter, by="U9", reason="an admin decided")
    assert engine.adapter_id() == report.adapter_id == live(db, deps.base.id)
    markdown, said = answer()
    assert said.completion().text.strip() == "Charging takes 90 minutes. [1]"
    assert markdown == "Charging takes 90 minutes. [1]"
    assert [line.heading for line in said.shown.cited] == ["Heron 1"]

    engine.use_adapter(None)
    rollback(db, None, deps.base.id, by="U9", reason="")
    assert (answer()[0], live(db, deps.base.id)) == (REFUSAL, None)
