"""Progress on a terminal: bars for long work, and what reading the documents came to."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from retrieval.knowledge import Knowledge
from retrieval.store.index import IngestReport


def build_bars(console: Console) -> Progress:
    """Return the progress display that every command uses."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    )


def ingest_documents(knowledge: Knowledge, folder: Path, console: Console) -> IngestReport:
    """Index a folder with a progress bar, then say what changed and what could not be read."""
    with build_bars(console) as bars:
        task = bars.add_task("Reading documents", total=None)
        report = knowledge.ingest(
            folder, progress=lambda done, name: bars.update(task, completed=done, description=f"Read {name}")
        )
        bars.update(task, total=1, completed=1, description="Read all documents")
    counts = knowledge.counts()
    console.print(
        f"{report.added} new, {report.changed} changed, {report.removed} removed, {report.unchanged} unchanged: "
        f"{counts.documents} documents, {counts.passages} passages."
    )
    for sentence in report.mended:
        console.print(sentence, style="yellow", markup=False)
    for unreadable in report.unreadable:
        console.print(f"Not read: {unreadable.path}: {unreadable.reason}", style="yellow", markup=False)
    return report
