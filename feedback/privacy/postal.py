"""Finds postal addresses: a street with its number, or a box, and the town and postcode that go with it.

Streets are written in many orders, so that no pattern holds them. What all have in common is a chain of capitalised
words, numbers, particles and commas which no word of a sentence breaks, with a postcode beside a town in it and a
number before that. A street without a postcode is found by its type, where the sentence ends or pauses behind it.
"""

import re
from collections.abc import Iterator

from feedback.privacy.spans import Found

_UPPER = r"[^\W\d_a-zß-öø-ÿ]"  # a capital letter; letters that have no case count as well
_NAME = rf"{_UPPER}[\w'’.-]*"
_TYPES = (
    r"(?i:street|road|avenue|ave|lane|drive|court|crescent|close|square|terrace|gardens|mews|parade|boulevard"
    r"|blvd|parkway"
    r"|highway|circle|trail|quay|wharf|grove|rue|chemin|allée|impasse|via|viale|vicolo|piazza|corso|calle|avenida|plaza"
    r"|paseo|camino|rua|travessa|praça|largo|ulica|aleja|nagar|marg)\b|\b(?:St|Rd|Ln|Dr|Ct|Cres|Sq|Hwy|Pkwy)\b"
    r"|(?i:ul|al|pl|av)\.|\w(?i:straße|strasse|str\.|gasse|platz|allee|weg|ring|damm|gatan|gränd|vägen|gaten|veien|vej"
    r"|gade|stræde|gracht|straat|laan|plein|singel|dreef|kade)\b"
)
_HAS_TYPE = re.compile(rf"\b(?:{_TYPES})|{_TYPES}")
_WORD = re.compile(
    rf"{_NAME}|\d[\w/]*(?:-\w{{1,4}}\b)?|(?:de|la|le|les|du|des|del|della|di|da|do|dos|das|van|der|den|von|vorm|of|the"
    rf"|am|an|in|upon|sur|sous|nad|na|u|op|y|bis|ter|rue|avenue|chemin|place|boulevard|allée|via|viale|piazza|calle|rua"
    rf"|avenida|ulica|aleja|plac|ul\.|al\.|pl\.|piso|puerta|floor|º)(?![\w])|(?:l|d)['’]{_NAME}|º"
)
_BETWEEN = re.compile(r"(?:,? ?\n ?| ?, ?|,? |-| / ?| \(|\)|(?<=\n))")
_STATE_AND_CODE = r"(?:[A-Z]{2},? \d{5}(?:-\d{4})?|(?:NSW|VIC|QLD|TAS|ACT|NT|SA|WA),? \d{4})"
_LETTERED = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}(?![a-z])"
_GROUPED = r"\d{2}-\d{3}|\d{5}-\d{3}|\d{3} \d{2}(?= )"
_STRONG = re.compile(rf"(?<![\w-])(?:{_LETTERED}|{_STATE_AND_CODE}|{_GROUPED})(?!\w)")
_BEFORE_TOWN = re.compile(rf"(?:(?<=\n)|(?<=, )|(?<=,))(?P<code>\d{{4,8}}),? (?={_UPPER}[\w'’]{{2}}|d[aeo]s? )")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b"
_BEHIND_TOWN = re.compile(rf"(?!{_MONTH}){_UPPER}[^\W\d_]{{2,}}\.?(?:, | |-)(?P<code>\d{{4,6}})(?!\w)")
_TOWN = re.compile(
    rf",?[ \n]+(?:d[aeo]s? )?{_NAME}(?:[ -](?:(?:am|an|de|la|da|das|der|do|dos|nad|op|u|sur|upon|of"
    rf"|vorm)[ -])*{_NAME}){{0,3}}"
    r"(?: \([A-Z]{2}\)| / [A-Z]{2}\b)?"
)
_SPEAKS_OF_PLACE = re.compile(
    r"\b(?:address\w*|adress\w*|anschrift|dirección|indirizzo|endereço|ship\w*|deliver\w*|send|sent|post|mail"
    r"|courier|live[sd]?"
    r"|located|stands?|moved?|site|office|farm|house|collect|pick(?:ed)? up|return|invoice|visit)\b",
    re.IGNORECASE,
)
_CUE_CHARACTERS = 60
_UNIT = r"(?:(?:Flat|Apt|Apartment|Unit|Suite|Ste|Studio|Room|Building|Bldg|Level|Floor)\.? ?#?[A-Z]?\d{0,4}[A-Za-z]?)"
_BOX = (
    r"(?:(?i:p\.? ?o\.? ?box|postfach|postbus|boîte postale|apartado|casilla|g\.?p\.?o\.? box)\.? \d[\d ]{0,9}\d?"
    r"|(?i:rural route) \d+,? (?i:box) \d+)"
)
_BOXED = re.compile(_BOX)
_ENGLISH_TYPES = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Crescent|Cres|Close|Place|Square|Sq|Terrace|Row|Way|Hill|Grove"
    "|Gardens|Mews|Parade|Boulevard|Blvd|Parkway|Pkwy|Highway|Hwy|Circle|Trail|Quay|Wharf"
)
_ENGLISH = (
    rf"(?:{_UNIT},? )?\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,4}})? (?:{_NAME} ){{1,3}}(?:{_ENGLISH_TYPES})\b(?: "
    rf"(?:North|South|East|West)\b)?"
)
_GERMANIC = (
    rf"{_UPPER}[\w-]*(?i:straße|strasse|gasse|platz|allee|gatan|vägen|gaten|gracht|straat|laan) \d{{1,4}} ?[a-z]?"
)
_ROMANCE = (
    rf"(?i:rue|via|viale|calle|rua|avenida|ul\.) (?:d[eiau] )?(?:{_NAME} ){{1,3}}\d{{1,4}}|\d{{1,4}},? rue "
    rf"(?:d[eu]s? |l['’])*{_NAME}"
)
_ALONE = re.compile(
    rf"(?<![\w-])(?:{_ENGLISH}|{_GERMANIC}|{_ROMANCE}|{_BOX})\b(?:, {_NAME}(?: {_NAME})?)?(?=[.,;:!?)\n]|\s*$)"
)
_FIRST_OF_STREET = re.compile(rf"\d|\b(?:{_UNIT})|{_BOX}")
_LEADING = re.compile(r"(?:(?:in|an|am|the|of|der|den|de|du|des|le|la|les|von|van|y|u|do|na|nad)\s+)*")
_JUST_A_NUMBER = re.compile(r"\d[\w/]*\s*(?:[,\n]|$|(?i:piano|interno|appartamento|apt|piso|puerta|bloco)\b)")


def find_addresses(text: str) -> Iterator[Found]:
    """Yield postal addresses: whole ones first, then streets and boxes that stand alone."""
    if not any(character.isdigit() for character in text):
        return
    if any(pattern.search(text) for pattern in (_STRONG, _BEFORE_TOWN, _BEHIND_TOWN)):
        for start, end in _find_chains(text):
            if found := _find_in_chain(text, start, end):
                yield Found(*found, "address")
    for match in _ALONE.finditer(text):
        yield Found(match.start(), match.end(), "address")


def _find_chains(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of capitalised words, numbers, particles and commas that hold a number."""
    place = 0
    while word := _WORD.search(text, place):
        start, end = word.span()
        if start and (text[start - 1].isalnum() or text[start - 1] in "-_/@#"):
            place = start + 1 if end == start else _end_of_word(text, start)
            continue
        while (between := _BETWEEN.match(text, end)) and (word := _WORD.match(text, between.end())):
            end = word.end()
        chain = text[start:end]
        if any(map(str.isdigit, chain)) and any(map(str.isalpha, chain)):
            yield start, end
        place = max(end, start + 1)


def _end_of_word(text: str, place: int) -> int:
    match = re.compile(r"\w+").match(text, place)
    return match.end() if match else place + 1


def _find_in_chain(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the address stands in a chain, None where there is none."""
    chain = text[start:end]
    code = _find_postcode(text, start, end)
    if code is None:
        return None
    begin = _find_street(chain[: code[0] - start])
    if begin is None:
        return None
    stop = code[1]
    if town := _TOWN.match(text, stop):
        stop = town.end() if text[code[0]].isdigit() else stop
    leading = _LEADING.match(chain, begin)
    return start + (leading.end() if leading else begin), start + len(text[start:stop].rstrip(" .,\n"))


def _find_postcode(text: str, start: int, end: int) -> tuple[int, int] | None:
    strong = [match.span() for match in _STRONG.finditer(text, start, end)]
    if strong:
        return strong[-1]
    is_told = bool(_SPEAKS_OF_PLACE.search(text, max(0, start - _CUE_CHARACTERS), start))
    is_street = bool(_HAS_TYPE.search(text, start, end) or _BOXED.search(text, start, end))
    for match in _BEFORE_TOWN.finditer(text, start, end):
        if len(match["code"]) > 4 or is_told or is_street:
            return match.span("code")
    if is_told or is_street:
        for match in _BEHIND_TOWN.finditer(text, start, end):
            return match.span("code")
    return None


def _find_street(before: str) -> int | None:
    """Return where the street begins in what stands before the postcode: the first part with a number or its type."""
    begins = [0, *(match.end() for match in re.finditer(r",\s*|\n", before))]
    for number, (begin, stop) in enumerate(zip(begins, [*begins[1:], len(before)], strict=True)):
        part = before[begin:stop]
        if _FIRST_OF_STREET.search(part) or _HAS_TYPE.search(part):
            return begins[number - 1] if number and _JUST_A_NUMBER.match(part) else begin
    return None
