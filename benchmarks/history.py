"""Measures the import of history: messages a second and memory by format, and how many pairs are drawn out rightly.

    python -m benchmarks.history [--threads 100000] [--formats "MBOX,CSV"] [--data FOLDER] [--show 100]

Generates conversations of three messages, writes each format and imports each file in a process of its own. With
`--data` it also converts dialogues of public sets into a Slack export and into a mailbox that greets, signs and quotes,
and looks for the pairs that the sets name. `--show` prints pairs to be read by a person.

How to read it: messages a second are of processor time, since the import computes on one core, and growth is the peak
memory less that of a tenth of the conversations. A named pair counts as drawn if one pair of its conversation holds
nine tenths of the words of its question and of its answer, small talk and masked data aside. DSTC11 and Bitext name
pairs that people wrote; of SGD each user turn with a question mark counts if the next turn has none.
"""

import csv
import itertools
import json
import lzma
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from benchmarks.figures import PROJECT, Figure
from benchmarks.history_files import WRITERS, Conversation, generate, mail_thread, slack_thread
from benchmarks.run import begin_run, build_parser, record
from feedback.database import open_database
from feedback.history.importing import ImportOrder, import_history
from feedback.history.imports import ImportedPair, Use
from feedback.history.roles import StaffHints
from feedback.tables import imported_pairs

THREADS = 100_000
SMALLER = 10
HELD = 0.9
MOST = 500
"""Dialogues of one set that are converted."""

Named = list[tuple[Conversation, list[tuple[str, str]]]]
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_COURTEOUS = re.compile(
    r"\b(?:thank|help|assist|hesitate|let me know|welcome|glad|happy|enjoy|hope|feel free)", re.IGNORECASE
)
_SMALL_TALK = 6  # words of a sentence that agrees or thanks
_WORD = re.compile(r"\[[a-z ]+\d*\]|\w+")


def import_file(path: Path, folder: Path) -> tuple[int, list[ImportedPair]]:
    """Import a file into a database of its own; return how many messages were read, and the pairs."""
    ids = itertools.count(1)
    database = open_database(
        f"sqlite:///{folder / 'chip.db'}", clock=lambda: datetime.now(UTC), new_id=lambda prefix: f"{prefix}{next(ids)}"
    )
    staff = StaffHints.build(["acme.example"] if path.suffix == ".mbox" else [], [])
    report = import_history(database, folder / "stage", ImportOrder(path, "benchmark", Use.REVIEW, staff))
    with database.read() as connection:
        rows = connection.execute(imported_pairs.select()).all() if report.new <= 10 * MOST else []
    database.close()
    return report.messages, rows  # type: ignore[return-value]


def measure_format(name: str, threads: int) -> dict[str, float]:
    """Import generated conversations of one format in a child; return messages, seconds and peak megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[name](generate(threads), Path(folder))
        child = [sys.executable, "-m", "benchmarks.history", "--child", str(path)]
        done = subprocess.run(child, cwd=PROJECT, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_child(path: Path) -> None:
    """Import one file and print what it took; runs in a process of its own, whose memory is that of the import."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        messages, _ = import_file(path, Path(folder))
    megabytes = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"messages": messages, "seconds": time.process_time() - started, "megabytes": megabytes}))


def measure_formats(chosen: Namespace) -> Iterator[Figure]:
    for name in chosen.formats.split(",") if chosen.formats else WRITERS:
        small, large = measure_format(name, chosen.threads // SMALLER), measure_format(name, chosen.threads)
        on = f"{name}, {chosen.threads:,} conversations"
        print(f"{on}: {large}", flush=True)
        yield Figure("messages a second", large["messages"] / large["seconds"], "/s", on, "≥ 2000")
        yield Figure("peak memory", large["megabytes"], "MB", on)
        yield Figure("growth of peak memory", large["megabytes"] - small["megabytes"], "MB", on)


def load_dstc11(data: Path) -> Named:
    """Return dialogues whose last question people answered, with that question and answer."""
    with tarfile.open(next((data / "dstc11_track5").glob("*.tar.xz"))) as archive:
        logs, labels = (
            json.loads(_read_member(archive, f"data/val/{name}.json").decode()) for name in ("logs", "labels")
        )
    named: Named = []
    for log, label in zip(logs, labels, strict=True):
        if label["target"]:
            turns = [(turn["speaker"] == "U", turn["text"]) for turn in log]
            named.append(([*turns, (False, label["response"])], [(turns[-1][1], label["response"])]))
    return named


def load_bitext(data: Path) -> Named:
    """Return requests with the long answers that were written for them."""
    with tarfile.open(next((data / "bitext").glob("*llm-chatbot*.tar.xz"))) as archive:
        text = _read_member(archive, "bitext_4514_responses.csv").decode()
    rows = [(row["instruction"], row["response"]) for row in csv.DictReader(text.splitlines(keepends=True))]
    return [([(True, asked), (False, answer)], [(asked, answer)]) for asked, answer in rows]


def load_sgd(data: Path) -> Named:
    """Return dialogues with the user turns that have a question mark and are answered by a turn without one."""
    with lzma.open(data / "sgd" / "sgd_turns.jsonl.xz", "rt", encoding="utf-8") as file:
        dialogues = [json.loads(line)["turns"] for line in file]
    named: Named = []
    for dialogue in dialogues:
        turns = [(speaker == "U", text) for speaker, text in dialogue]
        pairs = [
            (asked, answer)
            for (asks, asked), (again, answer) in itertools.pairwise(turns)
            if asks and not again and "?" in asked and "?" not in answer
        ]
        named.append((turns, pairs))
    return named


def _read_member(archive: tarfile.TarFile, ending: str) -> bytes:
    member = next(one for one in archive.getmembers() if one.name.endswith(ending))
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


SETS: dict[str, Callable[[Path], Named]] = {"DSTC11": load_dstc11, "Bitext": load_bitext, "SGD": load_sgd}
FORMS = {"Slack": slack_thread, "MBOX": mail_thread}


def measure_pairs(chosen: Namespace) -> Iterator[Figure]:
    """Convert each set to two formats, import them, and look for the named pairs."""
    for name, load in SETS.items():
        named = load(chosen.data)
        random.Random(17).shuffle(named)
        named = named[:MOST]
        for form, find_thread in FORMS.items():
            with tempfile.TemporaryDirectory() as folder:
                path = WRITERS[form]((turns for turns, _ in named), Path(folder))
                _, pairs = import_file(path, Path(folder))
            drawn = _group(pairs)
            share, missed = _find_share(named, drawn, find_thread)
            yield Figure("named pairs drawn out", share, on=f"{name} as {form}", goal="≥ 0.95")
            yield Figure("pairs drawn out", len(pairs), on=f"{name} as {form}")
            _show(chosen.show // (len(SETS) * len(FORMS)), f"{name} as {form}", pairs, missed)


def _group(pairs: list[ImportedPair]) -> dict[str, list[ImportedPair]]:
    drawn = defaultdict(list)
    for pair in pairs:
        drawn[pair.thread].append(pair)
    return drawn


def _find_share(
    named: Named, drawn: dict[str, list[ImportedPair]], find_thread: Callable[[int], str]
) -> tuple[float, list[tuple[str, str]]]:
    known = {(pair.question, pair.answer) for pairs in drawn.values() for pair in pairs}
    found, missed = 0, []
    for number, (_, pairs) in enumerate(named):
        thread = sha256(find_thread(number).encode()).hexdigest()[:16]
        for question, answer in pairs:
            # What stands twice in a set is stored once, in the conversation that came first.
            candidates = [(pair.question, pair.answer) for pair in drawn.get(thread, ())] or list(
                known & {(question, answer)}
            )
            if any(
                _holds(asked, question, asks=True) and _holds(answered, answer, asks=False)
                for asked, answered in candidates
            ):
                found += 1
            else:
                missed.append((question, answer))
    return found / max(1, sum(len(pairs) for _, pairs in named)), missed


def _holds(drawn: str, named: str, *, asks: bool) -> bool:
    """Whether a drawn text has the words of a named one, but for what is masked and for small talk."""
    have = set(_WORD.findall(drawn.casefold()))
    masked = sum(word.startswith("[") for word in have)
    words = set(_WORD.findall(_drop_small_talk(named, asks=asks).casefold()))
    return bool(len(words - have) <= (1 - HELD) * len(words) + 4 * masked)


def _drop_small_talk(text: str, *, asks: bool) -> str:
    """Return what matters, by rules that Chip does not share: of a question what asks, of an answer the rest."""
    sentences = [one for one in _SENTENCE.findall(text) if one.strip()]
    if asks:
        matter = [one for one in sentences if "?" in one or len(one.split()) > _SMALL_TALK]
    else:
        matter = [one for one in sentences if "?" not in one and not _COURTEOUS.search(one)]
    return " ".join(matter or [one for one in sentences if asks or "?" not in one] or sentences)


def _show(count: int, on: str, pairs: list[ImportedPair], missed: list[tuple[str, str]]) -> None:
    for pair in random.Random(5).sample(pairs, min(count, len(pairs))):
        print(f"\n[{on}]{' (follows)' if pair.follows else ''}\nQ: {pair.question}\nA: {pair.answer}")
    for question, answer in missed[: count // 4]:
        print(f"\n[{on}, missed]\nQ: {question}\nA: {answer}")


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--threads", type=int, default=THREADS, help="conversations that are generated; 0: none")
    parser.add_argument("--formats", default="", help="formats to generate, with commas between; by default all")
    parser.add_argument("--data", type=Path, help="the folder of public sets")
    parser.add_argument("--show", type=int, default=0, help="how many drawn pairs are printed")
    parser.add_argument("--child", type=Path, help="import this file and print what it took")
    chosen = parser.parse_args()
    if chosen.child:
        run_child(chosen.child)
        return
    run = begin_run(__file__, chosen)
    figures = list(measure_formats(chosen)) if chosen.threads else []
    if chosen.data:
        figures += measure_pairs(chosen)
    record(run, figures, chosen.results)


if __name__ == "__main__":
    main()
