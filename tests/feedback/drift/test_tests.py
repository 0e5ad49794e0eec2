"""The tests for drift stay silent where nothing changed, and speak where something did."""

import numpy as np
import pytest

from feedback.drift.meanings import Vectors, compare_meanings
from feedback.drift.quality import LEAST, find_rises
from feedback.drift.topics import compare_topics, needs_look


def draw_vectors(chance: np.random.Generator, many: int, centres: tuple[int, ...]) -> Vectors:
    """Return vectors of length 1 around some axes."""
    drawn = np.eye(16)[chance.choice(centres, many)] + chance.normal(0.0, 0.3, (many, 16))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    vectors: Vectors = drawn.astype(np.float32)
    return vectors


def test_the_same_meanings_are_rarely_called_changed() -> None:
    chance = np.random.default_rng(1)
    found = [
        compare_meanings(draw_vectors(chance, 60, (0, 1, 2)), draw_vectors(chance, 40, (0, 1, 2)), seed).chance <= 0.05
        for seed in range(60)
    ]
    assert sum(found) <= 8


def test_a_new_kind_of_question_is_found_and_its_questions_are_the_typical_ones() -> None:
    chance = np.random.default_rng(2)
    old, new = draw_vectors(chance, 30, (0, 1, 2)), draw_vectors(chance, 15, (7,))
    shift = compare_meanings(draw_vectors(chance, 100, (0, 1, 2)), np.concatenate([old, new]))
    assert shift.chance <= 0.01
    assert sum(place >= 30 for place in np.argsort(-shift.typical)[:10]) >= 9


def test_identical_questions_are_no_change() -> None:
    same = np.tile(np.eye(4, dtype=np.float32)[:1], (40, 1))
    assert compare_meanings(same, same).chance == 1.0


def test_few_questions_over_many_topics_are_no_change_and_a_new_topic_is() -> None:
    chance = np.random.default_rng(3)
    found = 0
    for _ in range(60):
        before, now = ({f"t{k}": int(n) for k, n in enumerate(chance.multinomial(40, [0.1] * 10))} for _ in range(2))
        found += needs_look(compare_topics(before, now), 0.05, 0.1)
    assert found <= 8
    change = compare_topics({"Battery": 50, "Blades": 50}, {"Battery": 30, "Blades": 30, "Recall": 40})
    assert needs_look(change, 0.01, 0.1)
    assert change.risen[0][0] == "Recall"


def test_a_small_change_of_many_questions_is_certain_and_still_too_small() -> None:
    change = compare_topics({"Battery": 50_000, "Blades": 50_000}, {"Battery": 49_000, "Blades": 51_000})
    assert change.chance <= 0.01
    assert not needs_look(change, 0.01, 0.1)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_a_steady_rate_rarely_alarms(rate: float) -> None:
    steady = np.random.default_rng(4).random(20_000) < rate
    assert len(find_rises(steady)) <= 3


def test_a_rise_is_found_once_and_dated() -> None:
    chance = np.random.default_rng(5)
    rises = find_rises([*(chance.random(1_000) < 0.05), *(chance.random(800) < 0.25)])
    assert len(rises) == 1
    assert 900 <= rises[0].begun_at <= 1_060
    assert 1_000 < rises[0].shown_at <= 1_300
    assert rises[0].before < 0.08
    assert rises[0].since > 0.18


def test_a_fall_few_outcomes_and_one_kind_of_outcome_are_no_rise() -> None:
    chance = np.random.default_rng(6)
    assert find_rises([*(chance.random(1_000) < 0.3), *(chance.random(1_000) < 0.05)]) == []
    assert find_rises([True] * (LEAST - 1)) == []
    assert find_rises([False] * 5_000) == []
