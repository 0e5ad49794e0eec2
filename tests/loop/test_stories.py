"""Questions by the front door, and what Slack and the database hold afterwards."""

import json

import pytest

from feedback import replies
from retrieval.passage import Audience
from retrieval.prompt import REFUSAL, SYSTEM, UNSURE
from tests.fakes import Slowly, render
from tests.loop.conftest import ADA, CLEO, COMPANY, HELP, SAM, STAFF, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
RUNTIME_ANSWER = "The Tansy 4 runs for 55 minutes on one charge."
CREDIT = "What goodwill credit may support agents grant for a late delivery?"
CREDIT_ANSWER = "45 euros"


def test_a_direct_question_streams_an_answer_with_citation_sources_and_buttons(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)

    assert message["markdown"] == f"{RUNTIME_ANSWER} [1]"
    blocks = json.dumps(message["blocks"], ensure_ascii=False)
    assert "Sources: [1] Tansy 4 › Battery" in blocks
    assert "feedback_buttons" in blocks
    assert "Bring in a person" in blocks
    assert [call.arguments["recipient_user_id"] for call in chip.workspace.calls("chat.startStream")] == [CLEO]
    assert chip.workspace.calls("chat.postMessage") == []
    assert chip.workspace.statuses() == {}


def test_sentences_are_shown_while_the_model_still_speaks(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("It runs for 55 minutes. ", "It charges in", " 80 minutes."), 0.3))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)

    early = cleo.wait_for_message("D0CLEO", lambda message: message["streaming"], ts)

    assert early["markdown"] == "It runs for 55 minutes."
    whole = cleo.wait_for_reply("D0CLEO", ts)
    assert whole["ts"] == early["ts"]
    assert whole["markdown"] == "It runs for 55 minutes. It charges in 80 minutes."


def test_a_reply_is_tied_to_its_exact_prompt_passages_base_and_adapter(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)

    reply = chip.reply_at("D0CLEO", message)
    (request,) = chip.engine.requests
    assert (reply.id, reply.prompt) == (request.id, render(request.messages))
    assert [(sent.role, sent.content) for sent in reply.messages] == [(m.role, m.content) for m in request.messages]
    assert reply.messages[0].content == SYSTEM.format(company=COMPANY)
    assert (reply.base_id, reply.adapter_id) == ("quoting-base", None)
    assert (reply.question, reply.asker, reply.thread_ts) == (RUNTIME, CLEO, message["thread_ts"])
    assert (reply.answer, reply.shown) == (f"[1] {RUNTIME_ANSWER}", RUNTIME_ANSWER)
    passage = chip.core.knowledge.passage(reply.evidence[0].passage_id)
    assert passage is not None
    assert reply.evidence[0].text in passage.text
    assert (reply.finish, reply.refused, reply.audience) == ("stop", False, "customer")
    assert replies.find_parts(chip.core.db, reply.id) == [("D0CLEO", message["ts"])]


def test_a_mention_arrives_as_two_events_and_is_answered_once(chip: Chip) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.settle()

    assert message["markdown"] == f"{RUNTIME_ANSWER} [1]"
    assert len(chip.engine.requests) == 1
    assert len(chip.said(HELP)) == 1
    assert chip.engine.requests[0].messages[-1].content.endswith(f"Question: {RUNTIME}")


def test_a_follow_up_in_the_thread_is_answered_without_a_mention_and_with_the_thread(chip: Chip) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)

    chip.ask(CLEO, "And how long does it charge?", HELP, first["thread_ts"])

    roles = [(message.role, message.content) for message in chip.engine.requests[1].messages]
    assert roles[1:3] == [("user", RUNTIME), ("assistant", RUNTIME_ANSWER)]
    assert "80 minutes" in roles[3][1]


def test_a_thread_longer_than_the_setting_gives_the_prompt_its_last_messages(chip: Chip) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    for number in range(3):
        chip.ask(CLEO, f"How long does the Tansy 4 charge, asked {number}?", HELP, first["thread_ts"])

    turns = [message.content for message in chip.engine.requests[-1].messages[1:-1]]
    assert len(turns) == chip.core.settings.engine.thread_messages == 4
    assert turns[-2] == "How long does the Tansy 4 charge, asked 1?"


def test_a_message_that_does_not_address_chip_is_left_alone(chip: Chip) -> None:
    sam = chip.workspace.visit(SAM)
    sam.post(HELP, "Who brings cake today?")
    root = sam.post(HELP, "I wonder how the Tansy 4 climbs.")
    sam.post(HELP, "Nobody knows.", root)
    chip.settle()

    assert chip.engine.requests == []
    assert chip.said(HELP) == []


def test_people_in_an_answered_thread_may_talk_to_each_other(chip: Chip) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.workspace.visit(CLEO).post(HELP, "@Sam is that right?", first["thread_ts"])
    chip.settle()

    assert len(chip.said(HELP)) == 1


@pytest.mark.parametrize(
    ("person", "channel", "text", "audience"),
    [
        (CLEO, HELP, f"@Chip {CREDIT}", Audience.CUSTOMER),
        (SAM, HELP, f"@Chip {CREDIT}", Audience.CUSTOMER),
        (CLEO, "D0CLEO", CREDIT, Audience.CUSTOMER),
        (SAM, "D0SAM", CREDIT, Audience.STAFF),
        (ADA, "D0ADA", CREDIT, Audience.STAFF),
        (SAM, STAFF, f"@Chip {CREDIT}", Audience.STAFF),
    ],
)
def test_staff_passages_are_used_only_where_staff_asks_and_only_staff_reads(
    chip: Chip, person: str, channel: str, text: str, audience: Audience
) -> None:
    chip.ask(person, text, channel)
    chip.settle()

    reply = replies.find_replies_to(chip.core.db, TEAM, channel, chip.workspace.messages(channel)[0].ts)[0]
    assert reply.audience == audience
    is_staff = audience is Audience.STAFF
    assert (CREDIT_ANSWER in reply.prompt) == is_staff
    assert any(CREDIT_ANSWER in said for said in chip.said(channel)) == is_staff
    assert any("Goodwill" in said for said in chip.said(channel)) == is_staff


def test_a_guest_in_the_staff_channel_gets_customer_passages(chip: Chip) -> None:
    chip.workspace.invite(CLEO, STAFF)
    message = chip.ask(CLEO, f"@Chip {CREDIT}", STAFF)

    assert CREDIT_ANSWER not in json.dumps(message)
    assert not any(CREDIT_ANSWER in request.messages[-1].content for request in chip.engine.requests)


def test_staff_are_told_nothing_of_staff_documents_while_a_guest_reads_in_the_staff_channel(chip: Chip) -> None:
    chip.ask(SAM, f"@Chip {CREDIT}", STAFF)
    chip.workspace.invite(CLEO, STAFF)
    chip.settle()
    before = len(chip.said(STAFF))
    chip.ask(SAM, f"@Chip {CREDIT}", STAFF)
    assert not any(CREDIT_ANSWER in said for said in chip.said(STAFF)[before:])
    chip.workspace.remove(CLEO, STAFF)
    chip.settle()
    chip.ask(SAM, f"@Chip {CREDIT}", STAFF)

    prompts = [request.messages[-1].content for request in chip.engine.requests]
    assert [CREDIT_ANSWER in prompt for prompt in prompts] == [True, True]  # the model is not asked in between


def test_somebody_who_becomes_a_guest_is_a_customer_at_once(chip: Chip) -> None:
    chip.ask(SAM, CREDIT)
    chip.workspace.change_person(SAM, role="customer")
    chip.settle()
    message = chip.ask(SAM, CREDIT)

    assert CREDIT_ANSWER in chip.engine.requests[0].messages[-1].content
    assert CREDIT_ANSWER not in json.dumps(message)
    assert not any(CREDIT_ANSWER in request.messages[-1].content for request in chip.engine.requests[1:])


def test_where_the_documents_hold_nothing_chip_says_so_and_offers_a_person(chip: Chip) -> None:
    message = chip.ask(CLEO, "Which opera is the most famous in Vienna?")

    assert message["markdown"] == REFUSAL
    person = next(e for b in message["blocks"] for e in b["elements"] if e.get("action_id") == "ask_person")
    assert person["style"] == "primary"
    assert "Sources" not in json.dumps(message["blocks"])
    assert chip.reply_at("D0CLEO", message).refused


def test_the_models_text_can_neither_ping_nor_link(chip: Chip) -> None:
    chip.engine.queue.append(
        "Hey <!channel> and <@U0SAM> and @here and @everyone. See [our page](https://evil.example/a) "
        "or https://evil.example/b or <ftp://evil.example|this> or <mailto:eve@evil.example>. [1](https://evil.example)"
    )
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)

    said = chip.said(HELP)[0]
    assert "our page" in message["markdown"]
    assert "evil.example" not in said
    for ping in ("<!", "<@", "@here", "@everyone"):
        assert ping not in said


def test_code_and_tables_arrive_as_the_model_wrote_them(chip: Chip) -> None:
    written = (
        "Take `os.path.join(parts[0])`.\n\n```sh\ngit clone https://git.example/tansy.git\ncd tansy\n```\n\n"
        "| part | file |\n|---|---|\n| arm | `arm.io` |\n| arm | `arm.io` |\n\nThat is all."
    )
    chip.engine.queue.append(written)
    assert chip.ask(CLEO, RUNTIME)["markdown"] == written


def test_an_answer_without_a_source_is_said_to_have_none(chip: Chip) -> None:
    chip.engine.queue.append("It runs for a long time.")
    message = chip.ask(CLEO, RUNTIME)

    assert message["markdown"] == "It runs for a long time."
    assert "No document is cited for this." in json.dumps(message["blocks"])


def test_a_number_that_is_no_evidence_is_not_cited(chip: Chip) -> None:
    chip.engine.queue.append("[9] It runs for 55 minutes.")
    message = chip.ask(CLEO, RUNTIME)

    assert message["markdown"] == "It runs for 55 minutes."
    assert "Sources" not in json.dumps(message["blocks"])


def test_an_answer_of_nothing_becomes_i_do_not_know(chip: Chip) -> None:
    chip.engine.queue.append("")
    assert chip.ask(CLEO, RUNTIME)["markdown"] == REFUSAL


def test_an_answer_that_reaches_its_longest_length_says_so(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("[1] It runs for",), finish="length"))
    message = chip.ask(CLEO, RUNTIME)

    assert "longest length" in message["markdown"]
    assert chip.reply_at("D0CLEO", message).finish == "length"


def test_a_very_long_answer_rolls_over_and_every_part_leads_to_its_reply(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(tuple(f"Sentence {n} {'é' * 900}. " for n in range(12))))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    last = cleo.wait_for_message("D0CLEO", lambda m: "bot_id" in m and "feedback_buttons" in json.dumps(m), ts)

    parts = cleo.messages("D0CLEO", ts)[1:]
    assert [part["markdown"].count("Sentence") for part in parts] == [4, 4, 4]
    assert [chip.reply_at("D0CLEO", part).id for part in parts] == [chip.reply_at("D0CLEO", last).id] * 3
    assert not any(part["streaming"] for part in parts)


def test_home_shows_how_to_ask(chip: Chip) -> None:
    cleo = chip.workspace.visit(CLEO)
    cleo.open_home()

    view = chip.workspace.wait_for(cleo.home)
    assert "Ask me about our products" in json.dumps(view)
    chip.settle()


def test_a_garbled_quote_is_shown_in_the_documents_words_and_an_invention_not_at_all(chip: Chip) -> None:
    chip.engine.queue.append("[1] The Tansy 4 runs for 5 minutes on one one charge. [1] It can fly to Mars and back.")
    reply = chip.reply_at("D0CLEO", chip.ask(CLEO, RUNTIME))
    assert reply.shown == RUNTIME_ANSWER


def test_where_the_documents_may_not_answer_chip_offers_the_pages_that_may_help(chip: Chip) -> None:
    message = chip.ask(CLEO, "Why does the Tansy 4 stop on wet grass in the evening?")

    assert message["markdown"].startswith(UNSURE)
    assert "Tansy 4" in message["markdown"]
    assert "Sources" in json.dumps(message["blocks"])
    reply = chip.reply_at("D0CLEO", message)
    assert reply.refused
    assert chip.engine.requests == []
