"""Imported answers are trained on, asked by the gate or left alone, as an admin says."""

import json
from pathlib import Path

import pytest

from feedback.choices import choose_training
from feedback.database import Database
from feedback.forgetting import forget_person
from feedback.history.importing import ImportOrder, import_history
from feedback.history.imports import (
    NewPair,
    Status,
    Use,
    decide_pair_in,
    list_proposals,
    record_import,
    record_pairs,
    remove_import,
    use_import,
)
from retrain.curate import Curated, Privacy, curate
from retrain.data.imported import find_facts, find_imported_questions
from retrain.erasure import find_remembered
from retrain.settings import CurateSettings
from tests.retrain.feedback_rows import add_reply, correct, prepare

PAIRS = [
    ("How long does the battery take to charge?", "Charging takes 90 minutes."),
    ("How much grass can it mow?", "Up to 600 square metres, on slopes of 20 degrees."),
    ("Who repairs it near me?", "Our partner in Hill Street, ask for the red van."),
]


def run_curate(db: Database, heldout: tuple[str, ...] = (), **settings: object) -> Curated:
    chosen = CurateSettings(**{"variations": 0, **settings})  # type: ignore[arg-type]
    return curate(db, chosen, seed=1, heldout=heldout, prepare=prepare)


def add_import(db: Database, used_as: Use, *, asker: str = "U0GUEST01", audience: str = "customer") -> str:
    import_id = record_import(db, by="U0ADMIN", source="a.csv", digest=f"d{used_as}{audience}", used_as=used_as)
    pairs = [NewPair(q, a, f"t{number}", asker, "U0STAFF01", audience, None) for number, (q, a) in enumerate(PAIRS)]
    record_pairs(db, import_id, pairs)
    return import_id


def test_a_file_that_is_imported_for_training_stands_in_the_next_data_set(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text("\n".join(json.dumps({"question": question, "answer": answer}) for question, answer in PAIRS))
    import_history(db, tmp_path / "stage", ImportOrder(path, "U0ADMIN", Use.TRAINING))
    curated = run_curate(db)
    assert {(example.question, example.source) for example in curated.examples} == {(q, "import") for q, _ in PAIRS}
    assert "[2] Charging takes 90 minutes." in {example.target for example in curated.examples}
    assert len(curated.lessons) == 3


@pytest.mark.parametrize("used_as", [Use.REVIEW, Use.HELD_OUT])
def test_what_is_not_for_training_is_not_learned(used_as: Use, db: Database) -> None:
    add_import(db, used_as)
    assert run_curate(db).examples == ()


def test_what_an_import_is_used_for_can_be_changed(db: Database) -> None:
    import_id = add_import(db, Use.REVIEW)
    assert (len(run_curate(db).lessons), len(find_imported_questions(db)), len(list_proposals(db, limit=9))) == (
        0,
        0,
        3,
    )
    use_import(db, import_id, Use.TRAINING)
    assert (len(run_curate(db).lessons), len(find_imported_questions(db)), len(list_proposals(db, limit=9))) == (
        3,
        0,
        0,
    )
    use_import(db, import_id, Use.HELD_OUT)
    assert (len(run_curate(db).lessons), len(find_imported_questions(db)), len(list_proposals(db, limit=9))) == (
        0,
        2,
        0,
    )


def test_the_gate_asks_what_a_program_can_judge(db: Database) -> None:
    add_import(db, Use.HELD_OUT)
    asked = {question.question: question.answer_contains for question in find_imported_questions(db)}
    assert set(asked) == {PAIRS[0][0], PAIRS[1][0]}
    assert "90 minutes" in asked[PAIRS[0][0]][0]


def test_of_an_import_for_everything_no_conversation_is_both_learned_and_held_out(db: Database) -> None:
    import_id = record_import(db, by="U0ADMIN", source="a.csv", digest="d", used_as=Use.ALL)
    pairs = [
        NewPair(
            f"How heavy is part {n} of series {n * 7}?", f"It weighs {n + 13} kg.", f"t{n}", "a", "b", "customer", None
        )
        for n in range(60)
    ]
    record_pairs(db, import_id, pairs)
    learned = {example.question for example in run_curate(db, most_imported=1000).examples}
    asked = {question.question for question in find_imported_questions(db)}
    assert len(asked) > 5
    assert not learned & asked
    assert {pair.question for pair in list_proposals(db, limit=100)} == {pair.question for pair in pairs} - asked


def test_a_held_out_question_is_not_learned_from_an_import(db: Database) -> None:
    add_import(db, Use.TRAINING)
    curated = run_curate(db, heldout=(PAIRS[0][0],))
    assert PAIRS[0][0] not in {example.question for example in curated.examples}
    assert curated.dropped == {"a held-out question": 1}


def test_a_correction_has_the_last_word_over_an_import(db: Database) -> None:
    add_import(db, Use.TRAINING)
    add_reply(db, "R1", PAIRS[0][0])
    correct(db, "R1", "Charging takes 80 minutes since version 2.")
    targets = {lesson.question: lesson.target for lesson in run_curate(db).lessons}
    assert targets[PAIRS[0][0]] == "Charging takes 80 minutes since version 2."


def test_what_colleagues_ask_each_other_does_not_train_an_adapter_for_customers(db: Database) -> None:
    add_import(db, Use.TRAINING, audience="staff")
    curated = run_curate(db)
    assert (curated.examples, curated.dropped) == ((), {"for staff only": 3})


def test_consent_to_learn_from_slack_is_not_asked_for_an_import(db: Database) -> None:
    add_import(db, Use.TRAINING)
    refuses = Privacy(covers=lambda reply, teacher: False)  # noqa: ARG005
    assert (
        len(curate(db, CurateSettings(variations=0), seed=1, heldout=(), prepare=prepare, privacy=refuses).lessons) == 3
    )


def test_people_who_said_no_are_not_learned_from(db: Database) -> None:
    add_import(db, Use.TRAINING)
    choose_training(db, "T1", "U0GUEST01", allowed=False)
    assert run_curate(db).examples == ()


def test_a_rejected_answer_is_used_for_nothing(db: Database) -> None:
    add_import(db, Use.TRAINING)
    with db.begin() as connection:
        decide_pair_in(connection, db, 1, status=Status.REJECTED, by="U0ADMIN")
    assert PAIRS[0][0] not in {example.question for example in run_curate(db).examples}


def test_rows_of_a_removed_import_or_a_forgotten_person_leave_the_data_sets(db: Database) -> None:
    import_id = add_import(db, Use.TRAINING)
    examples = run_curate(db).examples
    assert find_remembered(db, examples) == list(examples)
    remove_import(db, import_id)
    assert find_remembered(db, examples) == []
    add_import(db, Use.TRAINING)
    assert len(find_remembered(db, examples)) == 3
    forget_person(db, "T1", "U0GUEST01")
    assert find_remembered(db, examples) == []


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        ("Change it every 6 months.", (("6 months", "6-months", "six months", "six-months"),)),
        ("It costs 20 % more.", (("20%", "20 %"),)),
        ("1. Open the lid.\n2. Press the button.", ()),
        ("Use the F-20 filter.", (("F-20",),)),
        ("See https://help.acme.example/reset.", (("https://help.acme.example/reset",),)),
        ("Call [phone] or ask [person 1].", ()),
    ],
)
def test_what_an_answer_must_hold_is_its_numbers_codes_and_addresses(answer: str, facts: tuple[object, ...]) -> None:
    assert find_facts(answer) == facts


def test_what_the_question_says_already_proves_nothing() -> None:
    assert find_facts("Yes, the F-20 fits; it costs 12 euros.", "Does the F-20 fit?")[0][0] == "12 euros"
