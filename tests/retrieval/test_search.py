"""How the ranking by vectors and the one by words become one."""

import pytest

from retrieval.search import WORTH_OF_WORDS, fuse


def test_how_near_and_how_many_words_are_added_up() -> None:
    scores = fuse({"near": 0.8, "both": 0.7, "far": 0.4}, {"words": 10.0, "both": 5.0})
    assert scores == pytest.approx(
        {"near": 0.8, "both": 0.7 + WORTH_OF_WORDS / 2, "far": 0.4, "words": 0.4 + WORTH_OF_WORDS}
    ), "what is not among the nearest is as near as the last of them"


def test_a_clear_lead_is_kept_where_ranks_would_lose_it() -> None:
    """By ranks the second in both lists would win."""
    scores = fuse({"right": 0.9, "other": 0.5, "third": 0.49}, {"third": 3.0, "other": 2.9})
    assert max(scores, key=scores.__getitem__) == "right"


def test_a_ranking_that_finds_nothing_leaves_the_other_as_it_is() -> None:
    assert fuse({"a": 0.9, "b": 0.2}, {}) == {"a": 0.9, "b": 0.2}
    assert fuse({}, {"a": 4.0, "b": 2.0}) == pytest.approx({"a": WORTH_OF_WORDS, "b": WORTH_OF_WORDS / 2})
    assert fuse({}, {"everywhere": 0.0}) == {"everywhere": 0.0}
