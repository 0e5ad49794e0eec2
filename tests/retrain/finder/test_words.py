"""Words are learned where several questions and people, or staff, show what they mean, and only what helps is kept."""

import itertools

import pytest

from feedback.database import Database
from retrain.finder.shelf import State, UnknownWord, build_glossary, decide, list_entries, propose
from retrain.finder.words import Meaning, Pair, learn_words
from retrieval.asked.glossary import Glossary
from retrieval.english.terms import tokenise

PASSAGES = {
    "P8": "To reset the robot, turn the emergency stop clockwise until it clicks.",
    "P9": "The emergency stop cuts the power of the robot at once.",
    "P3": "The battery of the robot charges in ninety minutes.",
    "P4": "Clean the robot with a dry cloth after each use.",
}
OTHERS = [f"The robot mows lawn number {number} in the morning." for number in range(300)]
ASKED = [("How do I find the beeper?", "P8"), ("What does the beeper do?", "P9")]


def find_rank(question: str, wanted: frozenset[str]) -> float:
    """Find the passage that shares most terms with the question."""
    asked = set(tokenise(question))
    ranked = sorted(PASSAGES, key=lambda one: (-len(asked & set(tokenise(PASSAGES[one]))), one))
    return next(1.0 / place for place, one in enumerate(ranked, 1) if one in wanted)


def build_pairs(*askers: str, by_staff: bool = False, asked: list[tuple[str, str]] = ASKED) -> list[Pair]:
    return [
        Pair(question, {one: PASSAGES[one]}, asker, by_staff=by_staff)
        for (question, one), asker in zip(asked, itertools.cycle(askers), strict=False)
    ]


def learn(pairs: list[Pair]) -> list[Meaning]:
    return learn_words(pairs, [*PASSAGES.values(), *OTHERS], find_rank)


def test_a_word_of_two_people_is_learned_as_the_documents_phrase() -> None:
    (meaning,) = learn(build_pairs("U1", "U2"))
    assert meaning.word == "beeper"
    assert meaning.phrase in ("emergency stop", "emergency", "stop")
    assert (meaning.questions, meaning.people, meaning.by_staff) == (2, 2, False)
    assert meaning.after > meaning.before
    glossary = Glossary({"beeper": meaning.phrase})
    assert "beeper" not in glossary.translate("Where is the beeper?")


def test_one_customer_alone_teaches_no_word_but_one_of_the_staff_does() -> None:
    assert learn(build_pairs("U1")) == []
    (meaning,) = learn(build_pairs("U1", by_staff=True))
    assert meaning.by_staff


def test_one_question_cannot_say_which_phrase_is_meant() -> None:
    assert learn(build_pairs("U1", by_staff=True, asked=ASKED[:1])) == []
    assert learn(build_pairs("U1", "U2", by_staff=True, asked=ASKED[:1] * 2)) == []


def test_what_passages_share_by_accident_and_what_does_not_help_is_not_learned() -> None:
    apart = [("How do I reset the gizmo?", "P8"), ("When is the gizmo full?", "P3")]
    assert learn(build_pairs("U1", "U2", asked=apart)) == [], "robot stands everywhere"
    found = learn_words(build_pairs("U1", "U2"), [*PASSAGES.values(), *OTHERS], lambda question, wanted: 1.0)  # noqa: ARG005
    assert found == [], "nothing can be found better than first"


def test_a_word_that_the_documents_use_themselves_is_left_alone() -> None:
    asked = [("How do I reset the lawn?", "P8"), ("What does the lawn do?", "P9")]
    assert learn(build_pairs("U1", "U2", asked=asked)) == []


def test_a_glossary_changes_whole_words_in_any_form_and_nothing_else() -> None:
    glossary = Glossary({"beeper": "emergency stop"})
    assert glossary.translate("My beepers beep; the BEEPER's red.") == "My emergency stop beep; the emergency stop red."
    assert Glossary().translate("My  beeper") == "My  beeper"


def test_nothing_is_used_until_an_admin_says_so_and_what_was_dropped_is_not_proposed_again(db: Database) -> None:
    meaning = Meaning("beeper", "emergency stop", 3, 2, by_staff=False, before=0.5, after=1.0)
    assert propose(db, [meaning]) == [meaning]
    assert build_glossary(db).translate("the beeper") == "the beeper"
    decide(db, "Beepers", State.USED, by="U0ADA")
    assert build_glossary(db).translate("the beeper") == "the emergency stop"
    decide(db, "beeper", State.DROPPED, by="U0ADA")
    assert propose(db, [meaning]) == []
    (entry,) = list_entries(db)
    assert (entry.state, entry.by) == (State.DROPPED, "U0ADA")
    assert build_glossary(db).translate("the beeper") == "the beeper"
    with pytest.raises(UnknownWord, match="Nothing was learned"):
        decide(db, "gizmo", State.USED, by="U0ADA")
