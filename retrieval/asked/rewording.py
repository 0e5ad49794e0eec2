"""Puts a customer's report of a broken thing into the words of documents.

"My Moss 2 is broken" asks for the page about faults and repairs, and not for every line with the word "broken". Works
by rules, for English. Only search reads the question so. Knows no documents.
"""

import re

from retrieval.english.closed_words import AUXILIARIES, QUESTION_WORDS

_GREETING = re.compile(r"^\W*(?:(?:hi|hello|hey|help|sorry|please|so|oh no|ok)\b\W*)+", re.IGNORECASE)
# A plea asks for help, and says nothing more of the fault.
_PLEA = re.compile(
    r"\W+(?:and )?(?:i need help|help(?: me)?|please(?: help| advise)?|any ideas?|how do i proceed|"
    r"(?:so )?what (?:now|to do|(?:shall|should|do|can|must) i do)|(?:can|could) you help(?: me)?)\W*$",
    re.IGNORECASE,
)
# "my lawn robot", or a name: "Moss 2".
_THING = r"(?P<thing>(?:(?:my|our|the|this|that)\s+(?:[\w'’-]+\s+){0,3}?[\w-]+)|(?-i:(?:[A-Z][\w-]*\s+){1,3}?[\w-]+))"
_WHEN = r"(?:\W+(?:again|now|today|yesterday|already|completely|somehow|since \w+))*\W*$"
_BROKEN = re.compile(
    rf"^{_THING}\s+(?:(?:is|are|seems?(?: to be)?|appears?(?: to be)?|got|ha(?:s|ve) been|looks?)\s+"
    r"(?:\w+ly\s+|just\s+|now\s+)?(?:broken|defective|faulty|damaged|dead|out of order|kaputt?)|"
    rf"(?:ha(?:s|ve) |just |ha(?:s|ve) just )?(?:broke|broken|died|broke down|broken down|gave up)){_WHEN}",
    re.IGNORECASE,
)
_NOT_WORKING = re.compile(
    rf"^{_THING}\s+(?:(?:ha(?:s|ve) |just |suddenly )?stopped working|(?:does not|doesn['’]?t|do not|don['’]?t) work|"
    rf"no longer works|is not working|isn['’]?t working)(?: any ?more| any longer| at all)?{_WHEN}",
    re.IGNORECASE,
)
_ASKING = frozenset((*AUXILIARIES, *QUESTION_WORDS))


def reword(question: str) -> str:
    """Return the question in the words of documents; unchanged where it reports nothing."""
    if (thing := _find_broken(question)) is not None:
        return f"How do I report a fault of {thing} and get it repaired?"
    return question


def reports_breakage(message: str) -> bool:
    """Whether a message only says that a thing is broken."""
    return _find_broken(message) is not None


def _find_broken(message: str) -> str | None:
    """Return the thing that is broken; None if the message says or asks anything else."""
    report = _PLEA.sub("", _GREETING.sub("", message.strip()))
    found = _BROKEN.match(report) or _NOT_WORKING.match(report)
    if found is None or found["thing"].split()[0].casefold() in _ASKING:
        return None
    # A log-in or a part that does not work has lines of its own in documents; a whole product has a page on repairs.
    is_whole = found.re is _BROKEN or any(map(str.isdigit, found["thing"]))
    return found["thing"] if is_whole else None
