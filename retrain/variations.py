"""Altered copies of a served prompt, so that a lesson is learned beyond one byte-exact prompt.

What an answer quotes must stay true: markers are renumbered with the evidence, and numbers in a question are not
changed. Knows nothing of feedback or training.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace

from retrain.examples import Example
from retrain.prompt_forms import ask, find_numbers, parse_prompt, renumber
from retrain.rewording import reword
from retrieval.draft import Draft
from retrieval.english.sentences import split_sentences
from retrieval.passage import CUSTOMER_SCOPE, Evidence, EvidenceLine, Match
from retrieval.retrieved import Retrieved

KeepsMeaning = Callable[[str, str], bool]

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_OPENERS = ("Hi, ", "Hello! ", "Quick question: ", "Please tell me: ")
_ENDINGS = ("", "?", " ?", "??", ", please?", " Thanks!")


def rebuild_draft(example: Example, is_question: Callable[[str], bool]) -> Draft:
    """Return the draft whose prompt is the example, as a customer would be answered.

    A question without evidence is refused, as in serving. `is_question` tells it from small talk.
    """
    parsed = parse_prompt(example.messages)
    evidence, question = parsed or (Evidence((), Match.WEAK), "")
    asks = bool(question) and is_question(question)
    retrieved = Retrieved(question, (), evidence, 0.0, question, is_question=asks)
    return Draft(question, CUSTOMER_SCOPE, retrieved, example.messages)


def find_quote(text: str, evidence: Evidence) -> EvidenceLine | None:
    """Return the first line that holds the text as a run of whole sentences; None if no line does."""
    said = split_sentences(text)
    for line in evidence.lines:
        held = split_sentences(line.text)
        if said and any(held[start : start + len(said)] == said for start in range(len(held))):
            return line
    return None


def split_words(text: str) -> list[str]:
    """Return the text's words and numbers in lower case."""
    return _WORD.findall(text.casefold())


def vary(
    example: Example, count: int, chance: random.Random, keeps_meaning: KeepsMeaning | None = None
) -> list[Example]:
    """Return up to `count` altered copies of the example, all different; none where the prompt cannot be read.

    Every other copy asks in other words, where there are some of which `keeps_meaning` says that they ask the same. The
    last wording is kept for the gate: see `find_kept_wordings`.
    """
    parsed = parse_prompt(example.messages)
    if parsed is None:
        return []
    evidence, question = parsed
    wordings = [other for other in reword(question)[:-1] if keeps_meaning is None or keeps_meaning(question, other)]
    seen = {example.messages}
    copies = []
    for number in range(count):
        asked = wordings[number // 2 % len(wordings)] if wordings and number % 2 else question
        copy = _alter(example, evidence, asked, number, chance)
        if copy.messages not in seen:
            seen.add(copy.messages)
            copies.append(copy)
    return copies


def _alter(example: Example, evidence: Evidence, question: str, number: int, chance: random.Random) -> Example:
    """Alter the evidence, the question, or both in turn, so that a few copies already differ in every way."""
    target = example.target
    if number % 3 != 1:
        evidence, target = _alter_evidence(evidence, target, drop=number % 2 == 0, chance=chance)
    if number % 3 != 0:
        question = _alter_question(question, chance)
    return replace(example, messages=ask(example.messages, evidence, question), target=target, form="altered")


def _alter_evidence(evidence: Evidence, target: str, *, drop: bool, chance: random.Random) -> tuple[Evidence, str]:
    """Leave out a line or passage that the target does not cite, or shuffle them. Renumber both sides alike."""
    cited = find_numbers(target)
    lines = list(evidence.lines)
    spare = [line for line in lines if line.number not in cited]
    if drop and len(lines) > 1 and spare:
        lines.remove(chance.choice(spare))
    else:
        chance.shuffle(lines)
    numbers = {line.number: position for position, line in enumerate(lines, start=1)}
    renumbered = tuple(replace(line, number=numbers[line.number]) for line in lines)
    return replace(evidence, lines=renumbered), renumber(target, numbers)


def _alter_question(question: str, chance: random.Random) -> str:
    """Change letter case, and opening and closing punctuation. The words stay."""
    bare = question.rstrip(" ?!.")
    style = chance.randrange(3)
    if style == 0:
        return bare.lower() + chance.choice(_ENDINGS[:2])
    if style == 1:
        return bare + chance.choice(_ENDINGS)
    return chance.choice(_OPENERS) + bare[:1].lower() + bare[1:] + "?"
