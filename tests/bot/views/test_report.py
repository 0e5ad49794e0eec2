"""A retrain's report says what happened and why, in blocks that Slack takes."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from matplotlib.image import imread

from bot.views.report import LONGEST, SERVE, build_report, build_rows, describe_plot, list_changes
from bot.views.retrain_plot import ALL, TAUGHT, draw, find_right
from bot.workspace.block_kit import find_problems
from retrain.curate import NO_CONSENT
from retrain.judging.slices import _list_slices
from retrain.report import Change, Outcome, Part, RetrainReport, Scores
from retrain.settings import GateSettings

BEFORE = Scores(20, 30, 1, 5, 2, 1, 0, 300.0)
REPORT = RetrainReport(
    run_id="T1",
    trigger="command",
    requested_by="U0ADA",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    outcome="promoted",
    reasons=("It says 5 of 5 lessons.",),
    base_id="nano",
    champion_id=None,
    adapter_id="A7",
    dataset_hash="f" * 64,
    lessons={"correction": 3, "like": 2},
    dropped={"no evidence": 1},
    before=BEFORE,
    after=replace(BEFORE, said=5, heldout_right=21),
    gain=1 / 30,
    gain_bounds=(-0.04, 0.11),
    needed=900,
    kinds={"file": 20, "rewording": 10},
    reused=6,
    teachers={"customer": 4, "staff": 1},
    training={"processor_seconds": 84.2, "peak_megabytes": 1512.3},
    parts=(
        Part("questions of your file", 7, 5, 20, "no worse", is_wrong=True),
        Part("answers that people liked", 1, 6, 20, "worse", is_wrong=True),
        Part("claims what no document holds", 2, 3, 30, "not judged", is_wrong=False),
    ),
    seconds={"total": 61.4},
    swap_ms=3.2,
)


def test_a_promotion_names_the_adapter_and_all_figures() -> None:
    headline, rows = build_rows(REPORT)
    assert "A7 answers from now on" in headline
    assert dict(rows) == {
        "Why": "It says 5 of 5 lessons.",
        "Learned from": "3 corrections, 2 liked answers; taught by 4 customers and 1 agent",
        "Left out": "1 × no evidence",
        "Lessons said as taught": "1 → 5 of 5",
        "What nobody taught it, right": "20 → 21 of 30 (+3 points; surely between -4 and +11). "
        "About 900 questions show such a gain",
        "Asked": "20 questions of your file, 10 lessons in other words; 6 of them were asked by earlier trainings",
        "Took": "61 s, of which the training itself used 84 s of processor time and at most 1,512 MB of memory",
        "Swapped in": "3 ms, no reply was interrupted",
    }


def test_what_was_not_judged_is_named_and_an_admin_gets_the_choice() -> None:
    unclear = ("gets wrong answers that people liked", "says what is wrong")
    headline, blocks = build_report(replace(REPORT, outcome="not judged", not_judged=unclear))
    assert "the base nano keeps answering until an admin decides" in headline
    assert "Too few questions to tell whether it" in str(blocks)
    assert "gets wrong answers that people liked; says what is wrong" in str(blocks)
    (choice,) = [block for block in blocks if block["type"] == "actions"]
    assert (choice["elements"][0]["action_id"], choice["elements"][0]["value"]) == (SERVE, "A7")
    assert not any(block["type"] == "actions" for block in build_report(REPORT)[1])


def test_a_refusal_names_who_keeps_answering() -> None:
    assert "the base nano keeps answering" in build_rows(replace(REPORT, outcome="refused"))[0]
    assert "A6 keeps answering" in build_rows(replace(REPORT, outcome="refused", champion_id="A6"))[0]


@pytest.mark.parametrize("outcome", ["promoted", "refused", "not judged", "nothing to learn"])
def test_slack_takes_every_report(outcome: Outcome) -> None:
    bare = RetrainReport("T1", "schedule", "schedule", REPORT.started_at, outcome, (), "nano", None)
    for report in (replace(REPORT, outcome=outcome), bare, replace(REPORT, reasons=("<why> & " * 1000,))):
        text, shown = build_report(report)
        assert text
        assert find_problems(shown, "message") == []


def test_answers_before_and_after_are_shown_but_to_a_channel_none_that_a_person_asked() -> None:
    changes = (
        Change("Is it <free>?", "Yes, it is.", "", "worse", is_private=False),
        Change("My secret?", "No.", "Yes. " * 200, "better", is_private=True),
    )
    report = replace(REPORT, changes=changes)
    _, shown = build_report(report)
    said = str(shown)
    assert "*Worse: Is it &lt;free&gt;?*\\n> Yes, it is.\\n→\\n> (no answer)" in said
    assert "secret" not in said
    assert find_problems(shown, "message") == []
    (_, lesson) = list_changes(report)
    assert lesson[:2] == ("Better: My secret?", "No.")
    assert len(lesson[2]) <= LONGEST


def test_what_the_documents_lack_stands_in_the_report() -> None:
    _, shown = build_report(REPORT, [("Not in the documents", "“Which colours?” (3×)")])
    assert "*Not in the documents:* “Which colours?” (3×)" in shown[1]["text"]["text"]
    assert find_problems(shown, "message") == []


def test_missing_consent_is_the_reason_and_the_way_out_is_told() -> None:
    empty = RetrainReport("T1", "command", "U0ADA", REPORT.started_at, "nothing to learn", ("Why.",), "nano", None)
    assert "`/chip learning on`" in dict(build_rows(replace(empty, dropped={NO_CONSENT: 2}))[1])["What to do"]
    assert "What to do" not in dict(build_rows(replace(empty, dropped={"the same question again": 1}))[1])


def test_what_changed_nothing_offers_no_way_back() -> None:
    assert "/chip rollback" in build_report(REPORT)[1][-1]["elements"][0]["text"]
    assert "/chip rollback" not in build_report(replace(REPORT, outcome="refused"))[1][-1]["elements"][0]["text"]


def test_without_heldout_questions_no_figure_of_them_is_shown() -> None:
    none = replace(BEFORE, heldout=0, heldout_right=0)
    assert "Held-out questions right" not in dict(build_rows(replace(REPORT, before=none, after=none))[1])


@pytest.mark.parametrize("outcome", ["promoted", "refused", "not judged", "nothing to learn"])
def test_a_report_speaks_plain_words(outcome: Outcome) -> None:
    changes = (Change("Is it free?", "Yes, it is.", "No.", "worse", is_private=False),)
    lessons = dict.fromkeys(("correction", "like", "dislike", "import", "replay"), 1)
    unclear = tuple(name for name, *_ in _list_slices(GateSettings()))
    report = replace(REPORT, outcome=outcome, changes=changes, lessons=lessons, not_judged=unclear)
    said = f"{build_report(report)} {build_rows(report)} {describe_plot(report)}".casefold()
    assert not [word for word in ("rouge", "champion", "challenger", "replay") if word in said]


def test_the_picture_is_transparent_and_has_a_row_for_each_part_that_was_asked() -> None:
    picture = draw(REPORT)
    assert picture is not None
    pixels = imread(BytesIO(picture))
    assert pixels[0, 0, 3] == 0
    assert (pixels[:, :, 3] > 0.5).any()
    rows = [(part.name, part.before, part.after, part.of) for part in find_right(REPORT)]
    assert rows[0] == (TAUGHT, 1, 5, 5)
    assert rows[1] == (ALL, 20, 21, 30)
    assert rows[-1] == ("answers that people liked", 19, 14, 20)
    assert "answers that people liked 19 → 14 of 20" in describe_plot(REPORT)
    assert draw(replace(REPORT, before=None, after=None, parts=())) is None


def test_a_sample_of_the_lessons_and_a_training_that_ran_out_of_time_are_told() -> None:
    used = {"stopped": "time", "memorised": 300, "lessons": 1500}
    said = dict(build_rows(replace(REPORT, taught=1500, training=used))[1])["Lessons said as taught"]
    assert said == (
        "1 → 5 of 5; 1,500 were taught, and so many of them were asked; its time was over when 300 of 1500 were sure"
    )
