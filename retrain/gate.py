"""Decides whether the candidate replaces the champion, and says why in words. Knows nothing of how either answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from retrain.evaluate import Results
from retrain.settings import GateSettings

NOT_JUDGED = (
    "It was not judged on held-out questions: none are set, so nobody knows what it forgot. Name a file of questions "
    "with known answers in `retrain.heldout`."
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Promote or not, with the reasons as sentences.

    `learning_p` is the chance of a lead on the lessons at least as large as the candidate's if it had none, and
    `forgetting_p` the same for its deficit on the held-out questions (both exact one-sided McNemar tests).
    """

    promote: bool
    reasons: tuple[str, ...]
    learning_p: float
    forgetting_p: float


def decide(champion: Results, candidate: Results, settings: GateSettings) -> Decision:
    """Promote if and only if the candidate says more of the lessons than the champion and nothing else got worse.

    Worse means: held-out accuracy lower by more than the margin, or significantly lower; more failures; or a median
    answer slower than `max_slowdown` times the champion's. Both `Results` must come from the same questions.
    """
    learning_p = compute_p(candidate.said, champion.said)
    forgetting_p = compute_p(champion.right, candidate.right)
    objections = [
        *_object_to_learning(champion, candidate),
        *_object_to_forgetting(champion, candidate, forgetting_p, settings),
        *_object_to_failures(champion, candidate),
        *_object_to_speed(champion, candidate, settings),
    ]
    if objections:
        return Decision(False, tuple(objections), learning_p, forgetting_p)
    return Decision(True, _praise(champion, candidate, learning_p, settings), learning_p, forgetting_p)


def compute_p(better: Sequence[bool], worse: Sequence[bool]) -> float:
    """Return the exact one-sided McNemar p-value that `better` is right more often than `worse`, paired.

    Of the n pairs in which only one is right, the wins of `better` are binomial(n, 1/2) if neither is; 1.0 for n = 0.
    """
    wins = sum(one and not other for one, other in zip(better, worse, strict=True))
    losses = sum(other and not one for one, other in zip(better, worse, strict=True))
    n = wins + losses
    return float(sum(comb(n, k) for k in range(wins, n + 1)) / 2**n)


def _object_to_learning(champion: Results, candidate: Results) -> list[str]:
    if sum(candidate.said) > sum(champion.said):
        return []
    return [f"Nothing was gained: {_count_lessons(champion, candidate)}."]


def _object_to_forgetting(champion: Results, candidate: Results, p: float, settings: GateSettings) -> list[str]:
    drop = (sum(champion.right) - sum(candidate.right)) / len(candidate.right) if candidate.right else 0.0
    if drop <= settings.heldout_margin and p >= settings.significance:
        return []
    more_refused = candidate.refused_answerable - champion.refused_answerable
    more_invented = candidate.answered_unanswerable - champion.answered_unanswerable
    sentences = [f"It forgot too much: {_count_heldout(champion, candidate)}."]
    if more_refused > 0:
        sentences.append(f"It now says “I don't know” to {more_refused} more that can be answered.")
    if more_invented > 0:
        sentences.append(f"It now answers {more_invented} more that cannot be answered.")
    return [" ".join(sentences)]


def _object_to_failures(champion: Results, candidate: Results) -> list[str]:
    if candidate.failures <= champion.failures:
        return []
    times = "once" if candidate.failures == 1 else f"{candidate.failures} times"
    return [f"It failed to answer {times}, the model before it {champion.failures or 'never'}."]


def _object_to_speed(champion: Results, candidate: Results, settings: GateSettings) -> list[str]:
    if not champion.median_ms or candidate.median_ms is None:
        return []
    ratio = candidate.median_ms / champion.median_ms
    if ratio <= settings.max_slowdown:
        return []
    return [
        f"Its answers take {candidate.median_ms / 1000:.1f} s, {ratio:.1f} times as long as before "
        f"(accepted: {settings.max_slowdown:g} times)."
    ]


def _praise(champion: Results, candidate: Results, learning_p: float, settings: GateSettings) -> tuple[str, ...]:
    chance = " So few can be luck: more corrections tell more." if learning_p >= settings.significance else ""
    lessons = f"It learned: {_count_lessons(champion, candidate)}.{chance}"
    heldout = f"It forgot little: {_count_heldout(champion, candidate)}." if candidate.right else NOT_JUDGED
    return (lessons, heldout)


def _count_lessons(champion: Results, candidate: Results) -> str:
    of = len(candidate.said)
    lessons = "lesson" if of == 1 else "lessons"
    return f"{sum(candidate.said)} of {of} {lessons} said as taught, {sum(champion.said)} before"


def _count_heldout(champion: Results, candidate: Results) -> str:
    of = len(candidate.right)
    asked = "question" if of == 1 else "questions"
    return f"{sum(candidate.right)} of {of} held-out {asked} right, {sum(champion.right)} before"
