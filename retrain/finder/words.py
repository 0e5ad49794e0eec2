"""Learns customers' words: which phrase of the documents a word means that the documents themselves do not use so.

A word is learned from questions whose answering passages are known. The phrase has to stand in each of those passages,
has to be rare elsewhere, and has to bring the passage of each question up when it takes the word's place. One question
cannot say which phrase is meant, and one customer may call a thing as nobody else does. Knows no database.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import binom

from retrieval.asked.glossary import Glossary, find_term
from retrieval.english.terms import tokenise, tokenise_with_words

FindRank = Callable[[str, frozenset[str]], float]
"""Returns how well a question finds passages: 1.0 for the first place, 1/2 for the second, down to 0.0."""

LEAST_QUESTIONS = 2
LEAST_PEOPLE = 2
_MOST_TRIED = 4  # phrases of a word, the rarest first
_LONGEST = 3  # words of a phrase
_USED = 0.02  # a word that this share of the passages holds is the documents' own
_CHANCE = 0.05  # of any phrase standing in so many of a word's passages by accident
_COVERED = 0.75  # the share of a word's questions whose passages hold the phrase
_WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question with the texts and ids of the passages that answered it, who asked, and whether staff said so."""

    question: str
    passages: Mapping[str, str]
    asker: str
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """One entry: what customers say, what the documents say, and what it rests on.

    `before` and `after` are how well those questions found their passages without and with it, in [0, 1].
    """

    word: str
    phrase: str
    questions: int
    people: int
    by_staff: bool
    before: float
    after: float


def learn_words(pairs: Sequence[Pair], texts: Iterable[str], find_rank: FindRank) -> list[Meaning]:
    """Return what the pairs teach, what is best supported first. `texts` are passages of the documents, a sample."""
    phrases = [frozenset(_list_phrases(text)) for text in texts]
    asked = _group_by_word(pairs, phrases)
    learned = [
        meaning
        for word, own in sorted(asked.items())
        if (meaning := _learn_word(word, own, phrases, find_rank)) is not None
    ]
    return sorted(learned, key=lambda one: (-one.questions, one.word))


def _group_by_word(pairs: Sequence[Pair], phrases: Sequence[frozenset[str]]) -> dict[str, list[Pair]]:
    """Return the pairs by each word of their questions that their passages do not hold, with support enough."""
    most = max(1.0, _USED * len(phrases))
    grouped: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        held = {term for text in pair.passages.values() for term in tokenise(text)}
        words = {word.casefold() for word in _WORD.findall(pair.question)}
        for term in {find_term(word) for word in words if not any(sign.isdigit() for sign in word)} - {None}:
            if term not in held:
                grouped[str(term)].append(pair)
    return {word: own for word, own in grouped.items() if _is_supported(own) and _count(word, phrases) <= most}


def _is_supported(pairs: Sequence[Pair]) -> bool:
    people = {pair.asker for pair in pairs}
    different = {" ".join(tokenise(pair.question)) for pair in pairs}
    is_confirmed = len(people) >= LEAST_PEOPLE or any(pair.by_staff for pair in pairs)
    return len(different) >= LEAST_QUESTIONS and is_confirmed


def _count(phrase: str, phrases: Sequence[frozenset[str]]) -> int:
    return sum(phrase in held for held in phrases)


def _learn_word(
    word: str, pairs: Sequence[Pair], phrases: Sequence[frozenset[str]], find_rank: FindRank
) -> Meaning | None:
    """Return the phrase that brings the word's passages up most, if one does and takes none down."""
    before = [find_rank(pair.question, frozenset(pair.passages)) for pair in pairs]
    best, most = None, 0.0
    for phrase in _find_candidates(pairs, phrases):
        shown = _show_phrase(phrase, pairs)
        glossary = Glossary({word: shown})
        after = [find_rank(glossary.translate(pair.question), frozenset(pair.passages)) for pair in pairs]
        if sum(after) > max(sum(before), most) and not _sinks(before, after):
            most = sum(after)
            best = Meaning(
                _show_word(word, pairs),
                shown,
                len(pairs),
                len({pair.asker for pair in pairs}),
                any(pair.by_staff for pair in pairs),
                round(sum(before) / len(pairs), 3),
                round(sum(after) / len(pairs), 3),
            )
    return best


def _sinks(before: Sequence[float], after: Sequence[float]) -> bool:
    return any(now < was for was, now in zip(before, after, strict=True))


def _find_candidates(pairs: Sequence[Pair], phrases: Sequence[frozenset[str]]) -> list[str]:
    """Return phrases that the passages of most of the pairs hold and their questions do not, the rarest first."""
    seen: dict[str, int] = defaultdict(int)
    for pair in pairs:
        asked = set(tokenise(pair.question))
        held = {phrase for text in pair.passages.values() for phrase in _list_phrases(text)}
        for phrase in held:
            if not asked.intersection(phrase.split()):
                seen[phrase] += 1
    least = max(LEAST_QUESTIONS, _COVERED * len(pairs))
    shared = {phrase: many for phrase, many in seen.items() if many >= least}
    chances = {phrase: _find_chance(phrase, many, pairs, phrases) for phrase, many in shared.items()}
    surprising = [phrase for phrase, chance in chances.items() if chance * len(seen) < _CHANCE]
    return sorted(surprising, key=lambda one: (chances[one], -len(one), one))[:_MOST_TRIED]


def _find_chance(phrase: str, many: int, pairs: Sequence[Pair], phrases: Sequence[frozenset[str]]) -> float:
    """Return the chance that so many pairs' passages hold a phrase that has nothing to do with their word."""
    share = (_count(phrase, phrases) + 1) / (len(phrases) + 1)
    widest = max(len(pair.passages) for pair in pairs)
    return float(binom.sf(many - 1, len(pairs), 1.0 - (1.0 - share) ** widest))


def _show_word(word: str, pairs: Sequence[Pair]) -> str:
    """Return a word as most of its questions write it."""
    forms = Counter(form for pair in pairs for term, form in tokenise_with_words(pair.question) if term == word)
    return forms.most_common(1)[0][0]


def _show_phrase(phrase: str, pairs: Sequence[Pair]) -> str:
    """Return a phrase as most of the passages write it, in small letters."""
    wanted = phrase.split()
    forms: Counter[str] = Counter()
    for pair in pairs:
        for text in pair.passages.values():
            found = tokenise_with_words(text)
            for start in range(len(found) - len(wanted) + 1):
                part = found[start : start + len(wanted)]
                if [term for term, _ in part] == wanted:
                    forms[" ".join(word for _, word in part)] += 1
    return forms.most_common(1)[0][0]


def _list_phrases(text: str) -> Iterator[str]:
    """Yield the terms of a text, alone and as they follow each other."""
    terms = tokenise(text)
    for start in range(len(terms)):
        for end in range(start + 1, min(start + _LONGEST, len(terms)) + 1):
            yield " ".join(terms[start:end])
