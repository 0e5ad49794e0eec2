"""A Git checkout as a source: the tracked files, each with the day of its last commit. Knows the `git` command."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath

from retrieval.reading.documents import Found, Rules
from retrieval.sources.errors import SourceError
from retrieval.sources.folder import find_item

TIMEOUT_SECONDS = 900
MAX_COMMITS = 20_000
_DAY_MARK = "\x1e"
# A checkout's own settings may name programs for git to run, and its author is a stranger.
_NO_PROGRAMS = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.alternateRefsCommand="),
    *("-c", "log.showSignature=false"),
)


def list_git(location: str, clones: Path, name: str, rules: Rules, *, prefix: str) -> Iterator[Found]:
    """Yield the tracked files of a checkout on this machine, or of a clone that is brought up to date.

    `clones` is the folder that holds clones. Raise `SourceError` if git cannot reach or read it.
    """
    here = Path(location)
    folder = here if here.is_dir() and (here / ".git").exists() else _bring_up_to_date(location, clones / name)
    # From here on nothing is fetched: a checkout may name a program of its own that "fetches" what is missing.
    days = _find_days(folder)
    for path in sorted(_git(folder, "ls-files", "-z", transports="none").split("\0")):
        full = folder / path
        is_hidden = any(part.startswith(".") for part in PurePosixPath(path).parts)
        if path and not is_hidden and full.is_file() and not _is_linked(full, folder):
            yield find_item(full, f"{prefix}{path}", rules, updated=days.get(path))


def drop_clone(clones: Path, name: str) -> None:
    """Delete the clone of a source that was removed. Do nothing if there is none."""
    shutil.rmtree(clones / name, ignore_errors=True)


def _bring_up_to_date(location: str, clone: Path) -> Path:
    if (clone / ".git").exists():
        _git(clone, "fetch", "--quiet", "--no-tags", "origin", "HEAD")
        _git(clone, "reset", "--quiet", "--hard", "FETCH_HEAD")
        return clone
    clone.parent.mkdir(parents=True, exist_ok=True)
    fresh = clone.with_name(f"{clone.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _git(clone.parent, "clone", "--quiet", "--no-tags", "--single-branch", "--", location, str(fresh))
    fresh.rename(clone)
    return clone


def _find_days(folder: Path) -> dict[str, date]:
    """Return the day of the last commit that touched each file."""
    limit = f"--max-count={MAX_COMMITS}"
    form = (f"--format={_DAY_MARK}%cs", "--name-only", "--no-show-signature", "--no-ext-diff", "--no-textconv")
    told = _git(folder, "-c", "core.quotePath=false", "log", limit, *form, transports="none")
    days: dict[str, date] = {}
    for commit in told.split(_DAY_MARK)[1:]:
        day, *paths = commit.strip().split("\n")
        for path in filter(None, paths):
            days.setdefault(path, date.fromisoformat(day))
    return days


def _is_linked(path: Path, folder: Path) -> bool:
    """Whether the file, or a folder on its path, is a symbolic link, which may lead anywhere."""
    return any(part.is_symlink() for part in (path, *path.parents) if folder in part.parents)


def _git(folder: Path, *arguments: str, transports: str = "https:http:ssh:git:file") -> str:
    # No questions on the terminal, and no transport that runs a command.
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": transports, "GIT_NO_LAZY_FETCH": "1"}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *_NO_PROGRAMS, *arguments],
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env=environment,
            check=True,
        )
    except FileNotFoundError as error:
        raise SourceError("The git command is missing; install git.") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"git took longer than {TIMEOUT_SECONDS} seconds.") from error
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise SourceError(f"git could not read it: {told}") from error
    return done.stdout.decode("utf-8", "replace")
