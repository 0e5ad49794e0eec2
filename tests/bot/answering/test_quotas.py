"""Quotas: who may ask how much, and when again."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.answering.quotas import Quotas
from config.settings import LimitSettings

START = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_limits_anybody_asks_anything(clock: Clock) -> None:
    quotas = Quotas(LimitSettings(), clock)
    assert [quotas.take("U1") for _ in range(1_000)] == [None] * 1_000


def test_one_person_waits_until_the_first_question_is_a_minute_old(clock: Clock) -> None:
    quotas = Quotas(LimitSettings(person_per_minute=2), clock)
    assert quotas.take("U1") is None
    clock.pass_seconds(20)
    assert quotas.take("U1") is None
    clock.pass_seconds(10)
    assert "in 30 seconds" in str(quotas.take("U1"))
    assert quotas.take("U2") is None
    clock.pass_seconds(30)
    assert quotas.take("U1") is None


def test_what_is_refused_does_not_count(clock: Clock) -> None:
    quotas = Quotas(LimitSettings(person_per_minute=1), clock)
    quotas.take("U1")
    for _ in range(30):
        assert quotas.take("U1")
        clock.pass_seconds(2)
    assert quotas.take("U1") is None


def test_a_workspace_has_a_minute_and_a_day_of_its_own(clock: Clock) -> None:
    quotas = Quotas(LimitSettings(workspace_per_minute=2, workspace_per_day=3), clock)
    assert [quotas.take(person) for person in ("U1", "U2")] == [None, None]
    assert "2 questions here within a minute" in str(quotas.take("U3"))
    clock.pass_seconds(60)
    assert quotas.take("U3") is None
    assert "in 24 hours" in str(quotas.take("U4"))


def test_a_new_start_remembers_the_day(clock: Clock) -> None:
    earlier = [(START - timedelta(hours=25), "U1"), (START - timedelta(hours=23), "U1")]
    quotas = Quotas(LimitSettings(workspace_per_day=1), clock, earlier)
    assert "in 60 minutes" in str(quotas.take("U2"))
    clock.pass_seconds(3_600)
    assert quotas.take("U2") is None
