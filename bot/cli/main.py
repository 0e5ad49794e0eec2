"""The command line: `chip run | ingest | ask | retrain | doctor` and the others that `chip --help` lists."""

import logging
import os
import signal
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.logging import RichHandler
from rich.table import Table

from bot.cli.data import data_app
from bot.cli.history import import_app
from bot.cli.models import models_app
from bot.cli.sources import sources_app
from bot.cli.terminal import ConfigOption, console, load, output, plain_errors, print_line, say
from config.loading import LoadedSettings

app = typer.Typer(no_args_is_help=True)
app.add_typer(sources_app, name="sources")
app.add_typer(import_app, name="import")
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")


def _tell_version(wanted: bool) -> None:
    if wanted:
        output.print(f"Chip {version('chip')}")
        raise typer.Exit


@app.callback()
def begin(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Chip: a self-hosted Slack assistant that gets better from use."""


@app.command()
def run(config: ConfigOption = None, verbose: bool = typer.Option(False, help="Log more.")) -> None:
    """Start Chip: in Slack when its tokens are set, else in the local workspace."""
    loaded = load(config)
    _set_up_logging(verbose)
    stop = _stop_on_signals(loaded.settings.stop_seconds)
    with plain_errors():
        from bot.run import run_chip

        for line in loaded.lines():
            if line.source != "default":
                say(f"  {line.key} = {line.value} ({line.source})")
        run_chip(loaded.settings, say, stop)


@app.command()
def ingest(
    folder: Annotated[Path | None, typer.Argument(help="Folder of documents; by default the configured one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Index a folder of documents; only what changed is read again."""
    settings = load(config).settings
    with plain_errors():
        from bot.core import open_knowledge
        from bot.progress import ingest_documents

        knowledge = open_knowledge(settings)
        try:
            report = ingest_documents(knowledge, folder or settings.knowledge.folder, console)
        finally:
            knowledge.close()
    if report.unreadable:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="What to ask.")] = None,
    staff: bool = typer.Option(False, help="Ask as staff, who may read staff documents."),
    show_prompt: bool = typer.Option(False, help="Print the exact prompt as well."),
    file: Annotated[Path | None, typer.Option(help='Questions, a JSON object a line: {"question": "…"}.')] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers to a file go, a JSON object a line.")] = None,
    config: ConfigOption = None,
) -> None:
    """Ask one question here, without Slack; or a file of questions."""
    if (question is None) == (file is None) or (file is None) != (out is None):
        raise typer.BadParameter("Ask one question, or name a file of questions with --file and another with --out.")
    settings = load(config).settings
    with plain_errors():
        from bot.cli.ask import ask_file, ask_once
        from bot.core import open_core

        with open_core(settings, say) as core:
            if file is not None and out is not None:
                count = ask_file(core, file, out, staff=staff, console=console)
                output.print(f"{count} answers are in {out}.", markup=False)
            elif question is not None:
                ask_once(core, question, staff=staff, show_prompt=show_prompt, output=output)


@app.command()
def retrain(
    data: Annotated[
        str | None, typer.Option(help="Train on this data set version; `chip data list` names them.", metavar="ID")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Train on the feedback so far; the result serves if it passes the gate. A running Chip takes it up by itself."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.show import StepBars
        from bot.core import open_core
        from bot.views import retrain_plot, wording
        from bot.views.report import build_rows, list_changes
        from bot.wiring import build_names_of_slack
        from retrain.data.version import find_version
        from retrain.report import COMMAND_LINE

        with open_core(settings, say) as core, StepBars(console) as bars:
            names = build_names_of_slack(core)
            chosen = find_version(core.runs_folder, data).folder if data else None
            by = os.environ.get("USER", COMMAND_LINE)
            report = core.retrain(COMMAND_LINE, by, bars.show, find_names=names, version=chosen)
        headline, rows = build_rows(report)
        output.print(headline, style="bold")
        for name, value in rows:
            output.print(f"  {name}: {value}", markup=False)
        for question, before, after in list_changes(report):
            output.print(f"  {question}\n    before: {before}\n    after:  {after}", markup=False)
        if (picture := retrain_plot.draw(report)) is not None:
            path = settings.data / "retrain" / report.run_id / "report.png"
            path.write_bytes(picture)
            print_line(f"  {wording.REPORT_PICTURE.format(path=path)}")


@app.command()
def forget(
    person: Annotated[str, typer.Argument(help="A Slack user id (U0123ABCD), or the mail address of an import.")],
    yes: bool = typer.Option(False, "--yes", help="Do not ask once more."),
    config: ConfigOption = None,
) -> None:
    """Forget a person everywhere, and write a report that proves it. While Chip runs, use /chip forget @person."""
    settings = load(config).settings
    if not yes:
        typer.confirm(f"Delete all that {person} wrote, and every model that learned from it?", abort=True)
    with plain_errors():
        from bot.cli.forgetting import forget_person

        for line in forget_person(settings, person):
            output.print(line, markup=False)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new folder, or a new .tar, .tgz or .tar.gz.")],
    models: bool = typer.Option(False, "--models", help="Base models too, which are large."),
    config: ConfigOption = None,
) -> None:
    """Back up all of Chip's data, also while it runs. Secrets and what can be built again are left out."""
    loaded = load(config)
    with plain_errors():
        from bot.cli.backup import back_up

        for line in back_up(loaded, target, with_models=models):
            print_line(line)


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="What `chip backup` wrote.")],
    verify: bool = typer.Option(False, "--verify", help="Try it out in a folder of its own, and restore nothing."),
    replace: bool = typer.Option(False, "--replace", help="Put aside the data that stands there already."),
    config: ConfigOption = None,
) -> None:
    """Put a back-up back into the data folder, while no Chip runs there."""
    loaded = load(config)
    with plain_errors():
        from bot.cli.backup import put_back, try_backup

        for line in try_backup(backup) if verify else put_back(loaded, backup, replace=replace):
            print_line(line)


@app.command("migrate-data")
def migrate_data(
    url: Annotated[str, typer.Argument(help="The new database, empty: postgresql://user:password@host/name.")],
    config: ConfigOption = None,
) -> None:
    """Move everything from the configured database to another one, while no Chip runs; each row is compared."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.moving import move_data

        for line in move_data(settings, url):
            print_line(line)


@app.command()
def gaps(
    days: float = typer.Option(30.0, help="How many days to look back."),
    config: ConfigOption = None,
) -> None:
    """List what people asked and the documents do not hold."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.gaps import show_gaps
        from bot.core import now_utc

        show_gaps(settings, days, now_utc(), output)


@app.command()
def facts(
    name: Annotated[str, typer.Argument(help="A product or another thing that documents name, such as 'Moss 2'.")],
    staff: bool = typer.Option(False, help="Of staff documents too."),
    config: ConfigOption = None,
) -> None:
    """List what the documents say about one thing: numbers with units, codes, versions, dates, can and cannot."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.facts import show_facts

        if not show_facts(settings, name, output, staff=staff):
            raise typer.Exit(1)


@app.command()
def calibrate(
    questions: Annotated[
        Path | None, typer.Option(help='Questions with "answerable"; by default the held-out ones.')
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Measure how sure search must be before Chip answers, on your own questions."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.calibrate import calibrate as run_calibration

        run_calibration(settings, questions or settings.heldout, output)


@app.command()
def workspace(
    port: Annotated[int | None, typer.Option(help="Its port; by default the configured one.", min=0, max=65535)] = None,
    url: Annotated[str | None, typer.Option(help="Post events to the app here, in the place of Socket Mode.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="The app's manifest; by default Chip's.")] = None,
    config: ConfigOption = None,
) -> None:
    """Serve the small local Slack without Chip, to develop another Slack app offline."""
    local = load(config).settings.workspace
    with plain_errors():
        from bot.cli.workspace import serve_workspace

        port = local.port if port is None else port
        serve_workspace(local.host, port, url, manifest, print_line, threading.Event())


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Check every part and say how to mend what is wrong."""
    loaded = load(config)
    from bot.cli.doctor import examine

    findings = examine(loaded.settings)
    output.print(_settings_table(loaded))
    for finding in findings:
        mark = {"ok": "[green]ok[/]", "warning": "[yellow]note[/]", "problem": "[red]problem[/]"}[finding.level]
        output.print(f"{mark:>18}  [bold]{finding.part}[/]: ", end="")
        output.print(finding.text, markup=False)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    os.umask(0o077)  # conversations, tokens and adapters are for this user alone
    app()


def _stop_on_signals(seconds: float) -> threading.Event:
    """Return what Ctrl+C and SIGTERM set. After so many seconds more the process ends anyway, which loses nothing."""
    stop = threading.Event()

    def begin_to_stop(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            end = threading.Timer(seconds, _end_now, [seconds])
            end.daemon = True
            end.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, begin_to_stop)
    return stop


def _end_now(seconds: float) -> None:
    say(f"Ended after {seconds:g} s, before all answers had. The next start takes them up.")
    os._exit(0)


def _settings_table(loaded: LoadedSettings) -> Table:
    table = Table("setting", "value", "from", title="Settings", title_justify="left")
    for line in loaded.lines():
        table.add_row(line.key, line.value, line.source)
    return table


def _set_up_logging(verbose: bool) -> None:
    """Log in colours on a terminal. In a file, log a plain line for each entry, at a fortieth of the cost."""
    handler: logging.Handler = RichHandler(console=console, show_path=False)
    form = "%(name)s: %(message)s"
    if not console.is_terminal:
        handler, form = logging.StreamHandler(), "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format=form, handlers=[handler])
    for name in ("bot", "feedback", "retrain", "retrieval"):
        logging.getLogger(name).setLevel(logging.INFO)
