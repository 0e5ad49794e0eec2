"""Reads the head of a Markdown file: YAML between ---, TOML between +++, or JSON. Does not interpret the fields.

Of a head that is broken, each line that is a field is read by itself. A file that only begins with a rule has no head.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml

from retrieval.reading.heads import Fields

MAX_HEAD = 100_000
_ANY_FIELD = re.compile(r"""^[ \t]*["']?(?P<name>[A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*(?P<value>.*)$""")
_AROUND = " \t,-\"'"
_FIELD = re.compile(r"^(?P<name>[A-Za-z_][\w .-]*):(?:[ \t]+(?P<value>\S.*?))?[ \t]*$")
_KNOWN = frozenset({"title", "audience", "updated", "date", "layout"})
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_QUOTED = re.compile(r"""^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?:\s+#.*)?$|^[\[{|>]""")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a head. `problem` says what is wrong with it; "" if nothing is, or if there is none."""

    fields: Fields
    problem: str = ""


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Return the head and the text below it."""
    text = text.lstrip("\n") if text[:1] == "\n" else text
    if text.startswith("{"):
        return _split_json(text)
    lines = text.split("\n")
    mark = lines[0].rstrip()
    if mark not in ("---", "+++"):
        return FrontMatter({}), text
    ends = {mark, "..."} if mark == "---" else {mark}
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ends), None)
    if mark == "---" and not _is_head(lines[1:end], is_ended=end is not None):
        return FrontMatter({}), text
    if end is None:
        end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
        return _salvage(lines[1:end], f"it starts with {mark} and does not end"), "\n".join(lines[1:])
    head, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    if len(head) > MAX_HEAD:
        return _salvage(lines[1:end], f"it has more than {MAX_HEAD:,} characters"), body
    return (_parse_yaml(head) if mark == "---" else _parse_toml(head)), body


def _salvage(lines: list[str], problem: str) -> FrontMatter:
    """Return what the lines of a broken head say, each by itself. Lines below a name without a value are its value."""
    fields: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if found := _ANY_FIELD.match(line):
            name = found["name"]
            fields.setdefault(name, []).append(found["value"])
        elif name and not any(fields[name]):
            fields[name].append(line)
    said = {
        name: ", ".join(filter(None, (value.strip(_AROUND) for value in values))) for name, values in fields.items()
    }
    return FrontMatter({name: value for name, value in said.items() if value}, problem)


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


def _parse_yaml(head: str) -> FrontMatter:
    plain = "\n".join(map(_without_template, head.split("\n")))
    # "title: Cleaning: how to" is not valid YAML, but many heads contain such lines.
    for text in (plain, "\n".join(map(_quote_value, plain.split("\n")))):
        try:
            fields = _load_yaml(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        if isinstance(fields, dict | None):
            return FrontMatter({str(name): value for name, value in (fields or {}).items()})
    return _salvage(plain.split("\n"), "it is not valid YAML")


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


def _parse_toml(head: str) -> FrontMatter:
    try:
        return FrontMatter(tomllib.loads(head))
    except (ValueError, RecursionError):
        return _salvage(head.split("\n"), "it is not valid TOML")


def _split_json(text: str) -> tuple[FrontMatter, str]:
    """Return the fields of an object that begins the text. A text that merely begins with a brace has none."""
    try:
        fields, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return FrontMatter({}), text
    rest = text[end:]
    if not isinstance(fields, dict) or (rest and not rest.startswith("\n")) or not rest.strip():
        return FrontMatter({}), text
    return FrontMatter(fields), rest.lstrip("\n")
