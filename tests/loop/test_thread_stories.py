"""Threads that people talk in: what Chip reads of them, when it stays silent there, and when it hands over."""

import json
from collections.abc import Sequence

import pytest

from bot.views import blocks, wording
from feedback import conversation, signals
from feedback.events import FeedbackKind
from tests.loop.conftest import ADA, CLEO, DMS, HELP, SAM, STAFF, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
PERSON = [
    "Can I talk to a human?",
    "I want to speak to someone",
    "get me an agent",
    "Please connect me.",
    "is there a real person?",
    "this is useless, let me talk to support",
    "Could somebody of your team ring me up and help me?",
    "Ich möchte mit einem Menschen sprechen",
    "Je voudrais parler à un conseiller",
    "Quiero hablar con una persona",
]


def say(chip: Chip, thread_ts: str, *said: tuple[str, str]) -> None:
    """Let people write in a thread of #help, one after the other."""
    for person, text in said:
        chip.workspace.visit(person).post(HELP, text, thread_ts)
        chip.settle()


def count_said(chip: Chip, thread_ts: str) -> int:
    return sum(1 for message in chip.workspace.messages(HELP) if message.bot_id and message.thread_ts == thread_ts)


def test_asked_in_a_thread_of_people_chip_reads_it_once_and_knows_what_it_is_about(chip: Chip) -> None:
    root = chip.workspace.visit(SAM).post(HELP, "A customer asks about the Tansy 4 & its charger")
    say(chip, root, (ADA, "Which one?"), (SAM, "The old one"))
    first = chip.ask(CLEO, "@Chip how long does it run on one charge?", HELP, root)
    chip.settle()
    chip.ask(CLEO, "@Chip and can it fly?", HELP, root)

    assert "55 minutes" in first["markdown"]
    assert len(chip.workspace.calls("conversations.replies")) == 1
    turns = [message.content for message in chip.engine.requests[0].messages[1:-1]]
    assert turns == ["A customer asks about the Tansy 4 & its charger", "Which one?", "The old one"]
    kept = conversation.find_thread(chip.core.db, TEAM, HELP, root)
    assert [message.person for message in kept][:4] == [SAM, ADA, SAM, CLEO]


@pytest.mark.parametrize("error", ["ratelimited", "missing_scope"])
def test_where_slack_does_not_show_a_thread_chip_answers_without_it(chip: Chip, error: str) -> None:
    root = chip.workspace.visit(SAM).post(HELP, "A place for the thread")
    chip.settle()
    if error == "ratelimited":
        chip.workspace.faults.rate_limit("conversations.replies", retry_after_seconds=60)
    else:
        chip.workspace.faults.fail("conversations.replies", error)
    assert "55 minutes" in chip.ask(CLEO, f"@Chip {RUNTIME}", HELP, root)["markdown"]

    other = chip.workspace.visit(SAM).post(HELP, "A place for another thread")
    chip.settle()
    assert "55 minutes" in chip.ask(CLEO, f"@Chip {RUNTIME}", HELP, other)["markdown"]
    assert len(chip.workspace.calls("conversations.replies")) == (1 if error == "ratelimited" else 2)


@pytest.mark.parametrize(
    "talk",
    [
        [
            (SAM, "Can you give me the number of your mower?"),
            (CLEO, "Sure, it is MS2-99123, bought in May."),
            (SAM, "Thx, I will call you tomorrow"),
        ],
        [(SAM, "Let me look into that."), (CLEO, "That would be great.")],
        [(CLEO, "Sam, do you know more about that?"), (SAM, "A bit")],
        [(SAM, "Cleo, which one?"), (CLEO, "The green one"), (SAM, "Fine.")],
    ],
)
def test_chip_is_silent_while_people_talk_to_each_other(chip: Chip, talk: Sequence[tuple[str, str]]) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.settle()
    say(chip, first["thread_ts"], *talk)
    assert count_said(chip, first["thread_ts"]) == 1

    say(chip, first["thread_ts"], (CLEO, "In how many minutes does the battery of the Tansy 4 charge?"))
    assert count_said(chip, first["thread_ts"]) == 2
    assert "80 minutes" in chip.said(HELP)[-1]


@pytest.mark.parametrize("text", PERSON)
def test_who_asks_for_a_person_in_any_words_gets_one_at_once(chip: Chip, text: str) -> None:
    chip.workspace.visit(CLEO).post(HELP, f"@Chip {text}")
    chip.wait_for_said(HELP, wording.PERSON_ASKED)
    chip.settle()
    assert f"<@{CLEO}> asks for a person" in json.dumps(chip.said(STAFF))
    assert chip.engine.requests == []


def test_a_request_for_a_person_after_an_answer_is_about_that_answer(chip: Chip) -> None:
    answer = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.settle()
    say(chip, answer["thread_ts"], (CLEO, "I would rather talk to a human"))
    chip.wait_for_said(HELP, wording.PERSON_ASKED)
    assert "What I found" in chip.said(STAFF)[-1]


@pytest.mark.parametrize("text", ["no that's wrong", "That is not right.", "This is wrong, it charges for 90 minutes"])
def test_who_says_that_an_answer_is_wrong_may_correct_it_and_is_counted(chip: Chip, text: str) -> None:
    answer = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.settle()
    say(chip, answer["thread_ts"], (CLEO, text))
    offered = chip.wait_for_said(HELP, wording.SORRY_WRONG)
    assert {blocks.WRITE_CORRECTION, blocks.ASK_PERSON} <= {
        element["action_id"] for block in offered.blocks for element in block.get("elements", ())
    }
    (reason,) = signals.find_reasons(chip.core.db, [chip.reply_at(HELP, answer).id])
    assert (reason.kind, reason.person) == (FeedbackKind.REASON, CLEO)
    assert len(chip.engine.requests) == 1


@pytest.mark.parametrize("text", ["ok thanks, that worked!", "Thank you!", "perfect, merci"])
def test_thanks_get_a_courtesy_and_no_second_answer(chip: Chip, text: str) -> None:
    answer = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.settle()
    say(chip, answer["thread_ts"], (CLEO, text))
    chip.wait_for_said(HELP, "You are welcome.")
    assert len(chip.engine.requests) == 1


@pytest.mark.parametrize(
    "text", ["Which people may use the Tansy 4?", "What credit may support agents grant?", "Thanks, and can it fly?"]
)
def test_a_question_about_people_or_with_thanks_in_it_stays_a_question(chip: Chip, text: str) -> None:
    chip.reply_at(DMS[CLEO], chip.ask(CLEO, text))  # there is one, as there is none of a courtesy
