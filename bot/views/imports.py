"""Words the result of an import, for a terminal and for Slack. Knows nothing of files."""

from feedback.history.importing import ImportReport
from feedback.history.imports import Use

_MOST_DROPPED = 12

_USES = {
    Use.REVIEW: "They wait for staff's review; what staff approve is served as a verified answer.",
    Use.TRAINING: "The next retrain learns from them.",
    Use.HELD_OUT: "The gate of the next retrain asks their questions; nothing is learned from them.",
    Use.ALL: "One in five conversations is held out for the gate; the others wait for review and are learned from.",
}


def describe_import(report: ImportReport) -> tuple[str, list[tuple[str, str]], list[tuple[str, int, str]]]:
    """Return a headline, rows of names and values, and what was left out: reason, count, an example."""
    if report.was_imported:
        return (
            f"{report.source} was imported before, as {report.import_id}; nothing was added.",
            [("Questions with answers", f"{report.pairs:,}")],
            [],
        )
    headline = f"{report.new:,} new questions with answers from {report.source} ({report.import_id})"
    rows = [
        ("Read", ", ".join(f"{count:,} × {name}" for name, count in report.formats.items())),
        ("Messages", f"{report.messages:,} in {report.conversations:,} conversations"),
    ]
    if report.follow_ups:
        rows.append(
            ("Of them follow-ups that make no sense alone", f"{report.follow_ups:,} (kept, used for nothing yet)")
        )
    rows += [("Note", note) for note in report.notes if note]
    rows += [("Not read", f"{name}: {problem}") for name, problem in report.unreadable.items()]
    dropped = [
        (reason, count, "; ".join(report.places.get(reason, ()))[:120]) for reason, count in report.dropped.items()
    ]
    return headline, rows, dropped[:_MOST_DROPPED]


def describe_use(used_as: Use, import_id: str) -> str:
    """Return what becomes of an import's answers, and how to change that."""
    return f"{_USES[used_as]} `chip import use {import_id} --as …` changes that."
