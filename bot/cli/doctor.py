"""`chip doctor`: examines every part, and says what is wrong and how to mend it. Changes nothing."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import yaml
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core import load_claim_model, make_id, now_utc, open_knowledge, open_shelf, retrain_settings
from bot.engine.port import EngineError
from bot.engine.remote_engine import RemoteEngine
from bot.progress import describe_losses, describe_readers, describe_remarks
from bot.slack.channels import find_channel
from bot.views import wording
from config.masking import mask_secrets
from config.settings import PROJECT, Settings
from feedback.database import Database, find_damage, open_database
from feedback.errors import FeedbackError
from retrain import registry
from retrain.adapter import AdapterError
from retrain.bases.base import BaseModelError
from retrain.errors import PromotionError, RetrainError
from retrain.evaluate import load_heldout
from retrain.schedule import build_trigger, find_quiet_hours
from retrieval.encoders.cross_encoder import CrossEncoderError
from retrieval.encoders.entailment import EntailmentModelError

MANIFEST = PROJECT / "config" / "slack_manifest.yaml"
FREE_GIB = 2.0

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one part, in a sentence. A problem says how to mend it."""

    part: str
    level: Level
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Examine every part. A part that fails in an unforeseen way is a finding as well."""
    findings: list[Finding] = []
    for part, look in _PARTS.items():
        try:
            findings += look(settings)
        except (OSError, SlackClientError) as error:
            findings.append(Finding(part, "problem", f"{error}. Mend this and run `chip doctor` again."))
    return findings


def _look_at_disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free / 2**30
    level: Level = "ok" if free >= FREE_GIB else "problem"
    advice = "" if level == "ok" else f" Free some space or move `data` elsewhere: {FREE_GIB:g} GiB are needed."
    yield Finding("disk", level, f"{free:.1f} GiB are free for {folder}.{advice}")
    if folder.exists() and folder.stat().st_mode & 0o077:
        text = f"Other users of this machine may read conversations in {folder}. Run: chmod -R go= {folder}"
        yield Finding("data folder", "warning", text)


def _look_at_model(settings: Settings) -> Iterator[Finding]:
    try:
        base = open_shelf(settings).load(settings.engine.base)
    except BaseModelError as error:
        yield Finding("base model", "problem", str(error))
        return
    size = base.gguf_path.stat().st_size / 2**20
    text = f"{base.id}: the file is whole ({size:.1f} MiB). `chip models doctor` tries it out."
    yield Finding("base model", "ok", text)
    adapters = registry.list_adapters(settings.data / "adapters")
    for adapter in adapters:
        try:
            adapter.verify()
        except AdapterError as error:
            yield Finding("adapters", "problem", f"{error} Remove its folder, or restore it from a backup.")
    yield Finding("adapters", "ok", f"{len(adapters)} trained so far.")


def _look_at_generation_server(settings: Settings) -> Iterator[Finding]:
    chosen = settings.engine
    if chosen.url is None:
        return
    try:
        base = open_shelf(settings).load(chosen.base)
        with closing(RemoteEngine(base, chosen)) as engine:
            models = engine.list_models()
    except BaseModelError:
        return
    except EngineError as error:
        yield Finding(
            "generation server", "problem", f"{error} Start it at {mask_secrets(chosen.url)}, or clear `engine.url`."
        )
        return
    name, place = chosen.url_model or base.id, mask_secrets(chosen.url)
    if name in models:
        yield Finding("generation server", "ok", f"{place} serves {name}.")
    else:
        advice = f"It has: {', '.join(sorted(models))}. Name one in `engine.url_model`."
        yield Finding("generation server", "problem", f"{place} does not serve {name}. {advice}")


_RESTORE = "Stop Chip, restore the file from a backup, or move it away to begin with an empty one."


def _look_at_database(settings: Settings) -> Iterator[Finding]:
    try:
        db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    except FeedbackError as error:
        if "malformed" in str(error):
            yield Finding("database", "problem", f"The database is damaged: {error}. {_RESTORE}")
            return
        yield Finding("database", "problem", f"{error}. Check the `database` setting and that its folder is writable.")
        return
    try:
        if problem := find_damage(db):
            yield Finding(
                "database", "problem", f"{db.engine.url.render_as_string()} is damaged: {problem}. {_RESTORE}"
            )
            return
        yield Finding("database", "ok", f"{db.engine.url.render_as_string()} opens and its schema is current.")
        yield from _look_at_live_adapter(settings, db)
    finally:
        db.close()


def _look_at_live_adapter(settings: Settings, db: Database) -> Iterator[Finding]:
    try:
        base_id = open_shelf(settings).load(settings.engine.base).id
        registry.load_live(db, settings.data / "adapters", base_id)
        if left := registry.find_left_behind(db, base_id):
            text = wording.BASE_CHANGED.format(base=base_id, adapter=left.adapter_id, before=left.base_id)
            yield Finding("live adapter", "warning", text)
    except BaseModelError:
        return
    except (AdapterError, PromotionError) as error:
        yield Finding("live adapter", "problem", f"{error} Go back with `chip models --rollback base`.")


def _look_at_documents(settings: Settings) -> Iterator[Finding]:
    folder = settings.knowledge.folder
    if not folder.is_dir():
        yield Finding("documents", "problem", f"There is no folder {folder}. Set `knowledge.folder` to your documents.")
        return
    try:
        knowledge = open_knowledge(settings)
    except CrossEncoderError as error:
        yield Finding("documents", "problem", str(error))
        return
    try:
        problems = knowledge.holdings.find_problems()
        for problem in problems:
            yield Finding("documents", "problem", problem)
        if not problems:
            counts = knowledge.holdings.count()
            held = f"{counts.documents} documents, {counts.passages} passages in Chroma."
            yield Finding("documents", "ok", f"{held} {describe_readers(counts)}")
        holdings = knowledge.holdings
        sentences = (*describe_remarks(holdings.list_remarks()), *describe_losses(holdings.list_losses()))
        yield from (Finding("documents", "warning", sentence) for sentence in sentences)
        for name, last in holdings.list_syncs().items():
            if last.problem:
                advice = f"What is indexed of it was kept. Mend this and run `chip sources sync {name}`."
                yield Finding("sources", "problem", f"{name}: {last.problem} {advice}")
    finally:
        knowledge.close()


def _look_at_heldout(settings: Settings) -> Iterator[Finding]:
    """Check whether a new adapter is judged on questions that it did not learn."""
    if settings.heldout is None:
        text = (
            "None of your own are set, so that a training is judged only on what Chip asks your documents, on other "
            "wordings of lessons and on liked answers. Write questions with known answers, a JSON object a line, and "
            "name the file in `retrain.heldout`."
        )
        yield Finding("held-out questions", "warning", text)
        return
    try:
        count = len(load_heldout(settings.heldout))
    except RetrainError as error:
        yield Finding("held-out questions", "problem", str(error))
        return
    yield Finding("held-out questions", "ok", f"{count} judge every training.")


def _look_at_schedule(settings: Settings) -> Iterator[Finding]:
    chosen = retrain_settings(settings).schedule
    try:
        build_trigger(chosen)
        quiet = find_quiet_hours(chosen)
    except RetrainError as error:
        yield Finding("schedule", "problem", f"{error} Mend `retrain.cron`, `retrain.quiet_hours`, `slack.time_zone`.")
        return
    when = f"by `{chosen.cron}` ({chosen.time_zone})" if chosen.cron else f"every {chosen.every_hours:g} hours"
    but = f", never between {chosen.quiet_hours} ({chosen.time_zone})" if quiet else ""
    yield Finding("schedule", "ok", f"A training is considered {when}{but}.")


def _look_at_claim_model(settings: Settings) -> Iterator[Finding]:
    name = settings.knowledge.claim_model
    if name is None:
        return
    try:
        load_claim_model(settings)
    except EntailmentModelError as error:
        yield Finding("claim model", "problem", f"{error} Set `knowledge.claim_model` to another one, or clear it.")
    else:
        yield Finding("claim model", "ok", f"{name} judges what is said.")


def _look_at_slack(settings: Settings) -> Iterator[Finding]:
    slack = settings.slack
    if missing := settings.missing_secrets:
        yield Finding("Slack", "warning", f"{' and '.join(missing)} not set: `chip run` uses the local workspace.")
        return
    if slack.transport == "http":
        where = f"{settings.http.host}:{settings.http.port}"
        yield Finding("Slack over HTTP", "ok", f"Chip listens on {where}; Slack needs its public address, with TLS.")
    elif slack.app_token is not None:
        yield from _look_at_app_token(slack.app_token.get_secret_value(), slack.base_url)
    if slack.serves_installations or slack.bot_token is None:
        yield Finding("Slack", "ok", "Every workspace that installs Chip is served, at /slack/install.")
        return
    client = WebClient(token=slack.bot_token.get_secret_value(), base_url=slack.base_url, timeout=10)
    try:
        identity = client.auth_test()
    except SlackApiError as error:
        yield Finding("Slack", "problem", f"The bot token is refused ({error.response['error']}). Reinstall the app.")
        return
    yield Finding("Slack", "ok", f"Connected to {identity['team']} as {identity['user']}.")
    yield _look_at_scopes(identity.headers.get("x-oauth-scopes"))
    yield from _look_at_channels(client, settings)


def _look_at_scopes(granted: str | None) -> Finding:
    """Compare the scopes that Slack names in a header with those of the manifest."""
    if granted is None:
        text = (
            "They cannot be checked: Slack did not say which are granted. Compare them with config/slack_manifest.yaml."
        )
        return Finding("Slack scopes", "warning", text)
    needed = set(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    missing = sorted(needed - {scope.strip() for scope in granted.split(",")})
    if missing:
        text = f"These scopes are missing: {', '.join(missing)}. Add them under OAuth & Permissions and reinstall."
        return Finding("Slack scopes", "problem", text)
    return Finding("Slack scopes", "ok", f"All {len(needed)} are granted.")


def _look_at_app_token(token: str, base_url: str) -> Iterator[Finding]:
    try:
        WebClient(base_url=base_url, timeout=10).apps_connections_open(app_token=token)
    except SlackApiError as error:
        reason = error.response["error"]
        yield Finding("Slack app token", "problem", f"Refused ({reason}). Create one with connections:write.")
    else:
        yield Finding("Slack app token", "ok", "Socket Mode can be opened.")


def _look_at_channels(client: WebClient, settings: Settings) -> Iterator[Finding]:
    name = settings.slack.admin_channel
    if find_channel(client, name) is None:
        yield Finding("admin channel", "problem", f"Chip sees no channel {name}. Create it and invite Chip.")
    else:
        yield Finding("admin channel", "ok", f"Reports go to {name}.")


_PARTS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "disk": _look_at_disk,
    "base model": _look_at_model,
    "generation server": _look_at_generation_server,
    "database": _look_at_database,
    "documents": _look_at_documents,
    "held-out questions": _look_at_heldout,
    "schedule": _look_at_schedule,
    "claim model": _look_at_claim_model,
    "Slack": _look_at_slack,
}
