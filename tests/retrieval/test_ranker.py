"""The order of lines and the certainty of the match, on a few lines about near-duplicate products."""

import numpy as np
import pytest

from retrieval.embedder import Embedder
from retrieval.ranker import Ranking, load_weights, rank_lines
from retrieval.ranker_features import NAMES, Candidate, build_features
from retrieval.ranker_words import load_meanings

LINES = (
    Candidate("Fern 4 trimmer › Specifications", "The Fern 4 weighs 2.3 kg.", 0),
    Candidate("Fern 4 trimmer › Specifications", "The Fern 4 runs for 40 minutes on a full charge.", 0),
    Candidate("Fern 4 Plus trimmer › Specifications", "The Fern 4 Plus runs for 65 minutes on a full charge.", 1),
    Candidate("Fern 4 Plus trimmer › Specifications", "The Fern 4 Plus weighs 2.9 kg.", 1),
    Candidate("Error codes of the Fern models", "Error F12 means that the blade is stuck.", 2),
    Candidate("Error codes of the Fern models", "Error F21 means that the battery is too cold.", 2),
    Candidate("Warranty", "The warranty for all trimmers lasts 4 years.", 3),
    Candidate("What it cannot do", "No trimmer can cut branches thicker than a finger.", 4),
)


def rank(embedder: Embedder, question: str, lines: tuple[Candidate, ...] = LINES) -> Ranking:
    vectors = embedder.encode([f"{line.heading}: {line.text}" for line in lines])
    return rank_lines(question, embedder.encode([question])[0], lines, vectors)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("how long does the fern 4 run", "The Fern 4 runs for 40 minutes on a full charge."),
        ("how long does the fern 4 plus run", "The Fern 4 Plus runs for 65 minutes on a full charge."),
        ("How long can I use the Fern 4 (not the Plus)?", "The Fern 4 runs for 40 minutes on a full charge."),
        ("is my Fern 4 Plus heavy?", "The Fern 4 Plus weighs 2.9 kg."),
        ("F21 on my trimmer", "Error F21 means that the battery is too cold."),
        ("how many years of guarantee do I get", "The warranty for all trimmers lasts 4 years."),
    ],
)
def test_the_line_about_the_named_model_that_says_what_was_asked_comes_first(
    embedder: Embedder, question: str, answer: str
) -> None:
    assert LINES[rank(embedder, question).order()[0]].text == answer


def test_the_order_of_the_lines_does_not_depend_on_the_order_they_come_in(embedder: Embedder) -> None:
    question = "how long does the fern 4 plus run"
    backwards = tuple(reversed(LINES))
    forth, back = rank(embedder, question), rank(embedder, question, backwards)
    assert [LINES[n].text for n in forth.order()] == [backwards[n].text for n in back.order()]
    assert forth.confidence == pytest.approx(back.confidence, abs=1e-6)


def test_a_question_that_a_line_answers_is_surer_than_one_about_something_else(embedder: Embedder) -> None:
    assert rank(embedder, "how long does the fern 4 run").confidence > 0.5
    assert rank(embedder, "Who painted the Mona Lisa?").confidence < 0.3


def test_no_lines_have_no_order_and_no_confidence(embedder: Embedder) -> None:
    ranking = rank_lines("What?", embedder.encode(["What?"])[0], (), np.zeros((0, 384), dtype=np.float32))
    assert ranking.order() == []
    assert ranking.confidence == 0.0


def test_every_feature_has_a_weight_and_a_finite_value(embedder: Embedder) -> None:
    vectors = embedder.encode([line.text for line in LINES])
    for question in ("?", "🙂", "the", "Fern Fern Fern", "x" * 2_000):
        features = build_features(question, embedder.encode([question])[0], LINES, vectors, load_meanings())
        assert features.shape == (len(LINES), len(NAMES))
        assert np.isfinite(features).all()
    assert len(load_weights().lines) == len(NAMES)
