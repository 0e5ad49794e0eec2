"""Whole characters only, and nothing of a stop string."""

import pytest

from bot.engine.answer_text import AnswerText


def feed(stop: tuple[str, ...], pieces: list[bytes]) -> tuple[list[str], AnswerText]:
    text = AnswerText(stop)
    return [text.feed(piece) for piece in pieces], text


def test_a_character_is_shown_when_it_is_whole() -> None:
    shown, _ = feed((), [b"a", "é".encode()[:1], "é".encode()[1:] + b"b"])
    assert shown == ["a", "", "éb"]


@pytest.mark.parametrize("pieces", [[b"one STOP two"], [b"one S", b"TO", b"P two"], [b"one ", b"S", b"T", b"O", b"P"]])
def test_a_stop_string_ends_the_text_before_it_however_it_is_cut(pieces: list[bytes]) -> None:
    _, text = feed(("STOP",), [*pieces, b" three"])
    assert (text.text, text.is_stopped, text.finish()) == ("one ", True, "")


def test_the_beginning_of_a_stop_string_is_held_back_until_it_is_none() -> None:
    shown, text = feed(("\n\n", "END"), [b"a\n", b"b", b"EN", b"D!"[1:]])
    assert shown == ["a", "\nb", "", "EN!"]
    assert not text.is_stopped


def test_what_was_held_back_at_the_end_is_shown() -> None:
    _, text = feed(("STOP",), [b"no ST"])
    assert (text.text, text.finish(), text.text) == ("no ", "ST", "no ST")


def test_the_earliest_of_several_stop_strings_counts() -> None:
    _, text = feed(("later", "now"), [b"it ends now or later"])
    assert text.text == "it ends "


def test_a_stop_string_that_begins_again_within_itself_is_found() -> None:
    _, text = feed(("aab",), [b"a", b"a", b"a", b"b", b"x"])
    assert text.text == "a"
