"""What a person sees of a model's sentences, and which line each cites."""

import logging

import pytest

from bot.answering.shown_answer import ShownAnswer, read_sentences
from retrieval.passage import EvidenceLine
from retrieval.passage_reader import Sentence

LINES = (
    EvidenceLine(1, "The Fern 4 runs for 40 minutes on a full charge.", "Fern 4 trimmer", "a"),
    EvidenceLine(2, "The Fern 4 Plus runs for 65 minutes on a full charge.", "Fern 4 Plus trimmer", "b"),
)


def show(text: str, number: int | None, lessons: tuple[str, ...] | None = ()) -> tuple[str, list[int]]:
    shown = ShownAnswer(LINES, lessons=lessons)
    markdown = shown.add(Sentence(text, "", number), milliseconds=lambda: 1.0)
    return markdown, [line.number for line in shown.cited]


def test_a_sentence_cites_the_line_that_supports_it_whichever_the_model_named() -> None:
    assert show("The Fern 4 Plus runs for 65 minutes.", 1) == ("The Fern 4 Plus runs for 65 minutes. [2]", [2])
    assert show("The Fern 4 runs for 40 minutes.", 1) == ("The Fern 4 runs for 40 minutes. [1]", [1])


def test_without_a_citation_a_contradiction_is_withheld_and_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    assert show("The Fern 4 runs for 90 minutes on a full charge.", None) == ("", [])
    assert "withheld: number" in caplog.text
    assert "90" not in caplog.text


def test_what_staff_approved_may_contradict_the_documents() -> None:
    lesson = "The Fern 4 runs for 90 minutes on a full charge."
    assert show(lesson, None, (lesson,)) == (lesson, [])
    assert show(lesson, None, None) == (lesson, [])


def test_courtesies_are_shown_beside_any_evidence() -> None:
    assert show("You're welcome! Is there anything else?", None)[0] == "You're welcome! Is there anything else?"


@pytest.mark.parametrize("before", ["Thanks to its battery, the", "Sorry, the", "```The"])
def test_neither_a_courtesy_nor_a_fence_carries_a_contradiction_through(before: str) -> None:
    lines = [EvidenceLine(1, "The blade of the trimmer must not be washed.", "Care", "a")]
    shown = ShownAnswer(lines, lessons=())
    said = Sentence(f"{before} blade of the trimmer must be washed.", "", None)
    assert shown.add(said, milliseconds=lambda: 1.0) == ""


def test_a_code_block_is_framed_and_its_lines_carry_no_mark() -> None:
    shown = ShownAnswer(LINES, lessons=())
    lines = ("```text", "The Fern 4 runs for 40 minutes.", "```", "The Fern 4 Plus runs for 65 minutes.")
    said = [shown.add(Sentence(line, "\n", 1), milliseconds=lambda: 1.0) for line in lines]
    assert said == ["```text", "\nThe Fern 4 runs for 40 minutes.", "\n```", f"\n{lines[3]} [2]"]
    assert (shown.sentences, shown.withheld) == (2, 0)


def test_code_is_shown_as_the_model_wrote_it_but_for_pings() -> None:
    code = "```sh\ncurl https://pypi.org/simple # then\nman ls.io && echo `date`\nman ls.io && echo `date`\n```"
    shown = ShownAnswer(())
    said = f"See pypi.org:\n\n{code}\nSee pypi.org, <!channel>."
    markdown = "".join(shown.add(s, milliseconds=lambda: 1.0) for s in read_sentences([said]))
    assert markdown == f"See pypi.\u2060org:\n\n{code}\nSee pypi.\u2060org, <\u2060!channel>."
    assert shown.add(Sentence("```", "\n", None), milliseconds=lambda: 1.0) == "\n```"
    assert shown.add(Sentence("echo <!channel>", "\n", None), milliseconds=lambda: 1.0) == "\necho <\u2060!channel>"


def test_backticks_within_a_line_open_no_code_block() -> None:
    shown = ShownAnswer(())
    for text in ("Type", "```"):
        shown.add(Sentence(text, " ", None), milliseconds=lambda: 1.0)
    assert "evil.example" not in shown.add(Sentence("https://evil.example", "\n", None), milliseconds=lambda: 1.0)


LAID_OUT = (
    "To reset it, i.e. to clear it:\n1. Open [the page](https://a.example/x). Log in.\n"
    "```sh\ncurl tar.gz # <b>\n  rm -rf x\n```\n"
    "2. Her key is at https://b.example/k, in `my.conf`.\n  - Press OK.\n  - Press OK.\n…"
)


def test_a_list_comes_out_as_it_stands_with_one_mark_and_with_the_links_and_the_code_that_its_line_holds() -> None:
    shown = ShownAnswer([EvidenceLine(1, LAID_OUT, "Reset", "a")], lessons=())
    said = read_sentences(["[1] ", *LAID_OUT])
    markdown = "".join(shown.add(sentence, milliseconds=lambda: 1.0) for sentence in said)
    assert markdown == LAID_OUT.replace("clear it:", "clear it: [1]")
    assert shown.withheld == 0


def test_a_link_that_no_cited_line_holds_is_not_shown() -> None:
    line = EvidenceLine(1, "The page is at https://a.example/x, see [here](https://a.example/y).", "Page", "a")
    shown = ShownAnswer([line], lessons=())
    for said in ("The page is at https://evil.example/x.", "See [here](https://a.example/y?evil)."):
        assert "evil" not in shown.add(Sentence(said, "", 1), milliseconds=lambda: 1.0)


def test_an_answer_that_was_cut_short_ends_with_a_whole_sentence_and_outside_of_code() -> None:
    shown = ShownAnswer([EvidenceLine(1, LAID_OUT, "Reset", "a")], lessons=())
    said = read_sentences([f"[1] {LAID_OUT[:110]}"], lambda: True)
    text = "".join(shown.add(sentence, milliseconds=lambda: 1.0) for sentence in said) + shown.finish()
    assert text.endswith("```sh\ncurl tar.gz # <b>\n```")
