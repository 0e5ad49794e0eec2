"""How the text of a passage is laid out, and how to remove the layout.

Each paragraph, list item and table row is a line. Nested items are indented by two blanks a level. In a paragraph whose
line breaks matter, each line but the last ends with two blanks. Code blocks are fenced, code within a line is in
backticks, and a link is "[label](address)". All of it is Markdown, so that it can be shown as it is. Knows nothing of
documents or of where a sentence ends.
"""

import re
from collections.abc import Iterator

CODE_SPAN = re.compile(r"(?<![`\\])(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)")
LINK = re.compile(r"\[(?P<label>[^\[\]\n]*)\]\((?P<target>https?://[^\s()]+)\)", re.IGNORECASE)
ITEM = re.compile(r"^ *(?:- |\d{1,3}[.)] )")
NUMBERED = re.compile(r"^ *\d{1,3}[.)] ")
BREAK = "  "
SENTENCE_MARKS = ".,;:!?"
FENCE_LINE = re.compile(r"\s*(?:(?:>|[-*+]|\d{1,3}[.)])\s+)*(`{3,}[\w+#.-]{0,20} *)\n?")
"""A line that opens or closes a code block, wherever a model puts it: also in a list or a quotation."""
ADDRESS = r"https?://[^\s<>|()\[\]`]+(?:\([^\s<>|()\[\]`]*\)[^\s<>|()\[\]`]*)*"
"""The pattern of a web address within text."""

_ADDRESS = re.compile(ADDRESS, re.IGNORECASE)
_FENCE = re.compile(r"(`{3,})[\w+#.-]{0,20}")
_CODE_OR_LINK = re.compile(f"{CODE_SPAN.pattern}|{LINK.pattern}", re.IGNORECASE)
_UNSAFE = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})


def build_link(label: str, target: str) -> str:
    """Return a link as a passage holds it; only the label if the target is no web address."""
    label = " ".join(label.replace("[", "(").replace("]", ")").split())
    label = f"({label})" if label.isdecimal() else label  # "[3]" would be a marker of evidence
    target = target.strip().translate(_UNSAFE)
    if not label or label.removesuffix("/") == target.removesuffix("/"):
        return target if label else ""
    return f"[{label}]({target})" if LINK.fullmatch(f"[{label}]({target})") else label


def build_code_span(code: str) -> str:
    """Return code within a line, in more backticks than the code itself has in a row."""
    ticks = "`" * (_longest_run(code) + 1)
    return f"{ticks} {code} {ticks}" if code.startswith("`") or code.endswith("`") else f"{ticks}{code}{ticks}"


def build_code_block(code: str, language: str = "") -> str:
    """Return a code block between fences, its lines unchanged."""
    fence = "`" * max(3, _longest_run(code) + 1)
    language = language if re.fullmatch(r"[\w+#.-]{1,20}", language) else ""
    return f"{fence}{language}\n{code}\n{fence}"


def is_code_block(block: str) -> bool:
    """Whether a block, as `split_blocks` returns it, is code."""
    opening, line_break, _ = block.partition("\n")
    return bool(line_break) and _FENCE.fullmatch(opening) is not None


def is_fence(line: str) -> bool:
    """Whether a line, seen from its beginning, opens or closes a code block."""
    return FENCE_LINE.fullmatch(line) is not None


def mask_code(text: str) -> str:
    """Return text of the same length in which code spans are blanked out."""
    return CODE_SPAN.sub(lambda span: "x" * len(span.group()), text)


def split_blocks(text: str) -> list[str]:
    """Return the lines of a text. A code block, or a paragraph with line breaks of its own, counts as one."""
    blocks: list[str] = []
    fence, goes_on = "", False
    for line in text.split("\n"):
        if fence or goes_on:
            blocks[-1] += f"\n{line}"
        elif line.strip():
            blocks.append(line)
        if fence:
            fence = "" if line == fence else fence
        elif opened := _FENCE.fullmatch(line):
            fence = opened.group(1)
        else:
            goes_on = bool(line.strip()) and line.endswith(BREAK)
    return [block if is_code_block(block) else block.rstrip() for block in blocks]


def flatten(text: str) -> str:
    """Return the words on one line, as search reads them: no fences, backticks or addresses, lists joined."""
    if "\n" not in text and "`" not in text and "](" not in text:
        return text
    flat, before = "", ""
    for line in _strip_fences(text):
        is_bullet = line.lstrip().startswith("- ")
        if is_bullet and before.lstrip().startswith("- "):
            flat = f"{flat.rstrip('.;,')}; "
        elif flat:
            flat += " "
        words = line.strip().removeprefix("- ")
        flat += words
        before = line
    return " ".join(flat.split())


def mask(text: str) -> str:
    """Return text of the same length in which code and links hold no character that could end a sentence."""
    if "`" not in text and "](" not in text:
        return text
    return _CODE_OR_LINK.sub(lambda match: "x" * len(match.group()), text)


def find_addresses(text: str) -> frozenset[str]:
    """Return the web addresses in a text, unchanged but without the mark that ends a sentence."""
    return frozenset(match.group().rstrip(SENTENCE_MARKS) for match in _ADDRESS.finditer(text))


def _strip_fences(text: str) -> Iterator[str]:
    for block in split_blocks(text):
        lines = block.split("\n")
        if is_code_block(block):
            yield from lines[1:-1]
        else:
            yield from (_CODE_OR_LINK.sub(_say_plainly, line) for line in lines)


def _say_plainly(match: re.Match[str]) -> str:
    return match["label"] if match["target"] else match.group().strip("`").strip()


def _longest_run(code: str) -> int:
    return max((len(run) for run in re.findall("`+", code)), default=0)
