"""`chip import FILE… | list | use | remove`: reads what a company already has: chats, mail, calls and FAQ."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from bot.cli.terminal import ConfigOption, console, load, output, plain_errors
from bot.views.imports import describe_import, describe_use
from config.settings import Settings
from feedback.history.imports import Use

if TYPE_CHECKING:
    from feedback.database import Database
    from feedback.history.importing import ImportReport

UseOption = Annotated[
    Use, typer.Option("--as", help="What the answers become; `chip import use` changes it.", show_default=True)
]


class _FilesFirst(TyperGroup):
    """Reads `chip import FILE` as `chip import read FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["read", *args]
        return super().parse_args(ctx, args)


import_app = typer.Typer(
    cls=_FilesFirst,
    help="Read what the company already has: chip import FILE… Slack exports, chat logs, mail, call transcripts, FAQ.",
    no_args_is_help=True,
)


@import_app.command()
def read(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders; each is one import.", metavar="FILE…")],
    used_as: UseOption = Use.REVIEW,
    staff_domain: Annotated[
        list[str] | None, typer.Option(help="A mail domain whose people are staff. May be given several times.")
    ] = None,
    staff: Annotated[
        list[str] | None, typer.Option(help="Who is staff: an address, a name or an id. May be given several times.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Draw questions and answers out of files, mask personal data, and say what was left out and why."""
    from feedback.history.importing import ImportOrder, import_history
    from feedback.history.imports import find_served_teams
    from feedback.history.message import HistoryError
    from feedback.history.roles import StaffHints

    hints = StaffHints.build(staff_domain or (), staff or ())
    failed = False
    with _open(config) as (settings, db):
        teams = frozenset() if settings.is_local else find_served_teams(db)
        for path in paths:
            by = os.environ.get("USER", "command line")
            order = ImportOrder(path, by, used_as, hints, teams)
            try:
                with _ImportBar() as bar:
                    report = import_history(db, settings.data / "import", order, bar.show)
            except HistoryError as error:
                failed = True
                console.print(f"{path}: {error}", style="red", markup=False)
                continue
            failed = failed or bool(report.unreadable)
            show_report(report, used_as)
    if failed:
        raise typer.Exit(1)


def show_report(report: "ImportReport", used_as: Use) -> None:
    """Print the result of an import."""
    headline, rows, dropped = describe_import(report)
    output.print(headline, style="bold", markup=False)
    for name, value in rows:
        output.print(f"  {name}: {value}", markup=False, soft_wrap=True)
    if dropped:
        table = Table("left out", "times", "for example", title="What was left out, and why", title_justify="left")
        for reason, count, example in dropped:
            table.add_row(reason, f"{count:,}", example)
        output.print(table)
    if not report.was_imported:
        output.print(describe_use(used_as, report.import_id), markup=False)


@import_app.command("list")
def list_all(config: ConfigOption = None) -> None:
    """List the imports with the use of each."""
    from feedback.history.imports import list_imports

    with _open(config) as (_, db):
        table = Table("import", "when", "by", "of", "answers", "used as")
        for one in list_imports(db):
            when = one.at.strftime("%Y-%m-%d %H:%M")
            table.add_row(
                one.id, when, one.by, one.source, f"{one.pairs:,}", one.used_as if one.report else "unfinished"
            )
        if table.row_count:
            output.print(table)
        else:
            output.print("Nothing was imported yet. `chip import FILE` reads what you have.")


@import_app.command()
def use(
    import_id: Annotated[str, typer.Argument(help="The import, as `chip import list` names it.")],
    used_as: UseOption,
    config: ConfigOption = None,
) -> None:
    """Change the use of an import. The next data set and the next review follow."""
    from feedback.history.imports import use_import

    with _open(config) as (_, db):
        use_import(db, import_id, used_as)
    output.print(describe_use(used_as, import_id), markup=False)


@import_app.command()
def remove(
    import_id: Annotated[str, typer.Argument(help="The import, as `chip import list` names it.")],
    config: ConfigOption = None,
) -> None:
    """Delete an import with its answers. Data sets and adapters that hold them follow at the next retrain."""
    from feedback.history.imports import remove_import

    with _open(config) as (_, db):
        count = remove_import(db, import_id)
    output.print(f"{import_id} and its {count:,} answers are deleted.", markup=False)


class _ImportBar:
    """Shows the progress of an import."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("Import", total=None)

    def __enter__(self) -> "_ImportBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, text: str, done: int, total: int) -> None:
        self._progress.update(self._task, description=text, completed=done, total=total or None)


@contextmanager
def _open(config: Path | None) -> Iterator[tuple[Settings, "Database"]]:
    """Lend the settings and the database. An error that a person can mend becomes one sentence and exit code 1."""
    from bot.core import make_id, now_utc
    from feedback.database import open_database

    settings = load(config).settings
    with plain_errors():
        settings.data.mkdir(parents=True, exist_ok=True)
        db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
        try:
            yield settings, db
        finally:
            db.close()
