"""The list of sources that a person has added, in one small file beside the index.

The index can be built again from it alone. Knows nothing of how a source is read.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from config.masking import mask_secrets
from retrieval.passage import Audience
from retrieval.sources.errors import SourceError

# The configured folder and the answers that staff approved are origins too.
RESERVED_NAMES = frozenset({"folder", "verified"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CHANNEL = re.compile(r"#[\w-]{1,80}|[CG][A-Z0-9]{8,}")


class SourceKind(StrEnum):
    """The kind of a location."""

    FOLDER = "folder"
    GIT = "git"
    WEBSITE = "website"
    SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents come from, who may read those that name no audience, and how often to look."""

    name: str
    kind: SourceKind
    location: str
    audience: Audience
    every_hours: float

    @property
    def shown_location(self) -> str:
        """The location as people may see it, without a token in it."""
        return mask_secrets(self.location)


def guess_kind(location: str) -> SourceKind:
    """Return what a location looks like. Raise `SourceError` if it looks like nothing that can be read."""
    if _CHANNEL.fullmatch(location):
        return SourceKind.SLACK
    if re.match(r"(?:ssh|git|file)://|[\w.-]+@[\w.-]+:", location) or location.rstrip("/").endswith(".git"):
        return SourceKind.GIT
    if location.startswith(("https://", "http://")):
        return SourceKind.WEBSITE
    path = Path(location)
    if path.is_dir():
        return SourceKind.GIT if (path / ".git").exists() else SourceKind.FOLDER
    raise SourceError(f"{mask_secrets(location)} is no folder, address or channel that can be read from here.")


def suggest_name(location: str) -> str:
    """Return a name for a location: its host or its last part."""
    host = urlsplit(location).hostname if location.startswith("http") and not location.endswith(".git") else None
    last = location.rstrip("/").removesuffix(".git").rpartition("/")[2]
    return re.sub(r"[^a-z0-9]+", "-", (host or last).lower()).strip("-")[:40] or "source"


def load_sources(path: Path) -> list[Source]:
    """Return the sources in the order in which they were added. Raise `SourceError` for a damaged list."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["sources"]
        return [
            Source(row["name"], SourceKind(row["kind"]), row["location"], Audience(row["audience"]), row["every_hours"])
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"The list of sources {path} is damaged. Mend it, or delete it and add the sources again."
        ) from error


def add_source(path: Path, source: Source) -> None:
    """Add a source to the list. Raise `SourceError` for a name or place that cannot be used."""
    if not _NAME.fullmatch(source.name) or source.name in RESERVED_NAMES:
        raise SourceError(f"{source.name!r} cannot be a name; use lower-case letters, digits and hyphens.")
    if source.every_hours <= 0:
        raise SourceError("The refresh time must be more than 0 hours.")
    with _changing(path) as sources:
        for known in sources:
            if known.name == source.name:
                raise SourceError(f"There is a source {source.name} already, at {known.shown_location}.")
            if known.location == source.location:
                raise SourceError(f"{source.shown_location} is the source {known.name} already.")
        sources.append(source)


def remove_source(path: Path, name: str) -> Source:
    """Remove a source from the list and return it. Raise `SourceError` if there is none of this name."""
    with _changing(path) as sources:
        found = get_source(sources, name)
        sources.remove(found)
    return found


def get_source(sources: list[Source], name: str) -> Source:
    """Return the source of this name. Raise `SourceError` if there is none."""
    for source in sources:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in sources) or "none so far"
    raise SourceError(f"There is no source {name!r}. Sources: {known}.")


@contextmanager
def _changing(path: Path) -> Iterator[list[Source]]:
    """Lend the list for a change, and store it as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        sources = load_sources(path)
        yield sources
        temporary = path.with_suffix(".new")
        rows = [asdict(source) for source in sources]
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=0o600)  # an address may hold a token
        temporary.write_text(json.dumps({"sources": rows}, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, path)
