"""`chip data build | list | show | diff | export | import`: the data sets that a retrain learns from."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.table import Table

from bot.cli.terminal import ConfigOption, load, output, plain_errors, say
from config.settings import Settings

data_app = typer.Typer(
    help="Data sets: what people said, chosen and frozen for a retrain. A version never changes.",
    no_args_is_help=True,
)
VersionArgument = Annotated[str, typer.Argument(help="A version's id, or its beginning.", metavar="ID")]


class Form(StrEnum):
    """The forms that TRL trains on."""

    SFT = "sft"
    DPO = "dpo"
    KTO = "kto"


class Part(StrEnum):
    """The parts of a version."""

    TRAIN = "train"
    GATE = "gate"
    SEALED = "sealed"
    ALL = "all"


@data_app.command()
def build(config: ConfigOption = None) -> None:
    """Choose from all feedback what a retrain would learn now, and keep it as a version. Nothing is trained."""
    from bot.core import open_core
    from bot.wiring import build_names_of_slack

    with plain_errors(), open_core(load(config).settings, say) as core:
        dataset, curated = core.build_data(build_names_of_slack(core))
        output.print(f"{dataset.path.parent.name}: {len(curated.lessons)} lessons to train on, {dataset.rows} rows.")
        for reason, count in sorted(curated.dropped.items(), key=lambda one: -one[1]):
            output.print(f"  left out: {count:,} × {reason}", markup=False)


@data_app.command("list")
def list_all(config: ConfigOption = None) -> None:
    """List the versions, oldest first."""
    from retrain.data.version import list_versions

    settings = load(config).settings
    with plain_errors():
        table = Table("version", "made", "rows", "training", "gate", "sealed", "from", "forgotten since")
        for version in list_versions(_find_folder(settings)):
            splits, manifest = version.manifest.get("splits", {}), version.manifest
            parts = (str(splits.get(part, 0)) for part in ("train", "gate", "sealed"))
            sources = ", ".join(f"{many} × {source}" for source, many in manifest["groups"].items())
            gone = str(manifest.get("forgotten", 0))
            table.add_row(version.id, version.made_at[:16], str(manifest["rows"]), *parts, sources, gone)
        if table.row_count:
            output.print(table)
        else:
            output.print("There is no data set yet. `chip data build` makes one, and so does each retrain.")


@data_app.command()
def show(version: VersionArgument, config: ConfigOption = None) -> None:
    """Show a version's card: what is in it, what was left out and why, consent, sources and settings."""
    from retrain.data.card import CARD
    from retrain.data.version import find_version
    from retrain.examples import load_dataset

    settings = load(config).settings
    with plain_errors():
        found = find_version(_find_folder(settings), version)
        load_dataset(found.folder)  # refuses what was changed
        output.print(Markdown((found.folder / CARD).read_text(encoding="utf-8")))
        output.print(f"{found.id} in {found.folder}", markup=False, soft_wrap=True)


@data_app.command()
def diff(older: VersionArgument, newer: VersionArgument, config: ConfigOption = None) -> None:
    """Say in words what changed from one version to another."""
    from retrain.data.diff import tell_changes
    from retrain.data.version import find_version

    settings = load(config).settings
    with plain_errors():
        folder = _find_folder(settings)
        for line in tell_changes(find_version(folder, older), find_version(folder, newer)):
            output.print(line, markup=False, soft_wrap=True)


@data_app.command()
def export(
    version: VersionArgument,
    out: Annotated[Path, typer.Option(help="The file to write: .jsonl or .parquet.")],
    form: Annotated[Form, typer.Option(help="sft: what to say; dpo: good and bad answers; kto: either, labelled.")],
    part: Annotated[Part, typer.Option(help="Which rows.")] = Part.TRAIN,
    config: ConfigOption = None,
) -> None:
    """Write a version's rows as TRL trains on them."""
    from retrain.data.formats import export as write
    from retrain.data.version import find_version
    from retrain.examples import load_dataset

    settings = load(config).settings
    with plain_errors():
        rows = load_dataset(find_version(_find_folder(settings), version).folder)
        count = write((row for row in rows if part in (Part.ALL, row.split)), form.value, out)
        output.print(f"{count} rows are in {out}.", markup=False)


@data_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="SFT, DPO or KTO rows: .jsonl or .parquet.")], config: ConfigOption = None
) -> None:
    """Keep rows from elsewhere as a version. `chip retrain --data ID` trains on it."""
    from retrain.data.formats import load_rows
    from retrain.data.version import freeze_version

    settings = load(config).settings
    with plain_errors():
        facts = {"sources": {"imported from": file.name}}
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        dataset = freeze_version(load_rows(file), _find_folder(settings), {}, facts, made_at)
        name = dataset.path.parent.name
        output.print(f"{name}: {dataset.rows} rows. `chip retrain --data {name}` trains on them.", markup=False)


def _find_folder(settings: Settings) -> Path:
    return settings.data / "retrain"
