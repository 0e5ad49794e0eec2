"""Attention in one piece is used where it is faster, and answers are the same without it."""

import pytest

from bot.engine.attention import is_avx2_alone
from retrain.bases.base import Base
from tests.bot.engine.conftest import StartEngine, ask

ZEN3 = "CPU : SSE3 = 1 | SSSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | OPENMP = 1 | REPACK = 1 | "
ZEN4 = "CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | AVX512 = 1 | AVX512_VNNI = 1 | OPENMP = 1 | REPACK = 1 | "
APPLE = "Metal : EMBED_LIBRARY = 1 | CPU : NEON = 1 | ARM_FMA = 1 | DOTPROD = 1 | REPACK = 1 | "


@pytest.mark.parametrize(("info", "expected"), [(ZEN3, True), (ZEN4, False), (APPLE, False), ("", False)])
def test_a_processor_with_avx2_alone_is_known(info: str, expected: bool) -> None:
    assert is_avx2_alone(info) is expected


@pytest.mark.parametrize("choice", ["on", "off"])
def test_answers_reused_and_restored_are_the_same_either_way(base: Base, start: StartEngine, choice: str) -> None:
    engine = start(base, slots=2, flash_attention=choice)
    questions = [f"Thread {number}. " + chr(97 + number) * 150 for number in range(5)]
    first = [engine.submit(ask(question)).completion() for question in questions]
    again = [engine.submit(ask(question)).completion() for question in questions]
    assert [done.text for done in again] == [done.text for done in first]
    assert all(done.reused_tokens > 150 for done in again)
    assert engine.metrics.value("parked_bytes") > 0
