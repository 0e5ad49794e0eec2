"""Mends misspelt words of a question: "waht does the Drfit 300 wiegh" is searched as "what does the Drift 300 weigh".

A word is misspelt if it is neither English nor in the documents. It becomes the word one slip away that people most
likely meant. Codes, short forms and single letters stay, because there one letter tells two things apart.
"""

import re
from collections.abc import Callable, Iterator
from string import ascii_lowercase

from retrieval.asked.language import find_language
from retrieval.english.meanings import load_meanings
from retrieval.english.terms import tokenise

# A shorter word has too many neighbours.
LEAST_LETTERS = 4
MOST_WORDS = 40
_WORD = re.compile(r"(?<![\w-])[^\W\d_]+(?![\w-])")
# "whats" and "dont": only the apostrophe is missing.
_CONTRACTED = re.compile(
    r"(what|where|how|who|when|that|there|here)(s)|(do|does|did|is|was|are|were|has|have|had|ca|could|would|should)(nt)",
    re.IGNORECASE,
)
# What a slip costs: letters swapped, a double letter, one left out, one too many, another one.
_SWAPPED, _DOUBLED, _LEFT_OUT, _TOO_MANY, _ANOTHER = 0.5, 0.5, 1.0, 2.0, 3.0
# How much less it costs to arrive at a word that the documents hold, or at a longer one that any question may hold.
_HELD_WORD, _PLAIN_WORD = 0.9, 3.0
_VOWELS = "aeiouy"
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BEFORE_NUMBER = re.compile(r"[ -]\d")
# Beside the words that every sentence is made of, those of questions: they are meant though no document holds them.
_ASKING = frozenset(
    ["many", "mean", "means", "much", "often", "cost", "costs", "price", "long", "work", "works", "please", "available"]
)
Knows = Callable[[str], bool]


def mend_spelling(question: str, knows: Knows) -> str:
    """Return the question with its misspelt words mended. `knows` tells whether the documents use a word.

    Questions in other languages and texts of more than `MOST_WORDS` words stay as they are.
    """
    if len(question.split()) > MOST_WORDS or not any(_is_odd(word, knows) for word in _WORD.findall(question)):
        return question
    if find_language(question) not in (None, "en"):
        return question
    return _WORD.sub(lambda match: _mend(match, knows), question)


def _mend(match: re.Match[str], knows: Knows) -> str:
    word = match.group()
    if contracted := _CONTRACTED.fullmatch(word):
        head, tail = filter(None, contracted.groups())
        return f"{head}'s" if tail.lower() == "s" else f"{head}n't"
    if not _is_odd(word, knows):
        return word
    is_name = (word[0].isupper() and match.start() > 0) or bool(_BEFORE_NUMBER.match(match.string, match.end()))
    meant = _find_meant(word.lower(), knows, is_name=is_name)
    return meant.capitalize() if meant and word[0].isupper() else meant or word


def _is_odd(word: str, knows: Knows) -> bool:
    if len(word) < LEAST_LETTERS or not word.isascii() or not (word.islower() or word.istitle()):
        return False
    return _find_place(word) is None and not knows(word)


def _find_meant(word: str, knows: Knows, *, is_name: bool) -> str | None:
    """Return the likeliest word one slip away, None where there is none; of a name only what the documents hold."""
    ranked = []
    for cost, option in _slip(word):
        is_plain = option in _ASKING or not tokenise(option)
        is_held = not is_plain and knows(option)
        place = _find_place(option)
        if is_held or (not is_name and (is_plain or place is not None)):
            gain = _HELD_WORD * is_held + _PLAIN_WORD * (is_plain and len(option) >= LEAST_LETTERS)
            ranked.append((cost - gain, place or 0, is_held or is_plain or cost <= _LEFT_OUT, option))
    best = min(ranked, default=None)
    return best[-1] if best and best[-2] else None


def _find_place(word: str) -> int | None:
    return load_meanings().find_place(word.lower())


def _slip(word: str) -> Iterator[tuple[float, str]]:
    """Yield what may have been meant, with the cost of the slip; the first letter is wrong only where it is swapped."""
    yield from ((_DOUBLED, option) for option in _double(word))
    for at in range(len(word)):
        head, letter, tail = word[:at], word[at], word[at + 1 :]
        if tail:
            yield _SWAPPED, head + tail[0] + letter + tail[1:]
        yield from ((_LEFT_OUT, head + letter + more + tail) for more in ascii_lowercase)
        if head:
            yield _DOUBLED if letter == head[-1] else _TOO_MANY, head + tail
            yield from ((_ANOTHER, head + other + tail) for other in _find_near(letter))


def _double(word: str) -> Iterator[str]:
    """Yield the word with one or two letters doubled: "adres" lacks both of "address"."""
    for first in range(len(word)):
        for second in range(first, len(word)):
            doubled = word[: second + 1] + word[second:] if second > first else word
            yield doubled[: first + 1] + doubled[first:]


def _find_near(letter: str) -> str:
    """Return the letters that are written for this one: other vowels, and its neighbours on the keyboard."""
    row = next((keys for keys in _KEYS if letter in keys), letter)
    place = row.index(letter)
    near = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    return near + (_VOWELS.replace(letter, "") if letter in _VOWELS else "")
