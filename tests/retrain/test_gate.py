"""The gate promotes what is shown to be better and no worse anywhere, and says what speaks against the rest."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from retrain.evaluate import Judged, Kind, Results
from retrain.gate import decide
from retrain.settings import GateSettings

GATE = GateSettings()
WHOLE = Judged("file", "", True, right=True, refused=False, whole=True, unsupported=False, words=9, milliseconds=100.0)


def build(right: Sequence[bool], kind: Kind = "file") -> tuple[Judged, ...]:
    return tuple(replace(WHOLE, kind=kind, topic=f"{kind}-{n}", right=one) for n, one in enumerate(right))


def build_lessons(said: Sequence[bool]) -> tuple[Judged, ...]:
    return tuple(replace(one, kind="lesson") for one in build(said))


CHAMPION = Results(build([True] * 100 + [False] * 50), build_lessons([False, False, True]))
BETTER = Results(build([True] * 130 + [False] * 20), build_lessons([True, True, True]))


def change(results: Results, places: Sequence[int], **values: object) -> Results:
    questions = list(results.questions)
    for place in places:
        questions[place] = replace(questions[place], **values)  # type: ignore[arg-type]
    return replace(results, questions=tuple(questions))


def test_what_is_better_on_questions_that_nobody_taught_it_is_promoted() -> None:
    decision = decide(CHAMPION, BETTER, GATE)
    assert decision.promote, decision.reasons
    assert "130 of 150 questions right, 100 before" in decision.reasons[1]
    assert decision.gain is not None
    assert decision.gain.mean == 0.2
    assert decision.bounds is not None
    assert 0.1 < decision.bounds[0] < 0.2 < decision.bounds[1]
    assert decision.not_judged == ()


def test_three_corrections_and_few_questions_are_not_judged() -> None:
    before = Results(build([False] * 6, "rewording"), build_lessons([False] * 3))
    after = Results(build([True] * 6, "rewording"), build_lessons([True] * 3))
    decision = decide(before, after, GATE)
    assert decision.ruling == "not judged"
    assert "6 questions of your own about 6 topics, where it takes 30 about 10" in decision.reasons[-1]
    alone = decide(replace(before, questions=()), replace(after, questions=()), GATE)
    assert alone.ruling == "not judged"
    assert alone.bounds is None


def test_a_lead_that_may_be_luck_is_an_admins_to_decide_and_the_number_that_would_tell_is_said() -> None:
    few = change(CHAMPION, range(100, 103), right=True)
    decision = decide(CHAMPION, replace(few, lessons=BETTER.lessons), GATE)
    assert decision.ruling == "not judged"
    assert f"about {decision.needed} questions would tell" in decision.reasons[-1]
    assert decision.needed is not None
    assert decision.needed > 150


def test_lessons_said_by_heart_are_no_gain_where_many_questions_show_none() -> None:
    many = replace(CHAMPION, questions=build([True] * 900 + [False] * 300))
    decision = decide(many, replace(many, lessons=BETTER.lessons), GATE)
    assert decision.ruling == "refused"
    assert "nothing was gained that can be told from luck" in decision.reasons[-1]
    assert "Nothing was gained" in decide(CHAMPION, CHAMPION, GATE).reasons[0]


def test_a_lesson_that_is_lost_is_an_objection_though_others_are_won() -> None:
    lost = replace(BETTER, lessons=build_lessons([True, True, False]))
    decision = decide(CHAMPION, lost, GATE)
    assert decision.ruling == "refused"
    assert decision.reasons == ("It lost 1 lesson that the model before it says.",)


def test_one_fragment_where_a_whole_answer_stood_is_an_objection() -> None:
    decision = decide(CHAMPION, change(BETTER, [3], whole=False), GATE)
    assert decision.ruling == "refused"
    assert "1 empty or broken answer where there was a whole one" in decision.reasons[0]
    both = decide(change(CHAMPION, [3], whole=False), change(BETTER, [3], whole=False), GATE)
    assert both.promote


def test_a_refusal_where_the_check_withheld_babble_is_no_fragment() -> None:
    assert decide(CHAMPION, change(BETTER, [3], right=False, refused=True, whole=False), GATE).promote


def test_a_fragment_in_general_reading_is_no_objection_by_itself() -> None:
    read = build([True] * 40, "reading")
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *read))
    after = replace(BETTER, questions=(*BETTER.questions, replace(read[0], whole=False), *read[1:]))
    assert decide(before, after, GATE).promote


def test_nobody_notices_a_few_tenths_of_a_second() -> None:
    assert decide(CHAMPION, change(BETTER, range(150), milliseconds=260.0), GATE).promote


def test_a_lesson_asked_for_somebody_else_is_no_gain_but_its_broken_answer_counts() -> None:
    asked = build([False] * 40, "person")
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *asked))
    after = replace(CHAMPION, questions=(*CHAMPION.questions, *build([True] * 40, "person")))
    decision = decide(before, after, GATE)
    assert decision.gain is not None
    assert (decision.gain.mean, decision.ruling) == (0.0, "refused")
    broken = replace(BETTER, questions=(*BETTER.questions, replace(asked[0], whole=False), *asked[1:]))
    assert "1 empty or broken answer" in decide(before, broken, GATE).reasons[0]


def test_one_wrong_answer_among_four_refuses_nothing_but_an_admin_hears_of_it() -> None:
    before = Results(build([False] * 4), build_lessons([False]))
    before = change(before, range(4), refused=True, topic="one topic")
    after = replace(change(before, [0], refused=False), lessons=build_lessons([True]))
    decision = decide(before, after, GATE)
    assert decision.ruling == "not judged"
    assert "says what is wrong" in decision.not_judged


def test_a_slice_that_got_worse_is_not_hidden_by_a_gain_elsewhere() -> None:
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *build([True] * 40, "liked")))
    after = replace(BETTER, questions=(*BETTER.questions, *build([False] * 8 + [True] * 32, "liked")))
    decision = decide(before, after, GATE)
    assert decision.ruling == "refused"
    assert "It got worse at answers that people liked: 32 of 40 right, 40 before." in decision.reasons


def test_inventing_and_claims_without_support_are_objections() -> None:
    unanswerable = [replace(one, answerable=False, refused=True) for one in build([True] * 40, "imported")]
    invented = [replace(one, right=False, refused=False) for one in unanswerable[:8]]
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *unanswerable))
    after = replace(BETTER, questions=(*BETTER.questions, *invented, *unanswerable[8:]))
    assert any("answers what cannot be answered: 8 of 40" in one for one in decide(before, after, GATE).reasons)
    claims = change(BETTER, range(40), unsupported=True)
    assert any("claims what no document holds" in one for one in decide(CHAMPION, claims, GATE).reasons)


def test_a_slice_with_too_few_questions_is_named_and_an_admin_decides() -> None:
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *build([True, True, False], "liked")))
    after = replace(BETTER, questions=(*BETTER.questions, *build([True, True, False], "liked")))
    decision = decide(before, after, GATE)
    assert decision.ruling == "not judged"
    assert decision.not_judged == ("gets wrong answers that people liked",)
    assert "answers that people liked" in decision.reasons[-1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"milliseconds": 1260.0}, "takes more than 2 times as long as the other: 150 of 153, 0 before"),
        ({"milliseconds": None}, "It failed to answer 150 times, the model before it never."),
        ({"words": 200}, "answers at more than 2 times the length of the other: 150 of 153, 0 before"),
    ],
)
def test_slowness_failures_and_length_speak_against_a_candidate(values: dict[str, object], said: str) -> None:
    decision = decide(CHAMPION, change(BETTER, range(150), **values), GATE)
    assert decision.ruling == "refused"
    assert any(said in reason for reason in decision.reasons)


def test_a_style_that_is_lost_and_reading_that_is_forgotten_are_objections_and_general_reading_is_no_gain() -> None:
    styled = change(CHAMPION, range(60), off_style=False)
    ill = change(change(BETTER, range(60), off_style=False), range(20), off_style=True)
    assert any("writes otherwise than your people taught" in one for one in decide(styled, ill, GATE).reasons)
    assert decide(styled, change(BETTER, range(60), off_style=False), GATE).promote

    def read(results: Results, right: Sequence[bool]) -> Results:
        return replace(results, questions=(*results.questions, *build(right, "reading")))

    forgot = decide(read(CHAMPION, [True] * 48), read(BETTER, [True] * 36 + [False] * 12), GATE)
    assert forgot.ruling == "refused"
    assert any("got worse at questions of general reading" in one for one in forgot.reasons)
    gained = decide(read(CHAMPION, [False] * 48), read(CHAMPION, [True] * 48), GATE)
    assert gained.gain is not None
    assert (gained.gain.mean, gained.promote) == (0.0, False)


def test_who_refuses_no_more_is_not_too_long() -> None:
    refused = change(CHAMPION, range(150), refused=True, right=False, words=5)
    told = change(BETTER, range(150), words=60)
    assert not any("length" in one for one in decide(refused, told, GATE).reasons)


def test_answers_that_get_worse_for_whom_a_lesson_is_asked_for_are_an_objection() -> None:
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *build([True] * 30, "person")))
    after = replace(BETTER, questions=(*BETTER.questions, *build([True] * 20 + [False] * 10, "person")))
    decision = decide(before, after, GATE)
    assert decision.ruling == "refused"
    assert any("lessons asked for her, for him or for them" in reason for reason in decision.reasons)


def test_lessons_that_are_asked_for_somebody_else_are_no_gain() -> None:
    before = replace(CHAMPION, questions=(*CHAMPION.questions, *build([False] * 300, "person")))
    after = replace(CHAMPION, questions=(*CHAMPION.questions, *build([True] * 300, "person")), lessons=BETTER.lessons)
    decision = decide(before, after, GATE)
    assert decision.gain is not None
    assert decision.gain.questions == len(CHAMPION.questions)
    assert not decision.promote
