"""`make`: a set-up that cannot go on says so in one sentence, and the next try goes on where it stopped.

Python is a stub that writes down how it was called, so that nothing is installed.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
TOOLS = (
    "sh",
    "make",
    "sed",
    "awk",
    "cat",
    "cp",
    "cut",
    "df",
    "du",
    "echo",
    "find",
    "mkdir",
    "rm",
    "test",
    "touch",
    "uname",
)
TORCH = re.findall(r"torch==[\d.]+", (PROJECT / "pyproject.toml").read_text())
PYTHON = """#!/bin/sh
# Files say what goes wrong: `too-old`, `no-index`, and `fail-once` with a lock. Each call is a line in `calls`.
echo "$@" >> calls
case "$*" in
  *--version*) echo "Python 3.9.1" ;;
  *urllib*) test ! -e no-index ;;
  *"import pip"*) test -e "$(dirname "$0")/pip" ;;
  *"version_info"*) test ! -e too-old ;;
  *"-m venv"*) rm -rf .venv && mkdir -p .venv/bin .venv/lib && cp "$0" .venv/bin/python && touch .venv/bin/pip ;;
  *"-r requirements"*)
    read lock 2>/dev/null < fail-once
    case "$*" in *"-r $lock") test ! -e fail-once || { rm fail-once; exit 1; } ;; esac ;;
esac
"""


class Checkout:
    """A folder with the Makefile and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = folder / "tools"
        self.tools.mkdir()
        for tool in (*TOOLS, "dirname"):
            if found := shutil.which(tool):
                (self.tools / tool).symlink_to(found)
        self.write_program("tools/python3", PYTHON)
        self.write_program("tools/c++", "#!/bin/sh\n")
        for name in (
            "Makefile",
            "requirements.lock",
            "requirements-dev.lock",
            "requirements-build.lock",
            "pyproject.toml",
        ):
            shutil.copy(PROJECT / name, folder)

    def write_program(self, path: str, text: str) -> None:
        program = self.folder / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={"PATH": str(self.tools)},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> str:
        return (self.folder / "calls").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def _assert_stopped(done: "subprocess.CompletedProcess[str]", sentence: str) -> None:
    assert done.returncode != 0
    assert sentence in done.stderr


def test_a_set_up_runs_once(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    assert "-r requirements.lock" in checkout.calls()
    (checkout.folder / "calls").unlink()
    assert checkout.make("setup").returncode == 0
    assert "pip" not in checkout.calls()


def test_an_old_python_is_named_with_what_to_do(checkout: Checkout) -> None:
    (checkout.folder / "too-old").touch()
    _assert_stopped(checkout.make("run"), "needs Python 3.11 or newer, but 'python3' is Python 3.9.1. Install one")


def test_a_missing_python_is_called_missing(checkout: Checkout) -> None:
    _assert_stopped(checkout.make("test", "PYTHON=python4"), "but 'python4' is missing. Install one")


def test_a_missing_compiler_is_named_before_anything_is_made(checkout: Checkout) -> None:
    (checkout.tools / "c++").unlink()
    _assert_stopped(checkout.make("run"), "needs a C++ compiler")
    assert not (checkout.folder / ".venv").exists()


def test_a_full_disk_is_named_before_anything_is_made(checkout: Checkout) -> None:
    _assert_stopped(checkout.make("run", "ROOM=999999"), "needs 999999 GB of free disk")
    assert not (checkout.folder / ".venv").exists()


@pytest.mark.parametrize("kind", ["file", "link to nowhere"])
def test_something_else_in_the_environments_place_is_named_and_left_alone(checkout: Checkout, kind: str) -> None:
    place = checkout.folder / ".venv"
    place.write_text("mine") if kind == "file" else place.symlink_to("nowhere")
    _assert_stopped(checkout.make("run"), "a folder called .venv, but something else has that name here. Move it away")
    assert place.is_symlink() or place.read_text() == "mine"
    place.unlink()
    assert checkout.make("setup").returncode == 0


def test_a_half_made_environment_is_made_again(checkout: Checkout) -> None:
    checkout.write_program(".venv/bin/python", PYTHON)
    assert checkout.make("setup").returncode == 0
    assert "-m venv --clear .venv" in checkout.calls()


def test_an_environment_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    (checkout.folder / "calls").unlink()
    python = checkout.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert checkout.make("setup").returncode == 0
    assert "-m venv --clear .venv" in checkout.calls()


def test_a_failed_install_says_how_to_go_on_and_the_second_try_works(checkout: Checkout) -> None:
    (checkout.folder / "fail-once").write_text("requirements.lock")
    _assert_stopped(checkout.make("setup"), "Run make again: it goes on where it stopped.")
    assert checkout.make("setup").returncode == 0
    assert checkout.calls().count("-m venv") == 1


@pytest.mark.parametrize(("lock", "command"), [("requirements.lock", "setup"), ("requirements-dev.lock", "check")])
def test_a_package_whose_install_was_interrupted_is_installed_again(
    checkout: Checkout, lock: str, command: str
) -> None:
    (checkout.folder / "fail-once").write_text(lock)
    _assert_stopped(checkout.make(command), "Run make again")
    packages = checkout.folder / ".venv" / "lib" / "site-packages"
    for name in ("whole.dist-info/INSTALLER", "half.dist-info/METADATA"):
        (packages / name).parent.mkdir(parents=True)
        (packages / name).touch()
    checkout.make(command)
    assert checkout.calls().count(f"-r {lock}") == 2
    assert [path.name for path in packages.iterdir()] == ["whole.dist-info"]


@pytest.mark.skipif(
    sys.platform != "linux" or Path("/proc/driver/nvidia").exists(), reason="only Linux without a GPU takes CPU builds"
)
def test_linux_without_a_gpu_takes_the_light_torch_where_its_index_answers(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    assert f"--extra-index-url https://download.pytorch.org/whl/cpu {TORCH[0]}" in checkout.calls()


def test_an_index_that_does_not_answer_is_left_out(checkout: Checkout) -> None:
    (checkout.folder / "no-index").touch()
    assert checkout.make("setup").returncode == 0
    assert "--extra-index-url" not in checkout.calls()


def test_given_pip_flags_are_taken_as_they_are(checkout: Checkout) -> None:
    assert checkout.make("setup", "PIP_FLAGS=--no-index").returncode == 0
    assert f"--no-build-isolation --no-index {TORCH[0]}" in checkout.calls()


def test_everything_but_torch_is_installed_by_its_hash_and_tools_of_developers_by_those_who_test(
    checkout: Checkout,
) -> None:
    assert checkout.make("setup").returncode == 0
    installs = [line for line in checkout.calls().splitlines() if "-m pip install" in line]
    assert ["--require-hashes" in line for line in installs] == [True, True, False, False]
    assert TORCH[0] in installs[2]
    assert "--no-deps" in installs[3]
    assert "requirements-dev.lock" not in checkout.calls()
    checkout.make("check")
    assert "--require-hashes -r requirements-dev.lock" in checkout.calls()


def test_what_compiles_is_pinned_and_comes_first_and_nothing_else_is_fetched_for_it(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    installs = [line for line in checkout.calls().splitlines() if "-m pip install" in line]
    assert all("--no-build-isolation" in line for line in installs)
    assert "-r requirements-build.lock" in installs[0]
    compilers, operators = read_lock("requirements-build.lock"), read_lock("requirements.lock")
    assert compilers.keys() >= {"scikit-build-core", "cmake", "ninja", "setuptools"}
    assert all("--hash=sha256:" in entry for entry in compilers.values())
    for both in compilers.keys() & operators.keys():
        assert compilers[both] == operators[both]


def test_set_up_locks_and_pages_ask_for_the_same_python() -> None:
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    makefile = (PROJECT / "Makefile").read_text()
    assert f"--python-version {asked} " in makefile
    assert f"Chip needs Python {asked} or newer" in makefile
    floors = re.findall(r"version_info < \(([\d, ]+)\)", makefile)
    assert {floor.replace(", ", ".") for floor in floors} == {asked}
    assert f"Python {asked} or newer" in (PROJECT / "README.md").read_text()


def read_lock(name: str) -> dict[str, str]:
    """Return each package of a lock with its entry."""
    entries = re.split(r"^(?=[a-z0-9])", (PROJECT / name).read_text(), flags=re.MULTILINE)[1:]
    return {entry.partition("==")[0].split("[")[0]: entry for entry in entries}


def test_each_pinned_package_has_its_hashes_and_no_developers_tool_is_an_operators() -> None:
    operators, developers = read_lock("requirements.lock"), read_lock("requirements-dev.lock")
    for entry in (*operators.values(), *developers.values()):
        assert re.match(r"[a-z0-9.\[\]-]+==[\w.]+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
    assert not operators.keys() & developers.keys()
    assert not operators.keys() & {"pytest", "mypy", "ruff", "playwright", "fastapi", "torch"}
    assert developers.keys() >= {"pytest", "mypy", "ruff"}


def test_all_that_the_project_asks_for_is_pinned() -> None:
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    groups = (asked["dependencies"], asked["optional-dependencies"]["dev"])
    names = [{re.split(r"[\[<>=]", line)[0].lower() for line in group} for group in groups]
    operators = read_lock("requirements.lock").keys()
    assert names[0] - operators <= {"torch"}
    assert names[1] <= operators | read_lock("requirements-dev.lock").keys()


def test_help_lists_every_command_that_the_pages_name(checkout: Checkout) -> None:
    listed = set(re.findall(r"^  make ([a-z-]+)", checkout.make("help").stdout, re.MULTILINE))
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]
    named = {name for page in pages for name in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)}
    assert {"run", "test"} <= named
    assert named <= listed
