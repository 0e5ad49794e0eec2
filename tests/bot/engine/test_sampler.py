"""What the sampler draws from given logits."""

import numpy as np
import pytest

from bot.engine.sampler import RECENT_TOKENS, Logits, NotFinite, Sampler, rank_logprobs
from bot.engine.sampling import Sampling


def test_greedy_takes_the_first_of_the_best() -> None:
    assert Sampler(0.0, 0).pick(np.array([1, 3, 3, -np.inf], np.float32)) == 1


def test_draws_follow_the_tempered_distribution() -> None:
    logits = np.log(np.array([0.7, 0.2, 0.1, 1e-30], np.float32))
    sampler = Sampler(1.0, seed=7)
    counts = np.bincount([sampler.pick(logits) for _ in range(4000)], minlength=4)
    assert counts / 4000 == pytest.approx([0.7, 0.2, 0.1, 0], abs=0.03)
    cold = Sampler(0.1, seed=7)
    assert {cold.pick(logits) for _ in range(500)} == {0}


@pytest.mark.parametrize("broken", [[1.0, np.nan, 2.0], [-np.inf] * 3, [np.inf, 0.0, 0.0]])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_not_finite_are_refused(broken: list[float], temperature: float) -> None:
    with pytest.raises(NotFinite):
        Sampler(temperature, 0).pick(np.array(broken, np.float32))


def draws(sampling: Sampling, shares: list[float], temperature: float = 1.0) -> set[int]:
    sampler = Sampler(temperature, 3, sampling)
    return {sampler.pick(np.log(np.array(shares, np.float32))) for _ in range(500)}


def test_the_limits_of_a_draw() -> None:
    shares = [0.05, 0.5, 0.15, 0.3]
    assert draws(Sampling(top_k=2), shares) == {1, 3}
    assert draws(Sampling(top_p=0.7), shares) == {1, 3}
    assert draws(Sampling(top_p=0.81), shares) == {1, 2, 3}
    assert draws(Sampling(min_p=0.25), shares) == {1, 2, 3}
    assert draws(Sampling(top_k=99, min_p=0.01), shares) == {0, 1, 2, 3}
    assert draws(Sampling(min_p=0.25), shares, temperature=50.0) == {1, 2, 3}  # limits come before the temperature


def test_a_penalty_lowers_recent_tokens_of_either_sign() -> None:
    sampler = Sampler(0.0, 0, Sampling(repetition_penalty=2.0))
    assert sampler.pick(np.array([3.0, 2.0], np.float32), recent=[0]) == 1
    assert sampler.pick(np.array([-1.0, -1.5], np.float32), recent=[0]) == 1
    assert sampler.pick(np.array([3.0, 2.0], np.float32), recent=[0] + [1] * RECENT_TOKENS) == 0  # out of sight


class OnlyOdd:
    """Allows odd tokens and counts how often the whole vocabulary was asked about."""

    masked = 0

    def allows(self, token: int) -> bool:
        return token % 2 == 1

    def mask(self, logits: Logits) -> Logits:
        self.masked += 1
        return np.where(np.arange(len(logits)) % 2 == 1, logits, -np.inf).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_constraint_masks_only_when_the_choice_is_not_allowed(temperature: float) -> None:
    rule, sampler = OnlyOdd(), Sampler(temperature, 0)
    assert sampler.pick(np.array([0, 50, 2, 3], np.float32), (), rule) == 1
    assert rule.masked == 0
    assert sampler.pick(np.array([90, 50, 2, 3], np.float32), (), rule) == 1
    assert rule.masked == 1


def test_a_constraint_that_allows_nothing_is_an_error() -> None:
    with pytest.raises(NotFinite):
        Sampler(0.0, 0).pick(np.array([1.0], np.float32), (), OnlyOdd())


def test_logprobs_sum_to_one_and_rank() -> None:
    logits = np.array([1.0, 4.0, 2.0, 3.0], np.float32)
    own, top = rank_logprobs(logits, 2, 4)
    assert [token for token, _ in top] == [1, 3, 2, 0]
    assert sum(np.exp([logprob for _, logprob in top])) == pytest.approx(1.0)
    assert own == dict(top)[2]
    assert rank_logprobs(logits, 2, 0)[1] == ()
