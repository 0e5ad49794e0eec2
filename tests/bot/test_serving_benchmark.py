"""The serving benchmark: the same prompts for every system, answers of one length, threads in order."""

from pathlib import Path

import pytest

from benchmarks.serving.models import SIZES, first_word, list_words, prepare
from benchmarks.serving.systems import Programs, Tuning, open_system
from benchmarks.serving.trial import measure
from benchmarks.serving.workload import ANSWER, DISTINCT, PREFIX, build_desk, build_uniform
from bot.engine.model import LlamaModel


def test_text_and_tokens_are_the_same_prompt(tmp_path: Path) -> None:
    base = prepare("tiny", tmp_path)
    words = list_words(SIZES["tiny"].vocabulary)
    asks = build_uniform(first_word(SIZES["tiny"].vocabulary), 3, seed=1)
    model = LlamaModel(base)
    for ask in asks:
        text = "".join(words[token] for token in ask.tokens).replace("\u0120", " ")
        assert tuple(model.tokenize(text)) == ask.tokens
    model.close()


@pytest.mark.slow
def test_every_answer_has_its_whole_length(tmp_path: Path) -> None:
    asks = build_uniform(first_word(SIZES["tiny"].vocabulary), 2, seed=1)
    for system in ("engine", "dedicated"):
        counts = []
        with open_system(system, prepare("tiny", tmp_path), Programs(), Tuning(2, is_flash=False)) as send:
            for ask in asks:
                notes: list[None] = []
                send(ask.tokens, lambda notes=notes: notes.append(None))  # type: ignore[misc]
                counts.append(len(notes))
            figures = measure(send, asks, clients=2)
        assert counts == [ANSWER, ANSWER]
        assert figures["tokens_per_second"] > 0
        assert figures["first_p50"] > 0


def test_requests_share_the_prefix_and_nothing_else() -> None:
    first, second = build_uniform((1000, 9000), 2, seed=1)
    assert first.tokens[:PREFIX] == second.tokens[:PREFIX]
    assert first.tokens[PREFIX : PREFIX + 4] != second.tokens[PREFIX : PREFIX + 4]
    assert len(first.tokens) == PREFIX + DISTINCT
    assert build_uniform((1000, 9000), 2, seed=1) == [first, second]


def test_each_turn_of_a_thread_begins_with_the_one_before_it() -> None:
    asks = build_desk((1000, 9000), threads=40, seed=1)
    following = [ask for ask in asks if ask.after is not None]
    assert len(following) > 20
    for ask in following:
        assert ask.after is not None
        before = asks[ask.after]
        assert ask.tokens[: len(before.tokens)] == before.tokens
    assert max(len(ask.tokens) for ask in asks) + ANSWER <= 2048
