"""Tells whole answers from empty, fragmentary and cut ones. Knows texts, nothing of models or of what is right."""

import re
from collections.abc import Iterable

from retrieval.english.terms import tokenise
from retrieval.layout import ITEM, is_code_block, split_blocks

_ENDED = re.compile(r"""[.!?…:;。！？][)\]"'”’»*_`]*$""")
_SHORT = re.compile(r"\W*(?:yes|no|never|not yet)\W*", re.IGNORECASE)


def is_whole(text: str, quotable: Iterable[str] = ()) -> bool:
    """Whether a person would take the text for a finished answer: it says something, and its last line ends.

    A row, an item or code needs no full stop, nor does what stands so at the end of a `quotable` text.
    """
    said = text.strip()
    if _SHORT.fullmatch(said):
        return True
    if not tokenise(said):
        return False
    last = split_blocks(said)[-1]
    line = last.splitlines()[-1].strip()
    if is_code_block(last) or ITEM.match(last) or line.endswith("|") or _ENDED.search(line):
        return True
    flat = " ".join(line.split())
    return any(" ".join(one.split()).endswith(flat) for one in quotable)
