"""What every command does on the terminal: reads the settings, says things, and turns errors into one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config.loading import LoadedSettings, load_settings
from config.settings import SettingsError

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file; by default $CHIP_CONFIG, then chip.yaml.")
]


def say(text: str) -> None:
    """Tell the person at the terminal what is being done."""
    console.print(text, markup=False)


def print_line(text: str) -> None:
    """Print a result, unbroken, for a person or a script."""
    output.print(text, markup=False, soft_wrap=True)


def load(config: Path | None) -> LoadedSettings:
    """Return the settings, or end with the sentence that says what is wrong with them."""
    try:
        return load_settings(config)
    except SettingsError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(2)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the errors that a person can mend into one sentence and exit code 1."""
    from slack_sdk.errors import SlackClientError

    from bot.backup.manifest import BackupError
    from bot.cli.ask import QuestionFileError
    from bot.cli.calibrate import NothingToMeasureError
    from bot.cli.workspace import WorkspaceOptionError
    from bot.engine.port import EngineError
    from bot.slack.errors import name_error
    from bot.transport.installations import InstallationError
    from feedback.errors import FeedbackError
    from retrain.adapter import AdapterError
    from retrain.bases.base import BaseModelError
    from retrain.errors import RetrainError
    from retrieval.encoders.cross_encoder import CrossEncoderError
    from retrieval.encoders.entailment import EntailmentModelError
    from retrieval.sources.errors import SourceError

    try:
        yield
    except (
        BackupError,
        InstallationError,
        EngineError,
        FeedbackError,
        AdapterError,
        BaseModelError,
        RetrainError,
        CrossEncoderError,
        EntailmentModelError,
        NothingToMeasureError,
        QuestionFileError,
        SourceError,
        WorkspaceOptionError,
        OSError,
    ) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    except SlackClientError as error:
        console.print(f"Slack refuses: {name_error(error)}. `chip doctor` says what to mend.", style="red")
        sys.exit(1)
