"""Chooses what is learned: good replies and approved corrections become lessons, the rest is left out for a reason.

`retrain.data` holds the steps, this module their order. Knows nothing of models, and reads the database through
`feedback`.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from feedback.database import Database
from feedback.events import Role
from feedback.privacy import FindNames, Masker, NameReaderError, Public
from feedback.replies import Reply
from retrain.data.duplicates import Encode
from retrain.data.filters import find_fault
from retrain.data.groups import Grouped, group_lessons
from retrain.data.imported import find_imported_lessons
from retrain.data.lessons import Lesson, cite, find_corrections, find_likes
from retrain.data.people import swap_people
from retrain.data.split import choose_splits
from retrain.data.topics import THIN, find_surplus
from retrain.data.verdicts import weigh
from retrain.errors import RetrainError
from retrain.examples import Example
from retrain.prompt_forms import ask, drop_markers, parse_prompt, reads_passages, split_prompt
from retrain.settings import CurateSettings
from retrain.variations import vary
from retrieval.draft import Draft
from retrieval.passage import CUSTOMER_SCOPE, Audience, Evidence, EvidenceLine, Match
from retrieval.verified import TITLE

Prepare = Callable[[str, Audience], Draft]

# A system message and the question: an answer with only these had no earlier turn that could reveal staff secrets.
_FIRST_TURN = 2

BEYOND = "more than one training takes; the latest were chosen, corrections first"
NO_CONSENT = "learning from it is not allowed"
SAME_QUESTION = "the same question again"
REWORDED = "much the same question again"
CONTRADICTED = "contradicted by a later lesson"
HELD_OUT = "a held-out question"
COVERED = "its topic has enough of its kind"
_MOST_REWORDINGS = 4
# What people wrote as the answer. Votes are about Chip's own words and do not concern it.
_TAUGHT = ("correction", "import")


@dataclass(frozen=True, slots=True)
class Curated:
    """What is trained on and why other feedback is not. `dropped` counts by reason.

    `covered` are the held-out questions that a lesson now asks, in the same words or in others. `raters` says how many
    people voted and how reliable they are, for the card of the data set.
    """

    examples: tuple[Example, ...]
    dropped: dict[str, int]
    covered: frozenset[str] = frozenset()
    raters: dict[str, Any] = field(default_factory=dict)

    @property
    def lessons(self) -> list[Example]:
        """One example for each lesson to train on: as it would be asked now if that is known, else as served."""
        chosen: dict[str, Example] = {}
        for example in self.examples:
            if not example.trains:
                continue
            if example.form == "current" or (example.form == "served" and example.group not in chosen):
                chosen[example.group] = example
        return [example for example in chosen.values() if example.source != "replay"]


@dataclass(frozen=True, slots=True)
class Privacy:
    """What must not be trained on: people's names, and evidence that customers may not read (any more).

    `find_names` returns the names of the people of a reply's conversation and of its teacher. `find_audience` returns a
    passage's present audience by its id; None if the documents no longer hold it. `covers` says whether people's
    consent covers a reply and the teacher of a text of their own, whose role it gets. `read_names` opens a reader of
    the names of people whom Slack does not show. `read_public` returns what stays because the company's documents say
    it.
    """

    find_names: Callable[[Reply, str], Sequence[str]] = field(default=lambda reply, teacher: ())  # noqa: ARG005
    find_audience: Callable[[str], Audience | None] = field(default=lambda passage_id: None)  # noqa: ARG005
    covers: Callable[[Reply, Role | None], bool] = field(default=lambda reply, teacher: True)  # noqa: ARG005
    read_names: Callable[[], AbstractContextManager[FindNames | None]] = field(default=nullcontext)
    read_public: Callable[[], Public] = field(default=Public)


def curate(
    db: Database,
    settings: CurateSettings,
    *,
    seed: int,
    heldout: Iterable[str],
    prepare: Prepare | None = None,
    privacy: Privacy | None = None,
    encode: Encode | None = None,
) -> Curated:
    """Return the examples of all feedback that holds now, and the reasons for what is left out.

    `heldout` are the questions that the gate asks: a vote on one teaches nothing, in any wording. (A correction of one
    does, and the gate then leaves that question out: see `Curated.covered`.) With `prepare`, a correction is also
    learned under the prompt that its question gets now, because the evidence may have changed since it was served.
    `encode` compares questions by meaning; without it only their letters are compared.
    """
    dropped: Counter[str] = Counter()
    privacy = privacy or Privacy()
    weighed = weigh(db, settings)
    imported = _find_imported(db, settings, prepare, dropped)
    lessons = [*imported, *find_likes(db, weighed, settings, dropped), *find_corrections(db, dropped)]
    # First the last word on each question: if that may not be trained, neither may what it replaced.
    lessons = _keep_last_word(lessons, dropped)
    lessons = [lesson for lesson in lessons if _may_train(lesson, settings, privacy, dropped)]
    lessons = _keep_faultless(lessons, dropped)
    lessons = _cap_persons(lessons, settings.max_per_person, dropped)
    lessons = _keep_latest(lessons, settings.most_lessons, dropped)
    grouped = group_lessons(lessons, list(heldout), encode)
    kept = _choose(grouped, dropped)
    examples = _build_examples(grouped, kept, settings, prepare, privacy, random.Random(seed))
    return Curated(tuple(examples), dict(dropped), grouped.find_covered(kept), weighed.describe_raters())


def _find_imported(
    db: Database, settings: CurateSettings, prepare: Prepare | None, dropped: Counter[str]
) -> list[Lesson]:
    """Return what imported history teaches; nothing if no prompt can be made for its questions."""
    if prepare is None:
        return []
    for_staff, limit = settings.staff_replies, settings.most_imported
    return find_imported_lessons(db, prepare, limit=limit, for_staff=for_staff, dropped=dropped)


def _choose(grouped: Grouped, dropped: Counter[str]) -> list[int]:
    """Return the positions of the lessons that stay once they are compared with each other and the held-out ones."""
    lessons = grouped.lessons
    out: dict[int, str] = {}
    for number in grouped.find_heldout():
        if lessons[number].example.source != "correction":
            out[number] = HELD_OUT
    out |= dict.fromkeys(grouped.find_contradicted(skip=out.keys()), CONTRADICTED)
    out |= dict.fromkeys(grouped.find_repeated(_MOST_REWORDINGS, skip=out.keys()), REWORDED)
    left = [number for number in range(len(lessons)) if number not in out]
    may_go = np.array([lessons[number].example.source != "correction" for number in left], dtype=bool)
    out |= dict.fromkeys((left[one] for one in find_surplus(grouped.topics[left], may_go)), COVERED)
    dropped.update(out.values())
    return [number for number in left if number not in out]


def _build_examples(
    grouped: Grouped,
    kept: Sequence[int],
    settings: CurateSettings,
    prepare: Prepare | None,
    privacy: Privacy,
    chance: random.Random,
) -> list[Example]:
    """Return the rows of the chosen lessons, masked, in all their forms, each with its part and its topic."""
    lessons = [grouped.lessons[number] for number in kept]
    must_train = [lesson.example.source in _TAUGHT for lesson in lessons]
    together = [int(number) for number in grouped.apart[list(kept)]]
    splits = choose_splits(together, [lesson.reply.id for lesson in lessons], must_train)
    if len(lessons) < settings.least_to_split:
        splits = ["train" for _ in splits]
    sizes = Counter(grouped.names[number] for number in kept)
    examples: list[Example] = []
    masked = _mask_all(lessons, privacy)
    for number, lesson, served, split in zip(kept, lessons, masked, splits, strict=True):
        topic = grouped.names[number]
        forms = _give_forms(replace(served, split=split), Audience(lesson.reply.audience), settings, prepare)
        is_thin = len(sizes) > 1 and sizes[topic] <= THIN
        many = settings.variations * (2 if is_thin else 1)
        if lesson.example.source in _TAUGHT:
            forms += [*vary(forms[-1], many, chance, grouped.keeps_meaning), *swap_people(forms[-1])]
        examples += [replace(form, topic=topic) for form in forms]
    return examples


def _may_train(lesson: Lesson, settings: CurateSettings, privacy: Privacy, dropped: Counter[str]) -> bool:
    """Whether an adapter for everybody may learn it: with consent, and without anything that customers may not read."""
    reply = lesson.reply
    if not lesson.example.pair and not privacy.covers(reply, lesson.teacher):
        dropped[NO_CONSENT] += 1
        return False
    reason = None if settings.staff_replies else find_bar(reply, privacy.find_audience)
    if reason is not None:
        dropped[reason] += 1
    return reason is None


def find_bar(reply: Reply, find_audience: Callable[[str], Audience | None]) -> str | None:
    """Return why an adapter that serves customers too may not learn this reply; None if it may."""
    audiences = [find_audience(line.passage_id) for line in reply.evidence]
    if any(audience is not None and audience not in CUSTOMER_SCOPE.audiences for audience in audiences):
        return "evidence that customers may not read"
    is_open = bool(audiences) and None not in audiences and len(reply.messages) == _FIRST_TURN
    return None if is_open or reply.audience == Audience.CUSTOMER else "for staff only"


def _keep_last_word(lessons: Sequence[Lesson], dropped: Counter[str]) -> list[Lesson]:
    """Keep one lesson for each question: a correction before a vote, staff's before others', and the latest of each."""
    kept: dict[tuple[str, ...], Lesson] = {}
    for lesson in lessons:
        before = kept.pop(lesson.key, None)
        if before is not None:
            dropped[SAME_QUESTION] += 1
        kept[lesson.key] = lesson
    return list(kept.values())


def _keep_faultless(lessons: Sequence[Lesson], dropped: Counter[str]) -> list[Lesson]:
    faults = [find_fault(lesson.example) for lesson in lessons]
    dropped.update(fault for fault in faults if fault)
    return [lesson for lesson, fault in zip(lessons, faults, strict=True) if not fault]


def _cap_persons(lessons: Sequence[Lesson], most: int, dropped: Counter[str]) -> list[Lesson]:
    taught: Counter[str] = Counter()
    kept = []
    for lesson in reversed(lessons):
        taught[lesson.counts_as] += 1
        if taught[lesson.counts_as] > most:
            dropped["more than one person may teach"] += 1
        else:
            kept.append(lesson)
    return kept[::-1]


def _keep_latest(lessons: Sequence[Lesson], most: int, dropped: Counter[str]) -> list[Lesson]:
    """Keep the last lessons: they come in the order of import, likes, corrections, each from early to late."""
    if len(lessons) > most:
        dropped[BEYOND] += len(lessons) - most
    return list(lessons[max(0, len(lessons) - most) :])


def _mask_all(lessons: Iterable[Lesson], privacy: Privacy) -> list[Example]:
    """Return the lessons' examples without personal data. In one thread a person always has the same placeholder.

    Raises `RetrainError` if names cannot be read: a text that may hold names must not be trained on.
    """
    public = privacy.read_public()
    maskers: dict[str | None, Masker] = {}
    masked = []
    try:
        with privacy.read_names() as read_names:
            for lesson in lessons:
                masker = maskers.setdefault(lesson.example.thread, Masker(public=public, find_names=read_names))
                # An import was masked with the names of its own people, who are unknown here.
                masker.meet(() if lesson.example.pair else privacy.find_names(lesson.reply, lesson.person))
                masked.append(_mask(lesson.example, masker))
    except NameReaderError as error:
        raise RetrainError(
            f"People's names could not be taken out of the lessons, so that none was made: {error}"
        ) from error
    return masked


def _mask(example: Example, masker: Masker) -> Example:
    """Mask personal data in what people wrote. The documents' own numbers stay."""
    public, asked = split_prompt(example.messages)
    system, *turns, last = example.messages
    before = last.content.removesuffix(asked)
    wrote = [
        *(turn.content for turn in turns),
        asked,
        example.target,
        example.rejected or "",
    ]
    *said, asked, target, rejected = masker.mask_all(wrote, quoted=public)
    masked = [replace(turn, content=content) for turn, content in zip(turns, said, strict=True)]
    last = replace(last, content=before + asked)
    return replace(
        example, messages=(system, *masked, last), target=target, rejected=rejected if example.rejected else None
    )


def _give_forms(
    served: Example, audience: Audience, settings: CurateSettings, prepare: Prepare | None
) -> list[Example]:
    """Return the lesson as served and, for what people wrote, as it is asked now. A like is known already."""
    if served.source not in _TAUGHT:
        return [served]
    forms = [served]
    if prepare is not None and len(served.messages) == _FIRST_TURN:
        messages = prepare(served.question, audience).messages
        if messages != served.messages:
            target = cite(served.target, messages)
            current = replace(served, messages=messages, target=target, form="current", rejected=None)
            if reads_passages(messages) == reads_passages(served.messages):
                forms = [served, current]
            else:  # served by a base that read another form, it is never asked so again
                forms = [replace(current, rejected=drop_markers(served.rejected or "") or None)]
    return [_ground(form) for form in forms] if settings.grounded else forms


def _ground(example: Example) -> Example:
    """If a target has no evidence, make its own words the evidence."""
    parsed = parse_prompt(example.messages)
    if parsed is None or parsed[0].lines:
        return example
    evidence = Evidence((EvidenceLine(1, example.target, TITLE, ""),), Match.STRONG)
    messages = ask(example.messages, evidence, parsed[1])
    return replace(example, messages=messages, target=cite(example.target, messages))
