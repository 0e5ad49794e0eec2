"""Describes the changes between two data set versions, in sentences for an admin."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from retrain.data.version import Version
from retrain.examples import Example, load_dataset

_NAMES = {
    "like": ("liked answer", "liked answers"),
    "dislike": ("answer found wrong", "answers found wrong"),
    "correction": ("correction", "corrections"),
    "import": ("imported lesson", "imported lessons"),
    "replay": ("rehearsed answer", "rehearsed answers"),
}
_PARTS = {"train": "training", "gate": "the gate", "sealed": "the sealed part"}
_SHOWN = 5


def tell_changes(older: Version, newer: Version) -> list[str]:
    """Return the changes as sentences. Raises `DatasetError` if a version cannot be read."""
    before, after = _load_lessons(older), _load_lessons(newer)
    return [
        f"{newer.id} has {_count(after.values())}; {older.id} has {_count(before.values())}.",
        *_tell_rows("came", [lesson for group, lesson in after.items() if group not in before]),
        *_tell_rows("went", [lesson for group, lesson in before.items() if group not in after]),
        *_tell_changed(before, after),
        *_tell_numbers("Left out", older.manifest.get("dropped", {}), newer.manifest.get("dropped", {})),
        *_tell_numbers("Settings", older.manifest.get("settings", {}), newer.manifest.get("settings", {})),
        *_tell_consent(older.manifest, newer.manifest),
    ]


def _load_lessons(version: Version) -> dict[str, Example]:
    """Return the first row of each lesson: the example as it was served."""
    lessons: dict[str, Example] = {}
    for example in load_dataset(version.folder):
        lessons.setdefault(example.group, example)
    return lessons


def _count(lessons: Iterable[Example]) -> str:
    counts = Counter(lesson.source for lesson in lessons)
    return ", ".join(f"{many} {_NAMES[source][many != 1]}" for source, many in sorted(counts.items())) or "nothing"


def _tell_rows(what: str, lessons: Sequence[Example]) -> Iterator[str]:
    if lessons:
        yield f"{_count(lessons)} {what}:"
        yield from (f"  {lesson.question} → {_say(lesson)}" for lesson in lessons[:_SHOWN])
    if len(lessons) > _SHOWN:
        yield f"  … and {len(lessons) - _SHOWN} more."


def _tell_changed(before: Mapping[str, Example], after: Mapping[str, Example]) -> Iterator[str]:
    both = [(before[group], lesson) for group, lesson in after.items() if group in before]
    for old, new in [(old, new) for old, new in both if _say(old) != _say(new)][:_SHOWN]:
        yield f"“{new.question}” taught {_say(old)}, and teaches {_say(new)} now."
    moved = Counter((old.split, new.split) for old, new in both if old.split != new.split)
    for (was, now), many in sorted(moved.items()):
        yield f"{many} {'lesson' if many == 1 else 'lessons'} moved from {_PARTS[was]} to {_PARTS[now]}."


def _say(lesson: Example) -> str:
    return f"“{lesson.target}”" if lesson.target else f"not “{lesson.rejected}”"


def _tell_numbers(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    names = sorted(before.keys() | after.keys())
    changed = [(name, before.get(name, 0), after.get(name, 0)) for name in names if before.get(name) != after.get(name)]
    if changed:
        yield f"{what}: {'; '.join(f'{name}: {old} → {new}' for name, old, new in changed)}."


def _tell_consent(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if before.get("consent") != after.get("consent"):
        yield "Consent changed: `chip data show` has both decisions."
