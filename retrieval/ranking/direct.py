"""Lines that say exactly what a question asks for, and leave no word of it open.

"How much is the 7700-B?" and a row "Article: 7700-B; Price: 9 euros", "What is the address in Turku?" and a street
below the heading "Turku": however unlike the two are worded, nothing else can be meant. Pure; knows nothing of scores.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.english.identifiers import find_identifiers
from retrieval.english.lines import FORMS, LineForm, QuestionForm, read_line, read_question
from retrieval.english.terms import tokenise
from retrieval.ranking.extremes import find_extremes
from retrieval.ranking.features import Candidate
from retrieval.ranking.others import find_asked

# Words that say which kind of value is wanted, and nothing of what.
_OF_VALUES = frozenset(
    tokenise(
        "much many long often heavy high big large far cost price weigh weight last take run mean meaning error code"
    )
)
_OF_ADDRESSES = frozenset(
    tokenise(
        "address street located location find situated exact postal visiting shop store depot office branch workshop "
        "service centre center point site place headquarters warehouse"
    )
)
_OF_RANK = frozenset(
    tokenise(
        "latest newest recent current most version release update number less more least below under above over cheap "
        "cheaper cheapest expensive fastest quickest slowest longest shortest lightest heaviest"
    )
)
_MEANING = FORMS.index("meaning")
_ASKS_ADDRESS = re.compile(
    r"\b(?<!mail )(?<!web )(?<!ip )(?<!e-mail )(?<!mac )address\b(?! book)|\bwhich street\b|\bwhere (?:is|are)\b|"
    r"\blocated\b",
    re.IGNORECASE,
)
# "Linnankatu 3", "12 Mill Lane", "Via Roma 9": a street with a number, at the start of a line or of a cell.
_STREET = re.compile(
    r"(?:^|[:;,] )(?:(?:[A-Z][\w.'’-]+ ){0,3}[A-Z][\w.'’-]{3,} \d{1,4}[a-z]?(?=[,;.]|$)|"
    r"\d{1,4}[a-z]? (?:[A-Z][\w.'’-]+ ){1,3}(?:street|st|road|rd|avenue|ave|lane|drive|way|square|court|boulevard)\b)",
)
_CELL = re.compile(r"(?:^|; )(?P<label>[^:;\n]{1,40}): (?P<value>[^;\n]+)")


def find_direct(question: str, candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Return which candidate lines say what is asked of exactly what the question names: (lines,)."""
    if not candidates:
        return np.zeros(0, dtype=bool)
    asked = read_question(question)
    forms = [read_line(line.heading, line.text) for line in candidates]
    marks = _find_named(question, asked, candidates, forms)
    marks |= [_explains_cells(asked, line, form) for line, form in zip(candidates, forms, strict=True)]
    if _ASKS_ADDRESS.search(question):
        marks |= [
            _STREET.search(line.text) is not None and bool(own := _leave(asked, _OF_ADDRESSES)) and own <= _say(form)
            for line, form in zip(candidates, forms, strict=True)
        ]
    if (winners := find_extremes(question, candidates).winners).any():
        numbers = {term for term, _ in asked.terms if term[0].isdigit()}
        marks |= winners & [_leave(asked, _OF_RANK | _OF_VALUES | numbers) <= _say(form) for form in forms]
    return marks


def _say(form: LineForm) -> frozenset[str]:
    return form.terms | form.heading_terms


def _leave(asked: QuestionForm, known: frozenset[str]) -> frozenset[str]:
    """Return the terms of a question but those that only say what is wanted."""
    return frozenset(term for term, _ in asked.terms) - known


def _find_named(
    question: str, asked: QuestionForm, candidates: Sequence[Candidate], forms: Sequence[LineForm]
) -> NDArray[np.bool_]:
    """Return which lines hold the wanted value of all codes, versions and models that the question names."""
    held = [find_identifiers(line.text) for line in candidates]
    named = find_asked(question, frozenset().union(*held))
    if not named or not (asked.wanted or asked.forms[_MEANING]):
        return np.zeros(len(candidates), dtype=bool)
    words = {word for one in named for word in one.words}
    left = {term for term, word in asked.terms if word not in words} - _OF_VALUES
    return np.array(
        [
            named <= own and left <= _say(form) and (not asked.wanted or bool(asked.wanted & form.kinds))
            for own, form in zip(held, forms, strict=True)
        ],
        dtype=bool,
    )


def _explains_cells(asked: QuestionForm, line: Candidate, form: LineForm) -> bool:
    """Whether a row of a table is named by one of its cells, and the question asks for another by its label."""
    left = _leave(asked, _OF_VALUES)
    if not left or not left <= _say(form):
        return False
    terms = frozenset(term for term, _ in asked.terms)
    cells = [
        (frozenset(tokenise(cell["label"])), frozenset(tokenise(cell["value"]))) for cell in _CELL.finditer(line.text)
    ]
    keys = [label for label, value in cells if value and value <= terms and any(map(str.isalpha, value))]
    return any(label and label <= terms and label != key for label, _ in cells for key in keys)
