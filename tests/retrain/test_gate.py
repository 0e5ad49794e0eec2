"""The gate promotes what learned and forgot nothing, and says what speaks against the rest."""

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from retrain.evaluate import Results
from retrain.gate import NOT_JUDGED, compute_p, decide
from retrain.settings import GateSettings

CHAMPION = Results(
    right=(True,) * 16 + (False,) * 4,
    said=(False, False, True),
    refused_answerable=2,
    answered_unanswerable=1,
    failures=0,
    median_ms=100.0,
)
LEARNED = replace(CHAMPION, said=(True, True, True))


def test_a_candidate_that_learned_and_forgot_nothing_is_promoted() -> None:
    decision = decide(CHAMPION, LEARNED, GateSettings())
    assert decision.promote
    assert "3 of 3 lessons said as taught, 1 before" in decision.reasons[0]
    assert "16 of 20 held-out" in decision.reasons[1]
    assert decision.learning_p == 0.25


def test_without_a_gain_on_the_lessons_the_champion_stays() -> None:
    decision = decide(CHAMPION, CHAMPION, GateSettings())
    assert not decision.promote
    assert "Nothing was gained" in decision.reasons[0]
    assert "1 of 3 lessons said as taught, 1 before" in decision.reasons[0]


def test_a_candidate_that_forgot_more_than_the_margin_is_refused() -> None:
    forgot = replace(LEARNED, right=(False,) * 2 + CHAMPION.right[2:], refused_answerable=4)
    decision = decide(CHAMPION, forgot, GateSettings())
    assert not decision.promote
    assert "14 of 20 held-out questions right, 16 before" in decision.reasons[0]
    assert "“I don't know” to 2 more that can be answered" in decision.reasons[0]


def test_one_lost_answer_within_the_margin_is_accepted() -> None:
    assert decide(CHAMPION, replace(LEARNED, right=(False, *CHAMPION.right[1:])), GateSettings()).promote


def test_a_significant_loss_is_refused_even_within_the_margin() -> None:
    champion = replace(CHAMPION, right=(True,) * 200)
    candidate = replace(LEARNED, right=(True,) * 194 + (False,) * 6)
    decision = decide(champion, candidate, GateSettings())
    assert not decision.promote
    assert decision.forgetting_p == pytest.approx(1 / 64)


def test_failures_and_slowness_speak_against_a_candidate() -> None:
    decision = decide(CHAMPION, replace(LEARNED, failures=1, median_ms=260.0), GateSettings())
    assert not decision.promote
    assert len(decision.reasons) == 2
    assert "2.6 times" in decision.reasons[1]


def test_the_p_value_is_that_of_the_exact_binomial_test() -> None:
    better = [True] * 9 + [False] * 3 + [True] * 5
    worse = [False] * 9 + [True] * 3 + [True] * 5
    assert compute_p(better, worse) == pytest.approx(binomtest(9, 12, 0.5, alternative="greater").pvalue)
    assert compute_p([True], [True]) == 1.0


def test_a_single_lesson_is_not_sold_as_proof_and_missing_heldout_questions_are_told() -> None:
    one = replace(CHAMPION, said=(False,), right=())
    decision = decide(one, replace(one, said=(True,)), GateSettings())
    assert decision.promote
    assert "1 of 1 lesson said as taught, 0 before" in decision.reasons[0]
    assert "can be luck" in decision.reasons[0]
    assert decision.reasons[1] == NOT_JUDGED
    many = replace(CHAMPION, said=(False,) * 8)
    assert "luck" not in decide(many, replace(many, said=(True,) * 8), GateSettings()).reasons[0]
