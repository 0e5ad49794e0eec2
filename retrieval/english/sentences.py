"""Splits text into sentences, and passages into the units that can be quoted.

`layout` describes how a passage's text is laid out. Knows nothing of documents or scores.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.layout import ITEM, NUMBERED, flatten, is_code_block, mask, split_blocks
from retrieval.passage import Passage, Stretch

# A list of at most this many words is quoted as a whole; a longer one item by item under its lead-in.
MAX_LIST_WORDS = 45
NO_BREAK = "\u00a0"
"""Stands in a passage where its line must not be cut, as behind a full stop in a cell. What is quoted has a blank."""
# A run of steps is found by its own words and shown with all of its list, where that has at most this many words.
MAX_WHOLE_WORDS = 110
GOES_ON = "…"
"""Stands for the items of a list that are left out."""

_SHORT_FORMS = """
e.g. i.e. etc. vs. cf. approx. no. nos. fig. figs. sec. ch. pp. vol. ed. al. dr. mr. mrs. ms. prof. st. jr. sr. inc.
ltd. co. corp. dept. est. min. max. hr. hrs. ft. lb. lbs. oz. tel. ext. jan. feb. mar. apr. jun. jul. aug. sep. sept.
oct. nov. dec. a.m. p.m. u.s. u.k. ph.d. z.b. bzw. ca. d.h. nr. p.s. incl. excl. avg. temp. ref. ver.
"""
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())
_END = re.compile(r"""[.!?…]++["'”’)\]]*+(?!\u00a0)\s+|[。！？]++["”’」』）]*+(?!\u00a0)\s*""")
# "Light: red; Meaning: The filter is full. Clean it.": a row of a table, quoted as a whole.
_ROW = re.compile(r"^[^.!?:;]{1,80}: [^;]+; [^.!?:;]{1,80}: ")
# Scripts that part no words by blanks. A character of the first row is about a word, five of the second are one.
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{5}")


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest stretch worth quoting: a sentence, a table row, a code block or a short list with its lead-in.

    Search and ranking read `text`, which is one line. Answers quote `shown`, which is laid out as in the passage.
    """

    text: str
    leans_back: bool
    shown: str


# A sentence that starts so makes little sense without the one before it.
_LEANS_BACK = re.compile(
    r"^(?:it|its|it's|this|that|these|those|they|their|them|he|his|she|her|both|either|neither|otherwise|instead|however|"
    r"if so|then|also|in (?:this|that) case|the (?:same|former|latter)|such|here|doing so|after (?:this|that))\b",
    re.IGNORECASE,
)


def split_sentences(text: str) -> list[str]:
    """Split each line of the text into sentences. Numbers, versions, abbreviations and list markers do not end one.

    A code block is one sentence.
    """
    return [sentence for block in split_blocks(text) for sentence in _split_block(block)]


def split_units(text: str) -> tuple[Unit, ...]:
    """Return the units of a passage, in reading order, without repeats."""
    units: dict[str, Unit] = {}
    for quoted, shown in _join_lists(split_blocks(text)):
        flat = flatten(quoted).replace(NO_BREAK, " ")
        units.setdefault(flat, Unit(flat, bool(_LEANS_BACK.match(flat)), shown.replace(NO_BREAK, " ")))
    return tuple(units.values())


def build_stretch(passage: Passage, lead: str = "") -> Stretch:
    """Return what a passage's vectors are computed from, in the order of `split_units`.

    `lead` replaces the heading where the text is about something else.
    """
    return Stretch(lead or f"{passage.heading}:", tuple(unit.text for unit in split_units(passage.text)))


def count_words(text: str) -> int:
    """Return the number of words, with an estimate for scripts that do not separate words by spaces."""
    words = len(text.split())
    return words if text.isascii() else words + len(_CJK.findall(text)) + len(_UNSPACED.findall(text))


def _split_block(block: str) -> Iterator[str]:
    if is_code_block(block):
        yield block
    else:
        for line in block.split("\n"):
            yield from _split_line(line.strip())


def _split_line(line: str) -> Iterator[str]:
    if _ROW.match(line):
        yield line
        return
    start, masked = 0, mask(line)
    for end in _END.finditer(masked):
        if ends_sentence(masked, start, end):
            yield line[start : end.end()].strip()
            start = end.end()
    if line[start:].strip():
        yield line[start:].strip()


def ends_sentence(line: str, start: int, end: re.Match[str]) -> bool:
    """Whether the mark at `end`, with the blanks after it, ends the sentence that begins at `start`."""
    mark = end.group().strip()
    if mark[0] != "." or len(mark.rstrip("\"'”’)]")) > 1:
        return True
    following = line[end.end() : end.end() + 1]
    words = line[start : end.start() + 1].split()
    last = words[-1].lstrip("(\"'“‘[").lower()
    is_first = len(words) == 1
    if (ITEM.match(f"{last} ") and (is_first or words[-2].endswith(":"))) or (is_first and len(last) == 2):
        return False
    if last == "no." and is_first and following.isalpha():  # an answer, and no number
        return True
    if last in _ABBREVIATIONS or re.fullmatch(r"(?:[a-z]\.)+", last):
        # "No. 5", "e.g. Moss", "J. Smith": only "etc." and "p.m." before a capital end a sentence.
        return last in {"etc.", "a.m.", "p.m.", "al."} and following.isupper()
    return not following.islower()


def _join_lists(blocks: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each unit in two forms: as searched and as shown."""
    position = 0
    while position < len(blocks):
        first = position + 1 if _leads(blocks[position : position + 2]) else position
        end = _find_list_end(blocks, first)
        if end > first:
            yield from _quote_list(blocks[position] if first > position else "", blocks[first:end])
            position = end
        else:
            yield from _quote_paragraph(blocks[position])
            position += 1


def _find_list_end(blocks: Sequence[str], start: int) -> int:
    """Return where the list or code that begins at `start` ends. All items of a list are numbered, or none."""
    end = start
    is_numbered = bool(blocks[start:]) and NUMBERED.match(blocks[start])
    while end < len(blocks) and _is_listed(blocks[end]):
        is_inner = blocks[end].startswith(" ") or is_code_block(blocks[end])
        if not is_inner and bool(NUMBERED.match(blocks[end])) != bool(is_numbered):
            break
        end += 1
    return end


def _is_listed(block: str) -> bool:
    return bool(ITEM.match(block)) or is_code_block(block)


def _leads(blocks: Sequence[str]) -> bool:
    """Whether the first of two blocks introduces the second; code is introduced by "Run this command." too."""
    if len(blocks) < 2 or _is_listed(blocks[0]):
        return False
    return is_code_block(blocks[1]) or (bool(ITEM.match(blocks[1])) and blocks[0].endswith((":", "：")))


def _quote_paragraph(block: str) -> Iterator[tuple[str, str]]:
    if "\n" in block and count_words(block) <= MAX_LIST_WORDS:
        yield block, block
        return
    yield from ((sentence, sentence) for sentence in _split_block(block))


def _quote_list(lead: str, blocks: list[str]) -> Iterator[tuple[str, str]]:
    """Yield a short list or code as one unit; split a long list into runs of steps, or into items under the lead-in."""
    *before, intro = list(_split_block(lead)) if lead else [""]
    yield from ((sentence, sentence) for sentence in before)
    whole = _put_under(intro, blocks)
    is_code = all(map(is_code_block, blocks))
    if is_code or count_words(whole) <= MAX_LIST_WORDS:
        yield whole, whole
        return
    items = _gather_items(blocks)
    if NUMBERED.match(items[0]):
        yield from _group_steps(intro, items, whole if count_words(whole) <= MAX_WHOLE_WORDS else None)
        return
    for number, item in enumerate(items):
        yield from _quote_item(intro, item, is_last=number == len(items) - 1)


def _gather_items(blocks: list[str]) -> list[str]:
    """Return the items of the outermost list, each with its nested blocks."""
    items: list[str] = []
    for block in blocks:
        if items and (is_code_block(block) or block.startswith(" ")):
            items[-1] += f"\n{block}"
        else:
            items.append(block)
    return items


def _quote_item(intro: str, item: str, *, is_last: bool) -> Iterator[tuple[str, str]]:
    if "\n" in item:
        yield _put_under(intro, [item]), _show_part(intro, [item], is_first=True, is_last=is_last)
        return
    sentences = list(_split_line(item.removeprefix("- ")))
    first = f"- {sentences[0]}" if item.startswith("- ") else sentences[0]
    if intro and count_words(intro) <= 12:
        yield _put_under(intro, [first]), _show_part(intro, [first], is_first=True, is_last=is_last)
    else:
        yield sentences[0], sentences[0]
    yield from ((sentence, sentence) for sentence in sentences[1:])


def _group_steps(intro: str, items: list[str], whole: str | None) -> Iterator[tuple[str, str]]:
    """Yield runs of steps, so that a step is found with its neighbours. The whole list is shown if it is given."""
    groups: list[list[str]] = [[]]
    for item in items:
        if groups[-1] and count_words(" ".join([*groups[-1], item])) > MAX_LIST_WORDS:
            groups.append([])
        groups[-1].append(item)
    for number, group in enumerate(groups):
        is_first, is_last = number == 0, number == len(groups) - 1
        searched = _put_under(intro if is_first else "", group)
        yield searched, whole or _show_part(intro, group, is_first=is_first, is_last=is_last)


def _show_part(intro: str, items: Sequence[str], *, is_first: bool, is_last: bool) -> str:
    """Return a part of a list with its lead-in and a mark for each omission."""
    before = [] if is_first else [GOES_ON]
    after = [] if is_last or not intro else [GOES_ON]
    return _put_under(intro, [*before, *items, *after])


def _put_under(intro: str, blocks: Sequence[str]) -> str:
    return "\n".join([intro, *blocks] if intro else blocks)
