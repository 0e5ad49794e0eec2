"""Contexts from public question sets: the sentences of a page and the questions that people asked of them.

Reads the archives of the data folder as they are (tar.xz, json.xz) and unpacks nothing. Knows nothing of tokens,
ranking or training. Held-out parts: SQuAD dev, QED dev, DSTC9 test and every fifth page of the hardware FAQ.
"""

import csv
import hashlib
import json
import lzma
import re
import tarfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from models.recipes.chip_nano.context import Ask, Context, Line, split_sentences

MAX_LINE_CHARACTERS = 330
_RST_TITLE = re.compile(r"^(?P<title>\S.*)\n(?P<mark>[-=~^]{3,})\n", re.MULTILINE)
_SPACED = (
    (re.compile(r"\s+([,.;:?!)\]%])"), r"\1"),
    (re.compile(r"([(\[$])\s+"), r"\1"),
    (re.compile(r"\s+('s|n't)\b"), r"\1"),
    (re.compile(r"(?<=\w) - (?=\w)"), "-"),
    (re.compile(r"`` ?| ?''"), '"'),
)


def read_archive(folder: Path, suffix: str, within: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, text) of the files in a data set's archives that end in `suffix` and hold `within` in the path."""
    for archive in sorted(folder.glob("*.tar.xz")):
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and member.name.endswith(suffix) and within in member.name:
                    file = tar.extractfile(member)
                    if file is not None:
                        yield member.name, file.read().decode("utf-8", errors="replace")


def load_squad(path: Path, random: Random) -> list[Context]:
    """Return a context for each paragraph of a SQuAD 1.1 file, with a second paragraph of its article beside it."""
    contexts: list[Context] = []
    for article in json.loads(lzma.decompress(path.read_bytes()))["data"]:
        title = article["title"].replace("_", " ")
        pages = [_cut(paragraph["context"], title) for paragraph in article["paragraphs"]]
        for number, paragraph in enumerate(article["paragraphs"]):
            lines, starts = pages[number]
            other = pages[random.randrange(len(pages))][0]
            asks = []
            for qa in paragraph["qas"]:
                gold = _find_line(starts, qa["answers"][0]["answer_start"])
                if gold is not None:
                    asks.append(Ask(" ".join(qa["question"].split()), gold))
            if asks and len(lines) > 1:
                more = tuple(line for line in other if line not in lines)
                contexts.append(Context((*lines, *more), tuple(asks)))
    return contexts


def _cut(paragraph: str, heading: str) -> tuple[tuple[Line, ...], list[tuple[int, int, int]]]:
    """Return a paragraph's lines and, for each, (first character, end, index); long sentences are left out."""
    lines: list[Line] = []
    spans = []
    position = 0
    for sentence in split_sentences(paragraph):
        start = paragraph.find(sentence[:20], position)
        end = start + len(sentence)
        if start >= 0 and 15 <= len(sentence) <= MAX_LINE_CHARACTERS:
            spans.append((start, end, len(lines)))
            lines.append(Line(sentence, heading))
        position = max(position, end if start >= 0 else position)
    return tuple(lines), spans


def _find_line(spans: list[tuple[int, int, int]], character: int) -> int | None:
    return next((index for start, end, index in spans if start <= character < end), None)


def load_qed(folder: Path) -> list[Context]:
    """Return a context for each training question of QED (real search questions, lower-case)."""
    contexts: list[Context] = []
    for _, text in read_archive(folder, "-qed.jsonlines", "nq-train"):
        for row in map(json.loads, text.splitlines()):
            starts, paragraph = [*row["sentence_starts"], len(row["paragraph_text"])], row["paragraph_text"]
            spans = list(pairwise(starts))
            answer = row["answer_spans"][0][0] if "answer_spans" in row else row["original_nq_answers"][0][0]["start"]
            gold = next((index for index, (start, end) in enumerate(spans) if start <= answer < end), None)
            lines = tuple(Line(close_up(paragraph[start:end]), row["title_text"]) for start, end in spans)
            if gold is not None and all(len(line.text) <= MAX_LINE_CHARACTERS for line in lines):
                contexts.append(Context(lines, (Ask(row["question_text"], gold),)))
    return contexts


def close_up(text: str) -> str:
    """Return text with the blanks between its tokens removed where they do not belong."""
    text = text.strip()
    for pattern, replacement in _SPACED:
        text = pattern.sub(replacement, text)
    return text


def load_venue_faq(folder: Path, random: Random) -> list[Context]:
    """Return a context for each hotel, restaurant or service of DSTC9: short answers to guests' questions."""
    contexts: list[Context] = []
    for _, text in read_archive(folder, "data/knowledge.json"):
        for domain in json.loads(text).values():
            for entity in domain.values():
                contexts.extend(_venue(entity, random))
    return contexts


def _venue(entity: dict[str, Any], random: Random) -> Iterator[Context]:
    name = (entity["name"] or "Travel").title()
    docs = [doc for doc in entity["docs"].values() if len(doc["body"]) <= MAX_LINE_CHARACTERS]
    random.shuffle(docs)
    for first in range(0, len(docs), 9):
        part = docs[first : first + 9]
        titled = random.random() < 0.35
        lines = tuple(Line(doc["body"], f"{name} › {doc['title']}" if titled else name) for doc in part)
        yield Context(lines, tuple(Ask(doc["title"], index) for index, doc in enumerate(part)))


def load_hardware_faq(folder: Path, *, held_out: bool) -> list[Context]:
    """Return a context for each page of the ESP FAQ; every fifth page (by hash of its path) is held out."""
    contexts: list[Context] = []
    for path, text in read_archive(folder, ".rst"):
        if (hashlib.sha256(path.encode()).digest()[0] % 5 == 0) != held_out:
            continue
        page = ""
        lines: list[Line] = []
        asks = []
        titles = list(_RST_TITLE.finditer(text))
        for title, following in zip(titles, [*titles[1:], None], strict=False):
            if title["mark"][0] == "=":
                page = title["title"].strip()
                continue
            body = text[title.end() : following.start() if following else len(text)]
            said = [line for line in map(_plain_rst, body.split("\n")) if 25 <= len(line) <= MAX_LINE_CHARACTERS][:4]
            if said:
                asks.append(Ask(_plain_rst(title["title"]), len(lines)))
                lines.extend(Line(line, page) for line in said)
        contexts.extend(_in_pieces(lines, asks))
    return contexts


def _in_pieces(lines: list[Line], asks: list[Ask], size: int = 12) -> Iterator[Context]:
    for first in range(0, len(lines), size):
        inside = [Ask(ask.question, ask.gold - first) for ask in asks if ask.gold and 0 <= ask.gold - first < size]
        if inside:
            yield Context(tuple(lines[first : first + size]), tuple(inside))


def _plain_rst(line: str) -> str:
    if line.strip().startswith("..") or "---" in line:
        return ""
    line = re.sub(r":\w+:`([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", line)
    line = re.sub(r"`([^`<]+?)\s*<[^>]*>`_*", r"\1", line)
    return " ".join(line.replace("`", "").replace("**", "").lstrip(" -*").split())


def load_documentation(folder: Path, random: Random, limit: int) -> list[Context]:
    """Return up to `limit` contexts from product documentation: a heading, as a question, and its first sentence."""
    contexts: list[Context] = []
    for _, text in read_archive(folder, ".md"):
        if random.random() < 0.5:
            continue
        context = _documentation_page(text, random)
        if context:
            contexts.append(context)
        if len(contexts) >= limit:
            break
    return contexts


def _documentation_page(text: str, random: Random) -> Context | None:
    page = ""
    lines: list[Line] = []
    asks: list[Ask] = []
    shown = random.random() < 0.5
    for section in re.split(r"^#+ +", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        heading = _plain_markdown(heading)
        page = page or heading
        said = [line for line in map(_plain_markdown, body.split("\n")) if line.endswith(".") and line[:1].isalpha()]
        sentences = [s for s in split_sentences(" ".join(said)) if 30 <= len(s) <= 260 and "|" not in s][:3]
        if sentences and 8 <= len(heading) <= 80:
            asks.append(Ask(_as_question(heading, random), len(lines)))
            path = f"{page} › {heading}" if shown and heading != page else page
            lines.extend(Line(sentence, path) for sentence in sentences)
    return Context(tuple(lines[:14]), tuple(ask for ask in asks if (ask.gold or 0) < 14)) if len(asks) > 1 else None


def _plain_markdown(line: str) -> str:
    line = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"<[^>]+>|\{[^}]*\}", "", line))
    return " ".join(line.replace("**", "").replace("`", "").strip(" *>-").split())


def _as_question(heading: str, random: Random) -> str:
    lowered = heading[0].lower() + heading[1:] if heading[1:2].islower() else heading
    if heading.endswith("?") or random.random() < 0.2:
        return heading
    first = lowered.split()[0]
    if first.endswith("ing"):
        return f"What should I know about {lowered}?"
    forms = (
        ["How do I {}?", "How can I {}?", "I want to {}.", "What do I do to {}?"]
        if first in VERBS
        else ["What is {}?", "Tell me about {}.", "What about {}?", "Can you explain {}?"]
    )
    return random.choice(forms).format(lowered)


def read_prose(data: Path, contexts: list[Context], random: Random) -> Iterator[str]:
    """Yield lines of support language to train a tokenizer on: questions and lines of the contexts, and replies."""
    for context in contexts:
        yield from (line.text for line in context.lines)
        yield from (ask.question for ask in context.asks)
    for _, text in read_archive(data / "bitext", "short_responses.csv"):
        for row in csv.DictReader(text.splitlines()):
            yield from (row.get("instruction", ""), row.get("utterance", ""), row.get("response", ""))
    for _, text in read_archive(data / "kb_docs", ".md", "Support"):
        if random.random() < 0.4:
            lines = (_plain_markdown(line) for line in text.split("\n"))
            yield from (line for line in lines if line.endswith(".") and line[:1].isalpha() and "|" not in line)


VERBS = frozenset(
    [
        "add",
        "apply",
        "assign",
        "attach",
        "block",
        "build",
        "change",
        "check",
        "choose",
        "clean",
        "clear",
        "close",
        "configure",
        "connect",
        "control",
        "copy",
        "create",
        "customize",
        "delete",
        "deploy",
        "disable",
        "download",
        "edit",
        "enable",
        "export",
        "find",
        "fix",
        "get",
        "give",
        "import",
        "install",
        "join",
        "make",
        "manage",
        "modify",
        "monitor",
        "move",
        "open",
        "prepare",
        "prevent",
        "publish",
        "recover",
        "remove",
        "rename",
        "repair",
        "replace",
        "request",
        "reset",
        "resolve",
        "restore",
        "restrict",
        "review",
        "run",
        "save",
        "schedule",
        "send",
        "set",
        "share",
        "show",
        "start",
        "stop",
        "sync",
        "test",
        "track",
        "transfer",
        "troubleshoot",
        "turn",
        "uninstall",
        "update",
        "upgrade",
        "upload",
        "use",
        "verify",
        "view",
        "write",
    ]
)
