"""Guesses come from the prompt, and whatever they are the answer is the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.engine.drafting import PromptLookup
from bot.engine.sampling import Sampling
from retrain.adapter import Adapter
from retrain.bases.base import Base
from tests.bot.engine.conftest import StartEngine, ask
from tests.bot.engine.tiny_gguf import write_parrot_base

QUESTIONS = [f"Say {text} and {text} again." for text in ("a b a b a b", "abcabcabc", "no no no", "zz zz", "1 2 1 2 1")]


def test_the_guess_is_what_followed_the_same_tokens() -> None:
    lookup = PromptLookup([1, 2, 3, 4, 5, 6, 9, 1, 2, 3], most=3)
    assert lookup.guess(room=9) == [4, 5, 6]
    assert lookup.guess(room=2) == [4, 5]
    assert lookup.guess(room=0) == []
    assert PromptLookup([1, 2, 3], most=3).guess(room=9) == []


def test_the_latest_occurrence_counts() -> None:
    assert PromptLookup([1, 2, 3, 1, 2, 4, 1, 2], most=1).guess(room=9) == [4]


def test_a_wrong_guess_brings_a_pause_and_a_right_one_a_longer_guess() -> None:
    lookup = PromptLookup([1, 2] * 20, most=8)
    lookup.note_result(guessed=8, right=1)
    assert len(lookup.guess(room=9)) <= 3
    lookup.note_result(guessed=3, right=0)
    assert lookup.guess(room=9) == []
    for token in (1, 2, 1, 2):
        lookup.append(token)
    assert lookup.guess(room=9) != []


@pytest.mark.parametrize("with_adapter", [False, True])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_answers_are_the_same_with_and_without_guesses(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine, with_adapter: bool, temperature: float
) -> None:
    plain, guessing = start(base), start(base, draft_tokens=4)
    requests = [ask(question, max_tokens=80, temperature=temperature, seed=7) for question in QUESTIONS]
    answers = []
    for engine in (plain, guessing):
        engine.use_adapter(adapters[0] if with_adapter else None)
        generations = [engine.submit(request) for request in requests]
        answers.append([(done.text, done.finish) for done in (g.completion() for g in generations)])
    assert answers[0] == answers[1]


def test_a_quoted_text_is_guessed_from_the_prompt(tmp_path: Path, start: StartEngine) -> None:
    text = "abcdefghijklmnop"
    base = write_parrot_base(tmp_path / "parrot", text)
    engine = start(base, draft_tokens=8)
    done = engine.submit(ask(f"Quote {text}.")).completion()
    assert (done.text, done.finish, done.completion_tokens) == (text, "stop", len(text))
    assert done.drafted_tokens >= 8
    cut = engine.submit(ask(f"Quote {text}.", max_tokens=7)).completion()
    assert (cut.text, cut.finish) == (text[:7], "length")
    stopped = engine.submit(replace(ask(f"Quote {text}."), sampling=Sampling(stop=("hi",)))).completion()
    assert (stopped.text, stopped.finish) == ("abcdefg", "stop")
    again = engine.submit(ask(f"Quote {text}.")).completion()
    assert again.text == text
    assert start(base).submit(ask(f"Quote {text}.")).completion().drafted_tokens == 0


def test_guesses_and_a_grammar_agree(tmp_path: Path, start: StartEngine) -> None:
    base = write_parrot_base(tmp_path / "parrot", "abcdefghijklmnop")
    request = replace(
        ask("Quote abcdefghijklmnop."), sampling=Sampling(grammar='root ::= "abcdef" [x-z] "."', logprobs=1)
    )
    plain, guessing = (start(base, draft_tokens=size).submit(request).completion() for size in (0, 8))
    assert plain.text == guessing.text
    assert plain.text.startswith("abcdef")
    assert [token.token for token in plain.logprobs] == [token.token for token in guessing.logprobs]
