"""What a person sees of a sentence that no document supports, of a wrong citation, and of documents that disagree."""

import json
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from bot.cli.ask import ask_once
from bot.views import wording
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience
from retrieval.ranking.evidence import EvidenceLimits
from tests.loop.conftest import CLEO, DMS, DOCUMENTS, ONLY_SOCKET, Chip

RUNTIME = "The Tansy 4 runs for 55 minutes on one charge."
OTHER_RUNTIME = "The Tansy 4 runs for 70 minutes on one charge."
QUESTION = "How long does the Tansy 4 run on one charge?"
OLDER = f"---\ntitle: Questions and answers\naudience: customer\nupdated: 2020-01-01\n---\n{OTHER_RUNTIME}\n"


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    """The documents of the other stories, and one that says another runtime."""
    folder = tmp_path_factory.mktemp("documents")
    for name, text in (DOCUMENTS | {"answers.md": OLDER}).items():
        (folder / name).write_text(text, encoding="utf-8")
    lines = EvidenceLimits(
        max_lines=6, keep_within=2.0, widens=False
    )  # both lines, for the model to take the wrong one
    index = tmp_path_factory.mktemp("index")
    knowledge = Knowledge(index, load_embedder(), default_audience=Audience.STAFF, limits=lines)
    knowledge.ingest(folder)
    yield knowledge
    knowledge.close()


def find_line(chip: Chip, text: str) -> int:
    """Return the number under which the model read a line."""
    prompt = chip.engine.requests[-1].messages[-1].content
    return next(int(line[1:].partition("]")[0]) for line in prompt.splitlines() if text in line)


def told(message: dict[str, object]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_a_sentence_that_no_document_supports_is_left_out_said_so_and_logged(
    chip: Chip, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot.answering.shown_answer")
    chip.ask(CLEO, QUESTION)
    number = find_line(chip, RUNTIME)
    chip.engine.queue.append(f"[{number}] {RUNTIME} [{number}] It was designed by a famous painter.")
    message = chip.ask(CLEO, QUESTION)
    assert message["text"].count(RUNTIME) == 1
    assert "painter" not in told(message)
    assert wording.WITHHELD_ONE in told(message)
    assert "painter" not in chip.reply_at(DMS[CLEO], message).shown
    assert "a sentence was withheld: words" in caplog.messages
    assert not any("painter" in line for line in caplog.messages)


def test_an_answer_of_which_nothing_is_left_is_i_do_not_know(chip: Chip) -> None:
    chip.engine.queue.append("[1] It was designed by a famous painter. [1] It sings when it is done.")
    message = chip.ask(CLEO, QUESTION)
    assert "I don't know" in message["text"]
    assert wording.WITHHELD_MANY.format(count=2) in told(message)


def test_an_answer_of_which_all_is_shown_says_nothing_of_leaving_out(chip: Chip) -> None:
    assert "left out" not in told(chip.ask(CLEO, QUESTION))


@pytest.mark.parametrize(
    "claim",
    ["The Tansy 4 charges in 30 minutes.", "The Tansy 4 can climb stairs.", "Returning a Tansy 4 takes 90 days."],
)
def test_what_cites_nothing_must_not_contradict_any_document_that_the_asker_may_read(chip: Chip, claim: str) -> None:
    chip.engine.queue.append(f"Happy to help! {claim}")
    message = chip.ask(CLEO, "Which children may be near the blades?")
    assert "Happy to help!" in message["text"]
    assert claim not in told(message)
    assert wording.WITHHELD_ONE in told(message)


@ONLY_SOCKET
def test_the_terminal_leaves_out_what_slack_would_leave_out(chip: Chip) -> None:
    output = Console(record=True, width=200)
    chip.engine.queue.append("Happy to help! The Tansy 4 charges in 30 minutes.")
    ask_once(chip.core, "Which children may be near the blades?", staff=False, show_prompt=False, output=output)
    said = output.export_text()
    assert "Happy to help!" in said
    assert "30 minutes" not in said


def test_what_cites_nothing_and_agrees_with_a_document_is_shown(chip: Chip) -> None:
    chip.engine.queue.append("Happy to help! The battery of the Tansy 4 charges in 80 minutes.")
    assert "charges in 80 minutes" in chip.ask(CLEO, "Which children may be near the blades?")["text"]


def test_a_sentence_cites_the_line_that_supports_it_whichever_the_model_named(chip: Chip) -> None:
    chip.ask(CLEO, QUESTION)
    right, other = find_line(chip, RUNTIME), find_line(chip, OTHER_RUNTIME)
    chip.engine.queue.append(f"[{other}] {RUNTIME}")
    message = chip.ask(CLEO, QUESTION)
    assert f"{RUNTIME} [{right}]" in message["text"]
    assert f"[{right}] Tansy 4" in told(message)


def test_documents_that_contradict_each_other_are_shown_as_such(chip: Chip) -> None:
    shown = told(chip.ask(CLEO, QUESTION))
    assert "The documents contradict each other" in shown
    assert "55 minutes" in shown
    assert "70 minutes" in shown
