"""The whole loop with nothing faked: real model, real Chroma, real Slack protocol, real LoRA, real gate, real swap."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot import core as core_module
from bot.answering import answer as answer_module
from bot.core import Core, now_utc, open_core
from bot.progress import ingest_documents
from bot.services import Services
from bot.views import wording
from bot.views.blocks import CORRECTION_BLOCK, VOTE
from bot.wiring import connect
from bot.workspace.server import LocalWorkspace
from config.loading import load_settings
from config.settings import Settings
from feedback import corrections, replies, votes
from retrain import registry
from retrieval.prompt import split_claims
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

QUESTION = "How long does the Tansy 4 run on one charge?"
MOST_CONVERSATIONS = 60
TAUGHT = "The Tansy 4 runs for 75 minutes when the cutting height is above 40 mm."

DOCUMENTS = {
    "tansy-4.md": """---
title: Tansy 4
audience: customer
updated: 2026-05-01
---
# Tansy 4
## Battery
The Tansy 4 runs for 55 minutes on one charge. The battery of the Tansy 4 charges in 80 minutes.
## Limits
The Tansy 4 cannot fly and cannot climb stairs.
""",
    "returns.md": """---
title: Returns
audience: customer
updated: 2026-05-01
---
# Returns
You can return a Tansy 4 within 30 days of delivery. Return shipping is free of charge.
""",
    "staff.md": """---
title: Goodwill
audience: staff
updated: 2026-05-01
---
# Goodwill
Agents may grant a goodwill credit of 45 euros.
""",
}
HELD_OUT = [
    ("h1", "How many days do I have to return my Tansy 4?", [["30 days"]], True),
    ("h2", "Can the Tansy 4 climb stairs?", [["cannot climb stairs"]], True),
    ("h3", "How long does the Tansy 4 battery take to charge?", [["80 minutes"]], True),
    ("h4", "Which colours does the Tansy 4 come in?", [], False),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name, text in DOCUMENTS.items():
        (documents / name).write_text(text, encoding="utf-8")
    heldout = tmp_path / "heldout.jsonl"
    rows = (
        {"id": i, "question": q, "audience": "customer", "answer_contains": groups, "documents": [], "answerable": ok}
        for i, q, groups, ok in HELD_OUT
    )
    heldout.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    environment = {
        "CHIP_DATA": str(tmp_path / "var"),
        "CHIP_COMPANY": "Tansy Robotics",
        "CHIP_KNOWLEDGE__FOLDER": str(documents),
        "CHIP_RETRAIN__HELDOUT": str(heldout),
        # Else the correction would be served as it is, and nobody could see what the training changed.
        "CHIP_KNOWLEDGE__VERIFIED_ANSWERS": "false",
    }
    return load_settings(environment=environment).settings


@pytest.fixture
def core(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    chosen = core_module.retrain_settings(settings)
    patient = replace(chosen, gate=replace(chosen.gate, unnoticed_ms=60_000.0))  # other work on the machine is no fault
    monkeypatch.setattr(core_module, "retrain_settings", lambda _: patient)
    with open_core(settings, say=print) as core:
        ingest_documents(core.knowledge, settings.knowledge.folder, Console(quiet=True))
        yield core


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as workspace:
        yield workspace


@pytest.fixture
def services(core: Core, workspace: LocalWorkspace) -> Iterator[Services]:
    connected = connect(core, bot_token=workspace.bot_token, app_token=workspace.app_token, base_url=workspace.api_url)
    with connected as services:
        yield services


def ask(workspace: LocalWorkspace, core: Core, question: str) -> replies.Reply:
    """Ask in Ada's DM and return the stored reply to the question."""
    ada = workspace.visit("U0ADA")
    ts = ada.post("D0ADA", question)
    return workspace.wait_for(
        lambda: next(
            (
                reply
                for reply in replies.find_replies_to(core.db, "T0LOCAL", "D0ADA", ts)
                if any(not message["streaming"] for message in ada.messages("D0ADA", ts)[1:])
            ),
            None,
        ),
        30.0,
    )


def run_command(workspace: LocalWorkspace, text: str, expected: str, timeout_seconds: float = PATIENCE_SECONDS) -> str:
    """Run a command as Ada in #chip-admin and return the text of the message that holds `expected`."""
    ada = workspace.visit("U0ADA")
    assert ada.command("C0ADMIN", text)

    def find() -> str | None:
        shown = (json.dumps([m["text"], m.get("blocks")], ensure_ascii=False) for m in ada.messages("C0ADMIN"))
        return next((text for text in shown if re.search(expected, text)), None)

    return workspace.wait_for(find, timeout_seconds) or ""


def let_an_hour_pass(services: Services) -> None:
    """Decide the trial as an hour later, when what was said counts."""
    db = services.trials.db
    services.trials.db = replace(db, clock=lambda: now_utc() + timedelta(hours=1, seconds=1))
    services.trials.decide()
    services.trials.db = db


def vote(workspace: LocalWorkspace, reply: replies.Reply, verdict: str) -> None:
    ada = workspace.visit("U0ADA")
    ada.click(ada.messages("D0ADA", reply.thread_ts)[-1], "D0ADA", VOTE, value=f"{verdict}:{reply.id}")


def test_a_correction_is_learned_gated_tried_promoted_and_rolled_back(
    workspace: LocalWorkspace, core: Core, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask(workspace, core, QUESTION)
    assert before.adapter_id is None
    assert before.evidence[0].text.startswith("The Tansy 4 runs for 55 minutes")
    assert before.prompt.count("The Tansy 4 runs for 55 minutes") >= 1

    ada = workspace.visit("U0ADA")
    shown = ada.messages("D0ADA", before.thread_ts)[-1]
    ada.click(shown, "D0ADA", VOTE, value=f"down:{before.id}")
    ada.wait_for_view()
    assert ada.submit_view({CORRECTION_BLOCK: TAUGHT}) == {}
    workspace.wait_for(lambda: corrections.approved(core.db))

    report = run_command(workspace, "/chip retrain", "The training (passed|was|could)", 900.0)
    assert "could not be judged" in report, report
    answer = re.search(r"A[0-9a-f]{16}", run_command(workspace, "/chip models", "was not judged"))
    assert answer is not None
    trained = answer.group()
    run_command(workspace, f"/chip canary {trained} 50", "answers 50% of the new conversations")
    services.trials.settings = replace(services.trials.settings, promotes=True)
    monkeypatch.setattr(answer_module, "ASKED_AGAIN_WITHIN", timedelta(0))  # as if on different days
    spoke: list[str | None] = []
    while registry.live(core.db, core.engine.base_id) is None:
        assert len(spoke) < MOST_CONVERSATIONS
        reply = ask(workspace, core, QUESTION)
        assert reply.adapter_id in (None, trained)
        assert (TAUGHT in reply.shown) is (reply.adapter_id == trained), "no reply mixes two adapters"
        vote(workspace, reply, "up" if reply.adapter_id else "down")
        workspace.wait_for(lambda: votes.verdicts(core.db, reply.id))  # noqa: B023
        spoke.append(reply.adapter_id)
        let_an_hour_pass(services)
    assert 1 < spoke.count(trained) < len(spoke) - 1
    run_command(workspace, "/chip status", rf"Adapter.*{trained}")
    told = [message["text"] for message in ada.messages("C0ADMIN")]
    assert wording.RETRAIN_OVER in told, "one message told the steps, and is over before the report"

    after = ask(workspace, core, QUESTION)
    assert after.adapter_id == trained
    assert " ".join(claim.text for claim in split_claims(after.answer)) == TAUGHT

    run_command(workspace, "/chip rollback", "again; before that it was")
    restored = ask(workspace, core, QUESTION)
    assert restored.adapter_id is None
    assert restored.answer == before.answer
