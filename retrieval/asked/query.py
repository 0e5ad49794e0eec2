"""From a message and its thread to what is searched: impersonal, complete and with its short forms written out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrieval.asked.acronyms import expand_acronyms
from retrieval.asked.gist import find_gist
from retrieval.asked.impersonal import make_impersonal
from retrieval.asked.standalone import resolve_follow_up
from retrieval.passage import Turn

# Only the start of a longer message is read: that much is no question.
MAX_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Query:
    """One question in the forms that its readers need.

    `gist` is the question out of its message, in the asker's words. `impersonal` is the gist with all names removed:
    the model reads this one. `standalone` is complete without the thread. `text` is what an approved answer is looked
    up by, and `searched` what documents are searched by: it may hold more of the thread.
    """

    gist: str
    impersonal: str
    standalone: str
    text: str
    searched: str


def read_query(
    message: str, thread: Sequence[Turn], knows: Callable[[str], bool], list_titles: Callable[[], Sequence[str]]
) -> Query:
    """Return the query that a message makes in this thread. `knows` tells whether the documents use a word."""
    gist = find_gist(message[:MAX_CHARACTERS], knows)
    whole = resolve_follow_up(gist, thread, list_titles)
    text, searched = (
        make_impersonal(expand_acronyms(form, list_titles), knows) for form in (whole.question, whole.searched)
    )
    return Query(gist, make_impersonal(gist, knows), whole.question, text, searched)
