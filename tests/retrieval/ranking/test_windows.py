"""The best line is shown with what of its passage answers too, in the passage's own words and order."""

from dataclasses import replace

from retrieval.passage import Audience, Passage
from retrieval.ranking.units import ABOUT_ANOTHER, ScoredUnit
from retrieval.ranking.windows import widen

TEXT = (
    "The pump has two filters. Clean both each month.\n"
    "To open it:\n"
    "1. Switch the pump off.\n"
    "2. Lift the lid.\n"
    "```bash\npumpctl open\n```\n"
    "The lid is made of steel."
)
PASSAGE = Passage("p1", TEXT, "Pump › Care", "Pump", "pump.md", Audience.STAFF)
BEST = ScoredUnit(PASSAGE, "1. Switch the pump off.", 5.0)


def unit(text: str, score: float) -> ScoredUnit:
    return ScoredUnit(PASSAGE, text, score)


def test_a_sure_line_stands_alone() -> None:
    alone = unit("The lid is made of steel.", 5.0)
    assert widen(alone, [alone, unit("Clean both each month.", 4.9)], 1.0) is alone


def test_neighbours_that_fit_are_shown_with_all_between_them_and_the_lead_in() -> None:
    wide = widen(BEST, [BEST, unit("```bash\npumpctl open\n```", 4.0), unit("The lid is made of steel.", -9.0)], 0.92)
    assert wide.text == "To open it:\n1. Switch the pump off.\n2. Lift the lid.\n```bash\npumpctl open\n```"


def test_sentences_of_a_paragraph_stay_in_one_line() -> None:
    best = unit("Clean both each month.", 5.0)
    assert widen(best, [best, unit("The pump has two filters.", 4.0)], 0.92).text == (
        "The pump has two filters. Clean both each month."
    )


def test_a_window_keeps_within_its_words() -> None:
    far = unit("The lid is made of steel.", 4.5)
    assert widen(BEST, [BEST, far], 0.92, most_words=8).text == "To open it:\n1. Switch the pump off."


def test_a_line_of_another_passage_and_a_denial_widen_nothing() -> None:
    other = ScoredUnit(replace(PASSAGE, id="p2"), "2. Lift the lid.", 5.0)
    alone = unit("The lid is made of steel.", 5.0)
    assert widen(alone, [alone, other], 0.92) is alone
    denial = replace(BEST, denies=True)
    assert widen(denial, [denial, unit("2. Lift the lid.", 5.0)], 0.92) is denial


def test_a_list_is_shown_beside_the_item_that_was_found() -> None:
    passage = replace(PASSAGE, text="- M - Mute your microphone\n- SPACE - Push to talk\n- V - Start your camera")
    best, other = (
        ScoredUnit(passage, "M - Mute your microphone", 2.0),
        ScoredUnit(passage, "V - Start your camera", 1.0),
    )
    assert widen(best, [best, other], 0.5).text == passage.text


def test_a_line_that_leads_to_a_list_brings_it() -> None:
    passage = replace(PASSAGE, text="Open these ports:\nTo the world:\n- 10000 UDP\n- 443 TCP\nClose all others.")
    best = ScoredUnit(passage, "Open these ports:", 5.0)
    assert widen(best, [best], 1.0).text == "Open these ports:\nTo the world:\n- 10000 UDP\n- 443 TCP"


def test_a_bare_line_gets_what_stands_next_to_it_unless_it_is_sure() -> None:
    text = "Limited functionality means a bad connection. There are two causes: a heartbeat is missing, or the link is."
    passage = replace(PASSAGE, text=text)
    best = ScoredUnit(passage, "Limited functionality means a bad connection.", 5.0)
    assert widen(best, [best], 0.6).text == text
    assert widen(best, [best], 0.9) is best


def test_a_window_that_ends_in_a_list_holds_the_rest_of_it() -> None:
    keys = "\n".join(f"- {key} - does {name}, at once" for key, name in zip("MVACDPRSTG", "abcdefghij", strict=True))
    passage = replace(PASSAGE, text=f"Shortcuts:\n{keys}")
    best = ScoredUnit(passage, "- A - does c, at once", 2.0)
    told = widen(best, [best], 0.7).text
    assert told == f"Shortcuts:\n{keys}"


def test_a_window_ends_before_a_line_that_the_question_rules_out() -> None:
    best = unit("Clean both each month.", 5.0)
    other = unit("1. Switch the pump off.", 5.0 - ABOUT_ANOTHER)
    wide = widen(best, [best, unit("The pump has two filters.", 4.0), other], 0.4)
    assert wide.text == "The pump has two filters. Clean both each month."
    assert "1. Switch the pump off." in widen(best, [best], 0.4).text
