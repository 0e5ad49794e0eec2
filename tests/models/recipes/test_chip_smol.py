"""The recipe of chip-smol: its prompt, its lessons, its dense rows and its training."""

import io
import re
import tarfile
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from models.recipes.chip_smol.documentation import FORBIDDEN, load_documentation
from models.recipes.chip_smol.lessons import Ask, Corpus, make_lessons
from models.recipes.chip_smol.prompt import Page, build_messages, cite
from models.recipes.chip_smol.questions import make_questions
from models.recipes.chip_smol.rows import Row, load_rows, open_answer, save_rows
from models.recipes.chip_smol.train import Trainer, Tuning, choose_rows, rate_at, train
from models.recipes.chip_smol.typing_style import reword
from retrieval.passage import Turn
from retrieval.prompt import REFUSAL

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")

TINY = Tuning(rank=4, alpha=8, lowest_layer=0, learning_rate=0.01, rows_a_step=2, warmup=2, steps=6, fall=2)


def _model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=64,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
        )
    )


def _row(*branches: list[int], shared: tuple[int, ...] = (5, 9, 11, 2, 7), asked: int = 2) -> Row:
    tokens, numbers, learned = list(shared), [0] * len(shared), [False] * len(shared)
    for number, branch in enumerate(branches, start=1):
        tokens += branch
        numbers += [number] * len(branch)
        learned += [False] * asked + [True] * (len(branch) - asked)
    return Row(np.array(tokens, np.uint16), np.array(numbers, np.uint8), np.array(learned), "test")


def test_prompt_is_the_same_byte_for_byte() -> None:
    pages = [Page("Moss 2 › Power", "It runs for 90 minutes."), Page("Moss 3", "It is new.")]
    messages = build_messages(
        " And the Moss 2? ", pages, company="Acme", thread=[Turn("user", "Hi"), Turn("assistant", "Hello!")]
    )
    assert open_answer(messages) == (
        "<|im_start|>system\nYou are Chip, the support assistant of Acme. Answer from the numbered passages only, in "
        "short sentences, and put the number of its passage in brackets after each sentence. Where yes or no is asked, "
        "say that first. If the passages do not answer, say that you don't know.\n\n"
        "[1] Moss 2 › Power\nIt runs for 90 minutes.\n\n[2] Moss 3\nIt is new.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n"
        "<|im_start|>user\nAnd the Moss 2?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_steps_stand_on_a_line_each_and_sentences_in_one() -> None:
    assert cite(("1. Open it.", "2. Close it."), 3) == "1. Open it. [3]\n2. Close it. [3]"
    assert cite(("Yes.", "It folds."), 1) == "Yes. [1] It folds. [1]"


def test_dense_row_has_the_loss_of_its_questions_asked_alone() -> None:
    trainer = Trainer(_model(), TINY)
    first, second = [20, 21, 22, 23, 24], [30, 31, 32, 33]
    together = float(trainer.sum_losses([_row(first, second)]).detach())
    alone = [float(trainer.sum_losses([_row(branch)]).detach()) for branch in (first, second)]
    assert together == pytest.approx(sum(alone), rel=1e-5)
    in_line = float(trainer.sum_losses([_row([*first, *second])]).detach())
    assert in_line != pytest.approx(sum(alone), rel=1e-3)


def test_rows_of_unequal_length_have_the_same_loss_at_once() -> None:
    trainer = Trainer(_model(), TINY)
    rows = [_row([20, 21, 22, 23, 24], [30, 31, 32, 33]), _row([40, 41, 42])]
    apart = sum(float(trainer.sum_losses([row]).detach()) for row in rows)
    assert float(trainer.sum_losses(rows).detach()) == pytest.approx(apart, rel=1e-5)


def test_run_that_was_stopped_ends_where_a_whole_one_does(tmp_path: Path) -> None:
    rows = [_row([n, n + 1, n + 2, n + 3], [n + 5, n + 6, n + 7]) for n in range(12, 40, 4)]
    whole = Trainer(_model(), TINY)
    train(whole, rows, rows[:1], tmp_path / "whole", 1.0, lambda _: None)
    stopped = Trainer(_model(), TINY)
    for _ in range(3):
        stopped.update(choose_rows(rows, stopped.step, TINY))
    stopped.save(tmp_path / "state.pt")
    resumed = Trainer(_model(), replace(TINY, seed=TINY.seed))
    train(resumed, rows, rows[:1], tmp_path, 1.0, lambda _: None)
    assert resumed.step == whole.step == TINY.steps
    for ours, theirs in zip(resumed.parameters, whole.parameters, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    assert any(bool(p.abs().sum() > 0) for p in resumed.parameters)


def test_rate_warms_up_stays_and_falls() -> None:
    rates = [rate_at(step, TINY) for step in range(TINY.steps + 1)]
    assert rates == pytest.approx([0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0])


def test_packed_rows_are_read_back(tmp_path: Path) -> None:
    rows = [_row([20, 21, 22]), _row([30, 31, 32, 33], [1, 2, 3])]
    assert save_rows(rows, tmp_path / "rows.npz") == 2
    for before, after in zip(rows, load_rows(tmp_path / "rows.npz"), strict=True):
        assert after.source == "test"
        for name in ("tokens", "branches", "learned"):
            assert np.array_equal(getattr(before, name), getattr(after, name))


def _write_archive(path: Path, word: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz") as tar:
        for number in range(12):
            text = f"# Manual {number}\n\n## How do I clean the {word}?\n\nUse water for the {word} number {number}.\n"
            info = tarfile.TarInfo(f"docs/page{number}.md")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))


def test_sets_to_develop_and_report_on_are_never_read(tmp_path: Path) -> None:
    for number, name in enumerate(FORBIDDEN):
        folder = "kb_gov" if name.startswith("18F") else "kb_docs"
        _write_archive(tmp_path / folder / f"{name}.tar.xz", f"forbidden{number}")
    _write_archive(tmp_path / "kb_docs" / "knative_docs.tar.xz", "allowed")
    texts = [page.text for corpus in load_documentation(tmp_path, Random(1), share=1.0) for page in corpus.pages]
    assert any("allowed" in text for text in texts)
    assert not any("forbidden" in text for text in texts)


def test_lessons_refuse_what_no_passage_shown_answers() -> None:
    pages = tuple(
        Page(f"Model {n}", f"The model {n} weighs {n}{n} grams. " + "Filler text. " * 60) for n in range(10, 30)
    )
    asks = tuple(
        Ask(f"How heavy is model {n}?", (f"The model {n} weighs {n}{n} grams.",), n - 10) for n in range(10, 30)
    )
    asks += tuple(replace(ask, question=f"weight of {ask.question}") for ask in asks)
    lessons = list(make_lessons(Corpus("made", pages, asks), Random(4), 20))
    answers = [(lesson, asked) for lesson in lessons for asked in lesson.asked]
    assert {asked.answer == REFUSAL for _, asked in answers} == {True, False}
    for lesson, asked in answers:
        number = asked.question.split("model ")[1].rstrip("?")
        shown = [page.heading for page in lesson.pages]
        if asked.answer.count("grams.") == 2:
            cited = re.findall(r"model (\d+) weighs \d+ grams. \[(\d)\]", asked.answer)
            assert [int(place) for _, place in cited] == [shown.index(f"Model {number}") + 1 for number, _ in cited]
        elif asked.answer == REFUSAL:
            assert f"Model {number}" not in shown
        else:
            assert asked.answer.endswith(f"grams. [{shown.index(f'Model {number}') + 1}]")


@pytest.mark.parametrize(
    ("heading", "text", "question", "answer"),
    [
        ("Guide › Reset it now", "1. Hold the button.\n2. Wait.", "reset it now", ("1. Hold the button.", "2. Wait.")),
        ("FAQ › Does it float?", "No. It sinks in fresh water.", "Does it float", ("No. It sinks in fresh water.",)),
        ("Limits", "Lamp - Price: 3 euros", "lamp", ("Lamp - Price: 3 euros",)),
        ("Setup", "The server needs the OpenSSL library in version 3.1.2 at least.", "version", (
            "The server needs the OpenSSL library in version 3.1.2 at least.",)),
    ],
)  # fmt: skip
def test_questions_are_made_of_the_form_of_a_passage(
    heading: str, text: str, question: str, answer: tuple[str, ...]
) -> None:
    made = [pair for seed in range(30) for pair in make_questions(Page(heading, text), Random(seed))]
    assert made
    assert all(question.lower() in asked.lower() for asked, _ in made)
    assert {" ".join(said) for _, said in made} == {" ".join(answer)}


def test_what_cannot_be_done_is_denied_first() -> None:
    page = Page("Moving", "You can't move a shop to another owner.")
    made = [pair for seed in range(20) for pair in make_questions(page, Random(seed))]
    assert {said for _, said in made} == {("No. You can't move a shop to another owner.",)}
    assert any(asked.lower().startswith("how") for asked, _ in made)


def test_rewording_leaves_names_and_codes_alone() -> None:
    reworded = {reword("How do I delete the DELETE_KEY of Delete Plus?", Random(seed), 1.0) for seed in range(30)}
    assert reworded == {
        f"How do I {verb} the DELETE_KEY of Delete Plus?" for verb in ("remove", "get rid of", "throw out")
    }
