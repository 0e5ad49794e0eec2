"""A long answer in several messages: nothing is lost, and code blocks and tables are complete in each."""

import pytest

from bot.slack.splitting import split_markdown


@pytest.mark.parametrize("text", ["a b\n" * 30, "- é\n\n" * 20, "😀" * 30, "one two three four five", ""])
def test_split_markdown_loses_nothing_and_keeps_the_limit(text: str) -> None:
    parts = split_markdown(text, 16)
    assert all(len(part.encode()) <= 16 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_code_block_is_closed_and_opened_again() -> None:
    assert split_markdown("Run:\n```sh\none two\n  three\n```\nEnd.", 24) == [
        "Run:\n```sh\none two\n```",
        "```sh\n  three\n```\nEnd.",
    ]


def test_a_table_goes_on_under_its_header() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nEnd."
    assert split_markdown(table, 30) == [
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "| a | b |\n|---|---|\n| 3 | 4 |",
        "\nEnd.",
    ]
