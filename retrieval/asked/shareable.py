"""Whether a question that somebody asked may be shown to others: it says nothing that the documents do not.

A name, a company, an order number or a sentence of somebody's own is made of words that no document holds; what is left
are questions about the documents. Rather hides a question too many.
"""

from collections.abc import Callable

from retrieval.english.terms import tokenise

LONGEST_WORDS = 25
# What a question is put with, besides the words that search leaves out anyway.
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
