"""What the sampler draws from given logits."""

import numpy as np
import pytest

from bot.engine.sampler import NotFinite, Sampler


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
