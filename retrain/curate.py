"""Chooses what is learned: liked replies and approved corrections become lessons, the rest is left out for a reason.

A reply that was voted down is never a positive. Knows nothing of models, and reads the database through `feedback`.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from feedback.corrections import approved
from feedback.database import Database
from feedback.events import Role
from feedback.privacy import mask_personal_data
from feedback.replies import Reply, find_replies
from feedback.votes import StandingVerdict, Vote, standing_verdicts
from retrain.examples import QUESTION, Example, Prompt
from retrain.settings import CurateSettings
from retrain.variations import find_quote, parse_evidence, split_words, vary
from retrieval.draft import Draft
from retrieval.passage import CUSTOMER_SCOPE, Audience, Evidence, EvidenceLine, Match
from retrieval.prompt import ChatMessage, build_messages, split_claims
from retrieval.verified import TITLE

Prepare = Callable[[str, Audience], Draft]

# A system message and the question: what an answer has that no earlier turn can have told staff secrets.
_FIRST_TURN = 2

FORGOTTEN = "forgotten"
NO_CONSENT = "learning from it is not allowed"

_LEADING_MARKER = re.compile(r"^\s*\[\d{1,2}\]\s*")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What may be learned: the example as served, its reply, who taught it, and what makes it the same question.

    `teacher` is the role of whoever wrote the target, None where Chip did.
    """

    example: Example
    reply: Reply
    person: str
    key: tuple[str, ...]
    teacher: Role | None = None


@dataclass(frozen=True, slots=True)
class Curated:
    """What is trained on and why other feedback is not. `dropped` counts by reason."""

    examples: tuple[Example, ...]
    dropped: dict[str, int]

    @property
    def lessons(self) -> list[Example]:
        """One example for each lesson: as it would be asked now where that is known, else as it was served."""
        chosen: dict[str, Example] = {}
        for example in self.examples:
            if example.form == "current" or (example.form == "served" and example.group not in chosen):
                chosen[example.group] = example
        return [example for example in chosen.values() if example.source != "replay"]


@dataclass(frozen=True, slots=True)
class Privacy:
    """What must not be trained on: people's names, and evidence that customers may not read (any more).

    `find_names` gives the names of the people of a reply's conversation and of whoever taught it. `find_audience` gives
    a passage's present audience by its id; None where the documents no longer hold it. `covers` says whether its
    people's consent covers a reply and whoever taught by a text of their own, whose role it gets.
    """

    find_names: Callable[[Reply, str], Sequence[str]] = field(default=lambda reply, teacher: ())  # noqa: ARG005
    find_audience: Callable[[str], Audience | None] = field(default=lambda passage_id: None)  # noqa: ARG005
    covers: Callable[[Reply, Role | None], bool] = field(default=lambda reply, teacher: True)  # noqa: ARG005


def curate(
    db: Database,
    settings: CurateSettings,
    *,
    seed: int,
    heldout: Iterable[str],
    prepare: Prepare | None = None,
    privacy: Privacy | None = None,
) -> Curated:
    """Return the examples of all feedback that holds now, and the reasons for what is left out.

    `heldout` are the questions that the gate asks: a like of one is not learned. (A correction of one is, and the gate
    then leaves that question out; see `run`.) With `prepare`, a correction is also learned under the prompt that
    its question gets now, for the evidence may have changed since it was served.
    """
    dropped: Counter[str] = Counter()
    privacy = privacy or Privacy()
    lessons = [*_find_likes(db, dropped, heldout), *_find_corrections(db, dropped)]
    # First the last word on each question: where that may not be trained, neither may what it replaced.
    lessons = _keep_last_word(lessons, dropped)
    lessons = [lesson for lesson in lessons if _may_train(lesson, settings, privacy, dropped)]
    lessons = _cap_persons(lessons, settings.max_per_person, dropped)
    chance = random.Random(seed)
    examples: list[Example] = []
    for lesson in lessons:
        served = _mask(lesson.example, privacy.find_names(lesson.reply, lesson.person))
        audience = Audience(lesson.reply.audience)
        examples += _give_forms(served, audience, settings, prepare, chance)
    return Curated(tuple(examples), dict(dropped))


def _find_likes(db: Database, dropped: Counter[str], heldout: Iterable[str]) -> list[Lesson]:
    """Return the replies with more thumbs up than down that said something and were not corrected."""
    kept_back = {normalise_question(question) for question in heldout}
    corrected = {correction.reply_id for correction in approved(db)}
    votes: dict[str, list[StandingVerdict]] = {}
    for vote in standing_verdicts(db):
        votes.setdefault(vote.reply_id, []).append(vote)
    replies = find_replies(db, list(votes))
    lessons = []
    for reply_id, cast in votes.items():
        reply = replies.get(reply_id)
        if reply is None or reply_id in corrected:
            continue
        if not reply.messages:
            dropped[FORGOTTEN] += 1
            continue
        lesson, reason = _judge_like(reply, cast, kept_back)
        if lesson is None:
            dropped[reason] += 1
        else:
            lessons.append(lesson)
    return lessons


def _judge_like(reply: Reply, cast: Sequence[StandingVerdict], kept_back: set[str]) -> tuple[Lesson | None, str]:
    ups = [vote.person for vote in cast if vote.verdict is Vote.UP]
    if len(ups) <= len(cast) - len(ups):
        return None, "voted down"
    if reply.refused:
        return None, "a liked refusal"
    if normalise_question(reply.question) in kept_back:
        return None, "a held-out question"
    target, is_supported = _build_liked_target(reply)
    if not target:
        return None, "nothing of the answer was shown"
    if not is_supported and set(ups) == {reply.asker}:
        return None, "unsupported, liked by its asker alone"
    return _build_lesson(reply, target, "like", person=ups[0]), ""


def _build_liked_target(reply: Reply) -> tuple[str, bool]:
    """Return the claims of the answer that people saw, and whether each stands in the evidence line that it cites."""
    lines = {line.number: line.text for line in reply.evidence}
    shown = " ".join(reply.shown.split())
    claims = [claim for claim in split_claims(reply.answer) if " ".join(claim.text.split()) in shown]
    texts = [claim.text if claim.number is None else f"[{claim.number}] {claim.text}" for claim in claims]
    supported = all(
        claim.number in lines and set(split_words(claim.text)) <= set(split_words(lines[claim.number]))
        for claim in claims
        if claim.number is not None
    ) and all(claim.number is not None for claim in claims)
    return " ".join(texts), supported


def _find_corrections(db: Database, dropped: Counter[str]) -> list[Lesson]:
    corrections = approved(db)
    replies = find_replies(db, [correction.reply_id for correction in corrections])
    lessons = []
    for correction in corrections:
        reply = replies.get(correction.reply_id)
        if reply is None:
            dropped["the corrected reply is gone"] += 1
            continue
        if not reply.messages:
            dropped[FORGOTTEN] += 1
            continue
        text = " ".join(_LEADING_MARKER.sub("", correction.text).split())
        target = cite(text, _messages(reply))
        lesson = _build_lesson(reply, target, "correction", person=correction.person)
        example = replace(lesson.example, correction_id=correction.id)
        lessons.append(replace(lesson, example=example, teacher=correction.role))
    return lessons


def cite(text: str, messages: Prompt) -> str:
    """Return the text behind the marker of the evidence line that it quotes; bare where it quotes none.

    What cites a line is served in the line's own words, so that other words can only be taught as Chip's own.
    """
    parsed = parse_evidence(messages[-1].content)
    line = find_quote(text, parsed[0]) if parsed else None
    return text if line is None else f"[{line.number}] {text}"


def _build_lesson(reply: Reply, target: str, source: str, *, person: str) -> Lesson:
    messages = _messages(reply)
    example = Example(
        messages=messages,
        target=target,
        source="correction" if source == "correction" else "like",
        weight=1.0,
        group=reply.id,
        reply_id=reply.id,
        thread=f"{reply.team}/{reply.channel}/{reply.thread_ts}",
    )
    earlier = tuple(message.content for message in messages[1:-1])
    return Lesson(example, reply, person, (reply.audience, *earlier, normalise_question(reply.question)))


def _messages(reply: Reply) -> Prompt:
    return tuple(ChatMessage(message.role, message.content) for message in reply.messages)  # type: ignore[arg-type]


def normalise_question(question: str) -> str:
    """Return what makes two questions the same question: their words in order, without case and punctuation."""
    return " ".join(split_words(question))


def _may_train(lesson: Lesson, settings: CurateSettings, privacy: Privacy, dropped: Counter[str]) -> bool:
    """Whether one adapter for everybody may learn it: with consent, and nothing of what customers may not read."""
    reply = lesson.reply
    if not privacy.covers(reply, lesson.teacher):
        dropped[NO_CONSENT] += 1
        return False
    if settings.staff_replies:
        return True
    audiences = [privacy.find_audience(line.passage_id) for line in reply.evidence]
    if any(audience is not None and audience not in CUSTOMER_SCOPE.audiences for audience in audiences):
        dropped["evidence that customers may not read"] += 1
        return False
    is_open = bool(audiences) and None not in audiences and len(reply.messages) == _FIRST_TURN
    if reply.audience != Audience.CUSTOMER and not is_open:
        dropped["for staff only"] += 1
        return False
    return True


def _keep_last_word(lessons: Sequence[Lesson], dropped: Counter[str]) -> list[Lesson]:
    """Keep one lesson for each question: a correction before a like, and the latest of either."""
    kept: dict[tuple[str, ...], Lesson] = {}
    for lesson in lessons:
        before = kept.pop(lesson.key, None)
        if before is not None:
            dropped["the same question again"] += 1
        kept[lesson.key] = lesson
    return list(kept.values())


def _cap_persons(lessons: Sequence[Lesson], most: int, dropped: Counter[str]) -> list[Lesson]:
    taught: Counter[str] = Counter()
    kept = []
    for lesson in reversed(lessons):
        taught[lesson.person] += 1
        if taught[lesson.person] > most:
            dropped["more than one person may teach"] += 1
        else:
            kept.append(lesson)
    return kept[::-1]


def _mask(example: Example, names: Sequence[str]) -> Example:
    """Mask personal data in what people wrote; the documents' own numbers stay as they are."""
    public = example.messages[-1].content.partition(QUESTION)[0]
    system, *turns, last = example.messages
    masked = [replace(turn, content=mask_personal_data(turn.content, names, public=public)) for turn in turns]
    asked = last.content.removeprefix(public)
    last = replace(last, content=public + mask_personal_data(asked, names, public=public))
    target = mask_personal_data(example.target, names, public=public)
    return replace(example, messages=(system, *masked, last), target=target)


def _give_forms(
    served: Example,
    audience: Audience,
    settings: CurateSettings,
    prepare: Prepare | None,
    chance: random.Random,
) -> list[Example]:
    """Return the lesson as served and, for a correction, as it is asked now and altered; a like is known already."""
    if served.source != "correction":
        return [served]
    forms = [served]
    if prepare is not None and len(served.messages) == 2:
        messages = prepare(served.question, audience).messages
        if messages != served.messages:
            target = cite(_LEADING_MARKER.sub("", served.target), messages)
            forms.append(replace(served, messages=messages, target=target, form="current"))
    if settings.grounded:
        forms = [_ground(form) for form in forms]
    return forms + vary(forms[-1], settings.variations, chance)


def _ground(example: Example) -> Example:
    """Put what the target says into the evidence, where there is none."""
    parsed = parse_evidence(example.messages[-1].content)
    if parsed is None or parsed[0].lines:
        return example
    evidence = Evidence((EvidenceLine(1, example.target, TITLE, ""),), Match.STRONG)
    asked = build_messages(parsed[1], evidence, company="")[-1]
    return replace(example, messages=(*example.messages[:-1], asked), target=f"[1] {example.target}")
