"""Makes the questions that a retrain rehearses, so that an adapter does not forget other answers.

A curious reader would ask them of the documents: about what a heading names, whether a sentence is true, and what the
documents mostly do not say, because refusals are forgotten as easily as answers. Knows nothing of models.
"""

from collections.abc import Iterable, Iterator

from retrieval.english.sentences import split_sentences
from retrieval.passage import HEADING_JOINT, Passage

ABOUT = ("What should I know about {}?", "{}?")
IS_IT_SO = ("Is it true: {}?", "{}, right?", "I read this: {}. Is that so?")
MOSTLY_UNSAID = (
    "How heavy is {}?",
    "Which languages does {} speak?",
    "Who invented {}?",
    "How many people work on {}?",
    "Is there a newer {} next year?",
    "How long is {} in metres?",
    "Which music goes with {}?",
    "When was {} first sold?",
)
# One in twelve: with one in three, an adapter learned to refuse (39 of 60 held-out questions right; with this, 42 to
# 45).
UNSAID_SHARE = 12


def make_questions(passages: Iterable[Passage], count: int) -> list[str]:
    """Return up to `count` different questions, spread evenly over the passages."""
    whole = list(passages)
    headings = list(dict.fromkeys(passage.heading.replace(HEADING_JOINT, ", ") for passage in whole))
    sentences = [sentence.rstrip(".!?") for passage in whole for sentence in split_sentences(passage.text)]
    titles = list(dict.fromkeys(passage.heading.partition(HEADING_JOINT)[0] for passage in whole))
    unsaid = _ask(titles, MOSTLY_UNSAID, -(-count // UNSAID_SHARE))
    asked = [*unsaid, *_ask(sentences, IS_IT_SO, -(-count // 2)), *_ask(headings, ABOUT, count)]
    return asked[:count]


def _ask(topics: list[str], forms: tuple[str, ...], count: int) -> Iterator[str]:
    """Yield every n-th topic in each form in turn, so that few topics are asked about in several forms."""
    step = max(1, len(topics) // max(1, count))
    chosen = topics[::step]
    questions = [form.format(topic) for form in forms for topic in chosen]
    yield from questions[:count]
