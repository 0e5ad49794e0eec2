"""Writes the generated parts of docs/: the index of LOG.md and the tree of ARCHITECTURE.md (`make docs`).

A part stands between `<!-- name -->` and `<!-- end of name -->`. People write everything else in a page.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "retrieval", "feedback", "retrain", "config", "models/recipes", "benchmarks")
VERDICTS = ("kept", "partly kept", "rejected", "no difference", "fixed", "accepted", "superseded", "open")
HEADING = re.compile(
    rf"## (?P<date>\d{{4}}-\d\d-\d\d) · (?P<area>[a-z]+) · (?P<title>.+): (?P<verdict>{'|'.join(VERDICTS)})"
)


def list_index() -> Iterator[str]:
    """Yield a table with a row for each entry of the log, in the log's order."""
    yield "| date | area | what | verdict |"
    yield "| --- | --- | --- | --- |"
    for line in (PROJECT / "docs" / "LOG.md").read_text(encoding="utf-8").splitlines():
        if heading := HEADING.fullmatch(line):
            date, area, title, verdict = heading.groups()
            yield f"| {date} | {area} | [{title}](#{_make_anchor(line)}) | {verdict} |"


def list_tree() -> Iterator[str]:
    """Yield a line for each folder and module: its path and the first line of its docstring."""
    yield "```"
    for room in ROOMS:
        yield from _list_folder(PROJECT / room)
    yield "```"


PARTS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "docs/LOG.md": ("index", list_index),
    "docs/ARCHITECTURE.md": ("tree", list_tree),
}


def render(page: str) -> str:
    """Return a page's text with its generated part brought up to date."""
    name, list_lines = PARTS[page]
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = (PROJECT / page).read_text(encoding="utf-8").partition(start)
    return "\n".join([before + start, *list_lines(), end + rest.partition(end)[2]])


def read_summary(module: Path) -> str:
    """Return the first line of the docstring that begins a module; "" if there is none."""
    with module.open(encoding="utf-8") as lines:
        first = next(lines, "").strip()
    return first.removeprefix('"""').removesuffix('"""') if first.startswith('"""') else ""


def find_modules() -> list[Path]:
    """Return every module in the tree."""
    return [module for room in ROOMS for module in sorted((PROJECT / room).rglob("*.py"))]


def _list_folder(folder: Path, depth: int = 0) -> Iterator[str]:
    package = folder / "__init__.py"
    name = folder.name if depth else str(folder.relative_to(PROJECT))
    yield _write_line(f"{name}/", read_summary(package) if package.exists() else "", depth)
    for module in sorted(folder.glob("*.py")):
        if module != package:
            yield _write_line(module.name, read_summary(module), depth + 1)
    for inner in sorted(path for path in folder.iterdir() if path.is_dir() and any(path.rglob("*.py"))):
        yield from _list_folder(inner, depth + 1)


def _write_line(name: str, summary: str, depth: int) -> str:
    return f"{'  ' * depth + name:<28} {summary}".rstrip()


def _make_anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.removeprefix("## ").lower()).replace(" ", "-")


def main() -> None:
    """Write every page that has a generated part."""
    for page in PARTS:
        (PROJECT / page).write_text(render(page), encoding="utf-8")


if __name__ == "__main__":
    main()
