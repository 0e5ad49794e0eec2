"""What an admin hears of drift, and of the weekly test of what serves."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from bot.core import now_utc
from bot.services import Services
from bot.views import wording
from feedback.tables import replies
from retrain.judging.serving import DOCUMENTS, WEEKLY, find_judgements
from retrain.lock import hold_lock
from tests.loop.conftest import ADA, ADMIN, CLEO, DMS, HELP, TEAM, Chip
from tests.loop.test_home_stories import open_home, text_of

numbers = itertools.count()
BATTERY = ("How long does the battery run?", "How long does the Tansy 4 charge?", "Is the battery of the Tansy 4 free?")
RETURNS = ("Can I return a Tansy 4?", "Is return shipping free of charge?", "Within how many days can I return it?")


def ask_earlier(
    chip: Chip, questions: tuple[str, ...], topic: str, many: int, days: float, *, withheld: int = 0
) -> None:
    """Have threads that began so many days ago, one after another."""
    rows = []
    for question in itertools.islice(itertools.cycle(questions), many):
        number = next(numbers)
        at = now_utc() - timedelta(days=days) + timedelta(seconds=number % 80_000)
        texts: dict[str, object] = dict.fromkeys(("audience", "answer", "shown", "prompt"), "x")
        row = texts | {"id": f"R{number}", "team": TEAM, "channel": HELP, "asker": CLEO, "finish": "stop"}
        row |= {"thread_ts": f"t{number}", "question_ts": f"t{number}", "question": question, "query": question}
        row |= {"evidence": {"lines": [{"heading": f"{topic} › A"}]}, "messages": [], "base_id": "b", "refused": False}
        row |= {"prompt_tokens": 9, "completion_tokens": 9, "total_ms": 9, "created_at": at}
        rows.append(row | {"sentences": 2, "withheld": withheld})
    with chip.core.db.begin() as connection:
        connection.execute(insert(replies), rows)


@pytest.fixture
def services(chip: Chip) -> Services:
    assert chip.services is not None
    return chip.services


def test_new_questions_are_told_once_with_examples_and_bring_a_retrain_forward(chip: Chip, services: Services) -> None:
    asked_for: list[str] = []
    services.drift.bring_forward = asked_for.append
    ask_earlier(chip, BATTERY, "Tansy 4", 90, 20)
    ask_earlier(chip, RETURNS, "Returns", 60, 3)
    services.drift.look()
    services.drift.look()

    (told,) = [said for said in chip.said(ADMIN) if "What people ask has changed" in said]
    assert "Returns 0% → 100%" in told
    assert any(f"“{question}”" in told for question in RETURNS)
    assert not any(question in told for question in BATTERY)
    assert asked_for == [wording.DRIFT_NAMES["questions"]]
    assert "Returns 0% → 100%" in text_of(open_home(chip, ADA))


def test_a_question_that_not_everybody_may_read_is_no_example(chip: Chip, services: Services) -> None:
    ask_earlier(chip, BATTERY, "Tansy 4", 90, 20)
    ask_earlier(chip, ("Why is my neighbour Zdenka Novotny so rude?",), "Returns", 60, 3)
    services.drift.look()
    chip.wait_for_said(ADMIN, "What people ask has changed")
    assert "Zdenka" not in "".join(chip.said(ADMIN))


def test_the_same_questions_a_month_without_any_and_few_alarm_nobody(chip: Chip, services: Services) -> None:
    services.drift.look()
    ask_earlier(chip, BATTERY, "Tansy 4", 90, 20)
    ask_earlier(chip, BATTERY, "Tansy 4", 60, 3)
    move_on(services, 8)
    services.drift.look()
    assert chip.said(ADMIN) == []


def test_answers_that_get_worse_are_told(chip: Chip, services: Services) -> None:
    ask_earlier(chip, BATTERY, "Tansy 4", 400, 10)
    ask_earlier(chip, BATTERY, "Tansy 4", 60, 2, withheld=1)
    services.drift.look()
    told = chip.wait_for_said(ADMIN, "Answers got worse").text
    assert "a sentence had to be left out of 100% of the answers (0% before)" in told


def test_documents_that_change_under_an_approved_answer_are_told(chip: Chip, services: Services) -> None:
    services.drift.find_outdated = lambda: [SimpleNamespace(question=RETURNS[0])]  # type: ignore[list-item]
    services.drift.look()
    assert RETURNS[0] in chip.wait_for_said(ADMIN, "1 approved answers wait for a review").text


def move_on(services: Services, days: float) -> None:
    later = replace(services.drift.db, clock=lambda: now_utc() + timedelta(days=days))
    services.drift.db = services.judging.db = later


@pytest.fixture
def held_out(chip: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ten questions about one fact, which the scripted model answers from the documents."""
    path = tmp_path / "heldout.jsonl"
    rows = [
        {
            "id": f"h{number}",
            "question": f"How long does the Tansy 4 run on one charge in test {number}?",
            "audience": "customer",
            "answer_contains": [["55 minutes"]],
            "answerable": True,
        }
        for number in range(8)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    chosen = chip.core.settings
    changed = chosen.model_copy(update={"retrain": chosen.retrain.model_copy(update={"heldout": path})})
    object.__setattr__(chip.core, "settings", changed)
    monkeypatch.setattr("bot.core.MOST_PROBES", 0)
    yield
    object.__setattr__(chip.core, "settings", chosen)


@pytest.mark.usefixtures("held_out")
def test_what_serves_is_judged_each_week_and_home_shows_it_beside_the_weeks_before(
    chip: Chip, services: Services
) -> None:
    services.judging.judge_if_due()
    services.judging.judge_if_due()
    move_on(services, 7.5)
    services.judging.judge_if_due()

    assert [(one.cause, one.right, one.asked) for one in find_judgements(chip.core.db, 9)] == [(WEEKLY, 8, 8)] * 2
    shown = text_of(open_home(chip, ADA))
    assert "8 of 8 right (between 68% and 100%)" in shown
    assert "before: 8 of 8" in shown
    assert chip.said(ADMIN) == []


@pytest.mark.usefixtures("held_out")
def test_a_worse_week_is_told_with_what_got_lost_also_after_documents_changed(chip: Chip, services: Services) -> None:
    services.judging.judge_if_due()
    services.judging.note_change()
    chip.engine.queue.extend(["I don't know."] * 8)
    services.judging.judge_if_due()

    assert find_judgements(chip.core.db, 1)[0].cause == DOCUMENTS
    told = chip.wait_for_said(ADMIN, "The test of your own questions went worse").text
    assert "0 of 8 right, 8 fewer" in told
    assert "in test 0?" in told


@pytest.mark.usefixtures("held_out")
def test_a_question_that_people_asked_word_for_word_is_left_out_and_told(chip: Chip, services: Services) -> None:
    services.judging.judge_if_due()
    chip.ask(CLEO, "how long does the Tansy 4 run on one charge in test 3?", DMS[CLEO])
    move_on(services, 7.5)
    services.judging.judge_if_due()

    assert (find_judgements(chip.core.db, 1)[0].asked, find_judgements(chip.core.db, 1)[0].leaked) == (7, 1)
    chip.wait_for_said(ADMIN, "1 of the questions that are kept for the test were asked by people")
    assert "1 left out" in text_of(open_home(chip, ADA))


@pytest.mark.usefixtures("held_out")
def test_a_judgement_waits_for_a_retrain(chip: Chip, services: Services) -> None:
    with hold_lock(chip.core.runs_folder, now_utc()):
        services.judging.judge_if_due()
    assert find_judgements(chip.core.db, 1) == []
    services.judging.judge_if_due()
    assert len(find_judgements(chip.core.db, 1)) == 1
