"""The model says whether it cites the evidence, or something of its own."""

import pytest

from retrieval.factcheck.quote_grammar import is_citing


@pytest.mark.parametrize("text", ["[1]", " [1]\n"])
def test_the_marker_alone_cites(text: str) -> None:
    assert is_citing(text)


@pytest.mark.parametrize("text", ["Hello!", "[2]", "[1] One.", ""])
def test_a_sentence_of_its_own_does_not(text: str) -> None:
    assert not is_citing(text)
