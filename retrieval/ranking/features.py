"""Features of candidate lines: one row of numbers for each line, in the order of `NAMES`.

Compares a question with lines, and the lines with each other. Knows nothing of weights or of what is shown.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.english.lines import FORMS, LineForm, QuestionForm, read_line, read_question
from retrieval.english.meanings import WordMeanings
from retrieval.english.quantities import UnitKind
from retrieval.passage import Vectors

Name = tuple[str, ...]

NAMES = (
    "cosine",
    "cosine below best",
    "cosine off centre",
    "best cosine of passage",
    "cosine off subject",
    "words shared",
    "words shared with heading",
    "rare words shared",
    "meaning shared",
    "meaning shared with heading",
    "least shared meaning",
    "share of line meant",
    "meaning below best",
    "number of wanted kind",
    "another number",
    "no number though wanted",
    "number though none wanted",
    "name in line",
    "name in heading",
    "sibling's name in line",
    "sibling's name in heading",
    "family's name in line",
    "other name in line",
    "other name in heading",
    "second name only",
    "code shared",
    "another code",
    "rank of passage",
    "length",
    "question mark",
    *(f"{form} asked and said" for form in FORMS),
)

# Below this cosine two word pieces have nothing to do with each other.
_UNRELATED = 0.15
# A subject's middle is mixed with that of all lines as if it had this many lines more.
_SHRINK = 4.0
# Right before a name these say that it is not meant: "without the Pro", "rather than the Pro".
_NOT = frozenset({"not", "no", "non", "without", "except", "than", "o"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may be shown: its heading path, its text, and the rank of its passage in the search (0: best)."""

    heading: str
    text: str
    passage: int = 0


def build_features(
    question: str, vector: Vectors, candidates: Sequence[Candidate], vectors: Vectors, meanings: WordMeanings
) -> NDArray[np.float64]:
    """Return (candidates, `NAMES`) numbers.

    `vector` is the question's, (width,), and `vectors` the lines', (candidates, width), each of length 1.
    """
    asked = read_question(question)
    lines = [read_line(candidate.heading, candidate.text) for candidate in candidates]
    names = find_asked_names(asked, lines)
    content = _content_terms(asked, names)
    columns = [
        *_compare_vectors(vector, vectors, [candidate.passage for candidate in candidates]),
        _compare_off_subject(vector, vectors, names, lines),
        *_compare_words(content, lines, meanings),
        *_compare_numbers(asked, lines),
        *_compare_names(names, lines),
        *_compare_codes(asked, lines),
        [math.log(1.0 + candidate.passage) for candidate in candidates],
        [math.log(1.0 + line.length) / 4.0 for line in lines],
        [float(candidate.text.rstrip().endswith("?")) for candidate in candidates],
        *([asks * line.forms[form] for line in lines] for form, asks in enumerate(asked.forms)),
    ]
    return np.array(columns, dtype=np.float64).T


def _compare_vectors(vector: Vectors, vectors: Vectors, passages: Sequence[int]) -> list[NDArray[np.float64]]:
    cosines = (vectors @ vector).astype(np.float64)
    middle = vectors.mean(axis=0)
    away = vectors - middle
    asked = vector - middle
    off = away @ asked / np.maximum(np.linalg.norm(away, axis=1) * np.linalg.norm(asked), 1e-6)
    best: dict[int, float] = {}
    for passage, cosine in zip(passages, cosines, strict=True):
        best[passage] = max(best.get(passage, -1.0), float(cosine))
    whole = np.array([best[passage] for passage in passages])
    return [cosines, cosines - cosines.max(), off.astype(np.float64), whole]


def _compare_off_subject(
    vector: Vectors, vectors: Vectors, names: Sequence[Name], lines: Sequence[LineForm]
) -> NDArray[np.float64]:
    """Return the cosines after taking from each side what all lines about its own product family have in common.

    "How do I make my Moss fly?" is near every line about the Moss; what is left of it is near "No robot can fly".
    """
    middle = vectors.mean(axis=0)
    subjects = [_find_subject(line) for line in lines]
    middles = {}
    for subject in set(subjects):
        rows = [row for row, other in enumerate(subjects) if other == subject]
        middles[subject] = (vectors[rows].sum(axis=0) + _SHRINK * middle) / (len(rows) + _SHRINK)
    asked = vector - middles.get(names[0][0] if names else "", middle)
    away = vectors - np.array([middles[subject] for subject in subjects])
    lengths = np.linalg.norm(away, axis=1) * np.linalg.norm(asked)
    return np.asarray(away @ asked / np.maximum(lengths, 1e-6), dtype=np.float64)


def _find_subject(line: LineForm) -> str:
    names = line.names or line.heading_names
    return min((name[0] for name in names if len(name) > 1), default="")


def _content_terms(asked: QuestionForm, names: Sequence[Name]) -> list[tuple[str, str]]:
    """Return the question's terms without those of the names, which are compared as names."""
    named = {token for name in names for token in name}
    kept = [(term, word) for term, word in asked.terms if word not in named and word.removesuffix("s") not in named]
    return kept or list(asked.terms)


def _compare_words(
    content: Sequence[tuple[str, str]], lines: Sequence[LineForm], meanings: WordMeanings
) -> list[NDArray[np.float64]]:
    if not content:
        return [np.zeros(len(lines)) for _ in range(8)]
    counts = Counter(term for line in lines for term in line.terms | line.heading_terms)
    local = np.array([_rarity(counts[term], len(lines)) for term, _ in content])
    looked = [meanings.look_up(word) for _, word in content]
    general = np.array([0.25 + rarity for _, rarity in looked])
    weights = local * general
    in_text = np.array([[float(term in line.terms) for term, _ in content] for line in lines])
    in_any = np.array(
        [[float(term in line.terms or term in line.heading_terms) for term, _ in content] for line in lines]
    )
    near, near_line = _compare_meanings(np.array([direction for direction, _ in looked]), lines, meanings)
    near = np.maximum(near, in_text)
    near_any = np.maximum(near, in_any)
    meant = near @ weights / weights.sum()
    return [
        in_text @ local / local.sum(),
        in_any @ local / local.sum(),
        in_text @ general / general.sum(),
        meant,
        near_any @ weights / weights.sum(),
        near_any.min(axis=1),
        near_line,
        meant - meant.max(),
    ]


def _rarity(count: int, lines: int) -> float:
    return math.log(1.0 + (lines - count + 0.5) / (count + 0.5)) + 0.05


def _compare_meanings(
    asked: Vectors, lines: Sequence[LineForm], meanings: WordMeanings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how near each asked word is to each line's nearest word, and how near a line's words are on the whole."""
    words = list(dict.fromkeys(word for line in lines for word in line.words))
    if not words:
        return np.zeros((len(lines), len(asked))), np.zeros(len(lines))
    places = {word: place for place, word in enumerate(words)}
    table = np.array([meanings.look_up(word)[0] for word in words])
    nearness = np.maximum(0.0, (table @ asked.T - _UNRELATED) / (1.0 - _UNRELATED)).astype(np.float64)
    filled = [row for row, line in enumerate(lines) if line.words]
    lengths = np.array([len(lines[row].words) for row in filled])
    starts = np.cumsum(lengths) - lengths
    every = nearness[[places[word] for row in filled for word in lines[row].words]]
    near = np.zeros((len(lines), len(asked)))
    line_near = np.zeros(len(lines))
    near[filled] = np.maximum.reduceat(every, starts, axis=0)
    line_near[filled] = np.add.reduceat(every.max(axis=1), starts) / lengths
    return near, line_near


def _compare_numbers(asked: QuestionForm, lines: Sequence[LineForm]) -> list[list[float]]:
    wanted = asked.wanted
    exact = wanted - {UnitKind.COUNT} if len(wanted) > 1 else wanted
    rows = []
    for line in lines:
        fits = bool(line.kinds & exact)
        rows.append(
            [
                float(fits),
                float(bool(wanted) and not fits and bool(line.kinds)),
                float(bool(wanted) and not line.kinds),
                float(not wanted and bool(line.kinds)),
            ]
        )
    return [list(column) for column in zip(*rows, strict=True)]


def find_asked_names(asked: QuestionForm, lines: Sequence[LineForm]) -> list[Name]:
    """Return the names of the lines that the question says, in its order, the longest at each place.

    "Moss 2, not the Pro" names the Moss 2. A family's name alone ("my Moss") counts where no full name is said.
    """
    known = {name for line in lines for name in line.names | line.heading_names}
    families = {name[0] for name in known if len(name) > 1}
    found: list[Name] = []
    place = 0
    while place < len(asked.tokens):
        fitting = [name for name in known if asked.tokens[place : place + len(name)] == name]
        name = max(fitting, key=len, default=None)
        token = asked.tokens[place].removesuffix("s")
        if name is None and token in families:
            name = (token,)
        if name is not None and not (place and asked.tokens[place - 1] in _NOT) and name not in found:
            found.append(name)
        place += len(name) if name else 1
    full = [name for name in found if len(name) > 1]
    return full or found


def _compare_names(asked: Sequence[Name], lines: Sequence[LineForm]) -> list[list[float]]:
    if not asked:
        return [[0.0] * len(lines) for _ in range(8)]
    first, others = asked[0], set(asked[1:])
    rows = []
    for line in lines:
        here = _relate(first, others, line.names)
        above = _relate(first, others, line.heading_names)
        silent = not line.names
        rows.append(
            [
                float(here == "same"),
                float(above == "same"),
                float(here == "sibling"),
                float(above == "sibling" and (silent or here == "sibling")),
                float(here == "family"),
                float(here == "other" and above != "same"),
                float(above == "other" and here in ("none", "other")),
                float(here == "second" or (here == "none" and above == "second")),
            ]
        )
    return [list(column) for column in zip(*rows, strict=True)]


def _relate(first: Name, others: set[Name], names: frozenset[Name]) -> str:
    """Return how a line's names stand to the first name asked: the same, a sibling ("Moss 2 Pro"), its family, ..."""
    if first in names or (len(first) == 1 and any(name[0] == first[0] for name in names)):
        return "same"
    if names & others:
        return "second"
    relatives = [name for name in names if name[0] == first[0]]
    if any(len(name) == 1 for name in relatives):
        return "family"
    if relatives:
        return "sibling"
    return "other" if any(len(name) > 1 for name in names) else "none"


def _compare_codes(asked: QuestionForm, lines: Sequence[LineForm]) -> list[list[float]]:
    """A code that stands in more than a quarter of the lines ("ESP32") names the subject and tells nothing apart."""
    counts = Counter(code for line in lines for code in line.codes)
    codes = {code for code in asked.codes if counts[code] <= len(lines) / 4}
    if not codes:
        return [[0.0] * len(lines), [0.0] * len(lines)]
    return [
        [float(bool(codes & line.codes)) for line in lines],
        [float(bool(line.codes) and not codes & line.codes) for line in lines],
    ]
