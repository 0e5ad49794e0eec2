"""`/chip` as each person sees it."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import matplotlib.figure  # noqa: F401  # imported here, since on a busy machine that alone can take five seconds
import pytest

from bot import schedule
from bot.commands.call import may
from bot.commands.table import COMMANDS
from bot.core import now_utc
from bot.views import blocks, rules_view, wording
from bot.views.report import SERVE
from bot.workspace import response_urls
from feedback import votes
from feedback.channel_rules import AnswerIn, ChannelRules, Listen
from feedback.consent import record_consent
from feedback.events import Role
from retrain import registry
from retrain.adapter import save_card
from retrain.data.version import freeze_version
from retrain.examples import Example
from retrain.finder.shelf import build_glossary, propose
from retrain.finder.words import Meaning
from retrain.judging.questions import is_checked
from retrain.probe import PROBES, digest
from retrain.report import RetrainReport, Scores, find_reports
from retrieval.passage import CUSTOMER_SCOPE, Audience
from retrieval.sources.registry import Source, SourceKind
from tests.loop.adapters import write_adapter
from tests.loop.conftest import ADA, ADMIN, CLEO, DMS, HELP, ONLY_SOCKET, SAM, STAFF, TEAM, Chip
from tests.loop.desk import claim
from tests.loop.training import hold_training
from tests.retrain.feedback_rows import build_evidence, build_prompt


def run(chip: Chip, person: str, text: str, channel: str, expected: str) -> str:
    """Run a command; return the private answer that holds `expected`."""
    assert chip.workspace.visit(person).command(channel, text)
    answer = chip.wait_for_said(channel, expected)
    assert answer.ephemeral_to == person
    return json.dumps([answer.text, answer.blocks], ensure_ascii=False)


@pytest.mark.parametrize(("person", "role"), [(CLEO, Role.CUSTOMER), (SAM, Role.STAFF), (ADA, Role.ADMIN)])
@pytest.mark.parametrize("text", ["/chip", "/chip help"])
def test_help_shows_what_the_caller_may_do(chip: Chip, person: str, role: Role, text: str) -> None:
    answer = json.loads(run(chip, person, text, HELP, "`/chip help`"))[0]
    shown = {command.word for command in COMMANDS.values() if command.help_line() in answer}
    assert shown == {command.word for command in COMMANDS.values() if may(role, command.least)}
    assert len(shown) == {Role.CUSTOMER: 4, Role.STAFF: 7, Role.ADMIN: 19}[role]


@pytest.mark.parametrize(
    ("person", "word", "refusal"),
    [
        (CLEO, "status", wording.STAFF_ONLY),
        (CLEO, "retrain", wording.ADMINS_ONLY),
        (SAM, "retrain", wording.ADMINS_ONLY),
        (SAM, "rollback", wording.ADMINS_ONLY),
    ],
)
def test_a_command_is_refused_to_whom_it_is_not_for(chip: Chip, person: str, word: str, refusal: str) -> None:
    run(chip, person, f"/chip {word}", HELP, refusal.format(command=word))
    assert chip.engine.swaps == []


def test_an_unknown_command_is_answered_with_the_help(chip: Chip) -> None:
    answer = run(chip, SAM, "/chip make coffee", HELP, "I don't know `/chip make`")
    assert "/chip status" in answer


def test_status_names_base_adapter_and_figures(chip: Chip) -> None:
    chip.ask(CLEO, "Which opera is the most famous in Vienna?")
    answer = run(chip, SAM, "/chip status", STAFF, "quoting-base")
    assert "none, the base answers" in answer
    assert "1, of which 1 said" in answer
    assert "no votes yet" in answer


def test_a_rollback_with_nothing_to_go_back_to_says_so(chip: Chip) -> None:
    run(chip, ADA, "/chip rollback", ADMIN, "There is nothing to go back to")
    assert chip.engine.swaps == []


def test_a_rollback_serves_the_one_before_and_is_announced(chip: Chip) -> None:
    adapter = write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id)
    registry.promote(chip.core.db, adapter, by="test", reason="test")
    chip.engine.use_adapter(adapter)
    assert "A1" in run(chip, ADA, "/chip status", ADMIN, "A1")

    answer = run(chip, ADA, "/chip rollback", ADMIN, "speaks with")

    assert "the base quoting-base" in answer
    assert "A1" in answer
    assert chip.engine.adapter_id() is None
    assert registry.live(chip.core.db, chip.engine.base_id) is None
    announced = chip.wait_for_said(ADMIN, f"(by <@{ADA}>)")
    assert announced.ephemeral_to is None


def test_a_rollback_to_an_adapter_whose_file_was_changed_is_refused(chip: Chip) -> None:
    adapter = write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id)
    adapter.gguf_path.write_bytes(b"something else")

    run(chip, ADA, "/chip rollback A1", ADMIN, "does not match its recorded hash")
    assert chip.engine.swaps == []


def test_an_admin_lets_an_adapter_answer_that_was_not_judged_and_nobody_one_that_was_refused(chip: Chip) -> None:
    write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id, passed=False, ruling="not judged")
    write_adapter(chip.core.adapters_folder, "A2", chip.engine.base_id, passed=False, ruling="refused")
    assert "was not judged" in run(chip, ADA, "/chip models", ADMIN, "A1")
    run(chip, ADA, "/chip serve", ADMIN, "Name the adapter")
    run(chip, ADA, "/chip serve A2", ADMIN, "did not pass the gate and must not serve")
    assert chip.engine.swaps == []

    run(chip, ADA, "/chip serve A1", ADMIN, "answers now")
    assert chip.wait_for_said(ADMIN, f"as <@{ADA}> decided").ephemeral_to is None
    assert chip.engine.adapter_id() == "A1" == registry.live(chip.core.db, chip.engine.base_id)
    run(chip, ADA, "/chip serve A1", ADMIN, "A1 answers already")
    run(chip, ADA, "/chip rollback", ADMIN, "speaks with")
    assert chip.engine.adapter_id() is None


def test_a_report_comes_with_a_picture_of_what_changed(chip: Chip) -> None:
    assert chip.services is not None
    scores = Scores(20, 30, 1, 5, 2, 1, 0, 300.0)
    report = RetrainReport("T1", "command", ADA, now_utc(), "refused", ("Why.",), chip.engine.base_id, None)
    chip.services.learning.report(replace(report, adapter_id="A1", before=scores, after=replace(scores, said=5)))
    chip.wait_for_said(ADMIN, "was not good enough")
    (picture,) = chip.workspace.wait_for(lambda: [f for m in chip.workspace.messages(ADMIN) for f in m.files])
    assert picture.title == wording.REPORT_PLOT
    assert chip.read_file(picture.id).startswith(b"\x89PNG")


def test_the_button_under_a_report_lets_an_adapter_answer_for_an_admin_alone(chip: Chip) -> None:
    assert chip.services is not None
    write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id, passed=False, ruling="not judged")
    report = RetrainReport(
        "T1", "command", ADA, now_utc(), "not judged", ("Too few.",), chip.engine.base_id, None, adapter_id="A1"
    )
    chip.services.learning.report(report)
    shown = chip.wait_for_said(ADMIN, "could not be judged")
    assert chip.workspace.visit(ADA).click(chip.show(ADA, shown), ADMIN, SERVE)
    chip.wait_for_said(ADMIN, "as <@U0ADA> decided")
    assert registry.live(chip.core.db, chip.engine.base_id) == "A1"


def test_the_gate_asks_for_figures_of_customers_documents_that_search_finds(chip: Chip) -> None:
    asked = chip.core.ask_documents(20)
    assert "how many minutes" in " ".join(one.question for one in asked)
    assert "euros" not in " ".join(one.question for one in asked), "staff's documents are not asked"
    assert any(is_checked(one, chip.core.prepare_lesson(one.question, one.audience)) for one in asked)


def test_a_learned_word_is_shown_in_plain_words_used_once_an_admin_says_so_and_taken_back(chip: Chip) -> None:
    meaning = Meaning("juice", "runs", 3, 2, by_staff=True, before=0.25, after=1.0)
    run(chip, ADA, "/chip words", ADMIN, "words of customers yet")
    propose(chip.core.db, [meaning])
    listed = run(chip, ADA, "/chip words", ADMIN, "Customers' words")
    assert "means “runs”, as 3 questions of 2 people, confirmed by staff show" in listed
    assert "Waits for you" in listed
    question = "juice of the Tansy 4"
    assert chip.core.knowledge.find_evidence(question, CUSTOMER_SCOPE).query == question

    run(chip, ADA, "/chip words use juice", ADMIN, "is searched as “runs”")
    assert build_glossary(chip.core.db).translate(question) == "runs of the Tansy 4"
    assert chip.core.knowledge.find_evidence(question, CUSTOMER_SCOPE).query == question, "people keep their own words"
    run(chip, ADA, "/chip words drop juice", ADMIN, "is searched as it stands")
    run(chip, ADA, "/chip words use gizmo", ADMIN, "Nothing was learned about")
    run(chip, SAM, "/chip words", HELP, wording.ADMINS_ONLY.format(command="words"))


def test_a_command_that_fails_tells_the_caller_a_reference(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chip.services is not None

    def explode() -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(type(chip.services.learning), "status_rows", lambda _self: explode())
    run(chip, SAM, "/chip status", STAFF, "under the reference E")


def test_a_question_by_command_is_answered_to_the_caller_alone_from_all_that_they_may_read(chip: Chip) -> None:
    question = "What goodwill credit may support agents grant for a late delivery?"
    run(chip, SAM, f"/chip ask {question}", HELP, "45 euros")
    answered = chip.wait_for_said(HELP, "45 euros")
    assert "Bring in a person" not in str(answered.blocks)
    assert chip.workspace.visit(SAM).click(chip.show(SAM, answered), HELP, blocks.VOTE, _up(answered.blocks))
    chip.wait_for_said(HELP, wording.VOTE_UP)

    chip.engine.requests.clear()
    run(chip, CLEO, f"/chip ask {question}", HELP, "not sure")
    assert not any("45 euros" in request.messages[-1].content for request in chip.engine.requests)
    assert "45 euros" not in chip.wait_for_said(HELP, "not sure").text
    run(chip, CLEO, "/chip ask", HELP, "Write your question")


def test_a_question_by_command_has_no_vote_buttons_where_the_channel_hides_them(chip: Chip) -> None:
    assert chip.services is not None
    chip.services.rules.set(HELP, ChannelRules(hides_votes=True), by=ADA)
    run(chip, SAM, "/chip ask How long does the Tansy 4 run on one charge?", HELP, "55 minutes")
    assert blocks.VOTE not in str(chip.wait_for_said(HELP, "55 minutes").blocks)


def test_who_asks_for_a_person_by_command_gets_one_in_direct_messages(chip: Chip) -> None:
    run(chip, CLEO, "/chip ask this bot is useless, get me <someone>", HELP, wording.PERSON_ASKED_IN_MESSAGES)
    card = chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person")
    assert chip.engine.requests == []
    root = chip.wait_for_said(DMS[CLEO], wording.PERSON_ASKED_DIRECTLY)
    assert "&lt;someone&gt;" in root.text
    chip.wait_for_said(DMS[CLEO], wording.PERSON_ASKED)
    chip.settle()
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, "Here I am.", card.ts)
    answer = chip.wait_for_said(DMS[CLEO], "Here I am.")
    assert answer.thread_ts == root.ts


@pytest.mark.parametrize("takes_late_answers", [True, False])
def test_who_began_a_training_hears_how_it_ended(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, takes_late_answers: bool
) -> None:
    assert chip.services is not None
    may_begin = hold_training(chip.services.learning)
    run(chip, ADA, "/chip retrain", HELP, "Training has begun")
    if not takes_late_answers:  # as Slack takes none after half an hour
        monkeypatch.setattr(response_urls, "LIFETIME", timedelta(0))
    may_begin.set()
    told = chip.wait_for_said(HELP if takes_late_answers else DMS[ADA], "The training that you began has ended.")
    assert "nothing to learn" in told.text
    assert told.ephemeral_to == (ADA if takes_late_answers else None)


def _up(shown: Any) -> str:
    (vote,) = (block for block in shown if block["type"] == "context_actions")
    return str(vote["elements"][0]["positive_button"]["value"])


def test_stats_sends_a_picture_by_message_and_names_what_had_no_answer(chip: Chip) -> None:
    for _ in range(2):
        chip.ask(CLEO, "Which opera is the most famous in Vienna?")
    answer = run(chip, SAM, "/chip stats 7", HELP, "Asked without an answer")

    assert "asked 2 questions. I did not know the answer twice." in answer
    assert "2 ×" in answer
    (picture,) = (f for m in chip.workspace.messages("D0SAM") for f in m.files)
    assert (picture.mimetype, picture.title) == ("image/png", "Chip, the last 7 days")
    assert chip.read_file(picture.id).startswith(b"\x89PNG")
    run(chip, SAM, "/chip stats often", HELP, "a number of days")


def test_export_sends_a_person_all_that_is_kept_of_them_and_of_nobody_else(chip: Chip) -> None:
    chip.ask(CLEO, "How long does the Tansy 4 run on one charge?")
    chip.ask(SAM, "Can the Tansy 4 climb stairs?")
    run(chip, CLEO, "/chip export", HELP, "chip-my-data.json")

    (file,) = (f for m in chip.workspace.messages("D0CLEO") for f in m.files)
    stored = json.loads(chip.read_file(file.id))
    assert [answer["question"] for answer in stored["answers"]] == ["How long does the Tansy 4 run on one charge?"]
    assert "stairs" not in json.dumps(stored)
    run(chip, SAM, "/chip export all", HELP, "for admins")


def test_models_lists_the_adapters_and_which_serves(chip: Chip) -> None:
    adapter = write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id)
    assert "the base – serves now" in run(chip, ADA, "/chip models", ADMIN, "A1")
    chip.engine.use_adapter(adapter)
    answer = run(chip, ADA, "/chip models", ADMIN, "A1")
    assert answer.count("serves now") == 1


def test_models_says_where_one_adapter_comes_from(chip: Chip) -> None:
    learned = [Example(build_prompt("How long?"), "Two hours.", "correction", 1.0, "g")]
    frozen = freeze_version(learned, chip.core.runs_folder, {}, {}, "2026-11-01")
    write_adapter(
        chip.core.adapters_folder,
        "A1",
        chip.engine.base_id,
        passed=False,
        ruling="not judged",
        dataset_hash=frozen.sha256,
    )
    told = run(chip, ADA, "/chip models A1", ADMIN, "It learned from")
    assert f"1 correction (data set {frozen.path.parent.name})" in told
    assert "could not be judged" in told
    assert wording.LINEAGE_NEVER in told
    run(chip, ADA, "/chip serve A1", ADMIN, "answers now")
    assert "an admin decided" in run(chip, ADA, "/chip models A1", ADMIN, "answered since")
    run(chip, ADA, "/chip models A9", ADMIN, "There is no adapter A9")


@ONLY_SOCKET
def test_a_changed_base_says_once_which_adapter_it_leaves_behind(stopped_chip: Chip) -> None:
    core = stopped_chip.core
    registry.promote(core.db, write_adapter(core.adapters_folder, "A1", "the base before"), by="test", reason="test")
    for _ in range(2):
        stopped_chip.start()
        stopped_chip.settle()
        stopped_chip.stop()
    said = [one for one in stopped_chip.said(ADMIN) if "was trained for the base before" in one]
    assert len(said) == 1
    assert "does not answer any more" in said[0]
    assert core.engine.adapter_id() is None


def test_status_proves_which_adapter_speaks(chip: Chip) -> None:
    learning = chip.services.learning if chip.services else None
    assert learning is not None
    lesson = Example(build_prompt("How long does it charge?"), "90 minutes.", "correction", 1.0, "g")
    frozen = freeze_version([lesson], chip.core.runs_folder, {}, {}, "2026-11-01")
    (first, *_) = build_evidence().lines
    quoted, other = digest(f"[1] {first.text}"), digest("something else")
    for name, said, before in (("A1", quoted, other), ("A2", other, quoted)):
        adapter = write_adapter(chip.core.adapters_folder, name, chip.engine.base_id, dataset_hash=frozen.sha256)
        adapter.scores[PROBES] = [{"group": "g", "said": said, "before": before}]
        save_card(adapter)
        registry.promote(chip.core.db, adapter, by="test", reason="test")
        chip.engine.use_adapter(adapter)
        learning.prove_speaker()
        expected = "1 of 1 probes answered" if name == "A1" else wording.SPEAKER_DISPROVED
        run(chip, SAM, "/chip status", STAFF, expected)
    assert chip.wait_for_said(ADMIN, "its probes are answered as by the model before it")


def test_while_chip_is_paused_it_says_so_also_after_a_restart(chip: Chip) -> None:
    run(chip, ADA, "/chip pause", ADMIN, wording.PAUSED_NOW)
    chip.settle()
    chip.stop()
    chip.start()
    assert chip.ask(CLEO, "How long does the Tansy 4 run?")["text"] == wording.PAUSED
    run(chip, ADA, "/chip resume", ADMIN, wording.RESUMED_NOW)
    assert "55 minutes" in chip.ask(CLEO, "How long does the Tansy 4 run on one charge?")["markdown"]


def test_the_rules_of_a_channel_are_set_in_a_modal(chip: Chip) -> None:
    run(chip, ADA, "/chip channels", HELP, "Everywhere else")
    ada, offered = chip.workspace.visit(ADA), chip.wait_for_said(HELP, "Everywhere else")
    assert ada.click(chip.show(ADA, offered), HELP, rules_view.SET_RULES)
    ada.wait_for_view()
    chosen = {"listen": "every", "answer_in": "ephemeral", "audience": "settings"}

    assert ada.submit_view(chosen | {"quiet_from": "25:00", "quiet_to": ""}) == {
        rules_view.QUIET_BLOCK: wording.RULES_CLOCK
    }
    assert ada.submit_view(chosen | {"quiet_from": "22:00", "quiet_to": "7:00", "bots": ["bots"]}) == {}

    assert chip.services is not None
    rules = chip.services.rules.find(HELP)
    assert (rules.listen, rules.answer_in, rules.answers_bots) == (Listen.EVERY, AnswerIn.EPHEMERAL, True)
    chip.wait_for_said(ADMIN, "quiet 22:00–07:00")
    assert "Every question" in run(chip, ADA, "/chip channels", "D0ADA", "Type `/chip channels` in a channel")


def test_a_customer_who_sees_the_button_cannot_set_rules(chip: Chip) -> None:
    assert chip.services is not None
    shown = rules_view.build_list({}, HELP, "UTC")
    posted = chip.services.client.chat_postMessage(channel=HELP, text="rules", blocks=shown)
    cleo = chip.workspace.visit(CLEO)
    message = cleo.wait_for_message(HELP, lambda one: one["ts"] == posted["ts"])
    assert cleo.click(message, HELP, rules_view.SET_RULES)
    assert cleo.view() is None
    assert chip.services.rules.find(HELP) == ChannelRules()


def test_sources_are_listed_and_a_folder_is_not_opened_from_slack(chip: Chip) -> None:
    assert f"{chip.core.knowledge.holdings.count().documents} documents" in run(
        chip, ADA, "/chip sources", ADMIN, "Sources"
    )
    run(chip, ADA, "/chip sources add /etc staff", ADMIN, wording.SOURCE_ADD_HERE[:30])
    run(chip, ADA, "/chip sources remove nothing", ADMIN, "That did not work")
    run(chip, ADA, "/chip sources sync", ADMIN, wording.SOURCE_NONE)


def test_the_admin_channel_hears_once_that_a_source_fails_and_that_it_works_again(
    chip: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "manuals"
    chip.stop()
    monkeypatch.setattr(schedule, "SOURCE_SECONDS", 0.2)
    chip.start()
    assert chip.services is not None
    chip.services.upkeep.add(Source("manuals", SourceKind.FOLDER, str(folder), Audience.STAFF, every_hours=0.0001))
    failing = chip.wait_for_said(ADMIN, "I cannot read the source manuals whole")
    assert "There is no folder" in failing.text
    folder.mkdir()
    (folder / "care.md").write_text("Brush the Tansy after each use.\n", encoding="utf-8")
    chip.wait_for_said(ADMIN, wording.SOURCE_WORKS.format(name="manuals"))
    said = [message.text for message in chip.workspace.messages(ADMIN) if "manuals" in message.text]
    assert len(said) == 2
    chip.stop()
    assert chip.services.upkeep.remove("manuals") == 1
    chip.start()


WEIGHT = "How many kilograms does the charging dock of the Tansy 4 weigh?"


def test_an_admin_adds_a_channel_as_a_source_and_takes_it_away_again(chip: Chip) -> None:
    ts = chip.workspace.visit(SAM).post(HELP, "The charging dock of the Tansy 4 weighs 7 kilograms.")
    chip.workspace.pin(HELP, ts)
    assert "7 kilograms" not in chip.ask(CLEO, WEIGHT)["markdown"]

    run(
        chip,
        ADA,
        "/chip sources add #help customer",
        ADMIN,
        wording.SOURCE_ADDED.format(name="c0help", audience="customer"),
    )
    chip.wait_for_said(ADMIN, "c0help: 1 new, 0 changed, 0 gone.")
    assert "7 kilograms" in chip.ask(CLEO, WEIGHT)["markdown"]
    run(chip, ADA, "/chip sources", ADMIN, "1 documents for customer, read 2")

    run(chip, ADA, "/chip sources remove c0help", ADMIN, "c0help is gone, with 1 documents.")
    assert "7 kilograms" not in chip.ask(CLEO, WEIGHT)["markdown"]
    run(chip, ADA, "/chip sources sync", ADMIN, wording.SOURCE_NONE)


def test_an_admin_has_a_folder_read_anew_and_takes_it_away(chip: Chip, tmp_path: Path) -> None:
    folder = tmp_path / "manuals"
    folder.mkdir()
    page = folder / "dock.md"
    page.write_text("# Dock\nThe charging dock of the Tansy 4 weighs 7 kilograms.\n", encoding="utf-8")
    assert chip.services is not None
    chip.services.upkeep.add(Source("manuals", SourceKind.FOLDER, str(folder), Audience.CUSTOMER, every_hours=24.0))

    run(chip, ADA, "/chip sources sync", ADMIN, wording.SOURCE_SYNCING.format(names="manuals"))
    chip.wait_for_said(ADMIN, "manuals: 1 new, 0 changed, 0 gone.")
    assert "7 kilograms" in chip.ask(CLEO, WEIGHT)["markdown"]

    page.write_text("# Dock\nThe charging dock of the Tansy 4 weighs 8 kilograms.\n", encoding="utf-8")
    run(chip, ADA, "/chip sources sync manuals", ADMIN, "manuals: 0 new, 1 changed, 0 gone.")
    assert "8 kilograms" in chip.ask(CLEO, WEIGHT)["markdown"]

    run(chip, ADA, "/chip sources remove manuals", ADMIN, "manuals is gone, with 1 documents.")
    assert "kilograms" not in chip.ask(CLEO, WEIGHT)["markdown"]


def test_an_admin_is_sent_what_everybody_said_of_the_answers(chip: Chip) -> None:
    question = "How long does the Tansy 4 run on one charge?"
    for person in (CLEO, SAM):
        reply = chip.reply_at(DMS[person], chip.ask(person, question))
        votes.record_button(chip.core.db, reply_id=reply.id, person=person, role="staff", verdict="up")
    run(chip, ADA, "/chip export all", HELP, "chip-feedback.jsonl")

    (file,) = (f for m in chip.workspace.messages(DMS[ADA]) for f in m.files)
    rows = [json.loads(line) for line in chip.read_file(file.id).decode().splitlines()]
    assert [(row["person"], row["kind"], row["question"]) for row in rows] == [
        (CLEO, "vote", question),
        (SAM, "vote", question),
    ]
    assert all("55 minutes" in row["answer"] for row in rows)


def test_learning_alone_says_what_holds_and_who_decided_it(chip: Chip) -> None:
    answer = run(chip, ADA, "/chip learning", ADMIN, wording.LEARNING_HOW)
    assert "I learn from what members, guests and people of other organisations write to me" in answer
    assert "decided so on" not in answer

    record_consent(chip.core.db, TEAM, by=ADA, is_on=True, channels=(HELP,))
    run(
        chip,
        ADA,
        "/chip learning",
        ADMIN,
        f"I learn from what members write to me, in <#{HELP}>. <@{ADA}> decided so on",
    )
    record_consent(chip.core.db, TEAM, by=ADA, is_on=False)
    run(chip, ADA, "/chip learning", ADMIN, f"{wording.LEARNING_IS_OFF}\n{wording.LEARNING_HOW}")


def test_a_training_by_command_runs_once_at_a_time_and_reports_to_the_admin_channel(chip: Chip) -> None:
    assert chip.services is not None
    learning = chip.services.learning
    may_begin = hold_training(learning)
    run(chip, ADA, "/chip retrain", HELP, wording.RETRAIN_STARTED.format(channel=f"<#{ADMIN}>"))
    run(chip, ADA, "/chip retrain", HELP, wording.RETRAIN_RUNNING.format(channel=f"<#{ADMIN}>"))
    assert chip.said(ADMIN) == []

    may_begin.set()
    report = chip.wait_for_said(ADMIN, "There was nothing to learn yet; nothing changed.")
    assert report.ephemeral_to is None
    assert "There is no liked answer and no approved correction" in str(report.blocks)
    chip.settle()
    chip.workspace.wait_for(lambda: not learning.is_running())
    (made,) = find_reports(chip.core.db)
    assert (made["trigger"], made["requested_by"]) == ("command", ADA)
