"""Builds the card of a data set version: its contents and omissions with reasons, in Markdown with two pictures.

Uses only rows and counts, so that the same version always has the same card, byte for byte.
"""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from retrain.data.people import SPOKEN_OF, Counts, count_people
from retrain.examples import Example

CARD = "README.md"
KEPT = "kept.svg"
TOPICS = "topics.svg"
PEOPLE = "people.svg"

_INK, _BAR, _OUT = "#80808a", "#3d8fb8", "#d9a441"
_MOST_TOPICS = 20
_SHOWN = 5
_SOURCES = {
    "like": "liked answers",
    "dislike": "answers that were found wrong",
    "correction": "corrections",
    "import": "imported",
    "replay": "the base's own answers",
}


def build_card(examples: Sequence[Example], dropped: Mapping[str, int], facts: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the card's files by name."""
    lessons = {example.group: example for example in reversed(examples)}
    sources: Counter[str] = Counter(example.source for example in lessons.values())
    topics = Counter(example.topic for example in lessons.values() if example.topic)
    files = {KEPT: _draw_kept(sources, dropped)}
    if topics:
        files[TOPICS] = _draw_topics(topics)
    wrote = count_people(lessons.values())
    people = count_people(examples)
    files[PEOPLE] = _draw_people(wrote, people)
    shown = list(lessons.values())[::-1]
    text = "\n".join(_write(shown, len(examples), sources, topics, dropped, facts, wrote, people))
    return {CARD: text.encode(), **files}


def _write(
    lessons: Sequence[Example],
    rows: int,
    sources: Mapping[str, int],
    topics: Counter[str],
    dropped: Mapping[str, int],
    facts: Mapping[str, Any],
    wrote: Counts,
    people: Counts,
) -> Iterable[str]:
    yield from ("# A data set of what people said", "")
    left_out = sum(dropped.values())
    yield f"{len(lessons)} lessons in {rows} rows: a correction has several, with altered prompts. Left out: {left_out}"
    yield from ("", f"![What was kept and what was left out]({KEPT})", "")
    yield from _build_table("What is in it", ((_SOURCES[name], many) for name, many in sources.items()))
    splits = Counter(lesson.split for lesson in lessons)
    parts = (("training", splits["train"]), ("asked by the gate", splits["gate"]), ("sealed", splits["sealed"]))
    yield from _build_table("What it is for", parts)
    if dropped:
        yield from _build_table("What was left out", sorted(dropped.items(), key=lambda one: (-one[1], one[0])))
    if topics:
        yield from ("## Topics", "", f"![Lessons by topic]({TOPICS})", "")
    yield from _tell_people(wrote, people)
    raters = facts.get("raters") or {}
    if raters.get("reliability"):
        yield from _build_table(
            f"How reliable the {raters['people']} raters are", raters["reliability"].items(), "share of right votes"
        )
    yield from ("## Some of the rows", "")
    step = max(1, len(lessons) // _SHOWN)
    yield from (_quote(lesson) for lesson in lessons[::step][:_SHOWN])
    yield from _build_facts("Consent", facts.get("consent"))
    yield from _build_facts("Sources", facts.get("sources"))
    yield from _build_facts("Settings", facts.get("settings"))
    yield "Rows are masked: placeholders stand for names and what identifies people. `manifest.json` has all hashes."


def _build_table(title: str, rows: Iterable[tuple[str, Any]], what: str = "") -> Iterable[str]:
    yield from (f"## {title}", "", f"| {what} | |", "| --- | ---: |")
    yield from (f"| {name} | {value} |" for name, value in rows)
    yield ""


def _tell_people(wrote: Counts, people: Counts) -> Iterable[str]:
    """Yield how the lessons speak of people, and how the rows do once some are taught with other pronouns too."""
    yield from ("## How people are spoken of", "", f"![Lessons and rows by pronoun]({PEOPLE})", "")
    yield from ("| lessons → rows | " + " | ".join(SPOKEN_OF) + " |", "| --- |" + " ---: |" * len(SPOKEN_OF))
    for about, counts in people.items():
        before = wrote.get(about, {})
        cells = (f"{before.get(name, 0)} → {counts[name]}" for name in SPOKEN_OF)
        yield f"| {about} | {' | '.join(cells)} |"
    yield ""


def _build_facts(title: str, facts: Any) -> Iterable[str]:
    if not facts:
        return
    rows = [facts] if isinstance(facts, Mapping) else facts
    yield from (f"## {title}", "")
    yield from ("- " + ", ".join(f"{name}: {value}" for name, value in row.items()) for row in rows)
    yield ""


def _quote(lesson: Example) -> str:
    said = f"“{_cut(lesson.target)}”" if lesson.target else f"not “{_cut(lesson.rejected or '')}”"
    return f"- {_cut(lesson.question or lesson.messages[-1].content)} → {said} ({lesson.source})\n"


def _cut(text: str) -> str:
    plain = " ".join(text.split()).replace("|", "/")
    return plain if len(plain) <= 160 else f"{plain[:159]}…"


def _draw_kept(sources: Mapping[str, int], dropped: Mapping[str, int]) -> bytes:
    bars = [(_SOURCES[name], many, _BAR) for name, many in sources.items()]
    bars += [(name, many, _OUT) for name, many in sorted(dropped.items(), key=lambda one: (-one[1], one[0]))]
    return _draw(bars, "Lessons (blue) and what was left out (yellow)")


def _draw_people(wrote: Counts, people: Counts) -> bytes:
    none = dict.fromkeys(SPOKEN_OF, 0)
    bars = []
    for name in SPOKEN_OF[:-1]:
        bars.append((f"{name}: lessons", wrote.get("all", none)[name], _BAR))
        bars.append((f"{name}: rows, with swapped copies", people.get("all", none)[name], _OUT))
    return _draw(bars, "How people are spoken of")


def _draw_topics(topics: Counter[str]) -> bytes:
    ordered = sorted(topics.items(), key=lambda one: (-one[1], one[0]))[:_MOST_TOPICS]
    return _draw(
        [(_cut(name)[:60], many, _BAR) for name, many in ordered], "Lessons by topic, named by a question of each"
    )


def _draw(bars: Sequence[tuple[str, int, str]], title: str) -> bytes:
    """Return an SVG of horizontal bars, the first on top."""
    import matplotlib as mpl
    from matplotlib.figure import Figure  # slow to import, and seldom needed

    with mpl.rc_context({"svg.hashsalt": "chip", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 1 + 0.32 * len(bars)), layout="constrained")
        figure.patch.set_alpha(0.0)
        axes = figure.subplots()
        axes.patch.set_alpha(0.0)
        places = range(len(bars))
        axes.barh(places, [many for _, many, _ in bars], color=[colour for _, _, colour in bars])
        axes.set_yticks(places, [name for name, _, _ in bars], color=_INK)
        axes.invert_yaxis()
        axes.tick_params(axis="x", colors=_INK)
        axes.set_title(title, loc="left", color=_INK)
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        picture = io.BytesIO()
        figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()
