"""Tells what a message does that asks nothing of the documents: wants a person, says "that is wrong", or thanks.

By rule, and for a person also by how near the message is to example sentences. Knows nothing of answers or of Slack.
"""

import re
from enum import StrEnum
from functools import cached_property

from retrieval.encoders.embedder import Embedder
from retrieval.passage import Vectors


class Gesture(StrEnum):
    """What somebody does with a message."""

    WANTS_PERSON = "wants_person"
    SAYS_WRONG = "says_wrong"
    THANKS = "thanks"


# None of 3,700 questions of CLINC150 and BANKING77 comes nearer than this to the examples; see docs/LOG.md.
NEAR = 0.6
MOST_WORDS = 25  # a longer message tells a story, of which a request for a person is one part
MOST_THANKS = 12
_EXAMPLES = (
    "Can I talk to a human?",
    "I want to speak to a real person.",
    "Get me a human agent.",
    "Please connect me with somebody from support.",
    "Let me talk to customer service.",
    "Is there a real person here who can help me?",
    "This is useless, I want to talk to someone.",
    "Could a colleague of yours contact me?",
    "Transfer me to a representative.",
)
_REAL = (
    r"(?:(?:a|an|any|some|the|your|one of your|my)\s+)?(?:(?:real|actual|live|human|living|proper|support|service)\s+)*"
)
_SOMEONE = (
    r"(?:humans?(?:\s+beings?)?|persons?|people|agents?|operators?|representatives?|reps?|somebody|someone|staff|"
    r"anybody|anyone|colleagues?|supervisors?|managers?|advis[oe]rs?|technicians?|specialists?|experts?|employees?|"
    r"support|customer (?:service|support|care)|help ?desk|team)\b"
)
_WHO = _REAL + _SOMEONE
_I = r"(?:\b(?:i|we)(?:'d| would)?\b|\b(?:me|us)\b|(?:^|[.,;!?:-]\s*|\bplease\s+|\bjust\s+|\band\s+|\byou\s+))"
_PERSON = re.compile(
    rf"{_I}\s*(?:(?:really|just|please|rather|want|wanna|like|need|have|can|could|may|to|now)\s+)*"
    rf"(?:talk|speak|chat)\s+(?:to|with)\s+{_WHO}"
    rf"|\b(?:connect|transfer|pass|hand|put)\s+(?:me|us|this)\s+(?:on\s+|over\s+|through\s+)?(?:to|with)\s+{_WHO}"
    rf"|\b(?:connect|transfer)\s+(?:me|us)(?:\s+please)?\s*[.!]*$"
    rf"|\b(?:get|give|fetch|find)\s+(?:me|us)\s+{_WHO}"
    rf"|(?:^|\bplease\s+|\byou\s+)(?:get|bring in|call|fetch|escalate(?:\s+this)?\s+to)\s+{_WHO}"
    r"(?:\s+please)?\s*[.!?]*$"
    rf"|\b(?:i|we)\s+(?:want|need|demand|would like|'d like)\s+{_REAL}(?:human|person|agent|operator|representative)\b"
    rf"|\b(?:is|are)\s+there\s+(?:a|an|any)\s+(?:(?:real|actual|live|human|living)\s+)*(?:humans?|persons?|people|agents?)"
    r"(?=\W*$|\s+(?:here|there|who|that|i|we|to|available|around|behind|on the)\b)"
    rf"|^\W*(?:(?:a\s+)?(?:real|live|actual)\s+)?(?:human|person|agent|operator|representative)(?:,?\s+please)?\W*$"
    r"|\b(?:somebody|someone|anybody|anyone|a colleague|one of your \w+|a person|a human|your team)\b"
    r"[^.?!]{0,30}\b(?:call|contact|ring|phone|reach|write to|talk to|speak to|get (?:back to|in touch with))\b"
    r"[^.?!]{0,9}\b(?:me|us)\b"
    r"|\b(?:don['’]t|do not) (?:want|like|wish) to (?:talk|speak|chat) (?:to|with) (?:a |this )?(?:bot|machine)\b"
    r"|\b(?:anybody|anyone|somebody|someone) (?:real|human|alive)\b|\bhuman (?:help|support|assistance|agent)\b"
    r"|\bwho (?:else )?can (?:i|we) (?:talk|speak|chat) (?:to|with)\b|^\W*(?:please |can you |just )*escalate this\b"
    # German, French and Spanish
    r"|\bmit\s+(?:einem|einer|jemandem|jemand|dem)\b[^.?!]{0,30}?\b(?:sprechen|reden|verbinden|verbunden)\b"
    r"|\bverbinden\s+sie\s+mich\b|\bverbinde\s+mich\b|\bechte[nr]?\s+(?:mensch|person)"
    r"|\bparler\s+(?:à|a|avec)\s+(?:un|une|quelqu|votre)|\bpassez[- ]moi\b|\bmettez[- ]moi en (?:relation|contact)\b"
    r"|\bhablar\s+con\s+(?:un|una|alguien|el|su)\b|\bp[aá]same\s+con\b|\bcom?un[ií]que(?:n)?me\s+con\b",
    re.IGNORECASE,
)
# Asks about agents and staff rather than for one of them.
_ABOUT = re.compile(
    r"^\W*(?:when|why|which|what|how (?:much|many|long|often|do agents)|do (?:i|we) (?:have|need) to)\b", re.IGNORECASE
)
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
    """Reads messages with one embedder, which encodes the examples once."""

    def __init__(self, embedder: Embedder) -> None:
        """Keep the embedder; nothing is encoded yet."""
        self._embedder = embedder

    def find(self, message: str) -> Gesture | None:
        """Return what the message does; None for one that asks, tells or greets. About 10 ms."""
        if _is_thanks(message):
            return Gesture.THANKS
        if self._wants_person(message):
            return Gesture.WANTS_PERSON
        return Gesture.SAYS_WRONG if _WRONG.match(message) and _WRONG_WORD.search(message) else None

    @cached_property
    def _examples(self) -> Vectors:
        return self._embedder.encode(_EXAMPLES)

    def _wants_person(self, message: str) -> bool:
        if len(message.split()) > MOST_WORDS or _ABOUT.match(message):
            return False
        if _PERSON.search(message):
            return True
        return bool((self._embedder.encode([message])[0] @ self._examples.T).max() >= NEAR)


def _is_thanks(message: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(message)]
    is_short = 0 < len(words) <= MOST_THANKS and "?" not in message
    return is_short and _WITH_THANKS.issuperset(words) and not _THANKS.isdisjoint(words)
