"""How people are spoken of in the lessons: with which pronouns and names, in which role, dialect and language.

A model that only ever reads "he" beside a technician learns that. So a lesson that speaks of somebody as he or she is
also taught with the other pronoun, with "they", and with nobody in particular. English, by word lists. Knows rows of a
data set, nothing of training.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from retrain.examples import Example
from retrain.prompt_forms import ask, parse_prompt
from retrieval.asked.impersonal import make_impersonal
from retrieval.asked.language import find_language

SPOKEN_OF = ("she", "he", "they", "a name", "nobody")
Counts = Mapping[str, Mapping[str, int]]
"""How many lessons speak of somebody as each of `SPOKEN_OF`, by what the lessons are about."""

_FORMS = {"she": ("she", "her", "her", "hers", "herself"), "he": ("he", "him", "his", "his", "himself")}
_SUBJECT, _OBJECT, _POSSESSIVE, _OWN, _REFLEXIVE = range(5)
_GENDERED = re.compile(r"\b(?:she|hers|herself|her|he|him|his|himself)\b", re.IGNORECASE)
_THEY = re.compile(r"\b(?:they|them|their|theirs|themselves|somebody)\b", re.IGNORECASE)
_NAME = re.compile(r"\[name \d+\]")
_ROLES = re.compile(
    r"\b(accountant|admin|administrator|agent|assistant|boss|chef|colleague|courier|customer|designer|developer|director"
    r"|doctor|driver|engineer|guest|manager|mechanic|neighbou?r|nurse|owner|receptionist|salesperson|secretary"
    r"|supervisor|teacher|technician|tenant|user|visitor|worker)s?\b",
    re.IGNORECASE,
)
_STEMS = (
    "apolog|author|categor|custom|initial|maxim|minim|normal|optim|organ|personal|priorit|real|recogn|summar|synchron"
)
_BRITISH = re.compile(
    rf"\b(?:(?:colour|favour|behaviour|neighbour|labour)\w*|centres?|metres?|litres?|(?:{_STEMS})is(?:e|ed|es|ing|ation)"
    r"|catalogues?|grey|tyres?|fibres?|programmes?|cheques?|aluminium|postcodes?)\b",
    re.IGNORECASE,
)
_AMERICAN = re.compile(
    rf"\b(?:(?:color|favor|behavior|neighbor|labor)(?:s|ed|s?ful|hood|ite)?|centers?|meters?|liters?"
    rf"|(?:{_STEMS})iz(?:e|ed|es|ing|ation)|catalogs?|gray|fibers?|aluminum|zip codes?)\b",
    re.IGNORECASE,
)
# "her" and "his" own what follows, unless one of these does.
_NO_NOUN = re.compile(
    r"\s*(?:$|[.,;:?!)]|(?:to|at|in|on|for|with|and|or|but|if|when|that|about|from|by|as|is|are|was|were|will|would|can|"
    r"could|may|should|again|now|back|how|what|where|why|because|before|after|so|not|a|an|the|this|it)\b)",
    re.IGNORECASE,
)


def count_people(examples: Iterable[Example]) -> Counts:
    """Return how rows speak of people: in all, by role, by dialect and by language. A row may count in several."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        text = f"{example.question} {example.target}"
        as_what = [name for name, pattern in _PATTERNS if pattern.search(text)] or ["nobody"]
        roles = {f"role: {match[1].casefold().removesuffix('s')}" for match in _ROLES.finditer(text)}
        language = find_language(example.question)
        for about in ["all", *roles, *_tell_dialect(text), *([f"language: {language}"] if language else [])]:
            counts[about].update(as_what)
    ordered = sorted(counts, key=lambda about: (about != "all", about.partition(":")[0], -counts[about].total(), about))
    return {about: {name: counts[about][name] for name in SPOKEN_OF} for about in ordered}


def count_all(examples: Iterable[Example]) -> dict[str, int]:
    """Return how rows speak of people, in all."""
    return dict(count_people(examples).get("all", {}))


def swap_people(example: Example) -> list[Example]:
    """Return copies of a row whose question speaks of somebody as she or he: with the other, "they", and nobody.

    None where the answer speaks of that person too, or the prompt cannot be read.
    """
    parsed = parse_prompt(example.messages)
    if parsed is None or _GENDERED.search(example.target):
        return []
    evidence, question = parsed
    return [
        replace(example, messages=ask(example.messages, evidence, asked), form="altered")
        for asked in swap_question(question)
    ]


def swap_question(question: str) -> list[str]:
    """Return a question that speaks of somebody as she or he in the other ways: the other pronoun, "they", nobody."""
    if not _GENDERED.search(question):
        return []
    swapped = [_speak_of(question, gender) for gender in ("she", "he")]
    swapped.append(make_impersonal(question, lambda _word: False))
    swapped.append(_leave_out(question))
    return [one for one in dict.fromkeys(swapped) if one and one != question]


def _speak_of(text: str, gender: str) -> str:
    def swap(found: re.Match[str]) -> str:
        word = _FORMS[gender][_find_form(found.group().casefold(), text[found.end() :])]
        return word.capitalize() if found.group()[0].isupper() else word

    return _GENDERED.sub(swap, text)


def _find_form(word: str, behind: str) -> int:
    if word in ("she", "he"):
        return _SUBJECT
    if word in ("herself", "himself"):
        return _REFLEXIVE
    if word in ("him", "hers"):
        return _OBJECT if word == "him" else _OWN
    if _NO_NOUN.match(behind):
        return _OBJECT if word == "her" else _OWN
    return _POSSESSIVE


def _leave_out(question: str) -> str:
    """Return the question about anybody: what somebody asks for somebody else is asked plainly."""
    plain = make_impersonal(question, lambda _word: False)
    for pattern, instead in (
        (r"\b(?:they|somebody)\s+(?=(?:can|could|may|must|should|will|would|have|need|want)\b)", "one "),
        (r"\btheir\b", "the"),
        (r"\bthem\b", "one"),
    ):
        plain = re.sub(pattern, instead, plain, flags=re.IGNORECASE)
    return plain[:1].upper() + plain[1:]


def _tell_dialect(text: str) -> Iterator[str]:
    if _BRITISH.search(text):
        yield "dialect: British"
    if _AMERICAN.search(text):
        yield "dialect: American"


_PATTERNS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("she", re.compile(r"\b(?:she|hers?|herself)\b", re.IGNORECASE)),
    ("he", re.compile(r"\b(?:he|him|his|himself)\b", re.IGNORECASE)),
    ("they", _THEY),
    ("a name", _NAME),
)
