"""Finds numbers with their units, and the kind of number that a question asks for.

Knows the units of everyday support English only; a number without one of them is a count. Knows nothing of lines.
"""

# A table of patterns reads best with one row to a line.
# ruff: noqa: E501

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class UnitKind(StrEnum):
    """What a number measures."""

    DURATION = "duration"
    LENGTH = "length"
    AREA = "area"
    VOLUME = "volume"
    WEIGHT = "weight"
    SPEED = "speed"
    MONEY = "money"
    SHARE = "share"
    TEMPERATURE = "temperature"
    NOISE = "noise"
    POWER = "power"
    DATA = "data"
    CLOCK = "clock"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written: its value, the stem of its unit, and what it measures."""

    value: float
    unit: str
    kind: UnitKind


# Every spelling of a unit stands for the first of its row.
_SPELLINGS = {
    UnitKind.DURATION: "second sec s|minute min mins|hour hr hrs h|day|week|month|year yr yrs|millisecond ms|decade|century",
    UnitKind.LENGTH: "mm millimetre millimeter|cm centimetre centimeter|metre m meter|km kilometre kilometer|"
    "inch inches|foot feet ft|mile|yard",
    UnitKind.VOLUME: "litre l liter|ml millilitre milliliter|gallon|cup",
    UnitKind.WEIGHT: "kg kilogram kilo|gram g gramme|tonne ton|pound lb lbs|ounce oz",
    UnitKind.MONEY: "euro eur €|dollar usd $|gbp £|cent|franc chf",
    UnitKind.SHARE: "percent % per-cent",
    UnitKind.TEMPERATURE: "degree ° celsius fahrenheit °c °f",
    UnitKind.NOISE: "db decibel",
    UnitKind.POWER: "watt w|kw kilowatt|kwh|volt v|amp ampere ma mah|hz hertz|khz|mhz|ghz|bar|psi",
    UnitKind.DATA: "mb megabyte|gb gigabyte|kb kilobyte|tb terabyte|byte|bit|pixel|megapixel|dpi",
}
_UNITS = {
    word: (row.split()[0], kind) for kind, rows in _SPELLINGS.items() for row in rows.split("|") for word in row.split()
}
_NUMBER_WORDS = {
    word: float(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ]
    )
} | {"twice": 2.0, "half": 0.5, "twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "hundred": 100.0}
# "the one that", "half of it": words that count nothing unless a unit follows.
_NO_COUNT = frozenset({"zero", "one", "half", "twice"})
_WORD_PATTERN = "|".join(_NUMBER_WORDS)
_QUANTITY = re.compile(
    rf"(?P<sign>[€$£]\s?)?(?<![\w.,-])(?P<number>\d+(?:[,.]\d+)*|\b(?:{_WORD_PATTERN})\b)"
    r"(?:\s*(?:-|–|to|and|or|x|×)\s*(?=\d))?"
    r"(?:\s*-?\s*(?P<square>(?:square|sq|cubic|working|business|calendar|full|more|monthly)\.?\s+)?"
    r"(?P<unit>%|°[cf]?|[€$£]|[a-zä]+(?=[²2]?\b))(?P<power>[²2](?!\d))?)?"
    r"(?P<rate>\s*(?:per|an?|/)\s*(?:second|hour|minute|s|h)\b)?",
    re.IGNORECASE,
)
_RANGE_JOINT = re.compile(r"\s*(?:-|–|to|and|or|x|×)\s*$", re.IGNORECASE)
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b(?:\s?[ap]m\b)?|\b\d{1,2}\s?(?:am|pm|o'clock)\b", re.IGNORECASE)


def find_quantities(text: str, names: Sequence[str] = ()) -> list[Quantity]:
    """Return the numbers of a text in reading order, except those inside `names` ("Moss 2").

    In a range ("20 to 50 mm") both ends carry the unit. "one" and "half" count only before a unit.
    """
    bare = _without(text, names)
    found: list[Quantity] = [
        Quantity(_clock_value(match.group()), "clock", UnitKind.CLOCK) for match in _CLOCK.finditer(bare)
    ]
    pending: list[float] = []
    for match in _QUANTITY.finditer(_CLOCK.sub(" ", bare)):
        value = read_number(match["number"])
        unit, kind = _read_unit(match)
        if match["unit"] is None and _RANGE_JOINT.search(match.group()):
            pending.append(value)
            continue
        if kind is not UnitKind.COUNT or match["number"].lower() not in _NO_COUNT:
            found.extend(Quantity(before, unit, kind) for before in pending)
            found.append(Quantity(value, unit, kind))
        pending = []
    return found + [Quantity(value, "", UnitKind.COUNT) for value in pending]


def read_number(word: str) -> float:
    """Return the value of "1,400", "2.5" or "three". A comma before three digits groups thousands."""
    if word.lower() in _NUMBER_WORDS:
        return _NUMBER_WORDS[word.lower()]
    grouped = re.sub(r",(?=\d{3}(?!\d))", "", word)
    parts = grouped.replace(",", ".").split(".")
    return float(parts[0] if len(parts) == 1 else f"{parts[0]}.{''.join(parts[1:])}")


def _without(text: str, names: Sequence[str]) -> str:
    for name in sorted((name for name in names if any(c.isdigit() for c in name)), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " · ", text)
    return text


def _clock_value(text: str) -> float:
    hours, *minutes = (float(number) for number in re.findall(r"\d+", text))
    half = text[-2:].lower()
    if half in ("am", "pm"):
        hours = hours % 12 + (12.0 if half == "pm" else 0.0)
    return hours + sum(minutes) / 60.0


def _read_unit(match: re.Match[str]) -> tuple[str, UnitKind]:
    word = (match["unit"] or match["sign"] or "").strip().lower()
    stem = word if word in _UNITS else word.removesuffix("s")
    unit, kind = _UNITS.get(stem, (stem, UnitKind.COUNT))
    squared = (match["square"] or "").lower().startswith("sq") or match["power"] is not None
    if kind is UnitKind.LENGTH and squared:
        return f"square {unit}", UnitKind.AREA
    if kind is UnitKind.LENGTH and (match["square"] or "").lower().startswith("cubic"):
        return f"cubic {unit}", UnitKind.VOLUME
    if kind in (UnitKind.LENGTH, UnitKind.VOLUME) and match["rate"]:
        return f"{unit} per {match['rate'].split()[-1].lower()}", UnitKind.SPEED
    return unit, kind


_WANTED = (
    (
        UnitKind.CLOCK,
        r"\bwhat time|opening (?:hours|times)|\bwhen (?:do|does|are|is) .*(?:open|close|start)|until what time",
    ),
    (
        UnitKind.WEIGHT,
        r"\bweigh(?:s|t|ing)?\b|\bheav(?:y|ier|iest)\b|\blight(?:er|est)\b|\bkilos?\b|\bkg\b|\bload\b|\bpayload\b",
    ),
    (
        UnitKind.MONEY,
        r"\bprices?\b|\bpric(?:y|ing)\b|\bcosts?\b|\bpay\b|\bfees?\b|\beuros?\b|\bdollars?\b|\bexpensive\b|\bcheap(?:er|est)?\b|"
        r"\bset me back\b|\bgo(?:es)? for\b|\bmoney\b|\bhow much (?:is|are|for|do you charge)\b|\bcharge me\b|\bdeposit\b|\brent\b|\bfree\b",
    ),
    (
        UnitKind.AREA,
        r"\b(?:lawn|garden|floor|area|yard|room|house|hall|warehouse)s?\b.*\b(?:size|big|large|handle|cover)\b|\bhow (?:big|large|much) "
        r"(?:a |an )?(?:lawn|garden|area|grass|yard|floor|room)|\b(?:lawn|garden) size\b|\bsquare\b|\bhow much (?:grass|floor|lawn)\b|\bm2\b|\bsqm\b",
    ),
    (
        UnitKind.VOLUME,
        r"\blit(?:re|er)s?\b|\bcapacity\b|\bhow much (?:water|liquid|dust|fuel|oil)\b|\btank\b.*\b(?:big|hold|size)\b|\bvolume\b",
    ),
    (UnitKind.NOISE, r"\bloud(?:er|ness)?\b|\bnois[ey]\b|\bdecibels?\b|\bdb\b|\bquiet\b"),
    (UnitKind.SPEED, r"\bhow fast\b|\bspeed\b|\bkm/h\b|\bmph\b"),
    (UnitKind.TEMPERATURE, r"\btemperatures?\b|\bhow (?:hot|cold|warm)\b|\bdegrees\b|\bfrost\b"),
    (
        UnitKind.SHARE,
        r"\bpercent(?:age)?\b|%|\bdiscount\b|\bslope\b|\bincline\b|\bsteep\b|\bramp\b|\bgradient\b|\bhill",
    ),
    (
        UnitKind.POWER,
        r"\bwatts?\b|\bvolt(?:s|age)?\b|\bpower (?:use|consumption|draw)\b|\bhow much (?:power|electricity|energy)\b",
    ),
    (
        UnitKind.DATA,
        r"\bmegabytes?\b|\bgigabytes?\b|\bgb\b|\bmb\b|\bmemory\b|\bresolution\b|\bfile size\b|\bhow much storage\b",
    ),
    (
        UnitKind.DURATION,
        r"\bhow (?:long|often|soon|quick(?:ly)?|old|frequently)\b|\bhow many (?:seconds|minutes|hours|days|weeks|months|years)\b|"
        r"\bhow much time\b|\btime (?:to|for|until|of)\b|\b\w+ing time\b|\brun ?time\b|\bbattery life\b|\binterval\b|\bduration\b|"
        r"\bdeadline\b|\bdelivery time\b|\bwhen (?:will|do i|can i|does)\b",
    ),
    (
        UnitKind.LENGTH,
        r"\bhow (?:high|tall|wide|deep|far|thick|broad|close|big|large|long is)\b|\bheight\b|\bwidth\b|\blength\b|\bdistance\b|\brange\b|"
        r"\bdimensions?\b|\bsize\b|\bmetres?\b|\bmeters?\b|\bcm\b|\bmm\b|\breach\b|\bradius\b|\bdiameter\b|\bthreshold\b|\bsill\b",
    ),
    (
        UnitKind.COUNT,
        r"\bhow many\b|\bnumber of\b|\bhow much\b|\bmax(?:imum)?\b|\bminimum\b|\blimit\b|\bwhat year\b|\bsince when\b",
    ),
)
_WANTED_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WANTED)


def find_wanted_kinds(question: str) -> frozenset[UnitKind]:
    """Return the kinds of number that would answer the question; empty if it asks for no number."""
    return frozenset(kind for kind, pattern in _WANTED_PATTERNS if pattern.search(question))
