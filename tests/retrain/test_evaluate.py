"""An answer is judged by what it must hold; what cannot be judged is an error that names its line."""

from pathlib import Path

import pytest

from retrain.errors import DatasetError
from retrain.evaluate import Answer, HeldOutQuestion, is_right, judge, load_heldout, rouge_l, says
from retrain.examples import Example
from retrieval.passage import Audience
from retrieval.prompt import REFUSAL, ChatMessage

SAMPLE = Path(__file__).resolve().parents[2] / "config" / "sample" / "heldout.jsonl"
WEIGHT = HeldOutQuestion("h1", "How heavy?", Audience.CUSTOMER, (("3.1 kg", "3,1 kg"), ("without",)), True)
UNKNOWN = HeldOutQuestion("h2", "Does it fly?", Audience.CUSTOMER, (), False)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("[1] It weighs 3.1\u00a0KG. [2] Without the dock.", True),
        ("[1] It weighs 3.1 kg.", False),
        (REFUSAL, False),
        ("I don't know whether it is 3.1 kg without it.", False),
    ],
)
def test_a_right_answer_holds_one_text_of_every_group(text: str, right: bool) -> None:
    assert is_right(WEIGHT, Answer(text, 1.0)) is right


def test_only_a_refusal_is_right_where_nothing_answers() -> None:
    assert is_right(UNKNOWN, Answer(REFUSAL, 1.0))
    assert not is_right(UNKNOWN, Answer("[1] Yes, at 40 km/h.", 1.0))
    assert not is_right(UNKNOWN, Answer("", 0.0, "the engine was closed"))


def test_markers_do_not_matter_to_what_an_answer_says() -> None:
    assert says(Answer("[3] It takes 90 minutes.", 1.0), "It takes 90 minutes.") == 1.0
    assert says(Answer("It takes 90 minutes. [3]", 1.0), "It takes 90 minutes. [1]") == 1.0
    assert says(Answer("It takes 55 minutes.", 1.0), "It takes 90 minutes.") == pytest.approx(0.75)
    assert says(Answer("It takes 90 minutes.", 1.0, "cut short"), "It takes 90 minutes.") == 0.0


def test_rouge_l_follows_the_longest_common_subsequence() -> None:
    assert rouge_l(["a", "b", "c", "d"], ["a", "x", "c"]) == pytest.approx(2 * 2 / 7)
    assert rouge_l([], ["a"]) == 0.0


def test_results_count_failures_and_both_kinds_of_wrong_refusal() -> None:
    lesson = Example((ChatMessage("user", "q"),), "[1] Yes.", "like", 1.0, "g")
    answers = [Answer(REFUSAL, 10.0), Answer("[1] It flies.", 30.0)]
    results = judge([WEIGHT, UNKNOWN], answers, [lesson], [Answer("", 0.0, "busy")], 0.8)
    assert (results.right, results.said) == ((False, False), (False,))
    assert (results.refused_answerable, results.answered_unanswerable, results.failures) == (1, 1, 1)
    assert results.median_ms == 20.0


def test_babble_in_whose_place_chip_refused_is_a_refusal() -> None:
    babble = Answer("It runs for 0 minutes he minutes", 10.0, shown=REFUSAL, is_cut=True, withheld=1)
    cut = Answer("It weighs 3.1 kg without", 10.0, shown="It weighs 3.1 kg without", is_cut=True)
    results = judge([WEIGHT, WEIGHT], [babble, cut], [], [], 0.8)
    assert [(one.refused, one.whole) for one in results.questions] == [(True, False), (False, False)]


def test_the_samples_held_out_questions_are_all_readable() -> None:
    questions = load_heldout(SAMPLE)
    assert len(questions) == 60
    assert {question.answerable for question in questions} == {True, False}


@pytest.mark.parametrize("line", ["{", '{"id": "x"}', "[]", '{"id":"a","question":"q","audience":"customer",'
                         '"answer_contains":[],"answerable":true}'])  # fmt: skip
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "heldout.jsonl"
    path.write_text(SAMPLE.read_text(encoding="utf-8").split("\n")[0] + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="line 2"):
        load_heldout(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nothing\.jsonl"):
        load_heldout(tmp_path / "nothing.jsonl")
