"""Every block and view that Chip sends is one that Slack takes, also with the longest and the oddest texts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from bot.views import blocks, home, learning_view, rules_view, sources_view, ticket_card
from bot.views.home import Dashboard, HomeFacts
from bot.views.review_view import build_open_button
from bot.views.ticket_card import CardFacts
from bot.workspace.block_kit import find_problems, prepare_view
from feedback.channel_rules import AnswerIn, ChannelRules, Listen, Quiet
from feedback.consent import LOCAL
from feedback.conversation import Message
from feedback.events import Role
from feedback.measures import Measures
from feedback.questions import PopularQuestion
from feedback.replies import SourceLine
from feedback.tickets import Ticket, TicketState
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, EvidenceLine, Passage
from retrieval.ranking.conflicts import Conflict
from tests.feedback.conftest import START, build_reply

LONG = "<&>" * 40_000
TEXTS = ["plain", "", LONG, "a\nb", "<!channel> *bold* `code`", "😀" * 5_000]


def lines(text: str, count: int = 9) -> list[EvidenceLine]:
    return [EvidenceLine(number, text, f"{text} › {number}", f"P{number}") for number in range(1, count + 1)]


def build_card(state: TicketState, text: str) -> tuple[str, list[dict[str, Any]]]:
    """A ticket's card, as short of facts as possible where there is no text."""
    source = SourceLine(1, text, text, "P1")
    reply = build_reply(question=text, shown=text, evidence=(source,) if text else ())
    ticket = Ticket(
        "K1", "T1", "C1", "1.1", "R1", "U1", state, "C2", "2.2", "U2", "F1" if text else None, START, START, None
    )
    said = Message("T1", "C1", "1.1", "1.1", "U1", "user", text, START)
    facts = CardFacts(
        text, "customer", {"U1": text}, [said] * 9 if text else [], reply, "https://slack.example/archives/C1/p1"
    )
    return ticket_card.build_card(ticket, facts)


RULES = ChannelRules(Listen.EVERY, "staff", Quiet(time(22), time(7)), AnswerIn.EPHEMERAL, answers_bots=True)


def build_full_home(text: str) -> dict[str, Any]:
    """An admin's Home with all that it can show."""
    measures = Measures(9, 3, 1, 1, 1, 1, 400.0, 40, 1)
    asked = [PopularQuestion(text, 3, 2)] * 9
    board = Dashboard(
        measures,
        measures,
        2,
        1,
        asked,
        text,
        text,
        "",
        START,
        text,
        text,
        [("On trial", text)] * 3,
        [("Drift", text)] * 4,
        True,
        START,
        30,
    )
    return home.build_home(HomeFacts(Role.ADMIN, 99, [text] * 99, asked, [text] * 4, True, board))


def build_sources_view(text: str) -> dict[str, Any]:
    """The window of as many sources as it may hold and more: known, gone and not to be read."""
    cited = [sources_view.Cited((number,), text, f"P{number % 3}") for number in range(1, 99)]
    known = Passage("P0", text, text, text, text, Audience.CUSTOMER, date(2026, 3, 1), "https://a.example/x", 4)
    passages = {"P0": known, "P1": replace(known, id="P1", audience=Audience.STAFF)}
    return sources_view.build_view(cited, passages, CUSTOMER_SCOPE)


BUILDERS: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    "footer": lambda text: blocks.build_answer_footer("R1", lines(text), offer_person=True),
    "contradictions": lambda text: blocks.build_conflicts([Conflict(line, line) for line in lines(text)], {}),
    "footer of a private answer": lambda text: blocks.build_answer_footer(
        "R1", lines(text), offer_person=False, has_thread=False
    ),
    "footer without sources": lambda _: blocks.build_answer_footer("R1", [], offer_person=False),
    "correction prompt": lambda _: blocks.build_correction_prompt("R1"),
    "correction card": lambda text: blocks.build_correction_card(
        "U1", text, text, text, build_open_button("correction", "F1")
    ),
    "ticket card": lambda text: build_card(TicketState.OPEN, text)[1],
    "claimed ticket card": lambda text: build_card(TicketState.CLAIMED, text)[1],
    "answered ticket card": lambda text: build_card(TicketState.ANSWERED, text)[1],
    "dismissed ticket card": lambda text: build_card(TicketState.DISMISSED, text)[1],
    "channel rules": lambda _: rules_view.build_list({f"C{n}": RULES for n in range(99)}, "C1", "Europe/Berlin"),
    "fields": lambda text: blocks.build_fields(text or "Status", [("Name", text), (text, "value")]),
    "section": lambda text: [blocks.build_section(text or "…"), blocks.build_context(text or "…")],
}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("builder", BUILDERS)
def test_slack_takes_every_message_that_chip_builds(builder: str, text: str) -> None:
    assert find_problems(BUILDERS[builder](text), "message") == []


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_slack_takes_the_views_that_chip_opens(text: str) -> None:
    assert prepare_view(blocks.build_correction_view("R1", text, text), "modal", lambda prefix: f"{prefix}1")
    assert prepare_view(build_full_home(text), "home", lambda prefix: f"{prefix}1")
    assert prepare_view(rules_view.build_view("C1", RULES, "UTC"), "modal", lambda prefix: f"{prefix}1")
    assert prepare_view(build_sources_view(text), "modal", lambda prefix: f"{prefix}1")
    assert prepare_view(learning_view.build_view(LOCAL), "modal", lambda prefix: f"{prefix}1")


def test_sources_are_named_once_with_all_their_numbers() -> None:
    cited = [
        EvidenceLine(1, "a", "Tansy 4", "P1"),
        EvidenceLine(3, "b", "Moss", "P2"),
        EvidenceLine(4, "c", "Tansy 4", "P3"),
    ]
    (shown,) = blocks.build_sources(cited)
    assert shown["elements"][0]["text"] == "Sources: [1][4] Tansy 4 · [3] Moss"


def test_what_people_wrote_cannot_format_or_ping_in_a_card() -> None:
    card = build_card(TicketState.OPEN, "<!channel> <@U2> <https://evil.example|x>")
    assert "<!channel>" not in str(card)
    assert "<https://evil" not in str(card)


def test_a_source_is_named_with_its_day_page_and_address() -> None:
    line = EvidenceLine(1, "Text.", "Moss 2 | <Care>", "p1")
    known = Passage(
        "p1",
        "Text.",
        line.heading,
        "Moss 2",
        "a.pdf",
        Audience.CUSTOMER,
        date(2026, 3, 1),
        "https://a.example/x?a=1&b",
        4,
    )
    (shown,) = blocks.build_sources([line], {"p1": known})
    assert shown["elements"][0]["text"] == (
        "Sources: [1] <https://a.example/x?a=1&amp;b|Moss 2 / &lt;Care&gt; (2026-03-01, page 4)>"
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/x|y> <!channel", "file:///etc/passwd"])
def test_an_address_that_is_none_of_the_web_is_no_link(url: str) -> None:
    line = EvidenceLine(1, "Text.", "Moss 2", "p1")
    known = Passage("p1", "Text.", "Moss 2", "Moss 2", "a.md", Audience.CUSTOMER, None, url)
    assert blocks.build_sources([line], {"p1": known})[0]["elements"][0]["text"] == "Sources: [1] Moss 2"


@pytest.mark.parametrize(("url", "opens"), [("https://a.example/x", False), (None, True), ("file:///a.md", True)])
def test_sources_open_in_slack_where_one_has_no_address_of_the_web(url: str | None, opens: bool) -> None:
    cited = [EvidenceLine(number, "Text.", "Moss 2", f"p{number}") for number in (1, 2)]
    known = Passage("p1", "Text.", "Moss 2", "Moss 2", "a.md", Audience.CUSTOMER, None, "https://a.example/y")
    passages = {"p1": known, "p2": replace(known, id="p2", url=url)}
    footer = blocks.build_answer_footer("R1", cited, offer_person=False, has_thread=False, passages=passages)
    buttons = [element for block in footer if block["type"] == "actions" for element in block["elements"]]
    assert [button["value"] for button in buttons] == (["R1:1,2"] if opens else [])


def test_a_sources_window_names_its_document_file_page_day_and_address() -> None:
    cited = [sources_view.Cited((1, 3), "Old heading", "p1")]
    known = Passage(
        "p1",
        "It flies <fast>.",
        "Moss 2 › *Care*",
        "Moss 2",
        "manuals:en/a.pdf",
        Audience.STAFF,
        date(2026, 3, 1),
        "https://a.example/x",
        4,
    )
    heading, text, details = sources_view.build_view(cited, {"p1": known}, STAFF_SCOPE)["blocks"]
    assert heading["text"]["text"] == "*[1][3] Moss 2 › *Care**"
    assert text["text"] == {"type": "plain_text", "text": "It flies <fast>."}
    assert details["elements"][0]["text"] == "Moss 2 · a.pdf · page 4 · 2026-03-01 · <https://a.example/x>"
    verified = replace(known, source="verified:F1", url=None, page=None)
    (_, _, details) = sources_view.build_view(cited, {"p1": verified}, STAFF_SCOPE)["blocks"]
    assert details["elements"][0]["text"] == "Moss 2 · 2026-03-01"
    assert "flies" not in str(sources_view.build_view(cited, {"p1": known}, CUSTOMER_SCOPE))


def test_a_contradiction_names_both_documents_and_what_they_say() -> None:
    newer = EvidenceLine(1, "The warranty lasts 3 years.", "Warranty", "p1")
    older = EvidenceLine(2, "The warranty lasts 2 years <!channel>.", "Questions", "p2")
    (shown,) = blocks.build_conflicts([Conflict(newer, older)], {})
    text = shown["elements"][0]["text"]
    assert "Warranty says “The warranty lasts 3 years.”, but Questions says" in text
    assert "<!channel>" not in text
    assert blocks.build_conflicts([], {}) == []
