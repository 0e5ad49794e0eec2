"""Removes personal data from text before it may be trained on.

Patterns find what has a form (e-mail addresses, telephone and card numbers, Slack's mentions); display names from Slack
are matched exactly. In doubt a number stays: support is about part numbers, prices and error codes. Knows nothing of
where the text comes from or goes.
"""

import re
from collections.abc import Iterable

EMAIL = "[email]"
PHONE = "[phone]"
CARD = "[card]"
PERSON = "[person]"

_SLACK_EMAIL = re.compile(r"<mailto:[^<>]*>")
_SLACK_PHONE = re.compile(r"<tel:[^<>]*>")
_SLACK_PERSON = re.compile(r"<@[UW][A-Z0-9]*(?:\|[^<>]*)?>")
_EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]+@(?:[\w-]+\.)+[^\W\d_]{2,}", re.UNICODE)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|[.,]\d)")
_NOT_IN_A_CODE = r"(?<![\w#€$£-])(?<!\d[.,/])"
_NO_MORE_DIGITS = r"(?![\w-]|[.,]\d)"
_PHONES = (
    re.compile(_NOT_IN_A_CODE + r"\+[1-9](?:[ ().-]{0,2}\d){7,14}" + _NO_MORE_DIGITS),
    re.compile(_NOT_IN_A_CODE + r"00[1-9]\d{0,2}[ .-](?:[ ().-]{0,2}\d){6,12}" + _NO_MORE_DIGITS),
    re.compile(_NOT_IN_A_CODE + r"\(\d{2,5}\)[ -]?\d(?:[ .-]?\d){5,9}" + _NO_MORE_DIGITS),
    re.compile(_NOT_IN_A_CODE + r"(?:1[ .-])?[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4}" + _NO_MORE_DIGITS),
    re.compile(_NOT_IN_A_CODE + r"0\d{2,4}[ /-](?:\d{6,8}|\d{3,4}[ -]?\d{3,4})" + _NO_MORE_DIGITS),
)
_ANNOUNCED_PHONE = re.compile(
    r"(?P<before>\b(?i:phone|mobile|cell|tel|call|ring|reach|text)\b(?:[\s:.,]|\b(?i:number|no|is|me|us|on|at|my)\b)*)"
    r"(?P<number>\d(?:[ .-]?\d){8,13})" + _NO_MORE_DIGITS
)
_ALSO_WORDS = frozenset(
    {"Art", "Bill", "Chip", "Chase", "Dean", "Drew", "Faith", "Frank", "Gene", "Grace", "Grant", "Hope", "Jack", "Joy"}
    | {"Mark", "May", "Miles", "Pat", "Penny", "Ray", "Rob", "Rose", "Rusty", "Sue", "Van", "Wade", "Ward", "Will"}
    | {"Admin", "Customer", "Help", "Robot", "Sales", "Service", "Support", "Team", "The"}
)
_SHORTEST_NAME = 3


def mask_personal_data(text: str, names: Iterable[str] = (), *, public: str = "") -> str:
    """Return the text with e-mail addresses, telephone and card numbers, mentions and the given names masked.

    `names` are display names. A name of several words is masked however it is written. A single word of one (a first
    name, say) is masked only with its capital, from three letters on, and not if it is also a common word. After an @
    every name is masked. An address, number or name that also occurs in `public` (the quoted documents: the company's
    own hotline, a product named like a person) stays. Masking twice changes nothing.
    """

    def mask(pattern: re.Pattern[str], label: str, text: str) -> str:
        return pattern.sub(lambda match: match.group() if match.group() in public else label, text)

    text = mask(_SLACK_EMAIL, EMAIL, text)
    text = mask(_SLACK_PHONE, PHONE, text)
    text = _SLACK_PERSON.sub(PERSON, text)
    text = mask(_EMAIL, EMAIL, text)
    text = _CARD.sub(lambda match: CARD if _is_card(match.group()) else match.group(), text)
    for phone in _PHONES:
        text = mask(phone, PHONE, text)
    text = _ANNOUNCED_PHONE.sub(
        lambda match: match.group() if match["number"] in public else match["before"] + PHONE, text
    )
    return _mask_names(text, names, public)


def _is_card(digits: str) -> bool:
    """Whether the digits pass the Luhn check. One in ten other numbers passes it too."""
    total = 0
    for position, digit in enumerate(int(character) for character in reversed(digits) if character.isdigit()):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _mask_names(text: str, names: Iterable[str], public: str) -> str:
    patterns: set[str] = set()
    for name in names:
        patterns |= {pattern for pattern in _build_patterns(name.split()) if not re.search(_whole(pattern), public)}
    if not patterns:
        return text
    longest_first = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
    return re.sub(_whole("|".join(longest_first)), PERSON, text)


def _whole(pattern: str) -> str:
    return rf"(?<!\w)(?:{pattern})(?!\w)"


def _build_patterns(words: list[str]) -> set[str]:
    """Return patterns for one display name: whole, after an @, and for each of its distinctive words."""
    if not words:
        return set()
    whole = r"\s+".join(re.escape(word) for word in words)
    patterns = {f"@(?i:{whole})", *(f"@(?i:{re.escape(word)})" for word in words if len(word) >= _SHORTEST_NAME)}
    if len(words) > 1:
        patterns.add(f"(?i:{whole})")
    bare = (word.strip(".,;:()[]\"'") for word in words)
    telling = (word for word in bare if len(words) == 1 or word[:1].isupper())
    for word in telling:
        capital = word[:1].upper() + word[1:]
        if len(word) >= _SHORTEST_NAME and word.isalpha() and capital not in _ALSO_WORDS:
            patterns.add(re.escape(capital))
    return patterns
