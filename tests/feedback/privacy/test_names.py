"""The process that reads names: started at the first text, ended with the job, and never missing in silence."""

import sys

import pytest

from feedback.privacy import NameReaderError, read_names

TEXTS = ["The unit of Ingrid Halvorsen is broken.", "The valve is worn.", "Zoë: ask Theodora Blackwood €5."]


@pytest.mark.slow
def test_names_are_found_by_their_characters() -> None:
    with read_names() as find:
        found = find(TEXTS)
    assert [[text[start:end] for start, end in spans] for text, spans in zip(TEXTS, found, strict=True)] == [
        ["Ingrid Halvorsen"],
        [],
        ["Theodora Blackwood"],
    ]


def test_a_process_that_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with read_names() as find, pytest.raises(NameReaderError, match="ended with code 1"):
        find(TEXTS)
