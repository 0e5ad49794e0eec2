"""Decides which rows are never learned from, even if liked: rude ones, endless ones, and those in a foreign language.

`rude_words.txt` is a short list of English words, which finds only open insults. A word from the row's own evidence is
no insult. Knows nothing of votes.
"""

import re
from functools import cache
from pathlib import Path

from retrain.examples import Example
from retrain.prompt_forms import parse_prompt
from retrain.variations import split_words
from retrieval.asked.language import find_language

OTHER_LANGUAGE = "in another language than its documents"
TOO_LONG = "too long"
RUDE = "rude words"

MOST_WORDS = 250  # of an answer; a question may have twice as many
_LEAST_LETTERS = 25  # below this, no language is certain
_RUDE_WORDS = Path(__file__).with_name("rude_words.txt")
_DISGUISES = str.maketrans({"@": "a", "$": "s", "!": "i", "0": "o", "1": "i", "3": "e"})
_TOKEN = re.compile(r"[\w@$!*]+")


def find_fault(example: Example) -> str:
    """Return why the row may not be learned from; "" if it may."""
    answer = example.target or example.rejected or ""
    parsed = parse_prompt(example.messages)
    evidence = " ".join(line.text for line in parsed[0].lines) if parsed else ""
    if len(answer.split()) > MOST_WORDS or len(example.question.split()) > 2 * MOST_WORDS:
        return TOO_LONG
    if find_rude(example.target) - find_rude(evidence):
        return RUDE
    return OTHER_LANGUAGE if _differ(example.target, evidence) else ""


def find_rude(text: str) -> set[str]:
    """Return the rude words of a text, including those with signs in place of letters: "1d!ot"."""
    words = set()
    for token in _TOKEN.findall(text.casefold()):
        plain = token.strip("!*")
        if sum(letter.isalpha() for letter in plain) * 2 >= len(plain):
            plain = plain.translate(_DISGUISES)
        words.add(plain)
    bare = words | {word.removesuffix("s") for word in words} | set(split_words(text))
    return bare & load_rude_words()


@cache
def load_rude_words() -> frozenset[str]:
    """Return the list without its comments."""
    lines = _RUDE_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _differ(answer: str, evidence: str) -> bool:
    """Whether both languages are certain and differ."""
    if min(sum(letter.isalpha() for letter in text) for text in (answer, evidence)) < _LEAST_LETTERS:
        return False
    said, held = find_language(answer), find_language(evidence)
    return said is not None and held is not None and said != held
