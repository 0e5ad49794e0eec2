"""What is rehearsed covers the documents, and is asked as people ask."""

from datetime import date

from bot.learning.rehearsal import make_questions
from retrieval.passage import Audience, Passage


def make_passage(number: int) -> Passage:
    return Passage(
        id=f"p{number}",
        source=f"{number}.md",
        title=f"Model {number}",
        heading=f"Model {number} › Battery",
        text=f"Model {number} runs for {number} minutes. It charges at night.",
        audience=Audience.CUSTOMER,
        url=None,
        updated=date(2026, 5, 1),
    )


def test_questions_are_asked_about_headings_and_about_sentences() -> None:
    questions = make_questions([make_passage(1)], 100)
    assert "Model 1, Battery?" in questions
    assert "Is it true: Model 1 runs for 1 minutes?" in questions
    assert "How heavy is Model 1?" in questions
    assert len(questions) == len(set(questions)) == 2 * 3 + 2 + 8


def test_few_questions_are_spread_over_all_passages() -> None:
    questions = make_questions([make_passage(number) for number in range(10, 50)], 20)
    assert len(questions) == 20
    assert len({number for number in range(10, 50) if any(f"Model {number}" in text for text in questions)}) >= 10


def test_no_documents_give_no_questions() -> None:
    assert make_questions([], 24) == []
