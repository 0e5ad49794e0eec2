"""The Home tab as each person sees it, what its buttons do, and the decision about learning."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.views import home, learning_view, rules_view, wording
from config.settings import SlackSettings
from feedback import choices, consent
from retrain.report import find_reports
from tests.loop.conftest import ADA, ADMIN, CLEO, HELP, SAM, TEAM, Chip
from tests.loop.training import hold_training

RUNTIME = "How long does the Tansy 4 run on one charge?"
RUNTIME_LINE = "The Tansy 4 runs for 55 minutes on one charge."
OPERA = "Which opera is the most famous in Vienna?"


def open_home(chip: Chip, person: str) -> dict[str, Any]:
    """Open a person's Home; return it once Chip has published it anew."""
    visitor = chip.workspace.visit(person)
    before = (visitor.home() or {}).get("hash")
    visitor.open_home()
    view = chip.workspace.wait_for(lambda: v if (v := visitor.home()) and v["hash"] != before else None)
    chip.settle()
    return view


def press(chip: Chip, person: str, action_id: str) -> dict[str, Any]:
    """Press a button of Home; return Home as it is then."""
    visitor = chip.workspace.visit(person)
    view = visitor.home()
    assert view is not None
    assert visitor.click_in_view(view, action_id)
    chip.settle()
    after = visitor.home()
    assert after is not None
    return after


def text_of(view: dict[str, Any]) -> str:
    return json.dumps(view["blocks"], ensure_ascii=False)


def test_everybody_sees_what_chip_knows_and_no_staff_document_as_a_customer(chip: Chip) -> None:
    shown = text_of(open_home(chip, CLEO))
    assert "3 documents that you may read, about Returns, Safety, Tansy 4" in shown
    assert "Goodwill" not in shown
    assert wording.BOARD_RETRAIN not in shown
    assert "Goodwill" in text_of(open_home(chip, SAM))


def test_a_person_takes_their_data_home_and_keeps_their_questions_out_of_the_training(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME)
    open_home(chip, CLEO)

    assert wording.HOME_NOT_TRAINED in text_of(press(chip, CLEO, home.TRAINING))
    assert not choices.may_train_on(chip.core.db, TEAM, CLEO)
    assert wording.HOME_TRAINED in text_of(press(chip, CLEO, home.TRAINING))

    press(chip, CLEO, home.EXPORT)
    (file,) = (f for m in chip.workspace.messages("D0CLEO") for f in m.files)
    assert RUNTIME in chip.read_file(file.id).decode()


def test_who_asks_to_be_forgotten_is(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    open_home(chip, CLEO)
    press(chip, CLEO, home.FORGET)
    assert chip.reply_at("D0CLEO", message).question == ""
    assert chip.reply_at("D0CLEO", message).id == reply.id


def test_an_admin_sees_the_figures_and_what_had_no_answer(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME)
    for _ in range(2):
        chip.ask(CLEO, OPERA)

    shown = text_of(open_home(chip, ADA))

    assert "2 of 3" in shown
    assert "100% of 3 needed no person" in shown
    assert f"• {OPERA} (2 ×)" in shown
    assert "quoting-base, nothing learned yet" in shown
    assert "I learn from what members, guests and people of other organisations write" in shown
    assert "Next training*\\n20" in shown


def test_an_admin_sees_how_many_sentences_were_left_out_as_unsupported(chip: Chip) -> None:
    assert "Sentences left out, since no document says so*\\n–" in text_of(open_home(chip, ADA))
    chip.engine.queue.append(f"[1] {RUNTIME_LINE} [1] It was designed by a famous painter.")
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    assert (reply.sentences, reply.withheld) == (2, 1)
    chip.ask(CLEO, RUNTIME)

    assert "Sentences left out, since no document says so*\\n1 of 3 (33.3%)" in text_of(open_home(chip, ADA))


def test_an_admin_pauses_chip_and_lets_it_answer_again(chip: Chip) -> None:
    open_home(chip, ADA)
    assert "I am paused" in text_of(press(chip, ADA, home.PAUSE))
    assert chip.ask(CLEO, RUNTIME)["text"] == wording.PAUSED
    assert "I am paused" not in text_of(press(chip, ADA, home.PAUSE))


def test_a_rollback_with_nothing_to_go_back_to_is_told(chip: Chip) -> None:
    open_home(chip, ADA)
    press(chip, ADA, home.ROLLBACK)
    assert any("nothing to go back to" in said for said in chip.said("D0ADA"))


def test_learning_is_decided_in_a_modal_with_the_notice_and_kept_with_who_decided(chip: Chip) -> None:
    view = open_home(chip, ADA)
    ada = chip.workspace.visit(ADA)
    assert ada.click_in_view(view, learning_view.DECIDE)
    assert consent.NOTICE in text_of(ada.wait_for_view())

    assert ada.submit_view({"is_on": "on", "guests": []}) == {}

    decided = chip.workspace.wait_for(lambda: consent.find_consent(chip.core.db, TEAM))
    assert (decided.is_on, decided.guests, decided.channels, decided.by) == (True, False, (), ADA)
    chip.wait_for_said(ADMIN, "I learn from what members write to me")
    chip.settle()
    assert "I learn from what members write" in text_of(ada.home() or {})


def test_who_is_no_admin_any_more_is_told_so_by_what_they_still_press(chip: Chip) -> None:
    ada = chip.workspace.visit(ADA)
    shown = open_home(chip, ADA)
    assert ada.command(HELP, "/chip channels")
    rules = chip.show(ADA, chip.wait_for_said(HELP, wording.RULES_BUTTON))
    assert ada.click_in_view(shown, learning_view.DECIDE)
    ada.wait_for_view()
    chip.workspace.change_person(ADA, role="agent")
    chip.settle()

    def count() -> int:
        return sum(wording.ADMINS_ONLY_HERE in said for said in chip.said("D0ADA"))

    assert ada.submit_view({}) == {}
    chip.workspace.wait_for(lambda: count() == 1)
    assert ada.click_in_view(shown, learning_view.DECIDE)
    chip.workspace.wait_for(lambda: count() == 2)
    assert ada.click_in_view(shown, home.PAUSE)
    chip.workspace.wait_for(lambda: count() == 3)
    assert ada.click(rules, HELP, rules_view.SET_RULES)
    assert chip.wait_for_said(HELP, wording.ADMINS_ONLY_HERE).ephemeral_to == ADA
    assert ada.view() is None


def test_an_admin_trains_from_home_and_is_shown_that_it_runs_and_what_came_of_it(chip: Chip) -> None:
    assert chip.services is not None
    learning = chip.services.learning
    may_begin = hold_training(learning)
    assert "*\\nrunning" not in text_of(open_home(chip, ADA))
    shown = text_of(press(chip, ADA, home.RETRAIN))
    assert "*\\nrunning" in shown
    assert wording.BOARD_RETRAIN not in shown

    may_begin.set()
    chip.wait_for_said(ADMIN, "There was nothing to learn yet; nothing changed.")
    chip.workspace.wait_for(lambda: not learning.is_running())
    shown = text_of(press(chip, ADA, home.REFRESH))
    assert "*\\nrunning" not in shown
    assert wording.BOARD_RETRAIN in shown
    assert "nothing to learn" in shown
    (made,) = find_reports(chip.core.db)
    assert (made["trigger"], made["requested_by"]) == ("home", ADA)


def test_refresh_shows_an_admin_how_things_stand_now(chip: Chip) -> None:
    assert "0 of 0" in text_of(open_home(chip, ADA))
    chip.ask(CLEO, OPERA)
    chip.settle()
    assert "0 of 0" in text_of(chip.workspace.visit(ADA).home() or {})

    assert "1 of 1" in text_of(press(chip, ADA, home.REFRESH))


def test_a_first_start_in_a_real_workspace_tells_the_next_steps_once(stopped_chip: Chip) -> None:
    chip = stopped_chip
    tokens = SlackSettings(bot_token=SecretStr("xoxb-local"), app_token=SecretStr("xapp-local"))
    slack = tokens.model_copy(
        update={"transport": chip.core.settings.slack.transport, "signing_secret": SecretStr("s")}
    )
    chip.core = replace(chip.core, settings=chip.core.settings.model_copy(update={"slack": slack}))
    chip.start()
    said = chip.wait_for_said(ADMIN, "three next steps").text
    counts = chip.core.knowledge.holdings.count()
    assert f"customers may read {counts.for_customers} of {counts.documents} documents" in said
    assert wording.LEARNING_IS_OFF in said
    chip.stop()
    chip.start()
    chip.stop()
    assert len([text for text in chip.said(ADMIN) if "three next steps" in text]) == 1


def test_who_opens_the_messages_is_offered_questions_of_the_documents(stopped_chip: Chip) -> None:
    chip = stopped_chip
    own = chip.core.settings.model_copy(
        update={"knowledge": chip.core.settings.knowledge.model_copy(update={"folder": Path("/other")})}
    )
    chip.core = replace(chip.core, settings=own)
    chip.start()
    event = {"type": "app_home_opened", "user": CLEO, "channel": "D0CLEO", "tab": "messages", "event_ts": "1.0"}
    chip.workspace.inside(lambda workspace: workspace.push_event(event))
    prompts = chip.workspace.wait_for(lambda: chip.workspace.inside(lambda w: w.prompts.get("D0CLEO")))
    asked = [prompt["message"] for prompt in prompts]
    assert "What should I know about Returns?" in asked
    assert not any("Goodwill" in question or "Moss" in question for question in asked)
