"""Reads the head of a Markdown file: YAML between ---, TOML between +++, or JSON. Does not interpret the fields.

A head may say who may read the document, so a head that cannot be read is refused. A file that only begins with a rule
has no head.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import yaml

from retrieval.reading.documents import RejectedError

Fields = Mapping[str, object]

MAX_HEAD = 100_000
_FIELD = re.compile(r"^(?P<name>[A-Za-z_][\w .-]*):(?:[ \t]+(?P<value>\S.*?))?[ \t]*$")
_KNOWN = frozenset({"title", "audience", "updated", "date", "layout"})
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_QUOTED = re.compile(r"""^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?:\s+#.*)?$|^[\[{|>]""")


def split_front_matter(text: str) -> tuple[Fields, str]:
    """Return the fields of the head and the text below it. Raise `RejectedError` for a head that cannot be read."""
    text = text.lstrip("\n") if text[:1] == "\n" else text
    if text.startswith("{"):
        return _split_json(text)
    lines = text.split("\n")
    mark = lines[0].rstrip()
    if mark not in ("---", "+++"):
        return {}, text
    ends = {mark, "..."} if mark == "---" else {mark}
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ends), None)
    if mark == "---" and not _is_head(lines[1:end], is_ended=end is not None):
        return {}, text
    if end is None:
        raise RejectedError(f"The front matter starts with {mark} but does not end.")
    head, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    if len(head) > MAX_HEAD:
        raise RejectedError(f"The front matter has more than {MAX_HEAD:,} characters.")
    return (_parse_yaml(head) if mark == "---" else _parse_toml(head)), body


def say_scalar(value: object) -> str | None:
    """Return a plain value of a head as text; None for nothing, a list or an object."""
    if isinstance(value, str | int | float | date | datetime) and not isinstance(value, bool):
        return " ".join(str(value).split()) or None
    return None


def _is_head(lines: list[str], *, is_ended: bool) -> bool:
    """Whether lines below a first --- are fields.

    Otherwise it is a rule, and a blank line separates it from the text.
    """
    if not is_ended and not any(line.strip() for line in lines[:1]):
        return False
    fields = [field["name"].lower() for line in lines if (field := _FIELD.match(line))]
    if lines and not lines[0].strip():
        return not _KNOWN.isdisjoint(fields)
    first = next((line for line in lines if line.strip() and not line.startswith("#")), None)
    return first is None or _FIELD.match(first) is not None


def _parse_yaml(head: str) -> Fields:
    plain = "\n".join(map(_without_template, head.split("\n")))
    try:
        fields = _load_yaml(plain)
    except (yaml.YAMLError, ValueError, RecursionError):
        # "title: Cleaning: how to" is not valid YAML, but many heads contain such lines.
        try:
            fields = _load_yaml("\n".join(map(_quote_value, plain.split("\n"))))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise RejectedError("The front matter is not valid YAML.") from error
    if not isinstance(fields, dict | None):
        raise RejectedError("The front matter is not a list of names and values.")
    return {str(name): value for name, value in (fields or {}).items()}


class _Loader(yaml.SafeLoader):
    """Reads YAML without aliases, with which 300 bytes can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not read", None)
        return super().compose_node(parent, index)


def _load_yaml(head: str) -> object:
    return yaml.load(head, Loader=_Loader)


def _without_template(line: str) -> str:
    """Return a line without its value if only the site's generator knows that value."""
    field = _FIELD.match(line)
    return f"{field['name']}:" if field and field["value"] and _TEMPLATE.search(field["value"]) else line


def _quote_value(line: str) -> str:
    field = _FIELD.match(line)
    if not field or not field["value"] or _QUOTED.match(field["value"]):
        return line
    value = field["value"].replace("'", "''")
    return f"{field['name']}: '{value}'"


def _parse_toml(head: str) -> Fields:
    try:
        return tomllib.loads(head)
    except (ValueError, RecursionError) as error:
        raise RejectedError("The front matter is not valid TOML.") from error


def _split_json(text: str) -> tuple[Fields, str]:
    """Return the fields of an object that begins the text. A text that merely begins with a brace has none."""
    try:
        fields, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}, text
    rest = text[end:]
    if not isinstance(fields, dict) or (rest and not rest.startswith("\n")) or not rest.strip():
        return {}, text
    return fields, rest.lstrip("\n")
