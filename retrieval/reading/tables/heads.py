"""Tells from the cells alone whether the first row of a table holds labels.

A label is short and has no value in it. The cells under it are alike and unlike it: numbers of one unit, codes of one
shape, whole sentences. "Flow | 40 l/min" over "Weight | 11 kg" is no row of labels: the first column names the rows.
Knows nothing of formats, spans or marks.
"""

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

# How many rows are examined: a table does not change its columns further down.
_LOOKED_AT = 60
_MOST = 0.6
# A longer text is neither value nor label. The limit also keeps the patterns cheap.
_MAX_VALUE = 80


class Origin(StrEnum):
    """Where a table comes from: sheets and exports mostly begin with labels, tables in a text often do not.

    `BANDED`: the table's style highlights the first row, which the row itself does not.
    """

    SHEET = "sheet"
    BANDED = "banded"
    DOCUMENT = "document"


class _Kind(StrEnum):
    EMPTY = "empty"
    NUMBER = "number"
    DATE = "date"
    CONTACT = "contact"
    MARK = "mark"
    CODE = "code"
    WORD = "word"
    LONG = "long"


_VALUES = frozenset({_Kind.NUMBER, _Kind.DATE, _Kind.CONTACT, _Kind.MARK})
_NUMBER = re.compile(
    r"^[<>≤≥~≈±+(\-–−]*\s*(?:[A-Z]{3}\s|[€$£¥₹])?\s*(?P<digits>\d[\d.,'’  ]*(?:\s?[-–/x×]\s?\d[\d.,]*)?)\s*\)?"
    r"(?P<unit>(?:[%‰°€$£¥₹\"'″]|[^\W\d_])\S*(?: [^\s\d]+){0,3})?$"
)
_YEAR = re.compile(r"^(?:(?:FY|CY|Q[1-4])\s?)?(?:19|20)\d\d$|^Q[1-4]$", re.I)
_DATE = re.compile(
    r"^\d{4}-\d\d-\d\d\b|^\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|^\d{1,2}:\d\d\b|^\d{1,2}\.? [^\W\d]{3,} \d{4}$"
)
_CONTACT = re.compile(
    r"^\S+@\S+\.\S+$|^(?:https?://|www\.)\S+$|^\+?[\d() /.\-]*\d{2,}[\d() /.\-]*\d{3,}$|^\+\d[\d ()/-]{6,}$"
)
_MARKS = "yes no ja nein oui non si sí x - – — n/a none true false on off ✓ ✔ ✗ ✘ ● ○ • ok"
# Words that head columns in tables of all trades. Contrast tells what else may be a label.
_LABELS = """
action address amount answer article availability category cause city class code colour color comment contact
cost country date default department description detail details discount duration email error example explanation
feature field fee function id interval item key language level limit location maximum mean meaning meanings minimum
model name no. note notes number option order owner parameter part period phone plan price product property
qty quantity question reason region remark remarks remedy required response result role setting size sku solution
stock state status step supplier symptom telephone term tier time title total type unit use usage value values
variable version weight
artikel anzahl antwort beschreibung bedeutung bemerkung bezeichnung datum einheit fehler frage kosten land lösung
menge modell nummer ort preis produkt teil telefon typ ursache wert zeit
prix nom produit quantité réponse description modèle référence ville pays signification
precio nombre producto cantidad respuesta modelo descripción significado prezzo
"""
# Labels of a second column that say only that the first one names properties.
_GENERIC_LABELS = "value values detail details specification specifications data wert werte valeur valor"
_MARK_SET, _LABEL_SET, _GENERIC_SET = (frozenset(words.split()) for words in (_MARKS, _LABELS, _GENERIC_LABELS))


def count_head_rows(rows: Sequence[Sequence[str]], origin: Origin) -> int:
    """Return 1 if the first of the rows, all of one width, holds labels, else 0."""
    if len(rows) < 2:
        return 0
    head, body = rows[0], rows[1 : 1 + _LOOKED_AT]
    if len(head) == 1:
        return int(_heads_one_column(head[0], [row[0] for row in body]))
    columns = list(zip(*body, strict=True))
    found = sum(
        _score_column(label, cells, place, head) for place, (label, cells) in enumerate(zip(head, columns, strict=True))
    )
    found += 2.0 if _counts_columns(head, body) else 0.0
    # Names over names: only a word that heads columns elsewhere tells that these do.
    is_told = bool(found) or any(map(_is_label, head)) or origin is Origin.BANDED
    score = _score_origin(len(head), origin) + found if is_told else -1.0
    if len(head) == 2 and _names_rows(columns):
        score = 1.0 if _is_generic(head[1]) else -1.0
    return int(score > 0)


def is_value(text: str) -> bool:
    """Whether a cell holds a number, a date, a contact or a mark, rather than a name or label."""
    return _find_kind(text) in _VALUES


def _heads_one_column(label: str, cells: Sequence[str]) -> bool:
    return len(label.split()) <= 2 and all(len(cell.split()) > 2 for cell in cells if cell.strip())


def _counts_columns(head: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row counts its columns: "Level 1", "Level 2", over cells that do not."""
    shapes = {_find_shape(label) for label in head if label.strip()}
    shape = next(iter(shapes)) if len(shapes) == 1 else ""
    return "9" in shape and "a" in shape and all(_find_shape(cell) != shape for row in body for cell in row)


def _score_origin(width: int, origin: Origin) -> float:
    if origin is not Origin.DOCUMENT:
        return 1.0
    return 0.5 if width > 2 else -0.5


def _score_column(label: str, cells: Sequence[str], place: int, head: Sequence[str]) -> float:
    """Return how much this column says for labels (above 0) or against them (below 0)."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not label.strip():
        # An empty corner over names is usual. An empty label over values is not.
        return 1.0 if place == 0 and all(text.strip() for text in head[1:]) else -0.5
    score = _score_contrast(label.strip(), filled)
    if place and _is_label(label):
        score += 1.0
    if label.strip().casefold() in {cell.casefold() for cell in filled}:
        score -= 2.0
    return score


def _score_contrast(label: str, cells: Sequence[str]) -> float:
    if not cells:
        return 0.0
    kind, share = Counter(map(_find_kind, cells)).most_common(1)[0][0], 0.0
    share = sum(_find_kind(cell) is kind for cell in cells) / len(cells)
    own = _find_kind(label)
    if _YEAR.match(label):
        return 1.0 if not all(map(_YEAR.match, cells)) else -2.0
    if own is _Kind.LONG:
        return -2.0
    if share < _MOST:
        return -1.0 if own in _VALUES else 0.0
    if own is kind:
        return _score_alike(own, label, cells)
    if own in _VALUES:
        return -1.0
    return {_Kind.WORD: 0.0, _Kind.LONG: 1.5, _Kind.CODE: 1.0}.get(kind, 2.0)


def _score_alike(kind: _Kind, label: str, cells: Sequence[str]) -> float:
    """Score cells that look like their label.

    A label may be a word over words, or a code over codes ("Tarn 40" over "A2"), but no number over numbers.
    """
    if kind in _VALUES:
        return -2.0
    if kind is _Kind.CODE:
        return -2.0 if _find_shape(label) in map(_find_shape, cells) else 0.0
    is_shorter = len(label.split()) < min(len(cell.split()) for cell in cells)
    repeats = len(cells) > 3 and len(set(cells)) <= _MOST * len(cells) and label not in cells
    return 0.5 if is_shorter or repeats else 0.0


def _names_rows(columns: Sequence[Sequence[str]]) -> bool:
    """Whether the first of two columns holds labels: the second has values of several units, or its names are known."""
    units = [match["unit"] or "" for cell in columns[1] if (match := _NUMBER.match(cell.strip()[:_MAX_VALUE]))]
    common = Counter(unit.casefold().strip() for unit in units).most_common(1)
    is_mixed = len(units) >= 2 and common[0][1] < _MOST * len(units)
    return is_mixed or sum(map(_is_label, columns[0])) > len(columns[0]) / 2


def _is_label(text: str) -> bool:
    words = re.findall(r"[^\W_]+\.?", text.casefold())
    return 0 < len(words) <= 4 and any(word in _LABEL_SET for word in words) and not re.search(r"\d", text)


def _is_generic(text: str) -> bool:
    return text.strip().casefold().rstrip(":") in _GENERIC_SET


def _find_shape(text: str) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))


def _find_kind(text: str) -> _Kind:
    text = text.strip()
    if not text:
        return _Kind.EMPTY
    if len(text) > _MAX_VALUE:
        return _Kind.LONG
    if text.casefold() in _MARK_SET:
        return _Kind.MARK
    for pattern, kind in ((_DATE, _Kind.DATE), (_CONTACT, _Kind.CONTACT), (_NUMBER, _Kind.NUMBER)):
        if pattern.match(text):
            return kind
    if len(text.split()) > 8 or re.search(r"[.!]$", text):
        return _Kind.LONG
    return _Kind.CODE if re.search(r"\d", text) else _Kind.WORD
