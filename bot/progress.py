"""Progress on a terminal: bars for long work, and what reading the documents came to."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from retrieval.knowledge import Knowledge
from retrieval.passage import AUDIENCE_FORMS, Audience
from retrieval.reading.documents import RemarkKind
from retrieval.reading.loss import Loss
from retrieval.store.holdings import Counts
from retrieval.store.index import FOLDER_ORIGIN
from retrieval.store.reading_log import Remarked
from retrieval.store.source_sync import IngestReport

MOST_NAMED = 30
_REMARKS = {
    RemarkKind.STRANGE_AUDIENCE: (
        "{many} {says} “audience: {word}”, which is no audience of Chip's: read {readers}, as what names none. "
        "`knowledge.audience_words` says what the word means."
    ),
    RemarkKind.DOUBTFUL_AUDIENCE: (
        "{many} {says} “audience: {word}”, which may mean staff: read {readers}. "
        f"Write one of these instead: {AUDIENCE_FORMS}; or say in `knowledge.audience_words` what the word means."
    ),
    RemarkKind.WITHHELD: (
        "{many} {says} “{word}”: read {readers}, because it is not published. Take the line away once it is."
    ),
    RemarkKind.STRANGE_DATE: "{many} {says} “updated: {word}”, which is no day: read without one. Write 2026-01-31.",
    RemarkKind.BROKEN_HEAD: (
        "{many} {has} a head that cannot be read ({word}): each line was read by itself, the text {readers}. "
        "Mend the lines between --- (or +++)."
    ),
}


def build_bars(console: Console) -> Progress:
    """Return the progress display that every command uses."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
    )


def ingest_documents(knowledge: Knowledge, folder: Path, console: Console) -> IngestReport:
    """Index a folder with a progress bar, then print what changed, who may read it, and what could not be read."""
    with build_bars(console) as bars:
        task = bars.add_task("Reading documents", total=None)

        def show(done: int, name: str) -> None:
            total = knowledge.reading.total if knowledge.reading else None
            bars.update(task, completed=done, total=total, description=f"Read {done} of {total} files: {name}")

        report = knowledge.ingest(folder, progress=show)
        bars.update(task, total=1, completed=1, description="Read all documents")
    counts = knowledge.holdings.count()
    console.print(
        f"{report.added} new, {report.changed} changed, {report.removed} removed, {report.unchanged} unchanged: "
        f"{counts.documents} documents, {counts.passages} passages."
    )
    for sentence in report.mended:
        console.print(sentence, style="yellow", markup=False)
    for unreadable in report.unreadable:
        console.print(f"Not read: {unreadable.path}: {unreadable.reason}", style="yellow", markup=False)
    console.print(describe_readers(counts), markup=False)
    holdings = knowledge.holdings
    for sentence in (*describe_remarks(holdings.list_remarks(FOLDER_ORIGIN)), *describe_losses(holdings.list_losses())):
        console.print(sentence, style="yellow", markup=False)
    return report


def describe_readers(counts: Counts) -> str:
    """Return who may read the documents. If customers may read none, also return how to change that."""
    staff_only = counts.documents - counts.for_customers
    said = f"Customers may read {counts.for_customers} of the documents; {staff_only} are for staff only."
    if not staff_only or counts.for_customers:
        return said
    return f"{said} Say `audience: customer` at the head of a file, or set `knowledge.default_audience`."


def describe_remarks(remarked: Sequence[Remarked]) -> Iterator[str]:
    """Yield a sentence for each word of heads that Chip could not rely on: what it did, and how to change it.

    If there are too many, the last sentence counts the rest.
    """
    for found in remarked[:MOST_NAMED]:
        is_one = found.documents == 1
        yield _REMARKS[found.remark.kind].format(
            many=found.example if is_one else f"{found.documents:,} documents, such as {found.example},",
            says="says" if is_one else "say",
            has="has" if is_one else "have",
            word=found.remark.word,
            readers=_name_readers(found.audience),
        )
    if len(remarked) > MOST_NAMED:
        yield f"{len(remarked) - MOST_NAMED} more words at the heads of documents were not understood."


def _name_readers(audience: Audience) -> str:
    return {"public": "for everybody", "customer": "for customers", "staff": "for staff only"}.get(
        audience, f"for {audience} only"
    )


def describe_losses(losses: Sequence[Loss]) -> Iterator[str]:
    """Yield a sentence for each document that lost visible text.

    If there are too many, the last sentence counts the rest.
    """
    for loss in losses[:MOST_NAMED]:
        if not loss.passages:
            yield f"Nothing to quote: {loss.source} was read and gave no passage. Look at the file."
        else:
            share = loss.lost / loss.words
            yield f"Words lost: {loss.source}: {share:.0%} of {loss.words:,} words are in no passage. Look at the file."
    if len(losses) > MOST_NAMED:
        yield f"{len(losses) - MOST_NAMED} more documents lost words; `chip doctor` counts them."
