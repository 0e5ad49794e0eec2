"""The Grafana dashboard asks only for series that the engine serves."""

import json
import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from bot.engine.metrics import EngineMetrics
from bot.engine.port import Lane

DASHBOARD = json.loads(Path("config/deploy/grafana/chip.json").read_text(encoding="utf-8"))


def test_every_series_of_the_dashboard_is_served_and_every_metric_is_shown() -> None:
    registry = CollectorRegistry()
    EngineMetrics(registry)
    families = list(registry.collect())
    served = {name for family in families for name in _name_series(family.name, family.type)}
    asked = set(re.findall(r"chip_engine_\w+", json.dumps(DASHBOARD)))
    assert asked
    assert asked <= served
    shown = {re.sub(r"_(total|bucket)$", "", name) for name in asked}
    assert shown == {family.name for family in families}
    assert Lane.LIVE.value in re.findall(r"lane=.{2}(\w+)", json.dumps(DASHBOARD))


def test_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def _name_series(name: str, kind: str) -> list[str]:
    return {"counter": [f"{name}_total"], "histogram": [f"{name}_bucket"]}.get(kind, [name])
