"""Finds which passage answered which question: as a correction that holds says, or an answer that people liked.

Knows the feedback; knows nothing of words.
"""

from collections.abc import Callable, Iterator, Sequence

from feedback.choices import Covers
from feedback.corrections import approved
from feedback.database import Database
from feedback.events import Role
from feedback.replies import Reply, find_replies
from retrain.data.claims import find_supporting
from retrain.data.lessons import find_objection
from retrain.data.verdicts import weigh
from retrain.finder.words import Pair
from retrain.prompt_forms import find_numbers
from retrain.settings import CurateSettings
from retrieval.english.sentences import split_sentences
from retrieval.passage import Evidence, EvidenceLine, Match, Passage

FindPassage = Callable[[str], Passage | None]
Search = Callable[[str], Sequence[Passage]]
"""Returns the passages that may say a text, best first."""

MOST = 2_000  # replies of each kind, the latest


def find_pairs(
    db: Database, settings: CurateSettings, find_passage: FindPassage, search: Search, covers: Covers
) -> list[Pair]:
    """Return each question that people were content with the answer to, with the passages that hold the answer."""
    return [*_read_corrections(db, search, covers), *_read_likes(db, settings, find_passage, covers)]


def _read_corrections(db: Database, search: Search, covers: Covers) -> Iterator[Pair]:
    held = approved(db)[-MOST:]
    replies = find_replies(db, [correction.reply_id for correction in held])
    for correction in held:
        reply = replies.get(correction.reply_id)
        if reply is None or not reply.question or not covers(reply, correction.role):
            continue
        if passages := _find_holders(correction.text, search(correction.text)):
            yield Pair(reply.question, passages, reply.asker, by_staff=correction.role is not Role.CUSTOMER)


def _find_holders(text: str, passages: Sequence[Passage]) -> dict[str, str]:
    """Return those of the passages that say a sentence of the text."""
    lines = tuple(EvidenceLine(n, one.text, one.heading, one.id) for n, one in enumerate(passages, start=1))
    evidence = Evidence(lines, Match.STRONG, is_whole=True)
    numbers = {find_supporting(sentence, evidence) for sentence in split_sentences(text)}
    return {line.passage_id: _show(passages[line.number - 1]) for line in lines if line.number in numbers}


def _read_likes(db: Database, settings: CurateSettings, find_passage: FindPassage, covers: Covers) -> Iterator[Pair]:
    weighed = weigh(db, settings)
    liked = [
        reply_id
        for number, reply_id in enumerate(weighed.reply_ids)
        if not find_objection(weighed, number, settings) and weighed.good[number] >= settings.sure
    ][-MOST:]
    by_staff = {one for number, one in enumerate(weighed.reply_ids) if weighed.by_staff[number]}
    for reply in find_replies(db, liked).values():
        if reply.question and covers(reply, None) and (passages := _find_cited(reply, find_passage)):
            yield Pair(reply.question, passages, reply.asker, by_staff=reply.id in by_staff)


def _find_cited(reply: Reply, find_passage: FindPassage) -> dict[str, str]:
    cited = find_numbers(reply.answer)
    found = {line.passage_id: find_passage(line.passage_id) for line in reply.evidence if line.number in cited}
    return {passage_id: _show(passage) for passage_id, passage in found.items() if passage is not None}


def _show(passage: Passage) -> str:
    return f"{passage.heading}\n{passage.text}"
