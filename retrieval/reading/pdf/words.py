"""Extracts the words of a PDF page with their places, and the drawn lines. Knows PDFium, nothing of layout."""

import ctypes
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2  # type: ignore[import-untyped]  # the package has no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

MAX_CHARACTERS = 200_000
# How PDFium writes a hyphen at the end of a line.
_LINE_HYPHEN = "\x02"
SOFT_HYPHEN = "\u00ad"
_HYPHENS = dict.fromkeys(map(ord, (_LINE_HYPHEN, "\u2010", "\u2011")), "-")
_LIGATURES = ("\ufb00", "\ufb06")
_THIN = 3.0
_MAX_LINKS = 2_000
# A text that holds this share of a link's address shows it. A long address may be cut at a line's end.
_SHOWN = 12

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box, in points from the page's upper left corner; `size` is the height of its type."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What is on a page. `rules` are the heights of drawn horizontal lines, with their two ends."""

    words: tuple[Word, ...]
    rules: tuple[tuple[float, float, float], ...]
    height: float


def read_page(page: pypdfium2.PdfPage) -> Page:
    """Return the words of a page in the order in which they are drawn, and its lines."""
    height = page.get_height()
    text = page.get_textpage()
    try:
        words = _add_targets(_collect_words(text, height), page, height)
    finally:
        text.close()
    return Page(tuple(words), tuple(_find_rules(page, height)), height)


def _collect_words(text: pypdfium2.PdfTextPage, height: float) -> list[Word]:
    count = min(text.count_chars(), MAX_CHARACTERS)
    words: list[Word] = []
    letters: list[str] = []
    box = [0.0, 0.0, 0.0, 0.0]
    last = (0.0, 0.0, 0.0)
    size = 0.0
    is_bold = False
    edges = pdfium.FS_RECTF()

    def end_word() -> None:
        if letters:
            said = _clean("".join(letters))
            if said:
                words.append(Word(said, box[0], height - box[3], box[2], height - box[1], size, is_bold))
            letters.clear()

    for index in range(count):
        letter = chr(pdfium.FPDFText_GetUnicode(text, index))
        if letter.isspace() or letter == "\0" or not pdfium.FPDFText_GetLooseCharBox(text, index, edges):
            end_word()
            continue
        tall = edges.top - edges.bottom
        if not (letters and _goes_on(edges, last, tall)):
            end_word()
            box = [edges.left, edges.bottom, edges.right, edges.top]
            size = tall
            is_bold = pdfium.FPDFText_GetFontWeight(text, index) >= 600
        letters.append(letter)
        last = (edges.left, edges.right, edges.bottom)
        box = [min(box[0], edges.left), min(box[1], edges.bottom), max(box[2], edges.right), max(box[3], edges.top)]
    end_word()
    return words


def _goes_on(edges: pdfium.FS_RECTF, last: tuple[float, float, float], tall: float) -> bool:
    """Whether a letter is next to the last one, on either side, or in its place: a ligature is several letters."""
    left, right, bottom = last
    follows = left - 0.1 * tall <= edges.left < right + 0.5 * tall
    precedes = right + 0.1 * tall >= edges.right > left - 0.5 * tall
    return bool(abs(edges.bottom - bottom) < 0.6 * tall and (follows or precedes))


def _add_targets(words: list[Word], page: pypdfium2.PdfPage, height: float) -> list[Word]:
    """Return the words. After a link's last word comes its address in brackets, unless the link shows it."""
    links = list(_find_links(page, height))
    followers = [*(target for target, _ in links[1:]), ""]
    for (target, box), following in zip(links, followers, strict=False):
        inside = [n for n, word in enumerate(words) if _is_inside(word, box)]
        shown = "".join(words[n].text for n in inside)
        bare = target.removeprefix("mailto:").rstrip("/")
        # A link over two lines is two boxes.
        if inside and target != following and (bare.partition("://")[2] or bare)[:_SHOWN] not in shown:
            last = inside[-1]
            said = words[last].text
            mark = said[-1] if said[-1] in ".,;:!?" else ""
            words[last] = replace(words[last], text=f"{said.removesuffix(mark)} ({bare}){mark}")
    return words


def _find_links(page: pypdfium2.PdfPage, height: float) -> Iterator[tuple[str, Box]]:
    place, link, box = ctypes.c_int(0), pdfium.FPDF_LINK(), pdfium.FS_RECTF()
    for _ in range(_MAX_LINKS):
        if not pdfium.FPDFLink_Enumerate(page, place, link):
            return
        action = pdfium.FPDFLink_GetAction(link)
        size = pdfium.FPDFAction_GetURIPath(page.pdf, action, None, 0) if action else 0
        if 0 < size < 2_000 and pdfium.FPDFLink_GetAnnotRect(link, box):
            buffer = ctypes.create_string_buffer(size)
            pdfium.FPDFAction_GetURIPath(page.pdf, action, buffer, size)
            target = buffer.value.decode("ascii", "replace")
            if target.startswith(("https://", "http://", "mailto:")):
                yield target, (box.left, height - box.top, box.right, height - box.bottom)


def _is_inside(word: Word, box: Box) -> bool:
    across, down = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return box[0] <= across <= box[2] and box[1] - 1 <= down <= box[3] + 1


def _clean(text: str) -> str:
    """Return a word with plain hyphens, and its ligatures as letters. A soft hyphen stays only at its end."""
    soft = SOFT_HYPHEN if text.endswith(SOFT_HYPHEN) else ""
    text = text.replace(SOFT_HYPHEN, "").translate(_HYPHENS)
    if any(_LIGATURES[0] <= letter <= _LIGATURES[1] for letter in text):
        text = "".join(unicodedata.normalize("NFKC", c) if _LIGATURES[0] <= c <= _LIGATURES[1] else c for c in text)
    return "".join(c for c in text if c.isprintable()) + soft


def _find_rules(page: pypdfium2.PdfPage, height: float) -> list[tuple[float, float, float]]:
    """Return the horizontal lines: thin shapes, and the upper and lower edges of boxes."""
    rules: set[tuple[float, float, float]] = set()
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(min(pdfium.FPDFPage_CountObjects(page), 20_000)):
        shape = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(shape) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        if not pdfium.FPDFPageObj_GetBounds(shape, left, bottom, right, top) or right.value - left.value < 15:
            continue
        edges = [top.value] if top.value - bottom.value < _THIN else [top.value, bottom.value]
        rules.update((round(height - edge, 1), round(left.value, 1), round(right.value, 1)) for edge in edges)
    return sorted(rules)
