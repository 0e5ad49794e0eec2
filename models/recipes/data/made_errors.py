"""True sentences and made-up errors of every kind, from lines of documents. Knows nothing of verdicts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from retrieval.english.names import find_names
from retrieval.english.sentences import split_sentences
from retrieval.passage import EvidenceLine

_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w-])")
_VERB = re.compile(r"\b(is|are|can|has|have|must|may|will|does|costs|runs|takes|lasts|weighs|holds|works|fits|needs)\b")
_UNITS = ("minutes hours", "hours days", "days weeks", "weeks months", "months years", "cm metres", "mm cm", "kg grams",
          "litres ml", "percent degrees", "euros dollars")  # fmt: skip
_SWAPS = dict(pair.split() for pair in _UNITS) | {b: a for a, b in (pair.split() for pair in reversed(_UNITS))}
_TIMES = tuple(
    row.split()
    for row in (
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "January February March April May June July August September October November December",
    )
)
_TIME = re.compile(rf"\b(?:{'|'.join(name for row in _TIMES for name in row)})\b")
_DAY = re.compile(r"(\d{4}-\d{2}-)(\d{2})\b")
_EXTRAS = (
    "and comes with a spare key", "and can be folded for the car", "in every shop in town", "and talks to the fridge",
    "free of charge on birthdays", "after a short dance", "and warns the neighbours", "with a golden handle",
)  # fmt: skip
_INVENTIONS = (
    "The {n} was designed by a famous painter.", "You can lend the {n} to a school for a year.",
    "The {n} makes coffee in the morning.", "The {n} has won a prize for its looks.", "The {n} sings when it is done.",
    "An older {n} can be exchanged for theatre tickets.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the lines of evidence that it is held against, whether they support it, and the kind of error.

    `source` is the number of the line that the sentence was made from.
    """

    text: str
    lines: tuple[EvidenceLine, ...]
    is_true: bool
    kind: str
    source: int


def make_claims(lines: Sequence[tuple[str, str]], names: Sequence[str], random: Random) -> list[Claim]:
    """Return true sentences and errors for each (heading, line), held against that line and five of its neighbours."""
    claims: list[Claim] = []
    for place, (heading, text) in enumerate(lines):
        near = [line for line in lines[max(0, place - 3) : place + 4] if line != (heading, text)][:5]
        rows = [(heading, text), *near]
        random.shuffle(rows)
        evidence = tuple(EvidenceLine(n, line, head, str(n)) for n, (head, line) in enumerate(rows, start=1))
        sentences = [s for s in split_sentences(text) if len(s.split()) > 3]
        if not sentences:
            continue
        source = random.choice(sentences)
        origin = rows.index((heading, text)) + 1
        held = " ".join(f"{head} {line}" for head, line in rows)
        for kind, made in _vary(source, heading, names, random).items():
            is_true = kind.startswith("true")
            if made and (is_true or (made != source and made.rstrip(".") not in held)):
                claims.append(Claim(made, evidence, is_true, kind, origin))
    return claims


def _vary(source: str, heading: str, names: Sequence[str], random: Random) -> dict[str, str]:
    own = [name for name in find_names(source) if name in names]
    name = own[0] if own else next((n for n in find_names(heading.split(" › ")[0]) if n in names), "robot")
    return {
        "true: as it stands": source,
        "true: shortened": _shorten(source),
        "true: said otherwise": _say_otherwise(source, name),
        "number": _change_number(source, names, random),
        "unit": _change_unit(source),
        "name": _change_name(source, own, [other for other in names if other.split()[0] != name.split()[0]], random),
        "model": _change_name(source, own, [o for o in names if o.split()[0] == name.split()[0] and o != name], random),
        "wrong date or weekday": _change_date(source),
        "before or after turned": _turn(source),
        "negation": _negate(source),
        "invention": random.choice(_INVENTIONS).format(n=name),
        "addition": f"{source.rstrip('.')} {random.choice(_EXTRAS)}.",
    }


def _shorten(source: str) -> str:
    head = re.split(r", | because | and | except ", source)[0]
    return f"{head.rstrip('.')}." if len(head.split()) > 3 and head != source.rstrip(".") else ""


def _say_otherwise(source: str, name: str) -> str:
    if source.startswith(f"The {name} "):
        return f"Yes, your {name} " + source.removeprefix(f"The {name} ")
    return f"In short: {source}"


def _change_number(source: str, names: Sequence[str], random: Random) -> str:
    spans = [m.span() for name in names for m in re.finditer(re.escape(name), source)]
    numbers = [m for m in _NUMBER.finditer(source) if not any(a <= m.start() < b for a, b in spans)]
    numbers = [m for m in numbers if not re.match(r"\d+\. ", source[m.start() :])]
    if not numbers:
        return ""
    chosen = random.choice(numbers)
    digits = chosen.group()
    last = str((int(digits[-1]) + random.randint(1, 8)) % 10)
    changed = random.choice((f"{digits[:-1]}{last}", f"{digits}0", digits[:-1] or last))
    return source[: chosen.start()] + changed + source[chosen.end() :]


def _change_unit(source: str) -> str:
    for unit, other in _SWAPS.items():
        if re.search(rf"\d {unit}\b", source):
            return re.sub(rf"(\d) {unit}\b", rf"\1 {other}", source, count=1)
    return ""


def _change_date(source: str) -> str:
    """Return the sentence with its last month, weekday or day replaced by one that it does not name."""
    if named := list(_TIME.finditer(source)):
        match = named[-1]
        row = next(row for row in _TIMES if match.group() in row)
        place = row.index(match.group())
        other = next((name for name in row[place + 1 :] + row[:place] if name not in source), None)
        return f"{source[: match.start()]}{other}{source[match.end() :]}" if other else ""
    changed = _DAY.sub(lambda day: f"{day[1]}{int(day[2]) % 28 + 1:02}", source, count=1)
    return changed if changed != source else ""


def _turn(source: str) -> str:
    turned = {"before": "after", "after": "before", "Before": "After", "After": "Before"}
    changed = re.sub(r"\b(?:[Bb]efore|[Aa]fter)\b", lambda word: turned[word.group()], source, count=1)
    return changed if changed != source else ""


def _change_name(source: str, own: Sequence[str], others: Sequence[str], random: Random) -> str:
    return source.replace(own[0], random.choice(others)) if own and others else ""


def _negate(source: str) -> str:
    if re.search(r"\b(?:not|cannot|no|never|nobody|none)\b", source):
        changed = re.sub(r"\bcannot\b", "can", source, count=1)
        changed = (
            changed
            if changed != source
            else re.sub(r"\b(?:must|may|does|is|are|do) not\b", lambda m: m.group()[:-4], source, count=1)
        )
        return changed if changed != source else ""
    verb = _VERB.search(source)
    if verb is None or verb.group() not in ("is", "are", "can", "must", "may", "will", "does"):
        return ""
    return f"{source[: verb.end()]} not{source[verb.end() :]}".replace("can not", "cannot")
