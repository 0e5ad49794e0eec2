"""Passages in, evidence out: the few sentences that answer best, ranked, and how well they match the question.

The order and the confidence come from `ranker` and, where there is one, a cross-encoder that reads the best lines
again; here lines are cut from passages, chosen and numbered. Knows nothing of prompts or models.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.encoders.cross_encoder import CrossEncoder
from retrieval.encoders.embedder import Embedder
from retrieval.english.sentences import Unit, build_stretch, count_words, split_units
from retrieval.english.terms import tokenise
from retrieval.layout import flatten, split_blocks
from retrieval.passage import Evidence, EvidenceLine, Hit, Match, Passage, Vectors
from retrieval.ranking.calibration import shift_odds
from retrieval.ranking.features import Candidate
from retrieval.ranking.gathered import gather, tell_heading
from retrieval.ranking.rank import Numbers, blend_odds, leave_unread, rank_lines
from retrieval.ranking.units import ScoredUnit
from retrieval.ranking.windows import WINDOW_WORDS, widen

# So many passages are searched for lines, however few are shown: the answer stands in the first 8 for 93 of 100
# questions, and in the first 24 for 98.
SEARCHED_PASSAGES = 24
# So many lines a cross-encoder reads again, and only those whose log-odds are near the best one's: what lies further
# below comes first too seldom for the 20 ms that a line costs (7 lines are read on average; docs/LOG.md).
READ_LINES = 8
READ_WITHIN = 4.0
# What the log-odds that a line's page answers count beside the line's own: the second and third quote come more often
# from the page that answers, and right answers have a tenth fewer words (docs/LOG.md).
PAGE_OF_LINE = 0.6
# So many pages are offered where Chip is not sure.
OFFERED_PAGES = 3
# Of two stretches that share so many words, most of those of the shorter one, the first says enough: pages of sister
# models repeat whole paragraphs.
LONG_PASSAGE = 15
# So short a line says nothing without the heading that it answers.
BARE_WORDS = 3
_BARE_ANSWER = re.compile(r"(?:yes|no|never|always|sometimes|not yet|ja|nein|oui|non|sí|はい|いいえ)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """How much evidence a prompt gets, and from which confidence on the match is worded as what.

    `shift` is added to the log-odds that the best line answers; `retrieval/ranking/calibration.py` finds it for a
    company. `widens`: the best line is shown with what of its passage answers too. A base that reads gets at most
    `read_passages` whole passages of `read_characters` together.
    """

    max_lines: int = 3
    max_words: int = 320
    # The same confidence means more on one set of documents than on another: these suit public questions, a company's
    # own are met by its shift (docs/LOG.md).
    strong: float = 0.50
    fair: float = 0.30
    nothing: float = 0.15
    # Below `nothing`, and from here on, the pages that may help are offered in the place of an answer.
    hopeless: float = 0.07
    # A line is left out when its log-odds are this far below the best one's.
    keep_within: float = 5.0
    shift: float = 0.0
    widens: bool = True
    read_passages: int = 4
    read_characters: int = 2_600

    def for_sure(self) -> "EvidenceLimits":
        """Return the limits by which documents are said to answer, where nobody can look: of single lines."""
        return replace(self, nothing=max(self.nothing, self.fair), max_lines=6, keep_within=2.0, widens=False)


@dataclass(frozen=True, slots=True)
class RankedUnits:
    """Every quotable stretch of the hits, best first, and how sure it is in [0, 1] that the first one answers."""

    units: tuple[ScoredUnit, ...]
    confidence: float
    question: str = ""

    def order_hits(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Return the hits by their best stretch; those without any come last, in their own order."""
        places: dict[str, int] = {}
        for place, unit in enumerate(self.units):
            places.setdefault(unit.passage.id, place)
        return tuple(sorted(hits, key=lambda hit: places.get(hit.passage.id, len(self.units))))


def cut_evidence(
    question: str,
    hits: Sequence[Hit],
    *,
    embedder: Embedder,
    question_vector: Vectors | None = None,
    unit_vectors: Mapping[str, Vectors] | None = None,
    limits: EvidenceLimits | None = None,
    cross_encoder: CrossEncoder | None = None,
) -> Evidence:
    """Return the best lines of the hits, best first and numbered from 1; none where nothing is near the question.

    `unit_vectors` holds stored vectors by passage id; what is missing there is encoded now (about 10 ms a sentence).
    """
    if not question.strip() or not hits:
        return Evidence((), Match.WEAK)
    vector = embedder.encode([question])[0] if question_vector is None else question_vector
    ranked = rank_units(
        question, vector, hits, embedder=embedder, unit_vectors=unit_vectors or {}, cross_encoder=cross_encoder
    )
    return choose_evidence(ranked, limits or EvidenceLimits())


def choose_evidence(ranked: RankedUnits, limits: EvidenceLimits) -> Evidence:
    """Return the lines that a prompt gets, and the word for how well they match."""
    confidence = shift_odds(ranked.confidence, limits.shift)
    if confidence < limits.nothing or not ranked.units:
        return Evidence((), Match.WEAK)
    units = gather(ranked.question, ranked.units, limits.keep_within)
    if limits.widens:
        chosen = _choose_windows(units, ranked, confidence, limits)
    else:
        chosen = [tell_heading(ranked.question, unit) for unit in _choose(units, limits)]
    return Evidence(_number(chosen), _word_match(confidence, limits))


def choose_passages(ranked: RankedUnits, limits: EvidenceLimits) -> Evidence:
    """Return the best passages whole, numbered, for a base that reads; the first is cut where it has no room."""
    confidence = shift_odds(ranked.confidence, limits.shift)
    if confidence < limits.nothing or not ranked.units:
        return Evidence((), Match.WEAK, is_whole=True)
    best = list({unit.passage.id: unit.passage for unit in ranked.units}.values())
    room = limits.read_characters
    chosen: list[EvidenceLine] = []
    for passage in best[: limits.read_passages]:
        text = passage.text if chosen else _cut(passage.text, room - len(passage.heading))
        room -= len(passage.heading) + len(text)
        if chosen and room < 0:
            break
        chosen.append(EvidenceLine(len(chosen) + 1, text, passage.heading, passage.id))
    return Evidence(tuple(chosen), _word_match(confidence, limits), is_whole=True)


def _cut(text: str, room: int) -> str:
    """Return the blocks of a text that have room, at least one."""
    kept = ""
    for block in split_blocks(text):
        if kept and len(kept) + len(block) >= room:
            return kept
        kept += f"\n{block}" if kept else block
    return kept


def choose_pages(ranked: RankedUnits, limits: EvidenceLimits) -> tuple[EvidenceLine, ...]:
    """Return the best line of each of the best pages, for a question that may not be answered; none where none is near.

    A page is a document. The lines are numbered from 1.
    """
    if shift_odds(ranked.confidence, limits.shift) < limits.hopeless:
        return ()
    best: dict[str, ScoredUnit] = {}
    for unit in ranked.units:
        best.setdefault(unit.passage.source, unit)
    return _number(list(best.values())[:OFFERED_PAGES])


def rank_units(
    question: str,
    vector: Vectors,
    hits: Sequence[Hit],
    *,
    embedder: Embedder,
    unit_vectors: Mapping[str, Vectors],
    cross_encoder: CrossEncoder | None = None,
) -> RankedUnits:
    """Return every quotable stretch of the hits, ranked; ties in the order of the hits.

    A cross-encoder reads the best of them again: up to `READ_LINES`, within `READ_WITHIN` of the best one's score.
    """
    units = [split_units(hit.passage.text) for hit in hits]
    vectors = _collect_vectors(hits, embedder, unit_vectors)
    candidates = [
        Candidate(hit.passage.heading, unit.text, rank)
        for rank, (hit, own) in enumerate(zip(hits, units, strict=True))
        for unit in own
    ]
    if not candidates:
        return RankedUnits((), 0.0)
    shown = [
        (hit.passage, _below_question(hit.passage, _with_neighbour(own, position), position))
        for hit, own in zip(hits, units, strict=True)
        for position in range(len(own))
    ]
    ranking = rank_lines(question, vector, candidates, np.concatenate(vectors))
    if cross_encoder is None:
        ranking = leave_unread(ranking)
    else:
        least = ranking.scores.max() - READ_WITHIN
        best = [shown[number] for number in ranking.order()[:READ_LINES] if ranking.scores[number] >= least]
        odds = cross_encoder.score(question, [(passage.heading, flatten(text)) for passage, text in best])
        ranking = blend_odds(ranking, odds, is_calibrated=cross_encoder.is_calibrated)
    ranking = replace(ranking, scores=ranking.scores + _favour_pages([passage for passage, _ in shown], ranking.scores))
    scored = (
        ScoredUnit(*shown[number], round(float(ranking.scores[number]), 5), number in ranking.denials)
        for number in ranking.order()
    )
    return RankedUnits(tuple(scored), ranking.confidence, question)


def _favour_pages(passages: Sequence[Passage], scores: Numbers) -> Numbers:
    """Return what each line, (lines,), gains: the more, the better the best lines of its page's passages answer."""
    best: dict[str, dict[str, float]] = {}
    for passage, score in zip(passages, scores, strict=True):
        page = best.setdefault(passage.source, {})
        page[passage.id] = max(float(score), page.get(passage.id, -math.inf))
    odds = {source: float(np.logaddexp.reduce(list(page.values()))) for source, page in best.items()}
    return PAGE_OF_LINE * np.array([odds[passage.source] - max(odds.values()) for passage in passages])


def _collect_vectors(hits: Sequence[Hit], embedder: Embedder, stored: Mapping[str, Vectors]) -> list[Vectors]:
    missing = [hit.passage for hit in hits if hit.passage.id not in stored]
    encoded = embedder.encode_units([build_stretch(passage) for passage in missing])
    fresh = {passage.id: vectors for passage, vectors in zip(missing, encoded, strict=True)}
    return [stored[hit.passage.id] if hit.passage.id in stored else fresh[hit.passage.id] for hit in hits]


def _below_question(passage: Passage, text: str, position: int) -> str:
    """Return the text, behind the question above it where it only answers that: "Is it waterproof? No."."""
    asked = passage.heading.rpartition(" › ")[2]
    is_bare = _BARE_ANSWER.match(text) is not None or count_words(text) <= BARE_WORDS
    return f"{asked} {text}" if position == 0 and asked.endswith(("?", "？")) and is_bare else text


def _with_neighbour(units: Sequence[Unit], position: int) -> str:
    """Return the unit, with the one before it where it leans on that ("It lasts 90 minutes.")."""
    unit = units[position]
    if not unit.leans_back or position == 0:
        return unit.shown
    before = units[position - 1].shown
    return f"{before}\n{unit.shown}" if "\n" in before + unit.shown else f"{before} {unit.shown}"


def _choose(units: Sequence[ScoredUnit], limits: EvidenceLimits) -> list[ScoredUnit]:
    chosen: list[ScoredUnit] = []
    words = 0
    for unit in units:
        if len(chosen) == limits.max_lines or unit.score < units[0].score - limits.keep_within:
            break
        size = count_words(unit.text)
        if chosen and words + size > limits.max_words:
            continue
        if units[0].denies and not unit.denies:
            continue  # it goes along with what is not so
        if not any(_says_the_same(unit, other) for other in chosen):
            chosen.append(unit)
            words += size
    return chosen


def _choose_windows(
    units: Sequence[ScoredUnit], ranked: RankedUnits, confidence: float, limits: EvidenceLimits
) -> list[ScoredUnit]:
    """Return the best unit as wide as it answers, and beside it the best of other passages that fit about as well."""
    is_whole = units[0].denies or units[0] not in ranked.units  # a list of all of its kind
    most = 1 if is_whole else limits.max_lines
    chosen: list[ScoredUnit] = []
    words = 0
    for unit in units:
        if len(chosen) == most or unit.score < units[0].score - limits.keep_within:
            break
        if any(unit.passage.id == other.passage.id for other in chosen):
            continue
        room = min(WINDOW_WORDS, limits.max_words - words)
        wide = widen(unit, ranked.units, confidence, room) if unit in ranked.units else unit
        told = tell_heading(ranked.question, unit).text.removesuffix(unit.text)
        wide = replace(wide, text=f"{told}{wide.text}")
        if chosen and wide.text.endswith((":", "：")):
            continue  # what it leads to is not there
        if not chosen or (count_words(wide.text) <= room and not any(_says_the_same(wide, one) for one in chosen)):
            chosen.append(wide)
            words += count_words(wide.text)
    return chosen


def _says_the_same(unit: ScoredUnit, other: ScoredUnit) -> bool:
    """Whether one line holds the other, or both hold the same words about the same thing.

    Equal words under another heading are kept: "Runtime: 90 minutes" of two models are two facts.
    """
    is_held = unit.text in other.text or other.text in unit.text
    if is_held and unit.passage.heading == other.passage.heading:
        return True
    ours, theirs = (tokenise(f"{u.passage.heading} {flatten(u.text)}") for u in (unit, other))
    union, shared = set(ours) | set(theirs), set(ours) & set(theirs)
    numbers = {t for t in set(ours) ^ set(theirs) if any(c.isdigit() for c in t)}
    if len(shared) >= LONG_PASSAGE and len(shared) > 0.9 * min(len(set(ours)), len(set(theirs))):
        return True
    return bool(union) and not numbers and len(shared) / len(union) > 0.9


def _number(units: Sequence[ScoredUnit]) -> tuple[EvidenceLine, ...]:
    return tuple(
        EvidenceLine(number, unit.text, unit.passage.heading, unit.passage.id)
        for number, unit in enumerate(units, start=1)
    )


def _word_match(confidence: float, limits: EvidenceLimits) -> Match:
    if confidence >= limits.strong:
        return Match.STRONG
    return Match.FAIR if confidence >= limits.fair else Match.WEAK
