"""Decides whether others may see a question: only if it says nothing beyond the documents.

Names, companies, order numbers and private matters contain words that no document holds. Errs on the side of hiding a
question.
"""

from collections.abc import Callable

from retrieval.english.terms import tokenise

LONGEST_WORDS = 25
# Words that questions are phrased with, besides the stop words of search.
_ASKING = frozenset(
    tokenise(
        """
        long longer longest much many more most often far fast old new big large small heavy high low deep
        wide quick quickly soon early late easy hard good better best bad worse right wrong possible
        possibly get gets got getting go goes going need needs needed want work works working use uses used
        using make makes take takes taken give gives happen happens mean means cost costs price find know
        tell show let keep try change set start stop turn help come comes available allowed able way ways
        thing things kind type difference between different same one two first last next time times day days
        week weeks month months year years hour hours minute minutes support supported include included
        always never still yet already again before after until while since each every other another instead
        else like really own per via
        """
    )
)


def is_shareable(question: str, knows: Callable[[str], bool]) -> bool:
    """Return whether a question may be shown to everybody for whom `knows` tells that documents hold a term."""
    terms = tokenise(question)
    if not terms or len(question.split()) > LONGEST_WORDS:
        return False
    return all(term in _ASKING or knows(term) for term in dict.fromkeys(terms))
