"""Decides whether the candidate replaces the champion, and says why in words. Knows nothing of how either answered.

A candidate is promoted if it is shown to be better on the questions that nobody taught it, and no worse in every slice.
It is refused if something speaks against it or nothing was gained. Else it is not judged, and an admin decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrain.evaluate import Results
from retrain.judging.paired import Difference, compare_pairs
from retrain.judging.slices import GETS_WRONG, Slice, compare_slices
from retrain.settings import GateSettings

Ruling = Literal["promoted", "refused", "not judged"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The ruling with its reasons as sentences, and the figures that it rests on.

    `gain` is the change of the share of right answers, `bounds` its interval; None where no question was asked.
    `needed` is how many such questions would show a gain of this size. `not_judged` names what could not be told of
    the `slices`.
    """

    ruling: Ruling
    reasons: tuple[str, ...]
    gain: Difference | None = None
    bounds: tuple[float, float] | None = None
    needed: int | None = None
    not_judged: tuple[str, ...] = ()
    slices: tuple[Slice, ...] = ()

    @property
    def promote(self) -> bool:
        """Whether the candidate serves without asking anybody."""
        return self.ruling == "promoted"


def decide(champion: Results, candidate: Results, settings: GateSettings) -> Decision:
    """Rule on two models' results on the same questions."""
    slices = compare_slices(champion, candidate, settings)
    before, after = champion.untaught, candidate.untaught
    gain = compare_pairs(before.right, after.right, [one.topic for one in before.questions])
    bounds = gain.bounds(settings.level) if gain.topics > 1 else None
    needed = gain.find_needed(max(settings.least_gain, gain.mean), settings.level) if gain.questions else None
    unclear = tuple(one.name for one in slices if not one.no_worse)
    ruling, reasons = _rule(champion, candidate, gain, slices, settings)
    return Decision(ruling, tuple(reasons), gain if gain.questions else None, bounds, needed, unclear, tuple(slices))


def _rule(
    champion: Results, candidate: Results, gain: Difference, slices: Sequence[Slice], settings: GateSettings
) -> tuple[Ruling, list[str]]:
    objections = [
        *_object_to_lost_lessons(champion, candidate),
        *_object_to_fragments(champion, candidate),
        *(_word_worse(one) for one in slices if one.worse),
        *_object_to_failures(champion, candidate),
    ]
    if objections:
        return "refused", objections
    if gain.mean <= 0.0 and sum(candidate.said) <= sum(champion.said):
        return "refused", [f"Nothing was gained: {_count_lessons(champion, candidate)}.", *_tell(champion, candidate)]
    told = [f"{_count_lessons(champion, candidate).capitalize()}.", *_tell(champion, candidate)]
    if doubt := _find_doubt(gain, slices, settings):
        return "not judged", [*told, doubt]
    if gain.bounds(settings.level)[0] > 0.0:
        return "promoted", told
    return "refused", [*told, "On questions that nobody taught it, nothing was gained that can be told from luck."]


def _find_doubt(gain: Difference, slices: Sequence[Slice], settings: GateSettings) -> str:
    """Return why these questions cannot settle it; "" if they do."""
    if gain.questions < settings.least_questions or gain.topics < settings.least_topics:
        return (
            f"That is too little to judge by: {_count(gain.questions, 'question')} of your own about "
            f"{_count(gain.topics, 'topic')}, where it takes {settings.least_questions} about {settings.least_topics}."
        )
    if gain.bounds(settings.level)[0] <= 0.0:
        needed = gain.find_needed(max(settings.least_gain, gain.mean), settings.level)
        is_settled = gain.questions >= gain.find_needed(settings.least_gain, settings.level)
        luck = f"So small a lead can be luck: about {needed} questions would tell."
        return "" if is_settled else luck
    unclear = [one.name for one in slices if not one.no_worse]
    return f"Too few questions tell whether it more often {'; '.join(unclear)}." if unclear else ""


def _object_to_lost_lessons(champion: Results, candidate: Results) -> list[str]:
    """Count each lesson that the champion says and the candidate does not: what is newly right makes up for none."""
    lost = sum(before and not after for before, after in zip(champion.said, candidate.said, strict=True))
    return [f"It lost {_count(lost, 'lesson')} that the model before it says."] if lost else []


def _object_to_fragments(champion: Results, candidate: Results) -> list[str]:
    """Count broken answers to what people may ask; general reading, which nobody asks, is a slice and no more."""
    pairs = zip(champion.everything, candidate.everything, strict=True)
    asked = [(before, after) for before, after in pairs if before.kind != "reading"]
    broken = sum(before.whole and not (after.whole or after.refused) for before, after in asked)
    return [f"It gave {_count(broken, 'empty or broken answer')} where there was a whole one before."] if broken else []


def _word_worse(one: Slice) -> str:
    of = one.difference.questions
    if one.name.startswith(GETS_WRONG):
        right = f"{of - one.after} of {of} right, {of - one.before} before"
        return f"It got worse at {one.name.removeprefix(GETS_WRONG)}: {right}."
    return f"It more often {one.name}: {one.after} of {of}, {one.before} before."


def _object_to_failures(champion: Results, candidate: Results) -> list[str]:
    if candidate.failures <= champion.failures:
        return []
    times = "once" if candidate.failures == 1 else f"{candidate.failures} times"
    return [f"It failed to answer {times}, the model before it {champion.failures or 'never'}."]


def _tell(champion: Results, candidate: Results) -> list[str]:
    champion, candidate = champion.untaught, candidate.untaught
    of = len(candidate.right)
    if not of:
        return ["No question of your own was asked that it was not taught."]
    right = f"{sum(candidate.right)} of {_count(of, 'question')}"
    return [f"Of what nobody taught it, {right} right, {sum(champion.right)} before."]


def _count_lessons(champion: Results, candidate: Results) -> str:
    taught = _count(len(candidate.said), "lesson")
    return f"{sum(candidate.said)} of {taught} said as taught, {sum(champion.said)} before"


def _count(many: int, what: str) -> str:
    return f"{many} {what}" if many == 1 else f"{many} {what}s"
