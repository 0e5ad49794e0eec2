"""Measures how feedback becomes data: whom to trust, what poison enters, how much of what enters is right, and speed.

    python -m benchmarks.curation [--study FOLDER] [--events N]

How to read it: "raw" is what a plain majority of votes would let in; 5 % of the people push one false claim and one
rude style. "Study" are the raters of "Continually Improving Extractive QA via Human Feedback" against the answers of
its annotators. Memory is that of a process that makes a data set of a database of so many events.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmarks.feedback_crowd import Crowd, build_crowd, open_crowd, write_events
from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from feedback.measures import summary
from feedback.questions import daily
from retrain.curate import curate
from retrain.data.raters import Ballots, Ratings, Trust, rate
from retrain.data.verdicts import CHECK, weigh
from retrain.settings import CurateSettings

SEED = 20_261_129
CROWDS = ((50, 2_000, 5), (100, 2_000, 3), (60, 6_000, 1))
"""Raters, replies, and votes on each reply."""


def measure_raters() -> Iterator[Figure]:
    """Compare what is estimated of simulated raters with what they are."""
    chance = np.random.default_rng(SEED)
    for people, replies, each in CROWDS:
        right = chance.beta(5, 2, people)
        good = chance.random(replies) < 0.7
        voted = np.repeat(np.arange(replies), each)
        raters = chance.integers(0, people, len(voted))
        ups = good[voted] == (chance.random(len(voted)) < right[raters])
        passed = chance.random(replies) < np.where(good, CHECK.up_if_good, CHECK.up_if_bad)
        found = _rate(voted, raters, ups, passed, people)
        on = f"{people} raters, {each} votes on each of {replies:,} replies"
        goal = "≥ 0.9" if each == CROWDS[0][2] else ""
        yield Figure(
            "rank correlation of reliability", spearmanr(found.reliability[:people], right)[0], on=on, goal=goal
        )
        majority = np.bincount(voted, np.where(ups, 1, -1), replies) > 0
        yield Figure("replies judged rightly", ((found.good > 0.5) == good).mean(), on=on)
        yield Figure("replies judged rightly by majority", (majority == good).mean(), on=on)


def _rate(voted: np.ndarray, raters: np.ndarray, ups: np.ndarray, passed: np.ndarray | None, people: int) -> Ratings:
    """Rate votes of customers, beside the claim check where there is one."""
    replies = int(voted.max()) + 1
    trust = [Trust(0.8, 0.35, 6)] * people
    if passed is not None:
        voted = np.concatenate([voted, np.arange(replies)])
        raters = np.concatenate([raters, np.full(replies, people)])
        ups, trust = np.concatenate([ups, passed]), [*trust, CHECK]
    return rate(Ballots(voted.astype(np.int32), raters.astype(np.int32), ups), replies, trust)


def measure_study(folder: Path) -> Iterator[Figure]:
    """Hold people's votes against the answers of the study's annotators, on the questions that both have."""
    rows = [row for path in sorted(folder.glob("data/train*/**/*.jsonl.gz")) for row in _read(path)]
    answers: dict[tuple[str, str], list[str]] = {}
    for path in [*folder.glob("data/full-test*.jsonl.gz"), *folder.glob("data/static-test.jsonl.gz")]:
        answers |= {(row["question"].strip(), row["topic"]): row["annotations"] for row in _read(path)}
    votes: dict[tuple[str, str, str, str], dict[str, bool]] = defaultdict(dict)
    for row in rows:
        key = (row["question"].strip(), row["topic"], row["context"][:200], row["pred"])
        votes[key][row["workerId"]] = row["feedback"] == "Correct"
    items = list(votes)
    people = sorted({person for said in votes.values() for person in said})
    cast = [(number, people.index(one), up) for number, item in enumerate(items) for one, up in votes[item].items()]
    voted, raters, ups = (np.array(column) for column in zip(*cast, strict=True))
    found = _rate(voted, raters, ups, None, len(people))
    majority = np.bincount(voted, np.where(ups, 1, -1), len(items))
    known = [(number, item) for number, item in enumerate(items) if item[:2] in answers]
    truth = np.array([_agrees(item[3], answers[item[:2]]) for _, item in known])
    numbers = np.array([number for number, _ in known])
    yield Figure("raters", len(people), on="study")
    yield Figure("answers with a label of the annotators", len(known), on="study")
    yield Figure("agreement with the annotators", ((found.good[numbers] > 0.5) == truth).mean(), on="study")
    yield Figure("agreement with the annotators by majority", ((majority[numbers] > 0) == truth).mean(), on="study")
    yield from _hold_out(voted, raters, ups, len(people))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _agrees(answer: str, annotations: Sequence[str]) -> bool:
    """Whether an answer shares most of its words with one of the annotators' answers; "" says: unanswerable."""
    said = set(answer.casefold().split())
    for annotation in annotations:
        wanted = set(annotation.casefold().split())
        if said == wanted or (said & wanted and 2 * len(said & wanted) / (len(said) + len(wanted)) >= 0.5):
            return True
    return False


def _hold_out(voted: np.ndarray, raters: np.ndarray, ups: np.ndarray, people: int) -> Iterator[Figure]:
    """Predict one person's vote from the others' on the answers that several people judged."""
    counts = np.bincount(voted)
    judged = np.flatnonzero(counts[voted] > 1)
    chance = np.random.default_rng(SEED)
    asked = chance.permutation(judged)[: len(judged) // 4]
    left = np.ones(len(voted), dtype=bool)
    left[asked] = False
    found = _rate(voted[left], raters[left], ups[left], None, people)
    others = np.bincount(voted[left], np.where(ups[left], 1, -1), len(counts))
    good = np.pad(found.good, (0, len(counts) - len(found.good)), constant_values=0.5)
    known = asked[others[voted[asked]] != 0]
    yield Figure("votes held out that others also cast", len(known), on="study")
    yield Figure("votes held out foretold", ((good[voted[known]] > 0.5) == ups[known]).mean(), on="study")
    yield Figure("votes held out foretold by majority", ((others[voted[known]] > 0) == ups[known]).mean(), on="study")


def measure_poison(crowd: Crowd) -> Iterator[Figure]:
    """Count what of a crowd's feedback enters training, raw and curated."""
    with tempfile.TemporaryDirectory() as folder, open_crowd(Path(folder), crowd) as db:
        weighed = weigh(db, CurateSettings())
        curated = curate(db, CurateSettings(variations=0), seed=1, heldout=[])
    raw = {one for one, up, down in zip(weighed.reply_ids, weighed.ups, weighed.downs, strict=True) if up > down}
    taught = {example.reply_id for example in curated.examples if example.target}
    poison = {said.reply_id for said in crowd.replies if said.kind in ("false claim", "rude")}
    right = {said.reply_id for said in crowd.replies if said.kind == "good"}
    for name, entered in (("raw", raw), ("curated", taught)):
        yield Figure("rows that enter", len(entered), on=name)
        yield Figure(
            "share of the poison that enters",
            100 * len(entered & poison) / len(poison),
            "%",
            name,
            "< 1" if name == "curated" else "",
        )
        yield Figure(
            "rows that enter with a right answer", 100 * len(entered & right) / max(1, len(entered)), "%", name
        )
        yield Figure("right answers that enter", 100 * len(entered & right) / len(right), "%", name)


def measure_scale(events: int) -> Iterator[Figure]:
    """Make a data set of so many events, and look at the dashboard beside them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chip.db"
        write_events(path, events)
        child = subprocess.run(
            [sys.executable, "-m", "benchmarks.curation", "--database", str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        told = json.loads(child.stdout.splitlines()[-1])
    on = f"{events:,} events"
    yield Figure("events into a data set", events / told["seconds"], "events/s", on, "≥ 2000")
    yield Figure("memory of the process at its most", told["megabytes"], "MB", on)
    yield Figure("rows of the data set", told["rows"], on=on)
    yield Figure("measures of 30 days", told["summary_ms"], "ms", on, "< 100")
    yield Figure("measures of 30 days, day by day", told["daily_ms"], "ms", on, "< 100")


def build_from(path: Path) -> None:
    """Make a data set of a database and print what that took, as JSON. Runs in a process of its own."""
    from benchmarks.feedback_crowd import NOW, TEAM, open_events

    db = open_events(path)
    since, today = NOW.date() - timedelta(days=29), NOW.date()
    times = {}
    for name, look in (("summary_ms", lambda: summary(db, since)), ("daily_ms", lambda: daily(db, TEAM, since, today))):
        look()
        began = time.perf_counter()
        look()
        times[name] = 1000 * (time.perf_counter() - began)
    began = time.perf_counter()
    curated = curate(db, CurateSettings(), seed=1, heldout=[])
    seconds = time.perf_counter() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "rows": len(curated.examples), "megabytes": megabytes, **times}))


def main() -> None:
    """Measure what is named."""
    parser = build_parser(__doc__)
    parser.add_argument("--study", type=Path, help="a checkout of the study's data")
    parser.add_argument("--events", type=int, nargs="*", default=[], help="numbers of events to make data sets of")
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.database:
        build_from(chosen.database)
        return
    run = begin_run(__file__, chosen)
    figures = [*measure_raters(), *measure_poison(build_crowd(SEED))]
    figures += [figure for folder in ([chosen.study] if chosen.study else []) for figure in measure_study(folder)]
    figures += [figure for events in chosen.events for figure in measure_scale(events)]
    record(run, figures, chosen.results)


if __name__ == "__main__":
    main()
