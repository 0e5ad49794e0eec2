"""A cited sentence is shown only as far as its line supports it."""

import pytest

from retrieval.factcheck.quotes import mend_quote

LINE = "The Moss 2 runs for 90 minutes on a full charge. Charging takes 2.5 hours at 20 degrees."


@pytest.mark.parametrize(
    "text", ["The Moss 2 runs for 90 minutes on a full charge.", "The Moss 2 runs for 90 minutes.", "2.5 hours"]
)
def test_what_the_line_says_in_its_order_is_shown_as_it_is(text: str) -> None:
    assert mend_quote(text, LINE) == text


@pytest.mark.parametrize(
    "garbled",
    [
        "The Moss 2 runs for 9 minutes on a full charge.",
        "The Moss 2 runs for 90 hours on a full charge.",
        "The Moss 2 does not run for 90 minutes on a full charge.",
        "The Moss 90 runs for 2 minutes on a full charge.",
        "The Moss 2 runs for 90 ninutes on on a full a full",
    ],
)
def test_a_garbled_copy_becomes_the_documents_own_sentence(garbled: str) -> None:
    assert mend_quote(garbled, LINE) == "The Moss 2 runs for 90 minutes on a full charge."


@pytest.mark.parametrize("text", ["The Heron can fly to the roof.", "Yes!", "…", "Moss robots are the best on earth."])
def test_what_the_line_does_not_hold_is_withheld(text: str) -> None:
    assert mend_quote(text, LINE) is None
