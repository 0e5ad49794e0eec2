"""A thread that is too long loses its earliest turns, by a rule that the completion tells."""

import pytest

from bot.engine.port import GenerationRequest, PromptTooLong
from bot.engine.reading import drop_earliest_turn
from retrain.bases.base import Base
from retrieval.prompt import ChatMessage
from tests.bot.engine.conftest import StartEngine

SYSTEM = ChatMessage("system", "You are Chip.")


def turn(number: int, length: int = 60) -> tuple[ChatMessage, ChatMessage]:
    return ChatMessage("user", f"question {number} " + "q" * length), ChatMessage("assistant", f"answer {number}")


LAST = ChatMessage("user", "And now?")


def test_a_question_leaves_with_its_answer_and_the_frame_stays() -> None:
    chat = (SYSTEM, *turn(1), *turn(2), LAST)
    assert drop_earliest_turn(chat) == (SYSTEM, *turn(2), LAST)
    assert drop_earliest_turn((SYSTEM, LAST)) == (SYSTEM, LAST)
    assert drop_earliest_turn((LAST,)) == (LAST,)
    assert drop_earliest_turn((turn(1)[1], LAST)) == (LAST,)
    assert drop_earliest_turn(()) == ()


def test_a_long_thread_keeps_its_latest_turns(base: Base, start: StartEngine) -> None:
    engine = start(base)
    thread = tuple(message for number in range(12) for message in turn(number))
    messages = (SYSTEM, *thread, LAST)

    done = engine.submit(GenerationRequest("long", messages, max_tokens=24)).completion()

    read = done.choose_read(messages)
    assert done.dropped_messages > 0
    assert done.prompt_tokens <= 512 - 24
    assert done.prompt == engine.submit(GenerationRequest("again", read, max_tokens=24)).completion().prompt
    assert (read[0], read[-1]) == (SYSTEM, LAST)
    assert read[1:-1] == thread[done.dropped_messages :]
    assert "question 11" in done.prompt
    assert "question 0 " not in done.prompt
    assert done.prompt_tokens + 24 + 2 * 60 > 512 - 100  # no more than was needed


def test_a_thread_that_fits_loses_nothing(base: Base, start: StartEngine) -> None:
    messages = (SYSTEM, *turn(1), LAST)
    done = start(base).submit(GenerationRequest("short", messages)).completion()
    assert done.dropped_messages == 0
    assert done.choose_read(messages) == messages


def test_a_last_message_that_does_not_fit_alone_is_refused(base: Base, start: StartEngine) -> None:
    engine = start(base)
    messages = (SYSTEM, *turn(1), ChatMessage("user", "x" * 600))
    with pytest.raises(PromptTooLong) as refused:
        engine.submit(GenerationRequest("huge", messages, max_tokens=24)).completion()
    assert refused.value.tokens > 600
