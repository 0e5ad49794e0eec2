"""What an import says of itself fits into one message, however many files of it could not be read."""

from bot.views.import_view import build_report
from feedback.history.importing import ImportReport
from feedback.history.imports import Use

MOST_BLOCKS = 50


def test_many_files_that_could_not_be_read_fit_into_a_message_and_the_rest_is_counted() -> None:
    report = ImportReport("I1", "chats.zip", new=3, unreadable={f"{n}.json": "no JSON" for n in range(70)})
    _, blocks = build_report(report, Use.REVIEW, "review")
    assert len(blocks) < MOST_BLOCKS
    assert "… and 32 more remarks" in str(blocks)
