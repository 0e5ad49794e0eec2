"""What people write is made plain, what the model writes is made harmless."""

import html
import re

import pytest

from bot.slack.text import escape_mrkdwn, harmless_markdown, has_words, plain_question, shorten, split_text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<@U0CHIP> how long?", "how long?"),
        ("Hey <@U0CHIP>, is it &lt;5 kg &amp; light?", "Hey , is it <5 kg & light?"),
        ("see <https://a.example/x|our page> or <https://b.example>", "see our page or https://b.example"),
        ("ask <@U0SAM|sam> in <#C0HELP|help> <!here>", "ask @sam in #help"),
        ("a\x00b\u200bc\td\n e", "abc d\n e"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
    ],
)
def test_a_question_loses_slacks_markup_and_nothing_else(written: str, plain: str) -> None:
    assert plain_question(written, bot_user="U0CHIP") == plain


@pytest.mark.parametrize(
    ("text", "expected"), [("é", True), ("5", True), ("日本", True), (":+1: :a1_b:", False), ("…?", False), ("", False)]
)
def test_only_letters_and_digits_outside_emoji_are_words(text: str, expected: bool) -> None:
    assert has_words(text) is expected


@pytest.mark.parametrize(
    "said",
    [
        "&lt;!channel&gt; hello",
        "&#60;!here>",
        "&#x3C;@U0ADA&gt;",
        "&commat;channel",
        "evil&period;example",
        "https&colon;//evil&#46;example",
        "`&lt;!channel&gt;`",
    ],
)
def test_what_stands_for_a_character_never_becomes_a_mention_or_a_link(said: str) -> None:
    decoded = html.unescape(harmless_markdown(said))
    assert not re.search(r"<[!@]|@channel|evil\.example|https:", decoded)
    assert harmless_markdown("R&D; 5 & 6; AT&T") == "R&D; 5 & 6; AT&T"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[our page](https://evil.example/a?b=c)", "our page"),
        ("![tracker](https://evil.example/p.png)", "tracker"),
        ("[x](mailto:eve@evil.example)", "x"),
        ("go to https://evil.example/b.", "go to (link removed)"),
        ("<slack://open?team=T1>", "(link removed)"),
        ("JAVASCRIPT:alert(1)", "(link removed))"),
        ("5 kg: not a link, 3:30 pm", "5 kg: not a link, 3:30 pm"),
    ],
)
def test_model_text_links_nowhere(said: str, shown: str) -> None:
    assert harmless_markdown(said) == shown


@pytest.mark.parametrize(
    "said", ["<!channel>", "<@U0SAM>", "<#C0HELP>", "<!subteam^S1>", "@here", "@Channel", "@everyone"]
)
def test_model_text_pings_nobody(said: str) -> None:
    shown = harmless_markdown(f"Hi {said}!")
    assert said not in shown
    assert shown.replace("\u2060", "") == f"Hi {said}!"


def test_prices_and_the_mail_addresses_of_the_documents_stay_as_they_are() -> None:
    text = "Write to help@tansy.example, it costs < 5 € & ships in 3 days."
    assert harmless_markdown(text, held="Mail: help@tansy.example") == text


def test_escaped_text_holds_no_markup() -> None:
    assert escape_mrkdwn("<!here> & <b>") == "&lt;!here&gt; &amp; &lt;b&gt;"


def test_shortened_text_shows_that_something_is_missing() -> None:
    assert shorten("four words are here", 10) == "four word…"
    assert shorten("short", 5) == "short"


@pytest.mark.parametrize("text", ["a " * 50, "é" * 50, "😀" * 30, "one two three four five", ""])
def test_split_text_loses_nothing_and_keeps_the_limit(text: str) -> None:
    pieces = split_text(text, 16)
    assert all(len(piece.encode()) <= 16 for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "domain",
    [
        "evil.example",
        "www.evil.com",
        "evil.co.uk/path",
        "Evil.IO",
        "a@evil.com",
        "203.0.113.9",
        "пример.рф",
        "xn--e1afmkfd.xn--p1ai",
    ],
)
def test_a_bare_domain_is_no_longer_one_to_slack_and_reads_the_same(domain: str) -> None:
    shown = harmless_markdown(f"See {domain} now.")
    assert domain not in shown
    assert shown.replace("\u2060", "") == f"See {domain} now."


@pytest.mark.parametrize("text", ["Open chip.yaml or log.txt.", "Version 2.1.3, e.g. for 3.5 kg."])
def test_file_names_and_numbers_are_left_alone(text: str) -> None:
    assert harmless_markdown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Use `os.path.join` and `git clone https://git.example/a.git` there.",
        "``a ` b.io`` is `<!DOCTYPE html>`, `rows[0](x.com)` and `<!-- a.io -->`.",
    ],
)
def test_code_spans_are_left_as_they_are(text: str) -> None:
    assert harmless_markdown(text) == text


@pytest.mark.parametrize(
    "said",
    [
        "`<!channel>`",
        "`<@U0SAM>`",
        "`<#C0HELP|a b>`",
        "`<!subteam^S1>`",
        "`@here`",
        "` https://evil.example",
        "` a `` https://evil.example",
        "\\`https://evil.example`",
        "[`](x)` https://evil.example",
        "[`x`](https://evil.example)",
        "`a` https://evil.example `b`",
    ],
)
def test_what_only_looks_like_code_and_pings_in_code_are_made_harmless(said: str) -> None:
    shown = harmless_markdown(said)
    assert "evil.example" not in shown
    for ping in ("<!", "<@", "<#", "@here"):
        assert ping not in shown


def test_a_backtick_that_nothing_closes_can_open_no_code_in_a_later_line() -> None:
    assert harmless_markdown("See `the list` of the robot`s parts") == "See `the list` of the robot's parts"


def test_an_address_that_the_cited_line_holds_stays_and_another_of_its_host_does_not() -> None:
    held = "Write to help@tarnwell.example or reach the robot at 192.168.4.1."
    shown = harmless_markdown("Write to help@tarnwell.example, not to evil@tarnwell.example, at 192.168.4.1.", held)
    assert "help@tarnwell.example" in shown
    assert "192.168.4.1" in shown
    assert "evil@tarnwell.example" not in shown
