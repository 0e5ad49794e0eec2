"""Finds identifiers in English text: codes, versions and model names, which tell one thing from another of its kind.

An identifier is a tuple of words and numbers in lower case, so that "W-12" and "w12" are equal. Knows nothing of
questions.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from retrieval.english.names import find_names

# In Chinese and Japanese nothing parts a code from the words around it: only other Latin letters do.
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
_START, _END = rf"(?<![{_LATIN}\d])", rf"(?![{_LATIN}\d])"
# "ERR-4012", "X1-20", "M11", "RTX3060", "DRV_0042", "MOTOR-7": letters, then digits; and "0x80070005".
_CODE = re.compile(
    rf"{_START}(?:(?:[A-Za-z]{{1,4}}-?|(?:[A-Z]{{1,10}}_)+|[A-Z]{{5,10}}-)\d(?:[A-Za-z\d_-]*[A-Za-z\d])?|"
    rf"0[xX][\dA-Fa-f]{{2,}}){_END}"
)
# "7700-C": digits, then up to two letters; "24-h" and "2-in-1" are no codes.
_NUMBER_FIRST = re.compile(rf"{_START}\d{{3,}}-?[A-Za-z]{{1,2}}\d*{_END}(?!-)")
# "error 1045": a number that is called a code.
_CALLED_CODE = re.compile(
    r"\b(?:errors?|faults?|alarms?|warnings?)(?: (?:code|number|no\.?))? #?(\d{2,6})\b(?![.,]\d| ?%)", re.IGNORECASE
)
_VERSION = re.compile(r"\bv?(\d+(?:\.\d+){2,3})\b", re.IGNORECASE)
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)*|[{_LATIN}]+|[^\W\d_{_LATIN}]+")

Words = tuple[str, ...]


class Kind(StrEnum):
    """The kind of an identifier."""

    CODE = "code"
    VERSION = "version"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier. `words` are in lower case."""

    kind: Kind
    words: Words

    @property
    def stem(self) -> Words:
        """The part that it shares with its family: "Tarn" for the Tarn 40."""
        return self.words[:-1]


def split_words(text: str) -> Words:
    """Return the words and numbers of a text in small letters; letters, digits and other scripts are apart."""
    return tuple(_TOKEN.findall(_normalise(text).casefold()))


def find_codes(text: str) -> frozenset[str]:
    """Return the codes in a text, such as "M11" and "TW-1020", in small letters and without hyphens."""
    return frozenset(re.sub("[-_]", "", code.casefold()) for code in _CODE.findall(_normalise(text)))


@lru_cache(maxsize=100_000)
def find_identifiers(text: str) -> frozenset[Identifier]:
    """Return all identifiers of a text."""
    text = _normalise(text)
    versions = {match.group(1) for match in _VERSION.finditer(text)}
    plain = _VERSION.sub(" ", text)
    codes = {*_CODE.findall(plain), *_NUMBER_FIRST.findall(plain), *_CALLED_CODE.findall(plain)}
    names = (name for name in find_names(plain) if " " in name and not codes & set(name.split()))
    models = [words for name in names if is_model(words := split_words(name))]
    return frozenset(
        [
            *(Identifier(Kind.VERSION, (version,)) for version in versions),
            *(Identifier(Kind.CODE, split_words(code)) for code in codes),
            *(Identifier(Kind.MODEL, words) for words in models),
        ]
    )


def is_model(words: Words) -> bool:
    """Whether a name is that of a model: words with a number, or with a single letter at the end."""
    if len(words) < 2 or not words[0].isalpha():
        return False
    return any(word.isdigit() for word in words[1:]) or (words[-1].isalpha() and len(words[-1]) == 1)


def are_siblings(one: Identifier, other: Identifier) -> bool:
    """Whether two are different members of one family: two codes, two versions, the Moss 2 and the Moss 2 Pro."""
    if one.kind is not other.kind or one.words == other.words:
        return False
    if one.kind is not Kind.MODEL:
        return True
    shorter, longer = sorted((one.words, other.words), key=len)
    return one.stem == other.stem or longer[: len(shorter)] == shorter


def _normalise(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
