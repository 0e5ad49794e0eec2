"""The slices of a comparison: what must not get worse, each by itself, and what of it could not be told.

Knows judged answers. Knows nothing of lessons, and decides nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrain.evaluate import Judged, Results
from retrain.judging.paired import Difference, compare_pairs, reject_all
from retrain.settings import GateSettings

Is = Callable[[Judged], bool]
IsBeside = Callable[[Judged, Judged], bool]
"""Whether something is true of an answer, beside the other model's answer to the same."""

FEWEST_LOSSES = 3
GETS_WRONG = "gets wrong "
OFF_STYLE = "writes otherwise than your people taught (steps run together, or far too long)"
KINDS = {
    "file": "questions of your file",
    "imported": "questions of imported history",
    "liked": "answers that people liked",
    "rewording": "lessons in other words",
    "document": "questions made from the documents",
    "person": "lessons asked for her, for him or for them",
    "reading": "questions of general reading",
}


@dataclass(frozen=True, slots=True)
class Slice:
    """One thing that may get worse: the difference of its share, in words, and how it stands.

    `no_worse`: it was shown that the share rose by less than `margin`. `worse`: it rose by more, in some questions at
    least, or surely rose.
    """

    name: str
    before: int
    after: int
    difference: Difference
    margin: float
    no_worse: bool = False
    worse: bool = False


def compare_slices(champion: Results, candidate: Results, settings: GateSettings) -> list[Slice]:
    """Return every slice that has an answer in it. What is shown holds for all slices together (Holm)."""
    pairs = list(zip(champion.everything, candidate.everything, strict=True))
    found = [
        _compare(name, [pair for pair in pairs if belongs(pair[0])], is_bad, margin)
        for name, belongs, is_bad, margin in _list_slices(settings)
        if any(belongs(one) for one, _ in pairs)
    ]
    shown = reject_all([one.difference.chance_of(one.margin) for one in found], settings.slice_level)
    sunk = reject_all([one.difference.chance_of_more(0.0) for one in found], settings.slice_level)
    return [
        Slice(
            one.name,
            one.before,
            one.after,
            one.difference,
            one.margin,
            no_worse=is_shown,
            worse=_is_clearly_worse(one) or (is_sunk and one.after > one.before),
        )
        for one, is_shown, is_sunk in zip(found, shown, sunk, strict=True)
    ]


def _is_clearly_worse(one: Slice) -> bool:
    """Whether the share rose by more than the margin, and by more than the odd answer that any training changes."""
    return one.difference.mean > one.margin and one.after - one.before >= FEWEST_LOSSES


def _list_slices(settings: GateSettings) -> list[tuple[str, Is, IsBeside, float]]:
    of_all, of_part = settings.margin, settings.part_margin
    kinds = [(f"{GETS_WRONG}{words}", _of_kind(kind), _alone(_is_not_right), of_part) for kind, words in KINDS.items()]
    longer, slower = f"{settings.max_longer:g} times the length", f"{settings.max_slowdown:g} times as long"
    return [
        *kinds,
        ("says what is wrong", _can_be_answered, _alone(_is_wrong), of_all),
        ("says “I don't know” to what can be answered", _can_be_answered, _alone(lambda one: one.refused), of_all),
        ("answers what cannot be answered", _cannot_be_answered, _alone(_is_not_right), of_part),
        ("claims what no document holds", _is_anything, _alone(lambda one: one.unsupported), of_all),
        (OFF_STYLE, _has_style, _alone(lambda one: bool(one.off_style)), of_part),
        (f"answers at more than {longer} of the other", _is_anything, _find_longer(settings), of_part),
        (f"takes more than {slower} as the other", _is_anything, _find_slower(settings), of_part),
    ]


def _alone(is_bad: Is) -> IsBeside:
    return lambda one, _other: is_bad(one)


def _find_longer(settings: GateSettings) -> IsBeside:
    """Return whether one answer is far longer than the other, where both answer and a person would notice."""

    def is_longer(one: Judged, other: Judged) -> bool:
        both = not other.refused and other.whole
        return both and one.words > max(settings.short_words, settings.max_longer * other.words)

    return is_longer


def _find_slower(settings: GateSettings) -> IsBeside:
    """Return whether one answer took far longer than the other, and longer than nobody notices."""

    def is_slower(one: Judged, other: Judged) -> bool:
        if one.milliseconds is None or other.milliseconds is None:
            return False
        return one.milliseconds > max(settings.unnoticed_ms, settings.max_slowdown * other.milliseconds)

    return is_slower


def _has_style(one: Judged) -> bool:
    return one.off_style is not None


def _compare(name: str, pairs: Sequence[tuple[Judged, Judged]], is_bad: IsBeside, margin: float) -> Slice:
    before, after = [is_bad(one, other) for one, other in pairs], [is_bad(other, one) for one, other in pairs]
    difference = compare_pairs(before, after, [one.topic for one, _ in pairs])
    return Slice(name, sum(before), sum(after), difference, margin)


def _of_kind(kind: str) -> Is:
    return lambda one: one.kind == kind


def _can_be_answered(one: Judged) -> bool:
    return one.kind != "lesson" and one.answerable


def _cannot_be_answered(one: Judged) -> bool:
    return not one.answerable


def _is_anything(_: Judged) -> bool:
    return True


def _is_not_right(one: Judged) -> bool:
    return not one.right


def _is_wrong(one: Judged) -> bool:
    return not one.right and not one.refused
