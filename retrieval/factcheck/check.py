"""Decides whether the evidence supports a sentence before anybody sees it: supported, contradicted or not found.

Compares facts first: numbers with units, dates, names, codes and negation. Then a judge decides whether the line says
the rest of the sentence: the one that `python -m models.recipes.rankings.fit_judge` fits on public data, or a
configured model (`retrieval/encoders/entailment.py`). A sentence that garbles its line is replaced by the line's own
words. Knows nothing of Slack.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.entailment import Entailment, EntailmentModel
from retrieval.english.dates import find_dates, find_weekdays
from retrieval.english.identifiers import find_codes
from retrieval.english.meanings import load_meanings
from retrieval.english.names import find_names
from retrieval.english.quantities import find_quantities
from retrieval.english.terms import tokenise_with_words
from retrieval.factcheck.quotes import is_in_order, mend_quote
from retrieval.factcheck.signs import SIGNS, Comparison, compare, is_garbled
from retrieval.layout import flatten
from retrieval.passage import EvidenceLine

WEIGHTS = Path(__file__).parent / "factcheck_weights.json"

# From this share of common meaning on, a differing fact is a contradiction. Below it the line is about something else.
SAME_MATTER = 0.6
_WORDS = "words"
_GARBLED = "garbled"


class Support(StrEnum):
    """The evidence's verdict on a sentence."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason, the deciding line, and the probability that the sentence is supported."""

    verdict: Support
    reason: str
    line: EvidenceLine | None
    probability: float


@dataclass(frozen=True, slots=True)
class Checked:
    """The text to show for a sentence (None: nothing), the line to cite, and the reason for a change."""

    text: str | None
    line: EvidenceLine | None
    reason: str = ""


def judge_claim(
    text: str, lines: Sequence[EvidenceLine], *, cited: int | None = None, model: EntailmentModel | None = None
) -> Judgement:
    """Return the verdict of the lines on one sentence. The cited line wins if two support it equally.

    `model` replaces the fitted judge for sentences that are neither a quote nor in conflict with a line.
    """
    judged = [_judge(text, line) for line in lines]
    if not judged:
        return Judgement(Support.NOT_FOUND, "no evidence", None, 0.0)
    if model is not None:
        judged = _ask_model(text, judged, model)
    own = next((line for line in lines if line.number == cited), None)
    order = {Support.SUPPORTED: 0, Support.CONTRADICTED: 1, Support.NOT_FOUND: 2}
    return min(judged, key=lambda one: (order[one.verdict], one.line != own, -one.probability))


def check_claim(
    text: str, lines: Sequence[EvidenceLine], *, cited: int | None = None, model: EntailmentModel | None = None
) -> Checked:
    """Return the text to show for a sentence, with the line that supports it.

    A near copy of the cited line, or of the nearest line if none is cited, is replaced by the line's own sentence.
    """
    judgement = judge_claim(text, lines, cited=cited, model=model)
    if judgement.verdict is Support.SUPPORTED:
        return Checked(text, judgement.line)
    cited_lines = [line for line in lines if line.number == cited]
    for source in cited_lines or filter(None, [judgement.line]):
        mended = mend_quote(text, source.text)
        if mended is not None and mended != text:
            return Checked(mended, source, judgement.reason)
    return Checked(None, None, judgement.reason)


def _judge(text: str, line: EvidenceLine) -> Judgement:
    if not any(character.isalnum() for character in text):
        return Judgement(Support.NOT_FOUND, "no words", line, 0.0)
    text = flatten(text)
    comparison = compare(text, line.flat, line.heading, load_meanings())
    probability = estimate(comparison)
    if comparison.conflict:
        same_matter = comparison.measures[SIGNS.index("words meant")] >= SAME_MATTER
        verdict = Support.CONTRADICTED if same_matter else Support.NOT_FOUND
        return Judgement(verdict, comparison.conflict, line, 0.0)
    is_quote = comparison.measures[SIGNS.index("in order")] > 0
    if not is_quote and is_garbled(text, line.flat, line.heading, load_meanings()):
        return Judgement(Support.NOT_FOUND, _GARBLED, line, probability)
    if is_quote or probability >= load_judge().threshold:
        return Judgement(Support.SUPPORTED, "", line, probability)
    return Judgement(Support.NOT_FOUND, _WORDS, line, probability)


def _ask_model(text: str, judged: Sequence[Judgement], model: EntailmentModel) -> list[Judgement]:
    """Return the judgements, with the model's verdict where neither a fact nor a quote decides."""
    if any(one.verdict is Support.SUPPORTED and one.line and is_in_order(text, one.line.text) for one in judged):
        return list(judged)
    left = [one for one in judged if one.verdict is Support.SUPPORTED or one.reason == _WORDS]
    said = model.judge(text, [_premise(one.line) for one in left if one.line is not None])
    settled = [one for one in judged if one not in left]
    return settled + [_settle(one, entailment, model.threshold) for one, entailment in zip(left, said, strict=True)]


def _premise(line: EvidenceLine) -> str:
    """Return a line as the model reads it, with its heading, because often only the heading names the subject."""
    return f"{line.heading}: {line.text}" if line.heading else line.text


def _settle(judgement: Judgement, entailment: Entailment, threshold: float) -> Judgement:
    if entailment.support >= threshold:
        return Judgement(Support.SUPPORTED, "", judgement.line, entailment.support)
    verdict = Support.CONTRADICTED if entailment.contradiction >= threshold else Support.NOT_FOUND
    return Judgement(verdict, "model", judgement.line, entailment.support)


def estimate(comparison: Comparison) -> float:
    """Return the judge's probability that the line says what the sentence says. Ignores facts in conflict."""
    judge = load_judge()
    return float(1.0 / (1.0 + np.exp(-(comparison.measures @ judge.weights + judge.bias))))


# Courtesies say nothing about a company. Apart from such a phrase they hold only common words.
_COURTESY = re.compile(
    r"\b(?:hello|hi|hey|good (?:morning|afternoon|day|evening|night)|thanks?(?: you)?|welcome|sorry|glad|happy to|"
    r"goodbye|bye|anything else|(?:how |what )?can i (?:help|assist)|(?:support )?assistant|"
    r"i answer from (?:the company['’]s )?documents|i don['’]t know|bring in a person|"
    r"here if you need|have a (?:good|nice|great)(?: (?:day|evening|night|week|weekend|time))?|doing well|"
    r"talk to someone(?: you trust)?|call your local emergency number|let me know|all right|shall i)\b",
    re.IGNORECASE,
)
_COMMON = """
again always can't chip don't else feel feeling further happen happened hear hearing help helped helping helps i'd i'll
i'm inconvenience it's kind like lot more much need nice ok okay other question questions reaching say see so talk
that's today trouble way well what's yes you'd you're
"""
_BESIDE_COURTESY = frozenset(_COMMON.split())


def is_courtesy(text: str) -> bool:
    """Whether a sentence is only small talk, which no document has to support."""
    rest = {word for _, word in tokenise_with_words(_COURTESY.sub(" ", text))}
    return bool(_COURTESY.search(text)) and rest <= _BESIDE_COURTESY and not states_fact(text)


def states_fact(text: str) -> bool:
    """Whether a sentence states something checkable: a model's name, a code, a number, a date or a weekday."""
    names = [name for name in find_names(text) if any(c.isdigit() for c in name)]
    return bool(names or find_codes(text) or find_quantities(text) or find_dates(text) or find_weekdays(text))


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted judge: a weight for each of `SIGNS`, a bias, and the least probability of a sentence that is shown."""

    weights: NDArray[np.float64]
    bias: float
    threshold: float


@cache
def load_judge() -> Judge:
    """Return the judge that ships with the package."""
    raw = json.loads(WEIGHTS.read_text())
    return Judge(np.array([raw["weights"][name] for name in SIGNS]), float(raw["bias"]), float(raw["threshold"]))
