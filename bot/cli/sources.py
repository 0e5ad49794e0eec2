"""`chip sources add | list | sync | remove`: where documents come from besides the configured folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bot.cli.terminal import ConfigOption, console, load, output, plain_errors

if TYPE_CHECKING:
    from retrieval.upkeep import Outcome, Upkeep

sources_app = typer.Typer(
    help="Where documents come from: folders, Git checkouts, websites, pinned messages and canvases.",
    no_args_is_help=True,
)


@sources_app.command()
def add(
    location: Annotated[str, typer.Argument(help="A folder, a Git repository, a web address, or #channel.")],
    name: Annotated[str | None, typer.Option(help="What to call it; by default made from the location.")] = None,
    audience: Annotated[
        str, typer.Option(help="public, customer, staff or group:<id>: who may read what does not say it itself.")
    ] = "staff",
    every: Annotated[float, typer.Option(help="Hours between two looks.")] = 24.0,
    config: ConfigOption = None,
) -> None:
    """Add a source and read it."""
    from retrieval.passage import AUDIENCE_FORMS, Audience
    from retrieval.sources.errors import SourceError
    from retrieval.sources.registry import Source, SourceKind, guess_kind, suggest_name

    with _open_upkeep(config) as upkeep:
        try:
            readers = Audience(audience)
        except ValueError as error:
            raise SourceError(f"The audience {audience!r} is unknown; use one of: {AUDIENCE_FORMS}.") from error
        kind = guess_kind(location)
        is_local = kind in (SourceKind.FOLDER, SourceKind.GIT) and Path(location).is_dir()
        place = str(Path(location).resolve()) if is_local else location
        source = Source(name or suggest_name(place), kind, place, readers, every)
        if is_local and Path(place) == load(config).settings.knowledge.folder.resolve():
            raise SourceError(f"{place} is the configured folder (`knowledge.folder`) and is read already.")
        upkeep.add(source)
        output.print(
            f"{source.name}: {kind} {source.shown_location}, for {readers}, every {every:g} hours", markup=False
        )
        _exit_with([_sync(upkeep, source.name)])


@sources_app.command("list")
def list_sources(config: ConfigOption = None) -> None:
    """List the sources: what is indexed, how the last sync went, who may read it, and what was lost."""
    from bot.progress import describe_losses, describe_readers, describe_remarks
    from retrieval.store.index import FOLDER_ORIGIN

    with _open_upkeep(config) as upkeep:
        table = Table("name", "kind", "location", "audience", "every", "documents", "last read", "problem")
        syncs = upkeep.knowledge.holdings.list_syncs()
        folder = load(config).settings.knowledge
        held = upkeep.knowledge.holdings.count_documents(FOLDER_ORIGIN)
        shown = (str(folder.folder), folder.default_audience, "start", str(held), "", "")
        table.add_row(FOLDER_ORIGIN, "folder", *shown)
        for source in upkeep.sources():
            last = syncs.get(source.name)
            table.add_row(
                source.name,
                source.kind,
                source.shown_location,
                source.audience,
                f"{source.every_hours:g} h",
                str(upkeep.knowledge.holdings.count_documents(source.name)),
                last.at.strftime("%Y-%m-%d %H:%M") if last else "never",
                last.problem if last else "",
            )
        output.print(table)
        holdings = upkeep.knowledge.holdings
        output.print(describe_readers(holdings.count()), markup=False)
        for sentence in (*describe_remarks(holdings.list_remarks()), *describe_losses(holdings.list_losses())):
            output.print(sentence, style="yellow", markup=False)


@sources_app.command()
def sync(
    name: Annotated[str | None, typer.Argument(help="The source; by default all of them.")] = None,
    config: ConfigOption = None,
) -> None:
    """Read sources again now. Only changes cost time. May be cut short: the next run continues."""
    with _open_upkeep(config) as upkeep:
        names = [name] if name else [source.name for source in upkeep.sources()]
        _exit_with([_sync(upkeep, each) for each in names])


@sources_app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The source.")],
    config: ConfigOption = None,
) -> None:
    """Forget a source and everything that is indexed of it."""
    with _open_upkeep(config) as upkeep:
        output.print(f"{name}: {upkeep.remove(name)} documents removed", markup=False)


def _sync(upkeep: "Upkeep", name: str) -> "Outcome":
    from bot.progress import build_bars, describe_losses, describe_remarks

    with build_bars(console) as bars:
        task = bars.add_task(f"Reading {name}", total=None)
        outcome = upkeep.sync(
            name, lambda done, last: bars.update(task, completed=done, description=f"{done} read: {last[-60:]}")
        )
        bars.update(task, total=1, completed=1, description=f"Read {name}")
    _show_outcome(outcome)
    holdings = upkeep.knowledge.holdings
    losses = [loss for loss in holdings.list_losses() if loss.source.startswith(f"{name}:")]
    for sentence in (*describe_remarks(holdings.list_remarks(name)), *describe_losses(losses)):
        console.print(sentence, style="yellow", markup=False)
    return outcome


def _show_outcome(outcome: "Outcome") -> None:
    name, report = outcome.source.name, outcome.report
    if report is None:
        console.print(f"{name}: {outcome.reason} What is indexed of it was kept.", style="red", markup=False)
        return
    output.print(
        f"{name}: {report.added} new, {report.changed} changed, {report.removed} removed, {report.unchanged} unchanged",
        markup=False,
    )
    for problem in report.unreadable:
        console.print(f"Not read: {problem.path}: {problem.reason}", style="yellow", markup=False)
    for problem in report.unreachable:
        console.print(f"Kept as it was: {problem.path}: {problem.reason}", style="yellow", markup=False)


def _exit_with(outcomes: "list[Outcome]") -> None:
    if any(outcome.report is None or outcome.report.unreadable for outcome in outcomes):
        raise typer.Exit(1)


@contextmanager
def _open_upkeep(config: Path | None) -> Iterator["Upkeep"]:
    """Open what upkeep needs. An error that a person can mend becomes one sentence and exit code 1; bad settings 2."""
    settings = load(config).settings
    with plain_errors():
        from bot.core import open_knowledge
        from bot.wiring import open_upkeep

        knowledge = open_knowledge(settings)
        try:
            yield open_upkeep(settings, knowledge)
        finally:
            knowledge.close()
