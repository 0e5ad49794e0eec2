"""The order of lines and the certainty of the match, on a few lines about near-duplicate products."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.encoders.embedder import Embedder
from retrieval.english.meanings import load_meanings
from retrieval.passage import Audience, Hit, Passage
from retrieval.ranking.evidence import READ_LINES, cut_evidence
from retrieval.ranking.features import NAMES, Candidate, build_features
from retrieval.ranking.rank import Ranking, blend_odds, load_weights, rank_lines

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


def test_what_is_said_of_other_codes_is_no_answer(embedder: Embedder) -> None:
    assert rank(embedder, "What does error F12 mean?").confidence > 0.3
    assert rank(embedder, "What does error F13 mean?").confidence == 0.0


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


class Votes:
    """A cross-encoder that likes one line."""

    def __init__(self, liked: str, *, is_calibrated: bool) -> None:
        self.is_calibrated, self._liked = is_calibrated, liked
        self.read: list[str] = []

    def score(self, question: str, lines: Sequence[tuple[str, str]]) -> NDArray[np.float64]:  # noqa: ARG002
        self.read = [text for _, text in lines]
        return np.array([9.0 if text == self._liked else -3.0 for text in self.read])


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_what_a_cross_encoder_likes_best_comes_first_and_the_rest_keep_their_order(
    embedder: Embedder, *, is_calibrated: bool
) -> None:
    ranking = rank(embedder, "how long does a trimmer run")
    order = ranking.order()
    odds = np.array([-3.0, 9.0, -3.0])
    blended = blend_odds(ranking, odds, is_calibrated=is_calibrated)
    assert blended.order()[0] == order[1]
    assert [n for n in blended.order() if n not in order[:3]] == order[3:]
    assert (blended.confidence > ranking.confidence) is is_calibrated


def test_a_cross_encoder_reads_the_best_lines_of_the_evidence(embedder: Embedder) -> None:
    passages = [
        Passage(str(n), line.text, line.heading, "d", "d.md", Audience.CUSTOMER) for n, line in enumerate(LINES)
    ]
    hits = [Hit(passage, 1.0, 0.5) for passage in passages]
    question = "how long does a trimmer run"
    second = LINES[rank(embedder, question).order()[1]].text
    votes = Votes(second, is_calibrated=True)
    evidence = cut_evidence(question, hits, embedder=embedder, cross_encoder=votes)
    assert evidence.lines[0].text == second
    assert 1 < len(votes.read) <= READ_LINES
    assert len(votes.read) < len(LINES)
