"""Resolves template tags in Markdown: Liquid and Jinja, Hugo's shortcodes, GitBook's blocks.

A tag that frames text becomes a component's tag, which `markdown_tags` reads. The words of a tag stay; the rest goes. A
value in the file's head is inserted, and a value that only the site's generator knows becomes "…". Code has been set
aside before.
"""

import re
from collections.abc import Callable

from retrieval.reading.heads import Fields
from retrieval.reading.markup.front_matter import say_scalar

UNKNOWN = "…"
_FRAMES = """
hint note tip warning caution danger info important callout alert admonition notice aside attention error
success tab tabs tabitem details expand collapse accordion step steps card cards column columns stepper
content-ref
"""
FRAMES = frozenset(_FRAMES.split())
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", re.DOTALL)
_TAG = re.compile(
    r"\{%-?[ \t]*(?P<name>/?[\w-]*)(?P<rest>[^\n{}]{0,1000}?)-?%\}|"
    r"\{\{[<%][ \t]*(?P<short>/?[ \t]*[\w-]*)(?P<args>[^\n{}]{0,1000}?)/?[ \t]*[>%]\}\}"
)
_VALUE = re.compile(r"\{\{-?[ \t]*(?P<value>[^{}\n]{1,300}?)[ \t]*-?\}\}")
_LITERAL = re.compile(r"""^(?:"([^"]*)"|'([^']*)')(?:[ \t]*\|.*)?$""")
_NAMED = re.compile(
    r"^(?:page|front_?matter|params|\.Params|\.|\$frontmatter|this)\.?(?P<name>[\w-]+)(?:[ \t]*\|.*)?$", re.I
)
_SAID = re.compile(r"""\b(?:content|text|message|body|caption)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_POSITIONAL = re.compile(r"""^[ \t]+(?:"([^"]*)"|'([^']*)'|([\w-]+)(?![\w=-]))""")
# Signs that ordinary text does not contain: a variable, a condition, a loop.
_GENERATED = re.compile(r"\{\{-?[ \t]*(?:(?P<value>\$[^{}\n]{1,300}?)|[#/>!^][^{}\n]{0,300}?)[ \t]*-?\}\}")
_BRACED = "\ue004"
_EVER_TYPED = frozenset({"hint", "callout", "alert", "admonition", "notice"})


def resolve_templates(text: str, fields: Fields) -> str:
    """Return the text with template tags resolved."""
    if "{%" not in text and "{{" not in text:
        return text
    is_template = bool(fields) or _TAG.search(text) is not None
    text = replace_between(_COMMENT, "%}", lambda _: "", text)
    text = replace_between(_RAW, "%}", lambda match: match[1].replace("{", _BRACED), text)
    text = _TAG.sub(_replace_tag, text)
    text = _GENERATED.sub(lambda match: UNKNOWN if match["value"] else "", text)
    if is_template:  # otherwise {{name}} is what the document is about
        text = _VALUE.sub(lambda match: _say_value(match["value"], fields), text)
    return text.replace(_BRACED, "{")


def replace_between(pattern: re.Pattern[str], last: str, replace: Callable[[re.Match[str]], str], text: str) -> str:
    """Return the text with everything between two marks replaced; `last` is how the second mark ends.

    Nothing after the last `last` is searched, because each first mark there would be searched to the end of the text.
    """
    end = text.rfind(last) + len(last)
    return pattern.sub(replace, text[:end]) + text[end:] if end >= len(last) else text


def _replace_tag(match: re.Match[str]) -> str:
    name = (match["name"] or match["short"] or "").replace(" ", "").lower()
    rest = match["rest"] or match["args"] or ""
    base = name.removeprefix("/").removeprefix("end")
    if base in FRAMES:
        return f"</{base}-frame>" if base != name else _open_frame(base, rest)
    said = _SAID.search(rest)
    if said is None:
        return ""
    kind = next((word for word in re.findall(r"[a-z]+", rest.lower()) if word in FRAMES), "")
    words = said[1] or said[2] or ""
    return f"<{kind}-frame>{words}</{kind}-frame>" if kind else words


def _open_frame(base: str, rest: str) -> str:
    positional = _POSITIONAL.match(rest)
    if positional is None:
        return f"<{base}-frame{rest.rstrip(' /')}>"
    value = positional[1] or positional[2] or positional[3] or ""
    name = "type" if base in _EVER_TYPED else "title"
    return f'<{base}-frame {name}="{value}"{rest[positional.end() :].rstrip(" /")}>'


def _say_value(value: str, fields: Fields) -> str:
    if literal := _LITERAL.match(value):
        return literal[1] or literal[2] or ""
    named = _NAMED.match(value)
    known = say_scalar(fields.get(named["name"])) if named else None
    return known or UNKNOWN
