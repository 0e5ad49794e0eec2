"""How authors from outside Slack are stored: as a hash, by which they can be found again to be forgotten."""

import hashlib
import re

_SLACK_ID = re.compile(r"^[UW][A-Z0-9]{6,}$")


def pseudonym(author: str) -> str:
    """Return what is stored of an author: a Slack id as it is, of an address or a name its hash."""
    if _SLACK_ID.match(author):
        return author
    return "p:" + hashlib.sha256(author.strip().casefold().encode("utf-8", "replace")).hexdigest()[:16]
