"""What is small talk, and what is a question that must not be answered with it."""

import pytest

from models.recipes.chip_nano.smalltalk import SAYINGS
from retrieval.asked.small_talk import may_be_small_talk
from retrieval.encoders.embedder import Embedder, load_embedder
from tests.retrieval.words import WordEmbedder


@pytest.fixture(scope="module")
def packaged() -> Embedder:
    return load_embedder()


def test_what_people_say_beside_questions_is_small_talk(packaged: Embedder) -> None:
    said = [saying for sayings in SAYINGS.values() for saying in sayings]
    missed = [saying for saying in said if not may_be_small_talk(saying, packaged)]
    assert len(missed) <= len(said) / 100, missed


@pytest.mark.parametrize(
    "question",
    [
        "How do I make the mower fly?",
        "which colours does the kettle come in",
        "Hi, do you repair phones of other makers?",
        "what is the meaning of error E77 on my washing machine",
    ],
)
def test_a_question_is_no_small_talk(packaged: Embedder, question: str) -> None:
    assert not may_be_small_talk(question, packaged)


def test_an_embedder_of_another_make_leaves_the_choice_to_the_model() -> None:
    assert may_be_small_talk("How do I make the mower fly?", WordEmbedder())


def test_nothing_said_is_no_question(packaged: Embedder) -> None:
    assert may_be_small_talk("  ", packaged)
