"""Sampling options on the real engine: stop strings, grammars, schemas, log-probabilities, limits of a draw."""

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest

from bot.engine.port import Completion, InvalidRequest
from bot.engine.sampling import Sampling
from retrain.bases.base import Base
from tests.bot.engine.conftest import StartEngine, ask

PHONE = 'root ::= "+" [0-9] [0-9] [0-9]? "-" [0-9]+ "."'
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "kind": {"enum": ["dog", "cat"]}},
        "required": ["ok", "kind"],
    }
)


def choose(base: Base, start: StartEngine, question: str = "Talk.", **options: object) -> Completion:
    request = replace(ask(question, max_tokens=60), sampling=Sampling(**options))  # type: ignore[arg-type]
    return start(base).submit(request).completion()


def test_an_answer_ends_before_its_stop_string(base: Base, start: StartEngine) -> None:
    engine = start(base)
    whole = engine.submit(ask("Talk.", max_tokens=60)).completion()
    stop = whole.text[20:23]

    generation = engine.submit(replace(ask("Talk.", max_tokens=60), sampling=Sampling(stop=("@@@@", stop))))

    text = "".join(generation)
    assert text == whole.text[: whole.text.index(stop)] == generation.completion().text
    assert generation.completion().finish == "stop"
    assert generation.completion().completion_tokens < 60


def test_a_greedy_answer_follows_its_grammar(base: Base, start: StartEngine) -> None:
    done = choose(base, start, grammar=PHONE)
    assert re.fullmatch(r"\+\d{2,3}-\d+\.?", done.text)


@pytest.mark.parametrize("seed", range(3))
def test_a_drawn_answer_follows_its_schema(base: Base, start: StartEngine, seed: int) -> None:
    request = ask("Talk.", max_tokens=200, temperature=1.5, seed=seed)
    done = start(base).submit(replace(request, sampling=Sampling(json_schema=SCHEMA))).completion()
    assert done.finish in ("stop", "length")
    if done.finish == "stop":
        answer = json.loads(done.text)
        assert answer["kind"] in ("dog", "cat")
        assert isinstance(answer["ok"], bool)
    else:
        assert done.text.startswith("{")


def test_requests_with_and_without_grammar_share_a_batch(base: Base, start: StartEngine) -> None:
    engine = start(base)
    alone = engine.submit(ask("Talk.", max_tokens=40)).completion().text
    bound = replace(ask("Talk.", max_tokens=40), sampling=Sampling(grammar=PHONE))
    generations = [engine.submit(bound if number % 2 else ask("Talk.", max_tokens=40)) for number in range(8)]
    texts = [generation.completion().text for generation in generations]
    assert set(texts[::2]) == {alone}
    assert all(text.startswith("+") for text in texts[1::2])


BAD_GRAMMARS = [
    "",
    "root ::= (",
    'other ::= "a"',
    'root ::= missing "a"',
    "root ::= root",
    'root ::= "a',
    "root ::= [",
    "nonsense",
    "\x00",
    'root ::= "a"{99999999999}',
    "root ::= " + "(" * 5000 + '"a"' + ")" * 5000,
    "x" * 70_000,
]


@pytest.mark.parametrize("grammar", BAD_GRAMMARS, ids=range(len(BAD_GRAMMARS)))
def test_a_bad_grammar_is_refused_and_the_engine_goes_on(base: Base, start: StartEngine, grammar: str) -> None:
    engine = start(base)
    with pytest.raises(InvalidRequest):
        engine.submit(replace(ask("Hm?"), sampling=Sampling(grammar=grammar))).completion()
    assert engine.submit(ask("Hello?")).completion().text


@pytest.mark.parametrize("schema", ["", "[]", "{", '{"$ref": "https://example.org/x.json"}', '{"type": "unheard"}'])
def test_a_bad_schema_is_refused(base: Base, start: StartEngine, schema: str) -> None:
    with pytest.raises(InvalidRequest):
        choose(base, start, json_schema=schema)


@pytest.mark.parametrize(
    "options",
    [
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"min_p": -0.1},
        {"repetition_penalty": 0.0},
        {"stop": ("",)},
        {"grammar": PHONE, "json_schema": SCHEMA},
        {"logprobs": -1},
        {"top_p": float("nan")},
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_are_refused(base: Base, start: StartEngine, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        choose(base, start, **options)


def test_logprobs_are_those_of_the_tokens(base: Base, start: StartEngine) -> None:
    done = choose(base, start, logprobs=3)
    assert len(done.logprobs) == done.completion_tokens
    assert "".join(token.text for token in done.logprobs) == done.text
    for token in done.logprobs:
        assert token.top[0] == (token.token, token.logprob)  # greedy: the likeliest
        assert 0 < sum(math.exp(logprob) for _, logprob in token.top) <= 1 + 1e-9
    assert choose(base, start).logprobs == ()


def test_a_draw_from_the_likeliest_one_is_greedy(base: Base, start: StartEngine) -> None:
    engine = start(base)
    greedy = engine.submit(ask("Talk.")).completion().text
    for options in (Sampling(top_k=1), Sampling(top_p=1e-9), Sampling(min_p=1.0)):
        drawn = engine.submit(replace(ask("Talk.", temperature=2.0, seed=5), sampling=options)).completion().text
        assert drawn == greedy


def test_a_repetition_penalty_makes_an_answer_more_varied(base: Base, start: StartEngine) -> None:
    plain = choose(base, start).text
    varied = choose(base, start, repetition_penalty=2.0).text
    assert len(set(varied)) > len(set(plain)) + 5


def test_an_answer_does_not_begin_with_what_it_must_not_begin_with(base: Base, start: StartEngine) -> None:
    whole = choose(base, start).text
    barred = choose(base, start, never_begin=whole).text
    assert barred
    assert barred[0] != whole[0]
