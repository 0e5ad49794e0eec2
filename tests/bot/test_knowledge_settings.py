"""Every part of search is a setting: each says something else of the same documents, from the environment on."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.core import open_knowledge
from config.loading import load_settings
from config.settings import SettingsError
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, Hit, Turn

QUESTION = "How long does the automobile run?"
THREAD = [Turn("user", "Tell me about the Moss 2 Pro."), Turn("assistant", "It is a lawn robot.")]
PAGES = {
    "car": "This car drives for nine hours before its battery is empty.",
    "run": "How the company is run: long meetings, and a long run of success.",
    "moss": "The Moss 2 Pro runs for 140 minutes on one charge.",
}


@contextmanager
def opened(data: Path, **changed: str) -> Iterator[Knowledge]:
    """Open the documents with the settings that an environment gives."""
    folder = data / "documents"
    folder.mkdir(exist_ok=True)
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\naudience: customer\n---\n{text}\n")
    names = {f"CHIP_KNOWLEDGE__{name}".upper(): value for name, value in changed.items()}
    settings = load_settings(environment={"CHIP_DATA": str(data), "CHIP_KNOWLEDGE__CROSS_ENCODER": "off", **names})
    with closing(open_knowledge(settings.settings)) as knowledge:
        knowledge.ingest(folder)
        yield knowledge


def find(data: Path, **changed: str) -> list[Hit]:
    with opened(data, **changed) as knowledge:
        return knowledge.search(QUESTION, CUSTOMER_SCOPE, 20)


def find_run(data: Path, **changed: str) -> Hit:
    """Return the passage that is first by words and third by meaning."""
    (found,) = (hit for hit in find(data, **changed) if hit.passage.title == "run")
    return found


def test_passages_are_found_by_meaning_by_words_or_by_both(tmp_path: Path) -> None:
    by_words = {hit.passage.title for hit in find(tmp_path, rankings="words")}
    assert "run" in by_words
    assert "car" not in by_words
    assert find(tmp_path, rankings="dense")[0].passage.title == "car"
    assert {hit.passage.title for hit in find(tmp_path)} >= {"run", "car"}


def test_in_the_sum_the_best_by_words_counts_what_is_set(tmp_path: Path) -> None:
    found = find_run(tmp_path)
    assert found.score == pytest.approx(found.similarity + 0.2, abs=1e-4)
    assert find_run(tmp_path, worth_of_words="0.5").score == pytest.approx(found.similarity + 0.5, abs=1e-4)


def test_by_reciprocal_rank_the_constant_says_what_a_place_counts(tmp_path: Path) -> None:
    assert find_run(tmp_path, rankings="reciprocal_rank").score == pytest.approx(1 / 6 + 1 / 8)
    found = find_run(tmp_path, rankings="reciprocal_rank", rank_constant="60")
    assert found.score == pytest.approx(1 / 61 + 1 / 63)


def test_no_more_of_a_ranking_is_taken_than_its_depth(tmp_path: Path) -> None:
    assert len(find(tmp_path, rankings="dense")) == 3
    assert len(find(tmp_path, rankings="dense", ranking_depth="2")) == 2


def test_no_more_passages_are_searched_for_lines_than_set(tmp_path: Path) -> None:
    for passages, expected in (("2", 2), ("24", 3)):
        with opened(tmp_path, passages=passages) as knowledge:
            assert len(knowledge.find_evidence(QUESTION, CUSTOMER_SCOPE).hits) == expected


def test_a_follow_up_is_made_to_stand_alone_unless_that_is_switched_off(tmp_path: Path) -> None:
    queries = []
    for value in ("true", "false"):
        with opened(tmp_path, standalone_questions=value) as knowledge:
            queries.append(knowledge.find_evidence("how long does it run?", CUSTOMER_SCOPE, THREAD).query)
    assert queries == ["how long does it run (Moss 2 Pro)?", "how long does it run?"]


@pytest.mark.parametrize(
    ("name", "value"), [("RANKINGS", "bm25"), ("WORTH_OF_WORDS", "-1"), ("RANKING_DEPTH", "0"), ("RANK_CONSTANT", "-1")]
)
def test_what_search_cannot_use_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.lower()):
        load_settings(environment={f"CHIP_KNOWLEDGE__{name}": value})
