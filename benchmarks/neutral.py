"""Measures that no guess about gender is shown: public sentences with pronouns, and the sample company's own lines.

python -m benchmarks.neutral [--data FOLDER]

Winogender (MIT) has each sentence with "he", with "she" and with "they", WinoBias (MIT) with "he" or "she" alone.

How to read it: "as expected" compares with the published version with "they". The sample company's lines assume
nothing, so they are compared with themselves.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.answering.neutral import neutralise
from config.settings import SAMPLE
from models.recipes.data.natural import read_archive
from retrieval.english.sentences import split_units
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document
from retrieval.sources.folder import load_documents

_PRONOUN = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)


def load_winogender(data: Path) -> list[tuple[str, str]]:
    """Return each sentence with "he" or "she" and its published version with "they"."""
    text = next(text for _, text in read_archive(data / "winogender", "all_sentences.tsv"))
    sentences = dict(line.split("\t") for line in text.splitlines()[1:] if line)
    pairs = []
    for name, sentence in sentences.items():
        if (gender := name.split(".")[-2]) != "neutral":
            pairs.append((sentence, sentences[name.replace(f".{gender}.", ".neutral.")]))
    return pairs


def load_winobias(data: Path) -> list[str]:
    """Return the sentences without their numbers and brackets."""
    texts = (text for path, text in read_archive(data / "winobias", "") if "stereotyped" in path)
    lines = (re.sub(r"^\d+ |[][]", "", line).strip() for text in texts for line in text.splitlines())
    return [line for line in lines if line]


def load_sample_lines() -> list[str]:
    """Return every line of the sample documents that may be quoted."""
    documents = (read for read in load_documents(SAMPLE / "knowledge") if isinstance(read, Document))
    passages = (passage for document in documents for passage in build_passages(document))
    return [unit.text for passage in passages for unit in split_units(passage.text)]


def measure(name: str, sentences: Iterable[str], expected: Iterable[str] = ()) -> Iterator[Figure]:
    """Yield in how many sentences no pronoun is left, how many are withheld, and how many come out as `expected`."""
    shown = [neutralise(sentence) for sentence in sentences]
    yield Figure("sentences", len(shown), on=name)
    left = sum(bool(_PRONOUN.search(text or "")) for text in shown)
    yield Figure("with a pronoun left", left, on=name, goal="= 0")
    yield Figure("withheld", shown.count(None), on=name)
    if wanted := list(expected):
        yield Figure("as expected, word for word", sum(a == b for a, b in zip(shown, wanted, strict=True)), on=name)


def measure_all(data: Path | None) -> Iterator[Figure]:
    """Yield the figures of the sample company's lines, and of the public sentences if there are any."""
    lines = load_sample_lines()
    yield from measure("sample company's own lines", lines, lines)
    if data is not None:
        gendered, neutral = zip(*load_winogender(data), strict=True)
        yield from measure("Winogender", gendered, neutral)
        yield from measure("WinoBias", load_winobias(data))


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure_all(chosen.data), chosen.results)


if __name__ == "__main__":
    main()
