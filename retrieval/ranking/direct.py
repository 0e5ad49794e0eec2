"""Lines that say the wanted value of exactly the thing that a question names, and leave no word of the question open.

"How much is the 7700-B?" and a row "Article: 7700-B; Price: 9 euros": however unlike the two are worded, nothing else
can be meant. Pure; knows nothing of scores.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.english.identifiers import find_identifiers
from retrieval.english.lines import FORMS, read_line, read_question
from retrieval.english.terms import tokenise
from retrieval.ranking.features import Candidate
from retrieval.ranking.others import find_asked

# Words that say which kind of value is wanted, and nothing of what.
_OF_VALUES = frozenset(
    tokenise(
        "much many long often heavy high big large far cost price weigh weight last take run mean meaning error code"
    )
)
_MEANING = FORMS.index("meaning")


def find_direct(question: str, candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Return which candidate lines say the wanted value of all that the question names: (lines,)."""
    asked, held = read_question(question), [find_identifiers(line.text) for line in candidates]
    named = find_asked(question, frozenset().union(*held)) if candidates else frozenset()
    if not named or not (asked.wanted or asked.forms[_MEANING]):
        return np.zeros(len(candidates), dtype=bool)
    words = {word for one in named for word in one.words}
    left = {term for term, word in asked.terms if word not in words} - _OF_VALUES
    marks = []
    for line, own in zip(candidates, held, strict=True):
        form = read_line(line.heading, line.text)
        says = bool(asked.wanted & form.kinds) if asked.wanted else True
        marks.append(says and named <= own and left <= form.terms | form.heading_terms)
    return np.array(marks, dtype=bool)
