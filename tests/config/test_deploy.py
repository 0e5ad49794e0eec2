"""What runs Chip elsewhere: each file passes its own kind's check, and names only what Chip has."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.loading import load_settings
from config.settings import PROJECT, Settings

DEPLOY = PROJECT / "config" / "deploy"
BIN = Path(sys.executable).parent
MARGIN_SECONDS = 3
UNITS = sorted((DEPLOY / "systemd").iterdir())
MANIFESTS = [path for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) if path.name != "kustomization.yaml"]
FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]


def check(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARN" not in done.stdout + done.stderr


def load_yaml(name: str) -> Any:
    return next(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def test_the_image_is_built_as_its_linter_asks() -> None:
    check(BIN / "hadolint", DEPLOY / "Dockerfile")


def test_the_image_is_built_of_files_that_exist() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert {"bot", "config"} <= names
    assert [name for name in names if not (PROJECT / name).exists()] == []
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    assert [name for name in names if f"!{name}\n" not in kept] == []


def test_compose_is_what_its_schema_asks() -> None:
    check(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_what_kubernetes_asks(manifest: Path) -> None:
    check(BIN / "kubernetes-validate", "--strict", manifest)


def test_every_manifest_is_applied() -> None:
    assert sorted(load_yaml("kubernetes/kustomization.yaml")["resources"]) == [path.name for path in MANIFESTS]


def test_the_units_are_what_systemd_asks(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/chip/.venv/bin/chip", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    check("systemd-analyze", "verify", *(tmp_path / unit.name for unit in UNITS))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_only_settings_that_exist_are_named(file: Path, tmp_path: Path) -> None:
    """`load_settings` refuses a variable that it does not know, also one that names a file."""
    (tmp_path / "value").write_text("text", encoding="utf-8")
    for name in re.findall(r"\b(?:CHIP|SLACK)_[A-Z_]+\b", file.read_text(encoding="utf-8")):
        value = "true" if name == "CHIP_HTTP__SERVE" else str(tmp_path / "value")
        if name == "CHIP_CONFIG":
            (tmp_path / "value").write_text("company: Onym", encoding="utf-8")
        load_settings(environment={name: value})


def test_nobody_is_killed_before_chip_ends_by_itself() -> None:
    own = Settings().stop_seconds
    compose = load_yaml("compose.yaml")["services"]["chip"]["stop_grace_period"]
    pod = load_yaml("kubernetes/chip.yaml")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    (unit,) = re.findall(r"TimeoutStopSec=(\d+)", (DEPLOY / "systemd" / "chip.service").read_text(encoding="utf-8"))
    for seconds in (compose.removesuffix("s"), pod, unit):
        assert float(seconds) >= own + MARGIN_SECONDS


def test_chip_ends_in_time_though_an_answer_goes_on() -> None:
    code = (
        "import os, signal, threading; from bot.cli.main import _stop_on_signals as begin; stop = begin(0.2);"
        "os.kill(os.getpid(), signal.SIGTERM); assert stop.wait(9); threading.Event().wait()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert "The next start takes them up" in done.stderr
