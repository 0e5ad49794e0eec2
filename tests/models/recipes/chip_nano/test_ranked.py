"""The last lessons show what the product would show, and take the answer away where they say so."""

from pathlib import Path
from random import Random

import pytest

from models.recipes.chip_nano.invented import invent_context
from models.recipes.chip_nano.ranked import RankedDraw, keep_embedded
from retrieval.encoders.embedder import Embedder, load_embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="module")
def draw(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> RankedDraw:
    random = Random(3)
    path = tmp_path_factory.mktemp("ranked") / "embedded.pkl"
    return keep_embedded(path, [[invent_context(random), invent_context(random)]], embedder, random)


def test_the_line_that_answers_mostly_comes_first(draw: RankedDraw) -> None:
    random = Random(5)
    drawn = [each for each in (draw.draw(random, removed=0.0) for _ in range(80)) if each.ask.gold is not None]
    first = sum(bool(each.order) and each.order[0] == each.ask.gold for each in drawn)
    assert first > 0.6 * len(drawn)


def test_a_line_that_is_taken_away_is_not_shown(draw: RankedDraw) -> None:
    random = Random(5)
    for _ in range(40):
        drawn = draw.draw(random, removed=1.0)
        shown = {drawn.context.lines[index].text for index in drawn.order}
        assert drawn.ask.gold is None or drawn.context.lines[drawn.ask.gold].text not in shown


def test_vectors_are_made_once(tmp_path: Path, embedder: Embedder) -> None:
    path = tmp_path / "embedded.pkl"
    keep_embedded(path, [[invent_context(Random(1))]], embedder, Random(1))
    written = path.read_bytes()
    kept = keep_embedded(path, [], embedder, Random(2))
    assert path.read_bytes() == written
    assert kept.draw(Random(1), removed=0.0).context.lines
