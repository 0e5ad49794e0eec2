"""What staff approved is said as they wrote it, without the model."""

from collections import deque

from bot.answering.say import Voice
from retrieval.draft import Draft, build_draft
from retrieval.passage import CUSTOMER_SCOPE, Evidence, EvidenceLine, Match
from retrieval.retrieved import Retrieved
from tests.fakes import QuotingEngine

STEPS = """To open it:
1. Press [1] for the lid, [2] for the base.
2. Read https://mixers.example/open (2 pages).
```
mixer --open
  --slowly
```
Her name is on the label."""


def draft(text: str) -> Draft:
    evidence = Evidence((EvidenceLine(1, text, "Verified by staff, 2026-11-28", "P1"),), Match.STRONG)
    return build_draft(Retrieved("How?", (), evidence, 0.0, "How?", is_verified=True), "Acme", "How?", CUSTOMER_SCOPE)


def test_a_verified_answer_keeps_its_lines_steps_links_brackets_and_code() -> None:
    engine = QuotingEngine()
    saying = Voice(engine, lambda _sentence, _scope: (), list, 60).say(draft(STEPS), "R1")
    assert "".join(saying) == f"{STEPS} [1]"
    assert saying.shown.text == STEPS
    assert [line.number for line in saying.shown.cited] == [1]
    assert engine.requests == []


def test_quotes_from_several_places_show_their_headings() -> None:
    lines = [
        EvidenceLine(1, "Blades last a year.", "Moss 2 › Care", "P1"),
        EvidenceLine(2, "Wash them weekly.", "Moss 2 › Care", "P2"),
        EvidenceLine(3, "Blades cost 9 euros.", "Parts › Prices @channel", "P3"),
    ]
    evidence = Evidence(tuple(lines), Match.FAIR)
    asked = build_draft(Retrieved("How?", (), evidence, 0.5, "How?", is_question=True), "Acme", "How?", CUSTOMER_SCOPE)
    engine = QuotingEngine(queue=deque(["[1]"]))
    saying = Voice(engine, lambda _sentence, _scope: (), list, 60).say(asked, "R1")
    care, prices, blades = "".join(saying).removeprefix("**Care**\n").split("**")
    assert care == "Blades last a year. [1]\n\nWash them weekly. [2]\n\n"
    assert prices.startswith("Prices @")
    assert "@channel" not in prices
    assert blades == "\nBlades cost 9 euros. [3]"
    assert saying.shown.text == "Blades last a year.\n\nWash them weekly.\n\nBlades cost 9 euros."
