"""Finds numbers that belong to somebody: telephone, card, account, serial numbers, and ids that are announced as such.

Prefers to leave a number alone: part numbers, prices and error codes are what support is about.
"""

import re
from collections.abc import Iterator

import phonenumbers

from feedback.privacy.spans import Found, Kind

_NOT_IN_A_CODE = r"(?<![\w#€$£-])(?<!\d[.,/])"
_NO_MORE_DIGITS = r"(?![\w-]|[.,]\d)"
_EXTENSION = r"(?:[ ,]{0,2}(?:ext\.?|extension|x|durchwahl|dw)[ .:]?\d{1,5})?"
_SLACK_PHONE = re.compile(r"<tel:[^<>]*>")
_PHONES = tuple(
    re.compile(_NOT_IN_A_CODE + shape + _EXTENSION + _NO_MORE_DIGITS, re.IGNORECASE)
    for shape in (
        r"\+[1-9](?:[ ()./-]{0,2}\d){7,14}",
        r"00[1-9]\d{0,2}[ .-](?:[ ().-]{0,2}\d){6,12}",
        r"(?:\+?\d{1,3}[ .-]?)?\(\d{2,5}\)[ .-]?\d(?:[ .-]?\d){4,9}",
        r"(?:1[ .-])?[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4}",
        r"0\d{2,4}[ /-](?:\d{6,8}|\d{3,4}[ -]?\d{3,4})",
    )
)
_NATIONAL = re.compile(_NOT_IN_A_CODE + r"0\d(?:[ ./-]?\d){7,9}" + _NO_MORE_DIGITS)
_SHORTEST_PHONE = 7
_COUNTRIES = ("GB", "DE", "FR", "IT", "ES", "NL", "AT", "CH", "AU", "IN", "ZA", "BE", "SE", "PL", "IE", "BR", "JP")
_ANNOUNCED_PHONE = re.compile(
    r"\b(?i:(?:tele)?phone|mobile|cell|tel|call|ring|reach|text|sms|whatsapp|fax|landline|telefon|handy|mobil|téléphone"
    r"|numéro|telefono|teléfono|telefone|(?:contact|phone|my) (?:no|number|nummer))\b"
    r"(?:[\s:.,]|\b(?i:number|no|is|me|us|on|at|my|changed|to|under|back|lautet|ist|est|es)\b)*"
    r"(?P<number>(?!\d{4}-\d\d-|\d{1,2}\.\d{1,2}\.\d{2})\d(?:[ .-]?\d){6,13})" + _NO_MORE_DIGITS
)
_PHONE_FIRST = re.compile(
    _NOT_IN_A_CODE
    + r"(?P<number>\d(?:[ .-]?\d){6,13})"
    + r"(?= (?i:is|was) (?i:my|our|the|his|her) (?i:\w+ )?(?i:number|phone|mobile)\b)"
)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)")
_CARDS = re.compile(
    r"3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|4(?:\d{12}|\d{15}|\d{18})|5\d{15}|2[2-7]\d{14}|6\d{15,18}"
    r"|(?:1800|2131)\d{11}|6[37]\d{10,13}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,40}")
_SHORTEST_IBAN = 15
_LONGEST_IBAN = 34

_VALUE = r"(?P<value>[A-Z0-9](?:[A-Z0-9/_]|-(?=[A-Z0-9])){3,30})"
_SERIAL = re.compile(
    r"\b(?:serial(?:[ -]?(?:number|num|no|nr))?|s/?n|serien-?(?:nummer|nr)|serie-?nummer|num[ée]ro de s[ée]rie|imei|vin"
    r"|n[°º.o]{0,2} de s[ée]rie|numero di serie|(?:chassis|frame) (?:number|no))"
    r"(?:[\s:.=#\"'(]|\b(?:is|of|on|the|my|our|your|unit|device|sticker|label|plate|vin)\b){0,16}" + _VALUE,
    re.IGNORECASE,
)
_ID = re.compile(
    r"\b(?:(?:customer|client|account|member(?:ship)?|policy|contract|insurance|passport|driving licen[cs]e|tax|patient"
    r"|employee|social security|national insurance)[ -]?(?:number|num|no|nr|id)|ssn|nino|kunden-?(?:nummer|nr)"
    r"|vertrags-?(?:nummer|nr)|konto-?(?:nummer|nr)|ausweis-?(?:nummer|nr)|num[ée]ro de client)\b"
    r"(?:[\s:.=#\"'(]|\b(?:is|the|my|our|lautet|ist|est)\b){0,12}" + _VALUE,
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![\w/-])[A-Z0-9](?:[A-Z0-9/_]|-(?=[A-Z0-9])){3,30}(?![\w-])", re.IGNORECASE)
_FEWEST_DIGITS = 3


def find_phones(text: str) -> Iterator[Found]:
    """Yield telephone numbers: by their shape, by a country's rules for its own, or announced as such."""
    yield from (Found(match.start(), match.end(), "phone") for match in _SLACK_PHONE.finditer(text))
    if sum(map(str.isdigit, text)) < _SHORTEST_PHONE:
        return
    for pattern in _PHONES:
        yield from (Found(match.start(), match.end(), "phone") for match in pattern.finditer(text))
    for pattern in (_ANNOUNCED_PHONE, _PHONE_FIRST):
        yield from (Found(*match.span("number"), "phone") for match in pattern.finditer(text))
    for match in _NATIONAL.finditer(text):
        if any(_is_number_of(match.group(), country) for country in _COUNTRIES):
            yield Found(match.start(), match.end(), "phone")


def _is_number_of(text: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, country))
    except phonenumbers.NumberParseException:
        return False


def find_cards(text: str) -> Iterator[Found]:
    """Yield numbers that begin and end as those of payment cards do, and have their check digit."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _CARDS.fullmatch(digits) and _has_luhn_digit(digits):
            yield Found(match.start(), match.end(), "card")


def _has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is the check digit, as it is in one of ten numbers of any other kind."""
    total = 0
    for position, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def find_ibans(text: str) -> Iterator[Found]:
    """Yield account numbers whose check digits are right; where words follow, the longest beginning that has them."""
    for match in _IBAN.finditer(text):
        ends = [match.start() + part.end() for part in re.finditer(r"[A-Za-z0-9]+", match.group())]
        for end in reversed(ends):
            compact = re.sub(r"[ -]", "", text[match.start() : end])
            if _SHORTEST_IBAN <= len(compact) <= _LONGEST_IBAN and _has_iban_digits(compact):
                yield Found(match.start(), end, "iban")
                break


def _has_iban_digits(compact: str) -> bool:
    """Whether the two check digits are right, as they are in one of 97 (ISO 13616)."""
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def find_identifiers(text: str) -> Iterator[Found]:
    """Yield serial numbers and people's ids that a word announces, and what has the form of one that was announced."""
    shapes: dict[str, Kind] = {}
    for kind, pattern in (("serial", _SERIAL), ("id", _ID)):
        for match in pattern.finditer(text):
            if sum(character.isdigit() for character in match["value"]) >= _FEWEST_DIGITS:
                shapes[_find_shape(match["value"])] = "serial" if kind == "serial" else "id"
                yield Found(match.start("value"), match.end("value"), "serial" if kind == "serial" else "id")
    if shapes:
        for match in _TOKEN.finditer(text):
            if known := shapes.get(_find_shape(match.group())):
                yield Found(match.start(), match.end(), known)


def _find_shape(value: str) -> str:
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", value))
