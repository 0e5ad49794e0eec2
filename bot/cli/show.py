"""Shows progress bars and the list of models on the terminal."""

from types import TracebackType

from rich.console import Console
from rich.progress import TaskID
from rich.table import Table

from bot.core import find_base, make_id, now_utc, open_shelf
from bot.progress import build_bars
from bot.views import wording
from bot.views.lineage_view import build_rows
from config.settings import Settings
from feedback.database import open_database
from feedback.replies import find_reply
from retrain import registry
from retrain.bases.base import Base, BaseModelError
from retrain.bases.shelf import SHIPPED_LICENCE
from retrain.errors import RetrainError
from retrain.lineage import trace
from retrain.run import Progress as RetrainProgress
from retrain.unlearn import take_back_lessons


class StepBars:
    """A bar for each step of a retrain."""

    def __init__(self, console: Console) -> None:
        self._bars = build_bars(console)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "StepBars":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, progress: RetrainProgress) -> None:
        """Show how far the step is."""
        if progress.step not in self._tasks:
            self._tasks[progress.step] = self._bars.add_task(progress.text, total=1.0)
        self._bars.update(self._tasks[progress.step], description=progress.text, completed=progress.share)


def list_models(settings: Settings) -> Table:
    """Return a table of the base and its adapters, the serving one marked."""
    base = find_base(settings)
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    try:
        live = registry.live(db, base.id)
    finally:
        db.close()
    table = Table("serves", "model", "made", "learned", "held-out", "gate")
    table.add_row("→" if live is None else "", f"{base.id} (the base)", "", "", "", "")
    for adapter in registry.list_adapters(settings.data / "adapters"):
        after = adapter.scores.get("after", {})
        table.add_row(
            "→" if adapter.id == live else "",
            adapter.id if adapter.base_id == base.id else f"{adapter.id} (for {adapter.base_id})",
            adapter.created_at,
            f"{after.get('said', '?')} of {after.get('lessons', '?')}",
            f"{after.get('heldout_right', '?')} of {after.get('heldout', '?')}",
            adapter.scores.get("ruling") or ("promoted" if adapter.scores.get("passed") else "refused"),
        )
    return table


def trace_model(settings: Settings, what: str) -> list[tuple[str, str]]:
    """Return where an adapter, or the one that gave a reply, comes from. Raises `RetrainError` for neither."""
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    try:
        reply = find_reply(db, what)
        adapter_id = what if reply is None else reply.adapter_id
        spoke = [] if reply is None else [(what, f"answered {reply.created_at:%Y-%m-%d %H:%M} on {reply.base_id}")]
        if adapter_id is None:
            return [*spoke, (wording.WHY_SPOKE, "the base, without an adapter")]
        lineage = trace(db, settings.data / "adapters", settings.data / "retrain", adapter_id)
    finally:
        db.close()
    if reply is None and lineage.adapter is None:
        raise RetrainError(f"There is no adapter and no reply {what}. `chip models` lists the adapters.")
    return [*spoke, *build_rows(lineage)]


def roll_back(settings: Settings, to: str | None) -> str:
    """Point to an earlier adapter. A running Chip swaps to it within seconds.

    Raises `RetrainError`, `AdapterError`.
    """
    base = find_base(settings)
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    try:
        adapters = settings.data / "adapters"
        adapter = registry.find_rollback(db, adapters, base.id, to)
        left = registry.live(db, base.id)
        registry.rollback(db, adapter, base.id, by="command line", reason="rollback")
        now = adapter.id if adapter else None
        count = take_back_lessons(db, adapters, settings.data / "retrain", left=left, now=now, by="command line")
    finally:
        db.close()
    taken_back = f" {count} of its corrections wait for a decision again." if count else ""
    return f"{adapter.id if adapter else 'The base'} answers from now on.{taken_back}"


def list_shelf(settings: Settings) -> Table:
    """Return a table of the base models that can be chosen, the one in use marked."""
    shelf, used = open_shelf(settings), find_base(settings)
    table = Table("used", "name", "size", "made for", "licence", "from")
    for name, base in shelf.bases():
        record = shelf.record(name) if isinstance(base, Base) else None
        if isinstance(base, BaseModelError):
            table.add_row("", name, "", "", "", str(base))
            continue
        size = f"{base.gguf_path.stat().st_size / 1e6:,.0f} MB"
        origin = (record.licence, record.source) if record else (SHIPPED_LICENCE, "ships with Chip")
        table.add_row("→" if base.id == used.id else "", name, size, f"{base.context:,} tokens", *origin)
    if used.gguf_path not in map(shelf.path, shelf.names()):
        size = f"{used.gguf_path.stat().st_size / 1e6:,.0f} MB"
        table.add_row("→", "", size, f"{used.context:,} tokens", "", str(used.gguf_path))
    return table
