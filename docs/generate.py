"""Writes the generated parts of docs/: the index of LOG.md (`make docs`).

A part stands between `<!-- name -->` and `<!-- end of name -->`; everything else in a page is written by hand.
`tests/docs` fails when a part no longer says what the log says.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
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


PARTS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "docs/LOG.md": ("index", list_index),
}


def render(page: str) -> str:
    """Return the text of a page with its generated part as it should be now."""
    name, list_lines = PARTS[page]
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = (PROJECT / page).read_text(encoding="utf-8").partition(start)
    return "\n".join([before + start, *list_lines(), end + rest.partition(end)[2]])


def _make_anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.removeprefix("## ").lower()).replace(" ", "-")


def main() -> None:
    """Write every page that has a generated part."""
    for page in PARTS:
        (PROJECT / page).write_text(render(page), encoding="utf-8")


if __name__ == "__main__":
    main()
