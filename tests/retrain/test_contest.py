"""Both models answer the same questions, and the report shows how their answers differ."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from feedback.database import Database
from retrain.adapter import Adapter
from retrain.contest import CHANGES, TURN, Exam, compare
from retrain.evaluate import Answer, HeldOutQuestion, Kind
from retrain.examples import Example
from retrain.prompt_forms import QUESTION
from retrain.report import COMMAND_LINE, RetrainReport, begin_run, end_run, find_ended_elsewhere
from retrain.settings import GateSettings
from retrieval.draft import Draft
from retrieval.passage import CUSTOMER_SCOPE, Audience, Evidence, Match
from retrieval.prompt import ChatMessage
from retrieval.retrieved import Retrieved

CANDIDATE = Adapter("A1", "b", "h", "2026-01-01", {}, {}, {}, Path("A1"))


class Scripted:
    """Says of each model what it was given, in the order of the questions, and keeps who was asked how many when."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        self._said = {False: iter(before), True: iter(after)}
        self.turns: list[tuple[str, int]] = []

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        self.turns.append(("old" if adapter is None else "new", len(drafts)))
        return [Answer(next(self._said[adapter is not None]), 1.0) for _ in drafts]


def build_draft(question: str) -> Draft:
    found = Retrieved(question, (), Evidence((), Match.WEAK), 1.0, question)
    return Draft(question, CUSTOMER_SCOPE, found, (ChatMessage("user", question),))


def build_exam(held_out: Sequence[tuple[str, str]], lesson: str, target: str, kind: Kind = "file") -> Exam:
    questions = [
        HeldOutQuestion(str(number), asked, Audience.CUSTOMER, ((right,),), answerable=True, kind=kind)
        for number, (asked, right) in enumerate(held_out)
    ]
    prompt = (ChatMessage("user", f"Evidence{QUESTION}{lesson}"),)
    lessons = [Example(prompt, target, "correction", 1.0, "g")]
    return Exam(questions, [build_draft(asked) for asked, _ in held_out], lessons, [build_draft(lesson)])


EXAM = build_exam([("Colour?", "red"), ("Size?", "small"), ("Price?", "5 euros")], "Weight?", "It weighs 3 kilograms.")
BEFORE = ["It is red.", "It is large.", "It costs 5 euros.", "I don't know."]
AFTER = ["It is blue.", "It is small.", "The price is 5 euros.", "It weighs 3 kilograms."]


def test_changed_answers_are_shown_with_the_losses_first() -> None:
    changes = compare(EXAM, Scripted(BEFORE, AFTER), None, CANDIDATE, GateSettings()).changes
    assert [(change.question, change.verdict, change.is_private) for change in changes] == [
        ("Colour?", "worse", False),
        ("Size?", "better", False),
        ("Price?", "changed", False),
    ]
    assert (changes[0].before, changes[0].after) == ("It is red.", "It is blue.")


def test_answers_that_are_the_same_are_not_shown_and_never_more_than_ten() -> None:
    assert compare(EXAM, Scripted(BEFORE, BEFORE), None, CANDIDATE, GateSettings()).changes == ()
    many = build_exam([(f"Colour {number}?", "red") for number in range(30)], "Weight?", "3 kilograms")
    scripted = Scripted(["red"] * 31, ["blue"] * 31)
    assert len(compare(many, scripted, None, CANDIDATE, GateSettings()).changes) == CHANGES


def test_both_models_take_turns_so_that_a_busy_machine_slows_both() -> None:
    many = build_exam([(f"Colour {number}?", "red") for number in range(TURN + 9)], "Weight?", "3 kilograms")
    scripted = Scripted(["red"] * (TURN + 10), [f"{number} red" for number in range(TURN + 10)])
    comparison = compare(many, scripted, None, CANDIDATE, GateSettings())
    assert scripted.turns == [("old", TURN), ("new", TURN), ("new", 10), ("old", 10)]
    assert [change.after for change in comparison.changes if change.question == "Colour 0?"] in ([], ["0 red"])
    assert all(comparison.after.right)


def test_a_lesson_is_no_example_of_what_changed() -> None:
    changes = compare(EXAM, Scripted(BEFORE, AFTER), None, CANDIDATE, GateSettings()).changes
    assert "Weight?" not in [change.question for change in changes]


def test_what_a_person_asked_is_not_kept_with_the_report(db: Database) -> None:
    asked = build_exam([("Weight?", "3 kilograms")], "Depth?", "It is deep.", kind="liked")
    theirs = compare(
        asked, Scripted(["It is light.", ""], ["3 kilograms", ""]), None, CANDIDATE, GateSettings()
    ).changes
    changes = (*compare(EXAM, Scripted(BEFORE, AFTER), None, CANDIDATE, GateSettings()).changes, *theirs)
    assert [change.question for change in theirs] == ["Weight?"]
    run_id, started_at = begin_run(db, trigger=COMMAND_LINE, requested_by="op")
    report = RetrainReport(run_id, COMMAND_LINE, "op", started_at, "refused", ("Why.",), "b", None, changes=changes)
    end_run(db, report)
    ((_, kept, _),) = find_ended_elsewhere(db, started_at)
    assert kept == replace(report, changes=tuple(change for change in changes if change.question != "Weight?"))
