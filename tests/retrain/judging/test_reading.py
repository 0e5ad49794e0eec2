"""General reading is asked in the form that the base reads, and each passage holds the answers to its questions."""

import pytest

from retrain.evaluate import Answer, holds_answer, is_right
from retrain.judging.reading import load_reading
from retrieval.prompt import REFUSAL

MOST = 1_000


@pytest.mark.parametrize("whole_passages", [True, False])
def test_what_can_be_answered_stands_in_the_prompt_and_the_rest_does_not_need_to(whole_passages: bool) -> None:
    asked = load_reading(MOST, whole_passages=whole_passages)
    assert len({question.id for question, _ in asked}) == len(asked) == 48
    for question, draft in asked:
        told = "\n".join(message.content for message in draft.messages)
        assert question.question in told
        assert holds_answer(question, told) or not question.answerable, question
        (heading,) = {line.heading for line in draft.retrieved.evidence.lines}
        assert heading in told
    assert {question.kind for question, _ in asked} == {"reading"}


def test_few_questions_are_spread_over_all_passages() -> None:
    assert len({question.topic for question, _ in load_reading(12, whole_passages=True)}) == 12
    assert load_reading(0, whole_passages=True) == []


def test_a_question_without_an_answer_is_right_where_it_is_refused() -> None:
    question = next(one for one, _ in load_reading(MOST, whole_passages=True) if not one.answerable)
    assert is_right(question, Answer(REFUSAL, 1.0))
    assert not is_right(question, Answer("It was founded by a teacher.", 1.0))
