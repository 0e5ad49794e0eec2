"""Widens the best line to the part of its passage that answers: the lines beside it that fit the question as well.

A line alone is seldom a whole answer: its cause, its steps or its command stand next to it. Pure; made of the
passage's own words, in their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.english.sentences import NO_BREAK, count_words, split_sentences
from retrieval.layout import ITEM, flatten, is_code_block, split_blocks
from retrieval.ranking.units import ABOUT_ANOTHER, ScoredUnit

# A neighbour belongs to the answer when its log-odds are at most so far below the best line's; the surer the best line
# is to answer, beyond even odds, the more it stands alone. A window holds at most so many words, of which code and
# addresses are several. Chosen on documents that nothing else was fitted on (docs/LOG.md).
WIDEN_WITHIN = 8.0
WINDOW_WORDS = 200
# A line of fewer words gets what stands next to it, up to so many words, unless it is so sure to answer.
BARE_WORDS = 80
CONTEXT_WORDS = 120
SURE = 0.9
_CHARACTERS_A_WORD = 9


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, item, row or code block, and what parts it from the piece before it."""

    text: str
    before: str


def widen(
    best: ScoredUnit, units: Sequence[ScoredUnit], confidence: float, most_words: int = WINDOW_WORDS
) -> ScoredUnit:
    """Return the best unit with its neighbours in the passage that fit the question, and all between them.

    `units` are all that were ranked, and `confidence` in [0, 1] is how likely the best one answers. A unit that denies
    what the question takes for granted stands alone, and so does one whose text is not its passage's.
    """
    pieces = _split_pieces(best.passage.text)
    scores = _score_pieces(pieces, [best, *(unit for unit in units if unit.passage.id == best.passage.id)])
    own = [place for place, piece in enumerate(pieces) if _holds(best, piece)]
    if best.denies or not own:
        return best
    start, end = _find_fence(scores, own, best.score - ABOUT_ANOTHER / 2)
    first, last = own[0] - start, own[-1] - start
    pieces, scores = pieces[start:end], scores[start:end]
    for place in sorted(range(len(pieces)), key=lambda place: -scores[place]):
        if scores[place] < best.score - WIDEN_WITHIN * min(1.0, 2.0 * (1.0 - confidence)):
            break
        wider = min(first, place), max(last, place)
        if _count(pieces, *wider) <= most_words:
            first, last = wider
    if confidence < SURE:
        first, last = _give_context(pieces, first, last, min(most_words, CONTEXT_WORDS))
    first, last = _complete_list(pieces, first, last, most_words)
    first, last = _close(pieces, first, last, most_words)
    text = _join(pieces[first : last + 1])
    return replace(best, text=text) if count_words(text) > count_words(best.text) else best


def _find_fence(scores: Sequence[float], own: Sequence[int], least: float) -> tuple[int, int]:
    """Return the stretch around the own pieces that holds none of a lower score: those are about something else.

    A piece that was not ranked has no score and is no fence.
    """
    strange = [place for place, score in enumerate(scores) if float("-inf") < score < least]
    start = max((place + 1 for place in strange if place < own[0]), default=0)
    end = min((place for place in strange if place > own[-1]), default=len(scores))
    return start, end


def _split_pieces(text: str) -> list[_Piece]:
    pieces = []
    for block in split_blocks(text):
        whole = is_code_block(block) or ITEM.match(block)
        sentences = [block] if whole else split_sentences(block)
        pieces += [_Piece(one.replace(NO_BREAK, " "), " " if number else "\n") for number, one in enumerate(sentences)]
    return pieces


def _score_pieces(pieces: Sequence[_Piece], units: Sequence[ScoredUnit]) -> list[float]:
    return [max((unit.score for unit in units if _holds(unit, piece)), default=float("-inf")) for piece in pieces]


def _holds(unit: ScoredUnit, piece: _Piece) -> bool:
    words = flatten(piece.text).strip().removeprefix("- ").rstrip(".;,")
    return bool(words) and words in flatten(unit.text)


def _give_context(pieces: Sequence[_Piece], first: int, last: int, most_words: int) -> tuple[int, int]:
    """Return the window with what follows it, or else with what precedes it, where it is a bare line."""
    while _count(pieces, first, last) < BARE_WORDS:
        if last + 1 < len(pieces) and _count(pieces, first, last + 1) <= most_words:
            last += 1
        elif first and _count(pieces, first - 1, last) <= most_words:
            first -= 1
        else:
            break
    return first, last


def _complete_list(pieces: Sequence[_Piece], first: int, last: int, most_words: int) -> tuple[int, int]:
    """Return the window with the rest of a list that it begins or ends in, if there is room: below, then above."""
    while _goes_on(pieces, last) and _count(pieces, first, last + 1) <= most_words:
        last += 1
    while first and _goes_on(pieces, first - 1) and _count(pieces, first - 1, last) <= most_words:
        first -= 1
    return first, last


def _goes_on(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether the piece at a place and the one after it are items of one list."""
    return place + 1 < len(pieces) and all(ITEM.match(piece.text) for piece in pieces[place : place + 2])


def _close(pieces: Sequence[_Piece], first: int, last: int, most_words: int) -> tuple[int, int]:
    """Return the window with the lead-in above its first item, and with what its last lead-in leads to."""
    if first and ITEM.match(pieces[first].text) and _leads(pieces[first - 1]):
        first -= 1
    while _leads(pieces[last]) or (last + 1 < len(pieces) and _leads(pieces[first]) and ITEM.match(pieces[last].text)):
        if last + 1 == len(pieces) or _count(pieces, first, last + 1) > most_words:
            break
        if not (_leads(pieces[last]) or ITEM.match(pieces[last + 1].text)):
            break
        last += 1
    while last > first and _leads(pieces[last]):
        last -= 1
    return first, last


def _leads(piece: _Piece) -> bool:
    return piece.text.endswith((":", "："))


def _count(pieces: Sequence[_Piece], first: int, last: int) -> int:
    text = " ".join(piece.text for piece in pieces[first : last + 1])
    return max(count_words(text), len(text) // _CHARACTERS_A_WORD)


def _join(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.before + piece.text for piece in pieces).strip("\n ")
