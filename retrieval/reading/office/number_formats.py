"""Shows a number as a spreadsheet does: by the format code of its cell, such as `#,##0.00 "€"`, `0.0%` or `[h]:mm`.

Follows ECMA-376, part 1, 18.8.31, in English notation. Dates whose code has a day, a month and a year in figures are
written as 2026-01-31, because each reader's settings decide their order. Knows nothing of workbooks.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<literal>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<exponent>E[+-])|'
    r"(?P<ampm>AM/PM|A/P)|(?P<digit>[0#?])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_DATE_LETTERS = re.compile(r"y+|m+|d+|h+|s+", re.IGNORECASE)
_COMPARE = {
    "<": Decimal.__lt__, "<=": Decimal.__le__, ">": Decimal.__gt__, ">=": Decimal.__ge__,
    "=": Decimal.__eq__, "<>": Decimal.__ne__,
}  # fmt: skip
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's days have no zone
_MAX_SHOWN = 30


def show_number(value: float | Decimal, code: str) -> str:
    """Return a number in the format `code`."""
    try:
        number = value if isinstance(value, Decimal) else Decimal(repr(value))
    except InvalidOperation:
        return str(value)
    if not number.is_finite() or abs(number.adjusted()) > _MAX_SHOWN:
        return str(value)
    section, is_signed = _choose_section(number, code)
    if section.strip().casefold() in ("general", "@", "standard"):
        return _show_general(number)
    if is_date_code(section):
        return show_moment(_EPOCH + timedelta(days=float(number)), section) if 0 <= number < 2_958_466 else str(value)
    return _fill(abs(number), section, "-" if is_signed and number < 0 else "")


def show_moment(value: datetime | date | time | timedelta, code: str) -> str:
    """Return a date, a time of day or a duration in the format `code`."""
    if isinstance(value, timedelta):
        return _show_duration(value, code)
    if isinstance(value, time):
        value = datetime.combine(_EPOCH, value)
    elif not isinstance(value, datetime):
        value = datetime.combine(value, time())
    tokens = _read_date_code(code)
    letters = {token[0] for token in tokens if token[:1].isalpha() and _DATE_LETTERS.fullmatch(token)}
    figures = not any(token.lower().startswith(("mmm", "ddd")) for token in tokens)
    if "[" in "".join(token[:1] for token in tokens):
        return _show_duration(value - _EPOCH, code)
    if not letters or ({"y", "m", "d"} <= letters and figures):
        has_time = "h" in letters and value.time() != time()
        return f"{value.date().isoformat()} {value:%H:%M}" if has_time else value.date().isoformat()
    return "".join(_show_date_token(token, tokens, place, value) for place, token in enumerate(tokens)).strip()


@lru_cache(maxsize=1_000)
def is_date_code(code: str) -> bool:
    """Whether a format shows a date or a time."""
    return any(_DATE_LETTERS.fullmatch(token) or token.startswith("[") for token in _read_date_code(code))


@lru_cache(maxsize=1_000)
def _split_sections(code: str) -> tuple[str, ...]:
    sections = [""]
    for match in _TOKEN.finditer(code):
        if match["other"] == ";":
            sections.append("")
        else:
            sections[-1] += match.group()
    return tuple(sections)


def _choose_section(number: Decimal, code: str) -> tuple[str, bool]:
    """Return the part of a code for a number, and whether the number's minus still has to be written."""
    sections = _split_sections(code)
    conditions = [_read_condition(section) for section in sections]
    if any(conditions):
        holds = (c is None or _COMPARE[c[0]](number, c[1]) for c in conditions)
        return next((section for section, is_met in zip(sections, holds, strict=True) if is_met), sections[-1]), True
    if number < 0 and len(sections) > 1:
        return sections[1], False
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


@lru_cache(maxsize=1_000)
def _read_condition(section: str) -> tuple[str, Decimal] | None:
    found = (_CONDITION.match(match["bracket"] or "") for match in _TOKEN.finditer(section))
    return next(((match[1], Decimal(match[2])) for match in found if match), None)


def _show_general(number: Decimal) -> str:
    if number == number.to_integral_value():
        return str(int(number))
    return f"{number.quantize(Decimal(10) ** min(0, number.adjusted() - 10), ROUND_HALF_UP).normalize():f}"


def _fill(number: Decimal, section: str, sign: str) -> str:
    """Return a number without its sign in the places of a section: "0000", `#,##0.00 "€"`, "00-00"."""
    tokens = list(_read_number_code(section))
    exponent = next((place for place, (kind, _) in enumerate(tokens) if kind == "exponent"), len(tokens))
    digits = [place for place, (kind, _) in enumerate(tokens) if kind == "digit" and place < exponent]
    if not digits:
        return sign + "".join(text for _, text in tokens).strip()
    number *= Decimal(100) ** sum(text == "%" for kind, text in tokens if kind == "sign")
    if any(kind == "slash" for kind, _ in tokens):
        return _fill_fraction(number, tokens, digits, sign)
    point = next((place for place, (_, text) in enumerate(tokens) if text == "." and place <= digits[-1] + 1), None)
    whole = [place for place in digits if point is None or place < point]
    part = [place for place in digits if point is not None and place > point]
    after = digits[-1] + 1
    while after < len(tokens) and tokens[after] == ("sign", ","):
        number /= 1_000
        tokens[after] = ("literal", "")
        after += 1
    if exponent < len(tokens):
        return f"{sign}{number:.{len(part)}E}"
    has_groups = any(tokens[place] == ("sign", ",") for place in range(whole[0], whole[-1])) if whole else False
    _fill_places(number, tokens, whole, part, has_groups)
    shown = "".join("" if (kind, text) == ("sign", ",") else text for kind, text in tokens).strip()
    return f"{sign}{shown}"


def _fill_places(
    number: Decimal, tokens: list[tuple[str, str]], whole: list[int], part: list[int], has_groups: bool
) -> None:
    """Put the figures of a number into its places, from the point outwards. A place may hold several figures."""
    rounded = number.quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_UP)
    before, _, behind = f"{rounded:f}".partition(".")
    before = "" if before == "0" else before
    for place in reversed(whole[1:]):
        figure, before = before[-1:], before[:-1]
        tokens[place] = ("digit", figure or ("0" if tokens[place][1] == "0" else ""))
    if whole:
        tokens[whole[0]] = ("digit", before or ("0" if tokens[whole[0]][1] == "0" else ""))
    if has_groups:
        _group([place for place in whole if tokens[place][1]], tokens)
    kept = behind
    for place in reversed(part):
        if kept.endswith("0") and tokens[place][1] != "0" and len(kept) == part.index(place) + 1:
            kept = kept[:-1]
    for place, figure in zip(part, kept.ljust(len(part), "\0"), strict=True):
        tokens[place] = ("digit", figure.strip("\0"))
    if part and not kept:
        point = part[0] - 1
        tokens[point] = ("literal", "")


def _group(places: list[int], tokens: list[tuple[str, str]]) -> None:
    figures = "".join(tokens[place][1] for place in places)
    if figures:
        tokens[places[0]] = ("digit", f"{int(figures):,}".rjust(len(figures), "0") if figures[0] != "0" else figures)
        for place in places[1:]:
            tokens[place] = ("digit", "")


def _fill_fraction(number: Decimal, tokens: list[tuple[str, str]], digits: list[int], sign: str) -> str:
    slash = next(place for place, (kind, _) in enumerate(tokens) if kind == "slash")
    size = sum(place > slash for place in digits)
    whole, rest = divmod(Fraction(number), 1)
    part = rest.limit_denominator(10**size - 1)
    has_whole = sum(place < slash for place in digits) > 1
    if not has_whole:
        return f"{sign}{(part + whole).numerator}/{part.denominator}"
    shown = [str(whole)] if whole or not part else []
    return sign + " ".join([*shown, *([f"{part.numerator}/{part.denominator}"] if part else [])])


@lru_cache(maxsize=1_000)
def _read_number_code(section: str) -> tuple[tuple[str, str], ...]:
    return tuple(_read_literal(match) for match in _TOKEN.finditer(section))


def _read_literal(match: re.Match[str]) -> tuple[str, str]:
    """Return one token of a number format: a digit's place, a sign with a meaning, or literal text."""
    if match["digit"]:
        return "digit", match["digit"]
    if match["bracket"] is not None:
        return "literal", match["bracket"][1:].split("-")[0] if match["bracket"].startswith("$") else ""
    if match["exponent"]:
        return "exponent", ""
    other = match["other"] or ""
    if other == "/":
        return "slash", "/"
    if other and other in ".,%":
        return "sign", other
    return "literal", match["quoted"] or match["literal"] or other.replace("@", "")


@lru_cache(maxsize=1_000)
def _read_date_code(code: str) -> tuple[str, ...]:
    """Return the tokens of a date format: runs of a letter, "[h]", "AM/PM", and text behind a NUL."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(_split_sections(code)[0]):
        text = match.group()
        if match["bracket"] is not None:
            if re.fullmatch(r"h+|m+|s+", match["bracket"], re.IGNORECASE):
                tokens.append(text.lower())
        elif match["ampm"]:
            tokens.append("AM/PM")
        elif match["other"] and _DATE_LETTERS.fullmatch(text):
            if tokens and tokens[-1][:1] == text.lower():
                tokens[-1] += text.lower()
            else:
                tokens.append(text.lower())
        elif match["quoted"] or match["literal"] or match["other"]:
            tokens.append("\0" + (match["quoted"] or match["literal"] or match["other"]))
        elif match["digit"]:
            tokens.append("\0#")
    return tuple(tokens)


def _show_date_token(token: str, tokens: tuple[str, ...], place: int, value: datetime) -> str:
    if token.startswith("\0"):
        return "" if token == "\0#" else token[1:].replace("@", "")
    if token == "AM/PM":
        return f"{value:%p}"
    if token[0] == "m" and len(token) < 3 and _means_minutes(tokens, place):
        return f"{value.minute:02d}"
    shown = {
        "yy": f"{value:%y}", "d": str(value.day), "dd": f"{value:%d}", "ddd": f"{value:%a}", "dddd": f"{value:%A}",
        "m": str(value.month), "mm": f"{value:%m}", "mmm": f"{value:%b}", "mmmm": f"{value:%B}", "mmmmm": f"{value:%b}",
        "s": str(value.second), "ss": f"{value:%S}",
    }  # fmt: skip
    if token[0] == "h":
        hour = (value.hour - 1) % 12 + 1 if "AM/PM" in tokens else value.hour
        return f"{hour:02d}" if len(token) > 1 else str(hour)
    return shown.get(token, str(value.year) if token[0] == "y" else "")


def _means_minutes(tokens: tuple[str, ...], place: int) -> bool:
    """Whether an "m" means minutes: it follows hours or precedes seconds."""
    letters = [(n, token.strip("[]")[:1]) for n, token in enumerate(tokens) if token[:1] != "\0" and token != "AM/PM"]
    before = [letter for n, letter in letters if n < place]
    after = [letter for n, letter in letters if n > place]
    return before[-1:] == ["h"] or after[:1] == ["s"]


def _show_duration(value: timedelta, code: str) -> str:
    """Return a duration in its largest unit: "36:00" for `[h]:mm`, "90" for `[m]`."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    tokens = [token.strip("[]") for token in _read_date_code(code) if token[:1] != "\0"]
    first = tokens[0][:1] if tokens else "h"
    units = "".join(token[:1] for token in tokens) or "hm"
    if first == "s":
        return f"{sign}{seconds}"
    if first == "m":
        return f"{sign}{seconds // 60}:{seconds % 60:02d}" if "s" in units else f"{sign}{seconds // 60}"
    shown = f"{sign}{seconds // 3600}"
    if "m" in units or seconds % 3600:
        shown += f":{seconds % 3600 // 60:02d}"
    return f"{shown}:{seconds % 60:02d}" if "s" in units else shown
