"""Bursts, and people who vote together, in columns of numbers."""

import numpy as np

from retrain.data.lockstep import Cast, find_bursts, find_groups


def build_cast(votes: list[tuple[int, int, bool, int]]) -> Cast:
    replies, people, ups, seconds = (np.array(column) for column in zip(*votes, strict=True))
    return Cast(replies.astype(np.int32), people.astype(np.int32), ups, seconds.astype(np.int64))


def test_only_the_votes_inside_the_window_belong_to_a_burst() -> None:
    quick = [(number, 0, True, 1_000 + number) for number in range(5)]
    slow = [(10 + number, 1, True, number * 500) for number in range(5)]
    cast = build_cast([*quick, (9, 0, True, 9_000), *slow])
    found = find_bursts(cast, seconds=60, of_person=5, on_reply=5)
    assert found.tolist() == [True] * 5 + [False] * 6


def test_a_crowd_on_one_reply_is_a_burst_where_all_press_the_same() -> None:
    same = build_cast([(0, person, True, person) for person in range(6)])
    mixed = build_cast([(0, person, person % 2 == 0, person) for person in range(6)])
    assert find_bursts(same, seconds=60, of_person=5, on_reply=5).all()
    assert not find_bursts(mixed, seconds=60, of_person=5, on_reply=5).any()


def test_three_who_always_vote_together_are_one_and_two_are_not() -> None:
    crowd = [(reply, person, True, reply * 9_000 + person) for reply in range(6) for person in (0, 1, 2)]
    pair = [(10 + reply, person, True, reply * 9_000 + person) for reply in range(6) for person in (3, 4)]
    chance = np.random.default_rng(1)
    loose = [(int(chance.integers(0, 16)), 5, True, int(chance.integers(0, 90_000))) for _ in range(8)]
    assert find_groups(build_cast([*crowd, *pair, *loose]), 6).tolist() == [0, 0, 0, 3, 4, 5]


def test_people_who_agree_hours_apart_are_not_together() -> None:
    votes = [(reply, person, True, person * 7_200) for reply in range(9) for person in (0, 1, 2)]
    assert find_groups(build_cast(votes), 3).tolist() == [0, 1, 2]


def test_nobody_voted() -> None:
    empty = Cast(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, bool), np.zeros(0, np.int64))
    assert find_groups(empty, 0).tolist() == find_bursts(empty, seconds=1, of_person=2, on_reply=2).tolist() == []
