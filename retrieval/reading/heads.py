"""What the fields of a document's head say of who may read it and of its day, and what of that nobody can rely on.

The fields are names and values of front matter or of a record. Documents from elsewhere use the same names with other
meanings, so that no field makes a document unreadable, and none that is unclear gives it more readers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches

from retrieval.english.dates import find_dates
from retrieval.passage import AUDIENCE_FORMS, Audience
from retrieval.reading.documents import RejectedError, Remark, RemarkKind

Fields = Mapping[str, object]

# Words that keep a document among staff, and Chip's own: what is spelt almost like one of them was meant so.
_LIMITING = """
public customer customers staff internal private confidential restricted secret employee employees personnel
colleague colleagues insider proprietary sensitive classified hidden draft unlisted unpublished nobody
"""
_LIMITS = tuple(_LIMITING.split())
_LIKENESS = 0.75  # difflib's ratio; "costumer" has it to "customer", "consumer" has .62
_LIKENESS_OF_NAMES = 0.8
_SHORTEST = 4
_EXACTLY = frozenset({"hr", "nda", "none"})
# Tables of a head in which site generators keep a site's own fields.
_INNER = ("params", "extra", "metadata", "meta", "custom")
_UPDATED = ("updated", "last_updated", "lastmod", "lastupdated", "last_modified_at", "modified", "date", "ms.date")
_WITHHOLDING = frozenset({"draft", "private", "internal", "confidential", "hidden", "unlisted", "restricted"})
_RELEASING = frozenset({"published", "publish", "public", "visible"})
_STATES = frozenset({"status", "visibility", "access", "classification", "confidentiality"})
_NUMBERS = re.compile(r"(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}))(?:[T ,].*)?")
_YES, _NO = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})


@dataclass(slots=True)
class Head:
    """What a head says. `is_withheld`: whoever else may read the source, this document is for staff at most."""

    audience: Audience | None = None
    is_withheld: bool = False
    updated: date | None = None
    remarks: list[Remark] = field(default_factory=list)

    def note(self, kind: RemarkKind, word: object) -> None:
        """Remember something that a person should hear about."""
        self.remarks.append(Remark(kind, " ".join(str(word).split())[:40]))


def read_head(fields: Fields) -> Head:
    """Return what the fields say. Raise `RejectedError` if they name user groups in a way that no audience has."""
    named = {str(name).strip().casefold(): value for name, value in fields.items()}
    head = Head()
    _read_audience(head, _find_audience(named))
    _read_updated(head, named)
    for name, value in named.items():
        if _withholds(name, value):
            head.is_withheld = True
            head.note(RemarkKind.WITHHELD, f"{name}: {str(value).lower()}")
    return head


def _find_audience(named: Mapping[str, object]) -> object:
    """Return the value of the field `audience`, also if its name is misspelt or stands in a table of a site's own."""
    inner = [named[name] for name in _INNER if name in named]
    for table in (named, *inner):
        if isinstance(table, Mapping):
            values = {str(name).strip().casefold(): value for name, value in table.items()}
            for name in get_close_matches("audience", values, n=1, cutoff=_LIKENESS_OF_NAMES):
                return values[name]
    return None


def _read_audience(head: Head, value: object) -> None:
    """Take over a word of Chip's. One that may mean staff limits the document; a strange one says nothing."""
    words = list(_list_words(value))
    known = [_find_known(word) for word in words]
    if len(words) == 1 and known[0] is not None:
        head.audience = known[0]
        return
    if any(audience is not None and audience.is_group for audience in known):
        raise RejectedError("The audience names a user group beside others; a document is for one group only.")
    if any(known) or any(map(_is_limiting, words)):
        head.is_withheld = True
        head.note(RemarkKind.DOUBTFUL_AUDIENCE, ", ".join(words))
    elif words:
        head.note(RemarkKind.STRANGE_AUDIENCE, ", ".join(words))


def _list_words(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield str(value)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _list_words(each)
    elif value is not None:
        yield from filter(None, (" ".join(word.split()) for word in re.split(r"[,;|/]", str(value))))


def _find_known(word: str) -> Audience | None:
    """Return the audience of this name. Raise `RejectedError` for a user group that cannot be one."""
    is_group = word.casefold().startswith("group:")
    try:
        return Audience(word if is_group else word.lower())
    except ValueError as error:
        if is_group:
            raise RejectedError(f"The audience {word[:40]!r} is unknown; use one of: {AUDIENCE_FORMS}.") from error
        return None


def _is_limiting(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text[:200].casefold())
    return any(
        word in _EXACTLY or (len(word) >= _SHORTEST and get_close_matches(word, _LIMITS, n=1, cutoff=_LIKENESS))
        for word in words
    )


def _read_updated(head: Head, named: Mapping[str, object]) -> None:
    """Take over the first day. `updated` is Chip's name; the others belong to other tools and may be anything."""
    for name in _UPDATED:
        try:
            head.updated = _parse_day(named.get(name), is_american=name == "ms.date")
        except ValueError:
            if name == "updated":
                head.note(RemarkKind.STRANGE_DATE, named[name])
        if head.updated is not None:
            return


def _parse_day(value: object, *, is_american: bool) -> date | None:
    """Return the day that a value names; None if it names none. Raise `ValueError` if it is not a day."""
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    said = str(value).strip() if isinstance(value, str | int) else ""
    if american := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", said) if is_american else None:
        return date(int(american[3]), int(american[1]), int(american[2]))
    numbers = _NUMBERS.fullmatch(said)
    if numbers:
        year, month, day = numbers.group(1, 2, 3) if numbers.group(1) else numbers.group(6, 5, 4)
        return date(int(year), int(month), int(day))
    dates = find_dates(said)
    if len(dates) == 1 and dates[0].year:
        return date(dates[0].year, dates[0].month, dates[0].day or 1)
    raise ValueError(f"{said[:40]!r} is no day")


def _withholds(name: str, value: object) -> bool:
    said = str(value).strip().casefold() if isinstance(value, str | bool) else ""
    if name in _STATES:
        return said in _WITHHOLDING or said in ("staff", "unpublished", "secret")
    return (name in _WITHHOLDING and said in _YES) or (name in _RELEASING and said in _NO)
