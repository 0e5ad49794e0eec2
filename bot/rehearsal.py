"""The questions whose answers a retrain rehearses, so that what it teaches costs nothing else.

They are made from the documents as a curious reader would ask: half about what a heading names, half whether a sentence
is so. Knows nothing of models.
"""

from collections.abc import Iterable, Iterator

from retrieval.passage import Passage
from retrieval.sentences import split_sentences

ABOUT = ("What should I know about {}?", "{}?", "Can you tell me more about {}?")
IS_IT_SO = ("Is it true: {}?", "{}, right?", "I read this: {}. Is that so?")


def make_questions(passages: Iterable[Passage], count: int) -> list[str]:
    """Return up to `count` different questions, spread evenly over the passages."""
    whole = list(passages)
    headings = list(dict.fromkeys(passage.heading.replace(" › ", ", ") for passage in whole))
    sentences = [sentence.rstrip(".!?") for passage in whole for sentence in split_sentences(passage.text)]
    half = -(-count // 2)
    asked = [*_ask(headings, ABOUT, half), *_ask(sentences, IS_IT_SO, half)]
    return asked[:count]


def _ask(topics: list[str], forms: tuple[str, ...], count: int) -> Iterator[str]:
    """Take every n-th topic under each form in turn, so that few topics are asked about in more than one way."""
    step = max(1, len(topics) // max(1, count))
    chosen = topics[::step]
    questions = [form.format(topic) for form in forms for topic in chosen]
    yield from questions[:count]
