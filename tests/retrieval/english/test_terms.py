"""The terms that search compares."""

import pytest

from retrieval.english.terms import tokenise


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The ﬁlter is ﬂushed", ["filter", "flush"]),
        ("self\u00adpriming", ["selfprim"]),
        ("Ｔａｒｎ ４０", ["tarn", "40"]),
        ("交換間隔は21か月", ["交換", "換間", "間隔", "隔は", "21", "か月"]),
        ("型号X1", ["型号", "x", "1"]),
        ("Größe", ["gröss"]),
    ],
)
def test_terms_are_the_same_however_a_text_spells_its_characters(text: str, terms: list[str]) -> None:
    assert tokenise(text) == terms
