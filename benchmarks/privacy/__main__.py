"""Measures how much personal data is found, how much else is taken for it, and how long that takes.

    python -m benchmarks.privacy [--presidio PYTHON] [--data FOLDER] [--note TEXT]

How to read it: "open" messages were looked at while the rules were made, "held" ones only counted, but one hand wrote
both and the rules; "made up" are Faker's values for 16 countries in a few sentences, and the rules for telephone
numbers and streets were widened after a first run with other values; "imported" are customers' messages of public
dialogues with Faker's values planted in them (an import reads them without the model). A find counts if no letter or
digit of it is left to read; precision asks of each placeholder whether at least half of it is personal. Presidio is
measured with the same spaCy model, and with all of its recognisers except those for places and dates.
"""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.privacy.imported import make_imported
from benchmarks.privacy.items import DOCUMENTS, OWN_DOMAIN, Item, find_masked, is_covered, is_right, load_items
from benchmarks.privacy.made_up import make_items
from benchmarks.run import begin_run, build_parser, record
from feedback.privacy import FindNames, Masker, group_names, read_names, read_public

NAMES = ("known", "name")
Mask = Callable[[Item], str]


def score(items: Sequence[Item], mask: Mask, on: str, *, has_goals: bool = False) -> Iterator[Figure]:
    """Yield recall by kind and precision of a mask."""
    found: Counter[str] = Counter()
    there: Counter[str] = Counter()
    placeholders = right = 0
    for item in items:
        masked = find_masked(item.text, mask(item))
        for span in item.spans:
            there[span.kind] += 1
            found[span.kind] += is_covered(item.text, span, masked)
        placeholders += len(masked)
        right += sum(is_right(item.text, span, item.spans) for span in masked)
    structured = [kind for kind in there if kind not in NAMES]
    goals = {"structured": "≥ 0.98", "known": "≥ 0.95", "name": "≥ 0.8", "precision": "≥ 0.95"} if has_goals else {}
    value = sum(found[kind] for kind in structured) / sum(there[kind] for kind in structured)
    yield Figure("recall, structured", value, on=on, goal=goals.get("structured", ""))
    for kind, called in (("known", "recall, names that Slack shows"), ("name", "recall, names of others")):
        if there[kind]:
            yield Figure(called, found[kind] / there[kind], on=on, goal=goals.get(kind, ""))
    yield Figure("precision", right / max(1, placeholders), on=on, goal=goals.get("precision", ""))
    yield from (Figure(f"recall, {kind}", found[kind] / there[kind], on=on) for kind in sorted(structured))


def build_mask(find_names: FindNames | None) -> Mask:
    """Return Chip's mask beside the documents of the invented company."""
    public = read_public([DOCUMENTS.read_text(encoding="utf-8")], [OWN_DOMAIN])
    return lambda item: Masker(group_names(item.known), public, find_names=find_names).mask(item.text)


def look_up(items: Sequence[Item], find_names: FindNames) -> FindNames:
    """Return what gives the names of these messages, which are read all at once."""
    texts = [item.text for item in items]
    found = dict(zip(texts, find_names(texts), strict=True))
    return lambda asked: [found[text] for text in asked]


def run_presidio(python: Path, items: Sequence[Item]) -> Mask:
    """Return Presidio's mask of these messages, made by a Python that has it."""
    script = Path(__file__).with_name("presidio_mask.py")
    texts = json.dumps([item.text for item in items])
    done = subprocess.run([python, script], input=texts, capture_output=True, text=True, check=True)
    masked = dict(zip((item.text for item in items), json.loads(done.stdout), strict=True))
    return lambda item: str(masked[item.text])


def measure(presidio: Path | None, data: Path | None) -> Iterator[Figure]:
    """Yield all figures."""
    items = load_items()
    parts = {split: [item for item in items if item.split == split] for split in ("open", "held")}
    parts["made up"] = make_items()
    if data is not None:
        parts["imported"] = make_imported(data)
    with read_names() as read:
        for on, chosen in parts.items():
            yield from score(chosen, build_mask(None), f"{on}, without the model")
            find_names = look_up(chosen, read)
            yield from score(chosen, build_mask(find_names), on, has_goals=on in ("held", "imported"))
            if presidio is not None:
                yield from score(chosen, run_presidio(presidio, chosen), f"{on}, Presidio")
        began = time.perf_counter()
        look_up(items, read)
        yield Figure("the model reads", len(items) / (time.perf_counter() - began), "messages/s")
    mask, began = build_mask(None), time.perf_counter()
    for item in items:
        mask(item)
    yield Figure("rules mask", len(items) / (time.perf_counter() - began), "messages/s")


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--presidio", type=Path, default=None, help="a Python that has presidio-analyzer and the model")
    parser.add_argument("--data", type=Path, default=None, help="the folder of public sets, for imported messages")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, list(measure(chosen.presidio, chosen.data)), chosen.results)


if __name__ == "__main__":
    main()
