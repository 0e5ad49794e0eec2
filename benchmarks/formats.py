"""Measures how many of the words that a person sees in a file become searchable, and how long reading takes, by format.

    python -m benchmarks.formats --cases FOLDER [--data FOLDER]

Reads every file below `FOLDER/documents`, and with `--data` the Markdown of the sets of `benchmarks.unseen`. Words are
counted by `benchmarks.seen_words`, apart from Chip's readers. Prints the files that lose more than a tenth.

How to read it: kept is the share of the seen words that stand in a passage or in its heading; running heads and page
numbers of a PDF are seen and rightly left out. Not seen are distinct words that stand in a passage and that nobody sees
in the file, such as a hidden row's. Small files take long for their size, so seconds for a megabyte compare states of
Chip and not formats.
"""

import resource
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from benchmarks.seen_words import count_words, find_seen
from benchmarks.unseen import SETS
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document, Rules
from retrieval.reading.formats import read_parts
from retrieval.sources.folder import list_files, read_bytes

REPETITIONS = 3
WORTH_A_LOOK = 0.9
UNREAD = tuple(f".md of {name}" for name, chosen in SETS.items() if not chosen.is_read)


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of one file: the words that a person sees, how many were kept, and which were read but not seen."""

    name: str
    size: int
    seen: int
    kept: int
    not_seen: tuple[str, ...]
    lost: tuple[str, ...]
    seconds: float

    @property
    def share(self) -> float:
        """The share of the seen words that was kept."""
        return self.kept / max(1, self.seen)


def measure_file(path: Path) -> Loss | None:
    """Return what became of a file; None if its words cannot be counted independently of Chip."""
    see = find_seen(path.name)
    if see is None:
        return None
    raw = path.read_bytes()
    seen = count_words(see(raw))
    taken = []
    for _ in range(REPETITIONS):
        started = read_clock()
        text, headings = read_words(path.name, raw)
        taken.append(read_clock() - started)
    read = text + headings
    return Loss(
        path.name,
        len(raw),
        seen.total(),
        (seen & read).total(),
        tuple(sorted(text.keys() - seen.keys())),
        tuple((seen - read).elements()),
        min(taken),
    )


def read_clock() -> float:
    """Return the seconds of processor time of this process and its ended children, which hold on a busy machine too."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def read_words(name: str, raw: bytes) -> tuple[Counter[str], Counter[str]]:
    """Return the words of a file's passages and of their headings, each heading once."""
    documents = [one for one in read_bytes(read_parts, name, raw, name, Rules()) if isinstance(one, Document)]
    passages = [passage for document in documents for passage in build_passages(document)]
    headings = dict.fromkeys(part for passage in passages for part in passage.heading.split(" › "))
    return count_words("\n".join(passage.text for passage in passages)), count_words("\n".join(headings))


def build_figures(losses: Iterable[tuple[str, Loss]]) -> Iterator[Figure]:
    """Yield the figures of each group of files."""
    groups: dict[str, list[Loss]] = {}
    for group, loss in losses:
        groups.setdefault(group, []).append(loss)
    for group, own in sorted(groups.items()):
        seen = sum(loss.seen for loss in own)
        yield Figure("files", len(own), on=group)
        yield Figure("words seen", seen, on=group)
        yield Figure("kept", 100 * sum(loss.kept for loss in own) / max(1, seen), unit="%", on=group)
        yield Figure("kept, mean of files", 100 * fmean(loss.share for loss in own), unit="%", on=group)
        yield Figure("files that lose over a tenth", sum(loss.share < WORTH_A_LOOK for loss in own), on=group)
        yield Figure("words read and not seen", sum(len(loss.not_seen) for loss in own), on=group)
        megabytes = sum(loss.size for loss in own) / 1e6
        yield Figure("reading, processor time", sum(loss.seconds for loss in own) / megabytes, unit="s/MB", on=group)


@contextmanager
def unpack(data: Path, archive: str, folder: str) -> Iterator[Path]:
    """Unpack an archive of documentation and yield the folder that is read in."""
    with tempfile.TemporaryDirectory(prefix="chip-formats-") as place:
        with tarfile.open(data / f"{archive}.tar.xz") as packed:
            packed.extractall(place, filter="data")
        yield Path(place) / folder


def measure_all(cases: Path, data: Path | None) -> Iterator[tuple[str, Loss]]:
    """Yield each file's group with what became of it."""
    for path in list_files(cases / "documents"):
        if (loss := measure_file(path)) is not None:
            yield path.suffix.lower(), loss
    for name, chosen in SETS.items() if data else ():
        assert data is not None
        with unpack(data, chosen.archive, chosen.folder) as folder:
            for path in list_files(folder):
                if path.suffix == ".md" and (loss := measure_file(path)) is not None:
                    yield f".md of {name}", loss


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="the folder with documents/")
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    losses = []
    for group, loss in measure_all(chosen.cases, chosen.data):
        losses.append((group, loss))
        if group not in UNREAD and (loss.share < WORTH_A_LOOK or (loss.not_seen and group == Path(loss.name).suffix)):
            lost, not_seen = " ".join(loss.lost[:30]), " ".join(loss.not_seen[:15])
            print(f"{loss.share:4.0%} {loss.name}: lost: {lost or '–'}; not seen: {not_seen or '–'}", flush=True)
    record(run, build_figures(losses), chosen.results)


if __name__ == "__main__":
    main()
