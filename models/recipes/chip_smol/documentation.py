"""Corpora of product documentation and guidance, cut into passages as Chip cuts documents, with questions about them.

Never reads the sets that Chip is developed and reported on. Knows nothing of tokens.
"""

import hashlib
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

from models.recipes.chip_smol.lessons import Ask, Corpus
from models.recipes.chip_smol.prompt import Page
from models.recipes.chip_smol.questions import make_questions
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import RejectedError, Rules, build_document
from retrieval.reading.markup.markdown import read_markdown

# The four sets of questions on real documents: developing and reporting only.
FORBIDDEN = ("jitsi_handbook", "balena-io_docs", "18F_handbook", "MicrosoftDocs_WSL")
FILES_TOGETHER = 60
_LEFT_OUT = re.compile(
    r"(?:/includes?/|/_|/blog/|/releases?/|README|CONTRIBUTING|SECURITY|TOC|content/_(?:fr|es)/|/news/|/reports/)"
)
_MARKUP = (
    (re.compile(r"\[!INCLUDE ?\[(?:prod_\w+|d365\w*)\]\([^)]*\)\]", re.I), "the product"),
    (re.compile(r"\[!INCLUDE ?\[[^\]]*\]\([^)]*\)\]", re.I), ""),
    (re.compile(r"^_?\**Original (?:KB number|product version).*$", re.M), ""),
)  # fmt: skip


def load_documentation(data: Path, random: Random, *, share: float) -> Iterator[Corpus]:
    """Yield corpora of neighbouring documents from a share of the archives' files."""
    for archive in allowed_archives(data):
        company = archive.name.split(".")[0].split("_")[-1].removesuffix("-docs").removeprefix("OfficeDocs-").title()
        for texts in _neighbours(archive, random, share):
            pages: list[Page] = []
            asks: list[Ask] = []
            for path, text in texts:
                for page in cut_markdown(path, text):
                    asks += [Ask(question, said, len(pages)) for question, said in make_questions(page, random)]
                    pages.append(page)
            if len(asks) > 5:
                yield Corpus("docs", tuple(pages), tuple(asks), company)


def allowed_archives(data: Path) -> list[Path]:
    """Return the archives of documents that may be trained on."""
    found = [*sorted((data / "kb_docs").glob("*.tar.xz")), *sorted((data / "kb_gov").glob("*.tar.xz"))]
    return [archive for archive in found if not archive.name.startswith(FORBIDDEN)]


def _neighbours(archive: Path, random: Random, share: float) -> Iterator[list[tuple[str, str]]]:
    """Yield the (path, text) of files in one folder, at most `FILES_TOGETHER`."""
    folders: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with tarfile.open(archive) as tar:
        for member in tar:
            wanted = member.isfile() and member.name.endswith(".md") and not _LEFT_OUT.search(member.name)
            if wanted and _draw(member.name) < share and (file := tar.extractfile(member)):
                text = file.read(200_000).decode("utf-8", errors="replace")
                folders[str(Path(member.name).parent)].append((member.name, text))
    together: list[tuple[str, str]] = []
    for folder in sorted(folders):
        together += random.sample(folders[folder], k=len(folders[folder]))
        while len(together) >= FILES_TOGETHER:
            yield together[:FILES_TOGETHER]
            together = together[FILES_TOGETHER:]
    if together:
        yield together


def _draw(name: str) -> float:
    return hashlib.sha256(name.encode()).digest()[1] / 256


def cut_markdown(path: str, text: str) -> list[Page]:
    """Return the passages of a Markdown file; [] if it cannot be read."""
    for pattern, instead in _MARKUP:
        text = pattern.sub(instead, text)
    try:
        document = build_document(read_markdown(text.replace("\r\n", "\n")), path, Rules())
    except RejectedError:
        return []
    passages = build_passages(document)
    return [Page(passage.heading, passage.text) for passage in passages if len(passage.text) < 1_500]
