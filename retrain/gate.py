"""Decides whether the candidate replaces the champion, and says why in words. Knows nothing of how either answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from retrain.evaluate import Results
from retrain.settings import GateSettings


@dataclass(frozen=True, slots=True)
class Decision:
    """Promote or not, with the reasons as sentences.

    `learning_p` is the chance to see the candidate's lead on the lessons, or a greater one, if it were none; and
    `forgetting_p` the same of its arrears on the held-out questions (both exact one-sided McNemar tests).
    """

    promote: bool
    reasons: tuple[str, ...]
    learning_p: float
    forgetting_p: float


def decide(champion: Results, candidate: Results, settings: GateSettings) -> Decision:
    """Promote iff the candidate says more of the lessons than the champion and nothing else got worse.

    Worse is: held-out accuracy lower by more than the margin, or significantly lower; more failures; or a median
    answer slower than `max_slowdown` times the champion's. Both `Results` must come from the same questions.
    """
    learning_p = compute_p(candidate.said, champion.said)
    forgetting_p = compute_p(champion.right, candidate.right)
    objections = [
        *_object_to_learning(champion, candidate, settings),
        *_object_to_forgetting(champion, candidate, forgetting_p, settings),
        *_object_to_failures(champion, candidate),
        *_object_to_speed(champion, candidate, settings),
    ]
    if objections:
        return Decision(False, tuple(objections), learning_p, forgetting_p)
    return Decision(True, _praise(champion, candidate, learning_p, forgetting_p), learning_p, forgetting_p)


def compute_p(better: Sequence[bool], worse: Sequence[bool]) -> float:
    """Return the exact one-sided McNemar p-value that `better` is right more often than `worse`, paired.

    Of the n pairs in which only one is right, the wins of `better` are binomial(n, 1/2) if neither is; 1.0 for n = 0.
    """
    wins = sum(one and not other for one, other in zip(better, worse, strict=True))
    losses = sum(other and not one for one, other in zip(better, worse, strict=True))
    n = wins + losses
    return float(sum(comb(n, k) for k in range(wins, n + 1)) / 2**n)


def _object_to_learning(champion: Results, candidate: Results, settings: GateSettings) -> list[str]:
    before, after, of = sum(champion.said), sum(candidate.said), len(candidate.said)
    if after > before:
        return []
    return [
        f"It says {after} of {of} lessons as taught (ROUGE-L of at least {settings.say_threshold:g}), "
        f"the champion {before}: nothing was gained."
    ]


def _object_to_forgetting(champion: Results, candidate: Results, p: float, settings: GateSettings) -> list[str]:
    before, after, of = sum(champion.right), sum(candidate.right), len(candidate.right)
    drop = (before - after) / of if of else 0.0
    if drop <= settings.heldout_margin and p >= settings.significance:
        return []
    return [
        f"It answers {after} of {of} held-out questions right, the champion {before}: {drop:.1%} fewer "
        f"(accepted: {settings.heldout_margin:.1%}; p = {p:.3f}). It refused {candidate.refused_answerable} that can "
        f"be answered (before: {champion.refused_answerable}) and answered {candidate.answered_unanswerable} that "
        f"cannot (before: {champion.answered_unanswerable})."
    ]


def _object_to_failures(champion: Results, candidate: Results) -> list[str]:
    if candidate.failures <= champion.failures:
        return []
    return [f"It failed to answer {candidate.failures} times, the champion {champion.failures} times."]


def _object_to_speed(champion: Results, candidate: Results, settings: GateSettings) -> list[str]:
    if not champion.median_ms or candidate.median_ms is None:
        return []
    ratio = candidate.median_ms / champion.median_ms
    if ratio <= settings.max_slowdown:
        return []
    return [
        f"Its median answer takes {candidate.median_ms:.0f} ms, {ratio:.1f} times the champion's "
        f"(accepted: {settings.max_slowdown:g} times)."
    ]


def _praise(champion: Results, candidate: Results, learning_p: float, forgetting_p: float) -> tuple[str, ...]:
    lessons = (
        f"It says {sum(candidate.said)} of {len(candidate.said)} lessons as taught, the champion {sum(champion.said)} "
        f"(p = {learning_p:.3f})."
    )
    if not candidate.right:
        return (lessons, "There are no held-out questions, so forgetting was not measured.")
    heldout = (
        f"It answers {sum(candidate.right)} of {len(candidate.right)} held-out questions right, the champion "
        f"{sum(champion.right)} (p of a loss = {forgetting_p:.3f})."
    )
    return (lessons, heldout)
