"""Measures that no guess about gender is shown: public sentences with pronouns, and the sample company's own lines.

    python -m benchmarks.neutral [--data FOLDER]

Winogender (MIT) has each sentence with "he", with "she" and with "they", WinoBias (MIT) with "he" or "she" alone. Of
the sample company's lines those are counted that nothing was changed in: they assume nothing.
"""

import argparse
import re
from collections.abc import Iterable
from pathlib import Path

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


def measure(sentences: Iterable[str], expected: Iterable[str] = ()) -> dict[str, int]:
    """Return in how many sentences no pronoun is left, how many are withheld, and how many come out as `expected`."""
    shown = [neutralise(sentence) for sentence in sentences]
    figures = {
        "sentences": len(shown),
        "no pronoun left": sum(not _PRONOUN.search(text or "") for text in shown),
        "withheld": shown.count(None),
    }
    if wanted := list(expected):
        figures["as expected, word for word"] = sum(a == b for a, b in zip(shown, wanted, strict=True))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    arguments = parser.parse_args()
    lines = load_sample_lines()
    print(f"no guess about gender, sample company's lines, left as they are: {measure(lines, lines)}")
    if arguments.data:
        gendered, neutral = zip(*load_winogender(arguments.data), strict=True)
        print(f"no guess about gender, Winogender, as its neutral version: {measure(gendered, neutral)}")
        print(f"no guess about gender, WinoBias: {measure(load_winobias(arguments.data))}")


if __name__ == "__main__":
    main()
