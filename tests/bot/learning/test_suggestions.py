"""Suggested questions come from customers' documents, and only those that the documents answer are offered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.learning.suggestions import Suggestions, suggest_questions
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience

COFFEE = """---
audience: customer
---
# Kestrel Uno
## How often do I clean the brewing group?
Clean the brewing group of the Kestrel Uno every 300 cups with warm water.
"""
STAFF = """---
audience: staff
---
# Goodwill
## How much may an agent give away?
An agent may give away 40 euros.
"""


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[Knowledge]:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "coffee.md").write_text(COFFEE, encoding="utf-8")
    (folder / "goodwill.md").write_text(STAFF, encoding="utf-8")
    knowledge = Knowledge(tmp_path / "index", load_embedder(), default_audience=Audience.STAFF)
    knowledge.ingest(folder)
    yield knowledge
    knowledge.close()


def test_headings_that_ask_are_offered_and_nothing_of_staff(knowledge: Knowledge) -> None:
    offered = suggest_questions(knowledge)
    assert offered[0] == "How often do I clean the brewing group?"
    assert not any("give away" in question or "Goodwill" in question for question in offered)


def test_new_documents_change_what_is_offered(knowledge: Knowledge, tmp_path: Path) -> None:
    suggestions = Suggestions()
    before = suggestions.find(knowledge)
    assert suggestions.known == before
    text = COFFEE.replace("How often do I clean", "When do I descale").replace("Kestrel Uno", "Kestrel Due")
    (tmp_path / "documents" / "due.md").write_text(text, encoding="utf-8")
    knowledge.ingest(tmp_path / "documents")
    assert "When do I descale the brewing group?" in suggestions.find(knowledge)
    assert "When do I descale the brewing group?" not in before
