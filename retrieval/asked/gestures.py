"""Recognises messages that ask the documents nothing: calls for a person, "that is wrong", and thanks.

Works by rules; `person_requests` recognises calls for a person. Knows nothing of answers or of Slack.
"""

import re
from enum import StrEnum

from retrieval.asked.person_requests import wants_person
from retrieval.encoders.embedder import Embedder


class Gesture(StrEnum):
    """What somebody does with a message."""

    WANTS_PERSON = "wants_person"
    SAYS_WRONG = "says_wrong"
    THANKS = "thanks"


MOST_THANKS = 12
_WRONG = re.compile(
    r"^\W*(?:(?:no|nope|sorry|hm+|but|well|nein|non)\b\W*)*(?:i think |i'm afraid )?"
    r"(?:(?:that|this|it|your (?:last )?(?:answer|reply))(?:['’]s| is| was| isn['’]t| wasn['’]t)?|thats|wrong answer)"
    r"\s*"
    r"(?:(?:just|all|plain|completely|totally|simply|still|not)\s+)*"
    r"(?:wrong|incorrect|false|untrue|not (?:right|true|correct)|right|true|correct|nonsense|rubbish)?\b[^?]{0,120}$"
    r"|^\W*(?:nein\W+)?das (?:ist|war|stimmt) (?:so )?(?:falsch|nicht)\b[^?]{0,60}$"
    r"|^\W*(?:non\W+)?c['’](?:est|était) faux\b[^?]{0,60}$"
    r"|^\W*(?:no\W+)?(?:eso )?(?:es|está) (?:incorrecto|mal)\b[^?]{0,60}$",
    re.IGNORECASE,
)
_WRONG_WORD = re.compile(
    r"\b(?:wrong|incorrect|false|untrue|nonsense|rubbish|falsch|nicht|faux|incorrecto|mal"
    r"|(?:not|isn't|isn’t|wasn't) (?:right|true|correct))\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_THANKS = frozenset(
    _WORD.findall(
        "thanks thank thx ty cheers danke merci gracias grazie obrigado obrigada bedankt perfect great awesome "
        "brilliant excellent wonderful worked works helped solved fixed"
    )
)
_WITH_THANKS = _THANKS | frozenset(
    _WORD.findall(
        "ok okay okey alright all right cool good nice super well yes yeah yep that this it so very much many a lot "
        "now me my problem issue for your the you help quick answer reply again everyone chip done got i'm sorted is "
        "was has really just finally indeed and oh ah wow sehr schön vielen dank beaucoup muchas that's it's"
    )
)


class Gestures:
    """Reads messages with one embedder."""

    def __init__(self, embedder: Embedder) -> None:
        """Keep the embedder."""
        self._embedder = embedder

    def find(self, message: str) -> Gesture | None:
        """Return the gesture of a message, or None if it asks, tells or greets. Takes about 10 ms."""
        if _is_thanks(message):
            return Gesture.THANKS
        if wants_person(message, self._embedder):
            return Gesture.WANTS_PERSON
        return Gesture.SAYS_WRONG if _WRONG.match(message) and _WRONG_WORD.search(message) else None


def _is_thanks(message: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(message)]
    is_short = 0 < len(words) <= MOST_THANKS and "?" not in message
    return is_short and _WITH_THANKS.issuperset(words) and not _THANKS.isdisjoint(words)
