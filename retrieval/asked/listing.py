"""Recognises questions that ask for all of a kind ("List all fault codes"), or for what Chip knows."""

import re

from retrieval.english.terms import tokenise

_ALL = re.compile(
    r"\blist (?:all|every|me|the)\b|\bwhat are (?:all |all of )?(?:the|your|our)\b|\bhow many\b|"
    r"\ball (?:the|of the|your)\b|"
    r"\b(?:which|what)\s+(?:\w+\s+){0,2}?(?!(?:does|is|was|has|this|its|as|\w*ss|\w*us)\b)\w+s\b",
    re.IGNORECASE,
)
# What is asked for is a whole kind, with nothing else said of it.
_WHOLE_KIND = re.compile(
    r"^\W*(?:(?:please|hi|hello)\W+)*(?:list (?:me )?(?:all |every )?(?:of )?(?:the |your |our )?(?P<listed>[\w -]+)|"
    r"what are (?:all )?(?:of )?(?:the |your |our )(?P<named>[\w -]+)|"
    r"(?:which|what|how many) (?P<had>[\w -]+?) (?:do you (?:have|sell|offer|make|support|know)|are there|exist|"
    r"can i (?:buy|order|choose)))\W*$",
    re.IGNORECASE,
)
# "What can you help me with?": asked of Chip itself.
_ABOUT_CHIP = re.compile(
    r"\bwhat (?:can|could|do) (?:you|u) (?:help|do|know|answer|tell)\b|\bhow can you help\b|"
    r"\bwhat (?:is|are) (?:you|this bot) for\b|"
    r"\bwhat (?:topics|subjects|questions) (?:do|can) you\b|\bwhat can i ask\b|"
    r"^\W*(?:can|could) (?:you|u) (?:please )?help(?: me| us)?(?: please)?\W*$",
    re.IGNORECASE,
)


def asks_for_all(question: str) -> bool:
    """Whether a question asks for more than one thing of a kind."""
    return _ALL.search(question) is not None


def find_kind(question: str) -> frozenset[str]:
    """Return the terms of the kind that a question wants listed in full, such as "fault code"; none for others.

    "Which depots take returns?" asks for some depots, not for all of them.
    """
    match = _WHOLE_KIND.match(question)
    return frozenset(tokenise(next(filter(None, match.groups()), ""))) if match else frozenset()


def asks_what_chip_knows(question: str) -> bool:
    """Whether a question asks what Chip can help with."""
    return _ABOUT_CHIP.search(question) is not None
