"""Words where an adapter comes from: its lessons, the gate's verdict, and when it answered. Pure."""

from bot.views import wording
from bot.views.report import word_sources
from retrain.lineage import Lineage


def build_rows(lineage: Lineage) -> list[tuple[str, str]]:
    """Return all that is known of an adapter, as names and values."""
    if lineage.adapter is None:
        return [(lineage.adapter_id, wording.LINEAGE_GONE.format(adapter=lineage.adapter_id))]
    made = lineage.adapter.created_at[:16].replace("T", " ")
    return [
        (lineage.adapter_id, f"made {made} for {lineage.adapter.base_id}"),
        (wording.WHY_LEARNED, word_lessons(lineage)),
        (wording.WHY_VERDICT, " ".join(filter(None, [f"{word_verdict(lineage)}.", lineage.reasons]))),
        ("Served", word_served(lineage)),
    ]


def word_lessons(lineage: Lineage) -> str:
    """Say how many lessons of which source it learned, and in which data set they stand."""
    if lineage.dataset is None:
        return wording.LINEAGE_NO_DATASET
    told = word_sources(lineage.lessons) or "nothing that people said"
    gone = wording.LINEAGE_FORGOTTEN.format(count=lineage.forgotten) if lineage.forgotten else ""
    return f"{told} (data set {lineage.dataset.name}){gone}"


def word_verdict(lineage: Lineage) -> str:
    """Say in a word or two how the gate ruled."""
    return {"promoted": "passed", "refused": "refused", "not judged": "could not be judged"}.get(lineage.ruling, "")


def word_served(lineage: Lineage) -> str:
    """Say since when it answered last, and who let it."""
    if not lineage.served:
        return wording.LINEAGE_NEVER
    last = lineage.served[-1]
    return wording.LINEAGE_SERVED.format(at=f"{last.at:%Y-%m-%d %H:%M}", by=last.by, reason=last.reason or "no reason")
