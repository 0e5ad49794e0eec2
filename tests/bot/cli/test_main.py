"""The command line: exit codes, and sentences that name what to mend."""

import json
import os
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app, main
from bot.cli.terminal import console, output
from bot.core import make_id, now_utc
from feedback.database import open_database
from retrain import registry
from retrain.bases.base import load_base
from tests.bot.engine.tiny_gguf import write_random_base
from tests.loop.adapters import write_adapter


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a tiny base and one document, as the environment names them; nothing of the caller's counts."""
    base = write_random_base(tmp_path / "tiny")
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "moss.md").write_text("# Moss\nThe Moss mows 600 square metres.\n", encoding="utf-8")
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "CHIP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHIP_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("CHIP_ENGINE__BASE", str(base.gguf_path))
    monkeypatch.setenv("CHIP_ENGINE__THREADS", "1")
    monkeypatch.setenv("CHIP_KNOWLEDGE__FOLDER", str(tmp_path / "documents"))
    for printer in (console, output):  # whose lines are not to be cut where a folder's name is long
        monkeypatch.setattr(printer, "width", 1000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("colour: red\n", "Unknown setting 'colour'"),
        ("engine: {slots: many}\n", "'engine.slots'"),
        ("slack: {bot_tokn: x}\n", "'slack.bot_tokn'"),
        ("- a list\n", "must hold keys and values"),
        ("a: [\n", "not valid YAML"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "models"])
def test_a_bad_settings_file_exits_with_2_and_names_the_key(home: Path, command: str, content: str, told: str) -> None:
    (home / "bad.yaml").write_text(content, encoding="utf-8")
    result = run(command, "--config", "bad.yaml")
    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_missing_settings_file_exits_with_2() -> None:
    result = run("models", "--config", "none.yaml")
    assert result.exit_code == 2
    assert "none.yaml cannot be read" in result.output


def test_the_doctor_fails_until_the_documents_are_indexed() -> None:
    sick = run("doctor")
    assert sick.exit_code == 1
    assert "No document is indexed" in sick.output

    ingested = run("ingest")
    assert ingested.exit_code == 0, ingested.output
    assert "1 new" in ingested.output

    healthy = run("doctor")
    assert healthy.exit_code == 0, healthy.output
    assert "problem" not in healthy.output


def test_the_doctor_shows_settings_with_their_sources_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    output = run("doctor").output
    assert "xoxb-secret" not in output
    assert "environment" in output
    assert "SLACK_APP_TOKEN not set" in output


def test_ingesting_what_cannot_be_read_exits_with_1_and_names_it(home: Path) -> None:
    (home / "documents" / "bad.pdf").write_bytes(b"%PDF-1.7 \xff\xfe")
    (home / "documents" / "bad.md").write_bytes(b"\xff\xfe\x00broken")
    result = run("ingest")
    assert result.exit_code == 1
    assert "Not read: bad.md" in result.output


def test_ingest_sources_and_doctor_name_what_was_lost_and_say_who_may_read(home: Path) -> None:
    hidden = f"<p style='display:none'>{'Nobody reads this. ' * 9}</p>"
    (home / "documents" / "page.html").write_text(f"<main><h1>Page</h1><p>Seen.</p>{hidden}</main>")
    for command in (("ingest",), ("sources", "list"), ("doctor",)):
        result = run(*command)
        said = " ".join(result.output.split())
        assert "Words lost: page.html: 93% of 29 words are in no passage." in said
        assert "Customers may read" in said
        assert "for staff only" in said


def test_ingesting_a_folder_that_is_not_there_is_one_sentence() -> None:
    result = run("ingest", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.output
    assert "Traceback" not in result.output


def test_a_damaged_base_is_one_sentence(home: Path) -> None:
    (home / "tiny" / "model.gguf").write_bytes(b"GGUF")
    for command in (("ask", "How far?"), ("models",), ("retrain",)):
        result = run(*command)
        assert result.exit_code == 1
        assert "model.gguf is cut short or damaged" in result.output.replace("\n", " ")


def base_id(home: Path) -> str:
    return load_base(home / "tiny" / "model.gguf").id


def promote(home: Path, adapter_id: str) -> None:
    db = open_database(f"sqlite:///{home / 'var' / 'chip.db'}", clock=now_utc, new_id=make_id)
    registry.promote(db, write_adapter(home / "var" / "adapters", adapter_id, base_id(home)), by="test", reason="test")
    db.close()


def test_models_lists_the_base_and_adapters_with_the_one_that_serves(home: Path) -> None:
    bare = run("models")
    assert bare.exit_code == 0
    assert f"→      │ {base_id(home)} (the base)" in bare.output

    promote(home, "A1")
    rows = [line for line in run("models").output.splitlines() if "│" in line]
    assert [("→" in row, "A1" in row) for row in rows] == [(False, False), (True, True)]


def test_models_rollback_moves_the_pointer(home: Path) -> None:
    promote(home, "A1")
    result = run("models", "--rollback", "previous")
    assert result.exit_code == 0
    assert "The base answers from now on." in result.output

    again = run("models", "--rollback", "base")
    assert again.exit_code == 1
    assert "The base answers already" in again.output
    assert run("models", "--rollback", "A9").exit_code == 1


def test_ask_answers_from_the_documents_and_can_show_the_prompt() -> None:
    result = run("ask", "How far does the Moss mow?", "--show-prompt", "--staff")
    assert result.exit_code == 0, result.output
    assert "600 square metres" in result.output
    assert "tokens in" in result.output


def test_a_manual_with_somebody_elses_heads_is_read_and_each_word_is_told_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIP_KNOWLEDGE__DEFAULT_AUDIENCE", "customer")
    pages = {f"tarn-{n}": f"audience: ITPro\nms.date: 01/2{n}/2026" for n in range(3)}
    pages |= {"orla-4": "audience: Internal", "orla-5": "draft: true", "orla-6": "title: [x\nupdated: soon"}
    for name, head in pages.items():
        text = f"---\n{head}\n---\nThe {name.title().replace('-', ' ')} weighs 17 kg.\n"
        (home / "documents" / f"{name}.md").write_text(text, encoding="utf-8")
    told = (
        "3 documents, such as tarn-0.md, say “audience: ITPro”, which is no audience of Chip's: read for customers",
        "orla-4.md says “audience: Internal”, which may mean staff: read for staff only",
        "orla-5.md says “draft: true”: read for staff only",
        "orla-6.md has a head that cannot be read (it is not valid YAML)",
        "orla-6.md says “updated: soon”",
    )
    ingested = run("ingest")
    assert ingested.exit_code == 0, ingested.output
    assert "Customers may read 5 of the documents; 2 are for staff only." in ingested.output
    for result in (ingested, run("ingest"), run("sources", "list"), run("doctor")):
        assert [sentence for sentence in told if sentence not in result.output] == []
    for name, is_found in (("Tarn 1", True), ("Orla 4", False), ("Orla 5", False), ("Orla 6", True)):
        assert ("17 kg" in run("facts", name).output) is is_found
        assert "17 kg" in run("facts", name, "--staff").output


def test_an_admin_settles_what_a_strange_word_for_readers_means(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, word in (("tarn", "ITPro"), ("orla", "Admin"), ("heron", "Internal")):
        text = f"---\naudience: {word}\n---\nThe {name.title()} 4 weighs 17 kg.\n"
        (home / "documents" / f"{name}.md").write_text(text, encoding="utf-8")
    told = run("ingest").output
    assert "tarn.md says “audience: ITPro”" in told
    assert "orla.md says “audience: Admin”, which is no audience of Chip's: read for staff only" in told
    assert "`knowledge.audience_words` says what the word means" in told

    monkeypatch.setenv(
        "CHIP_KNOWLEDGE__AUDIENCE_WORDS", '{"itpro": "customer", "Admin": "staff", "internal": "customer"}'
    )
    for result in (run("ingest"), run("doctor"), run("sources", "list")):
        assert result.exit_code == 0, result.output
        assert "says “" not in result.output
    for name, is_found in (("Tarn 4", True), ("Heron 4", True), ("Orla 4", False)):
        assert ("17 kg" in run("facts", name).output) is is_found
        assert "17 kg" in run("facts", name, "--staff").output

    monkeypatch.setenv("CHIP_KNOWLEDGE__AUDIENCE_WORDS", '{"itpro": "everybody"}')
    wrong = run("ingest")
    assert wrong.exit_code == 2
    assert "audience_words" in wrong.output


def test_no_command_shows_the_help() -> None:
    result = run()
    for command in (
        "run",
        "ingest",
        "sources",
        "ask",
        "retrain",
        "models",
        "gaps",
        "facts",
        "calibrate",
        "workspace",
        "doctor",
    ):
        assert command in result.output


def test_settings_in_a_file_are_used(home: Path) -> None:
    (home / "chip.yaml").write_text(json.dumps({"engine": {"slots": 1}, "company": "Larkspur"}), encoding="utf-8")
    output = run("doctor").output
    assert "Larkspur" in output
    assert "chip.yaml" in output


def test_a_source_is_added_read_listed_and_removed(home: Path) -> None:
    (home / "manuals").mkdir()
    (home / "manuals" / "care.html").write_text("<h1>Care</h1><p>Brush the Moss after each use.</p>", encoding="utf-8")
    added = run("sources", "add", "manuals", "--audience", "customer", "--every", "6")
    assert added.exit_code == 0, added.output
    assert "manuals: 1 new, 0 changed, 0 removed, 0 unchanged" in added.output

    (home / "manuals" / "broken.pdf").write_bytes(b"%PDF")
    synced = run("sources", "sync")
    assert synced.exit_code == 1
    assert "Not read: manuals:broken.pdf" in synced.output
    listed = run("sources", "list").output
    assert all(text in listed for text in ("manuals", "folder", "customer", "6 h"))

    removed = run("sources", "remove", "manuals")
    assert removed.exit_code == 0
    assert "1 documents removed" in removed.output
    assert "manuals" not in run("sources", "list").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "nowhere"), "nowhere is no folder"),
        (("add", "documents", "--audience", "friends"), "'friends' is unknown"),
        (("add", "tiny", "--name", "A B"), "cannot be a name"),
        (("sync", "nothing"), "There is no source 'nothing'"),
        (("add", "#sales"), "set SLACK_BOT_TOKEN"),
        (("add", "http://127.0.0.1:1/"), "private address"),
    ],
)
def test_a_source_that_cannot_be_used_is_one_sentence(arguments: tuple[str, ...], told: str) -> None:
    result = run("sources", *arguments)
    assert result.exit_code == 1
    assert told in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


def test_a_token_in_a_sources_address_is_shown_to_nobody(home: Path) -> None:
    location = f"file://oauth2:s3cr3t@localhost{home}/nothing.git"
    added = run("sources", "add", location, "--name", "docs")
    assert "docs: git file://oauth2:****@localhost" in added.output.replace("\n", "")
    shown = added.output + run("sources", "list").output + run("sources", "add", location, "--name", "other").output
    assert "s3cr3t" not in shown.replace("\n", "")
    stored = home / "var" / "sources.json"
    assert "s3cr3t" in stored.read_text()
    assert stored.stat().st_mode & 0o777 == 0o600


def test_what_chip_writes_is_nobody_elses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["chip", "models"])
    before = os.umask(0o022)
    try:
        with pytest.raises(SystemExit):
            main()
    finally:
        os.umask(before)
    assert (home / "var" / "chip.db").stat().st_mode & 0o777 == 0o600
    assert (home / "var").stat().st_mode & 0o777 == 0o700


def test_gaps_are_listed_and_none_is_said_so() -> None:
    result = run("gaps")
    assert result.exit_code == 0, result.output
    assert "Nobody asked anything in the last 30 days." in result.output


def test_the_facts_about_a_thing_are_listed_and_none_is_said_so() -> None:
    run("ingest")
    known = run("facts", "moss", "--staff")
    assert known.exit_code == 0, known.output
    assert "600 square metre" in known.output
    assert "moss.md" in known.output
    unknown = run("facts", "Fern")
    assert unknown.exit_code == 1
    assert "No document for customers states a fact about “Fern”." in unknown.output.replace("\n", " ")
    assert "No document states a fact about “Fern”." in run("facts", "Fern", "--staff").output


def test_the_version_is_told() -> None:
    assert run("--version").output == f"Chip {version('chip')}\n"


def test_the_configured_folder_is_no_further_source(home: Path) -> None:
    result = run("sources", "add", str(home / "documents"))
    assert result.exit_code == 1
    assert "is read already" in result.output.replace("\n", " ")


def test_an_unknown_setting_is_answered_with_the_known_ones(home: Path) -> None:
    (home / "bad.yaml").write_text("knowlege:\n  folder: x\n", encoding="utf-8")
    result = run("doctor", "--config", str(home / "bad.yaml"))
    said = result.output.replace("\n", " ")
    assert "Did you mean 'knowledge'?" in said
    assert "retrain" in said


def ask_file(home: Path, *answerable: bool, holds: str = "600") -> str:
    about = {True: "How far does the Moss mow?", False: "Who painted the ceiling of the opera house?"}
    rows = [
        {"id": str(n), "question": about[one], "audience": "staff", "answer_contains": [[holds]], "answerable": one}
        for n, one in enumerate(answerable)
    ]
    (home / "asked.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(home / "asked.jsonl")


def test_the_confidence_is_calibrated_on_questions_of_ones_own(home: Path) -> None:
    run("ingest")
    result = run("calibrate", "--questions", ask_file(home, True, False))
    assert result.exit_code == 0, result.output
    assert "as set  +0.00" in result.output
    assert "1 of 1 questions that the documents answer are answered right" in result.output
    assert "Fewer than 10 questions of a kind prove nothing" in result.output
    assert "set knowledge.confidence_shift to" not in result.output


def test_many_questions_that_are_told_apart_already_change_nothing(home: Path) -> None:
    run("ingest")
    result = run("calibrate", "--questions", ask_file(home, *[True] * 10, *[False] * 10))
    assert "keep it" in result.output
    assert "set knowledge.confidence_shift to" not in result.output


def test_an_answer_with_the_wrong_content_does_not_count_as_answered(home: Path) -> None:
    run("ingest")
    result = run("calibrate", "--questions", ask_file(home, True, False, holds="900"))
    assert result.exit_code == 1
    assert "finds the answer to none of the 1 questions" in result.output.replace("\n", " ")


def test_without_documents_nothing_is_calibrated(home: Path) -> None:
    result = run("calibrate", "--questions", ask_file(home, True, False))
    assert result.exit_code == 1
    assert "chip ingest" in result.output


@pytest.mark.parametrize(("answerable", "missing"), [(True, "they do not answer"), (False, "the documents answer")])
def test_one_kind_of_question_calibrates_nothing(home: Path, answerable: bool, missing: str) -> None:
    run("ingest")
    result = run("calibrate", "--questions", ask_file(home, answerable))
    assert result.exit_code == 1
    assert missing in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
