"""What admins may do: train, choose the model, pause, and look after the sources."""

import re

from bot.commands.call import Call
from bot.services import Services
from bot.slack.text import escape_mrkdwn
from bot.views import blocks, lineage_view, wording
from feedback import switches
from retrain import registry
from retrain.adapter import Adapter
from retrain.errors import RetrainError
from retrain.lineage import trace
from retrain.report import NOT_JUDGED
from retrieval.passage import AUDIENCE_FORMS, Audience
from retrieval.sources.errors import SourceError
from retrieval.sources.registry import Source, SourceKind, guess_kind, suggest_name

PAUSED = "paused"
_HOURS = 24.0  # between two reads of a source that was added here


def retrain(call: Call) -> None:
    """Begin a retrain. Its report goes to the admin channel, and the caller hears how it ended."""
    channel = f"<#{call.services.admin_channel}>" if call.services.admin_channel else "the log"

    def tell_end(headline: str) -> None:
        call.say_late(wording.RETRAIN_ENDED.format(headline=headline))

    started = call.services.learning.start(trigger="command", requested_by=call.person, on_end=tell_end)
    call.say((wording.RETRAIN_STARTED if started else wording.RETRAIN_RUNNING).format(channel=channel))


def rollback(call: Call) -> None:
    """Serve what served before, or the named adapter."""
    learning = call.services.learning
    try:
        previous, now = learning.rollback(to=call.rest or None, by=call.person)
    except RetrainError as error:
        call.say(wording.ROLLBACK_NOTHING.format(reason=error))
        return
    text = wording.ROLLED_BACK.format(adapter=now, previous=previous)
    call.say(text)
    learning.announce(f"{text} (by <@{call.person}>)")


def serve(call: Call) -> None:
    """Let an adapter answer that the gate could not judge."""
    if not call.rest:
        call.say(wording.SERVE_WHICH)
        return
    call.say(serve_adapter(call.services, call.rest, call.person))


def serve_adapter(services: Services, adapter_id: str, person: str) -> str:
    """Let an adapter answer, tell the admin channel, and return what to say to the person."""
    try:
        previous = services.learning.serve(adapter_id, by=person)
    except RetrainError as error:
        return wording.SERVE_REFUSED.format(reason=escape_mrkdwn(str(error)))
    text = wording.SERVED_NOW.format(adapter=adapter_id, previous=previous, person=person)
    services.learning.announce(text)
    return wording.SERVED_TO_YOU.format(adapter=adapter_id)


def models(call: Call) -> None:
    """List the base and its adapters, the newest first; or say where the named one comes from."""
    learning = call.services.learning
    if call.rest:
        _show_lineage(call, call.rest)
        return
    serving, base_id = learning.engine.adapter_id(), learning.engine.base_id
    rows = [(base_id, wording.MODEL_BASE + (wording.MODEL_SERVES if serving is None else ""))]
    adapters = [one for one in registry.list_adapters(learning.adapters_folder) if one.base_id == base_id]
    for adapter in reversed(adapters[-10:]):
        made = adapter.created_at[:16].replace("T", " ")
        state = wording.MODEL_SERVES if adapter.id == serving else ""
        rows.append((adapter.id, made + (state or _word_ruling(adapter))))
    call.say("Models", [*blocks.build_fields("Models", rows), blocks.build_context(wording.MODEL_HINT)])


def _show_lineage(call: Call, adapter_id: str) -> None:
    learning = call.services.learning
    known = {adapter.id for adapter in registry.list_adapters(learning.adapters_folder)}
    if adapter_id not in known:
        call.say(wording.MODEL_UNKNOWN.format(adapter=escape_mrkdwn(adapter_id)))
        return
    lineage = trace(learning.db, learning.adapters_folder, learning.runs_folder, adapter_id)
    call.say(adapter_id, blocks.build_fields(adapter_id, lineage_view.build_rows(lineage)))


def _word_ruling(adapter: Adapter) -> str:
    if adapter.scores.get("ruling") == NOT_JUDGED:
        return wording.MODEL_NOT_JUDGED
    return "" if adapter.scores.get("passed") else wording.MODEL_REFUSED


def pause(call: Call) -> None:
    """Stop answering, and tell that to everyone who asks."""
    _set_paused(call, "on", wording.PAUSED_NOW)


def resume(call: Call) -> None:
    """Answer again."""
    _set_paused(call, "off", wording.RESUMED_NOW)


def _set_paused(call: Call, value: str, text: str) -> None:
    switches.set_switch(call.services.db, call.team, PAUSED, value, by=call.person)
    call.say(text)
    call.services.learning.announce(f"{text} (by <@{call.person}>)")


def sources(call: Call) -> None:
    """List the sources, read one again, or remove one."""
    word, _, name = call.rest.partition(" ")
    try:
        if word == "sync":
            _sync(call, name.strip())
        elif word == "add" and name.strip():
            _add_source(call, name.strip())
        elif word == "remove" and name.strip():
            gone = call.services.upkeep.remove(name.strip())
            call.say(wording.SOURCE_REMOVED.format(name=name.strip(), documents=gone))
        else:
            _list_sources(call)
    except SourceError as error:
        call.say(wording.SOURCE_FAILED.format(reason=error))


def _list_sources(call: Call) -> None:
    knowledge, syncs = call.services.knowledge, call.services.knowledge.holdings.list_syncs()
    counts = knowledge.holdings.count()
    rows = [("All", f"{counts.documents} documents, {counts.passages} passages")]
    for source in call.services.upkeep.sources():
        last = syncs.get(source.name)
        when = f"read {last.at:%Y-%m-%d %H:%M}" if last else "not read yet"
        problem = f"; {last.problem}" if last and last.problem else ""
        documents = knowledge.holdings.count_documents(source.name)
        rows.append((source.name, f"{documents} documents for {source.audience}, {when}{problem}"))
    call.say("Sources", [*blocks.build_fields("Sources", rows), blocks.build_context(wording.SOURCE_HINT)])


def _sync(call: Call, name: str) -> None:
    names = [name] if name else [source.name for source in call.services.upkeep.sources()]
    if not names:
        call.say(wording.SOURCE_NONE)
        return
    call.say(wording.SOURCE_SYNCING.format(names=", ".join(names)))
    for one in names:
        outcome = call.services.upkeep.sync(one)
        if outcome.report is None:
            call.say(wording.SOURCE_FAILED.format(reason=outcome.reason))
            continue
        report = outcome.report
        call.say(
            wording.SOURCE_SYNCED.format(name=one, added=report.added, changed=report.changed, removed=report.removed)
        )
        if outcome.reason:
            call.say(escape_mrkdwn(outcome.reason))


def _add_source(call: Call, words: str) -> None:
    """Add a website or a channel. An admin in Slack may not open a folder of Chip's machine."""
    location, _, audience = words.partition(" ")
    location = _plain_location(location)
    kind = guess_kind(location)
    if kind in (SourceKind.FOLDER, SourceKind.GIT):
        call.say(wording.SOURCE_ADD_HERE)
        return
    try:
        readers = Audience(audience.strip() or "staff")
    except ValueError as error:
        raise SourceError(f"The audience {audience.strip()!r} is unknown; use one of: {AUDIENCE_FORMS}.") from error
    source = Source(suggest_name(location), kind, location, readers, _HOURS)
    call.services.upkeep.add(source)
    call.say(wording.SOURCE_ADDED.format(name=source.name, audience=readers))
    _sync(call, source.name)


def _plain_location(word: str) -> str:
    """Return what was typed: Slack writes a channel as `<#C1|name>` and an address as `<https://…>`."""
    if channel := re.fullmatch(r"<#(\w+)(?:\|[^>]*)?>", word):
        return f"#{channel.group(1)}"
    return word.strip("<>").partition("|")[0]
