"""Turns a message and its thread into a query: complete, impersonal, and with acronyms spelt out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from retrieval.asked.acronyms import expand_acronyms, find_long_form
from retrieval.asked.gist import find_gist
from retrieval.asked.impersonal import make_impersonal
from retrieval.asked.spelling import mend_spelling
from retrieval.asked.standalone import resolve_follow_up
from retrieval.passage import Turn

# Only the start of a longer message is read: that much is no question.
MAX_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Query:
    """One question in all the forms that other steps read.

    `gist` is the question in the asker's words, without the rest of the message and with its spelling mended.
    `impersonal` is the gist without names; the model reads this form. `standalone` is complete without the thread.
    Approved answers are looked up by `text`. Documents are searched by `searched`, which may hold more of the thread.
    """

    gist: str
    impersonal: str
    standalone: str
    text: str
    searched: str


def read_query(
    message: str,
    thread: Sequence[Turn],
    knows: Callable[[str], bool],
    list_titles: Callable[[], Sequence[str]],
    list_texts: Callable[[], Iterable[str]],
) -> Query:
    """Return the query that a message makes in this thread.

    `knows` tells whether the documents use a word; `list_texts` gives all text that the asker may read.
    """
    gist = find_gist(message[:MAX_CHARACTERS], knows)
    if (mended := mend_spelling(gist, knows)) != gist:
        gist = find_gist(mended, knows)

    def spell_out(acronym: str) -> str | None:
        return None if knows(acronym) else find_long_form(acronym, list_texts())

    whole = resolve_follow_up(gist, thread, list_titles)
    text, searched = (
        make_impersonal(expand_acronyms(form, list_titles, spell_out), knows)
        for form in (whole.question, whole.searched)
    )
    return Query(gist, make_impersonal(gist, knows), whole.question, text, searched)
