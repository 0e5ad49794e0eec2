"""Loads the settings: environment over file over defaults, each value with its source, each mistake named.

Environment names are `CHIP_SECTION__KEY`. Slack's tokens have the names that Slack's documentation uses
(`SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN`). With `_FILE` at its end a name gives the file that holds the value, for secrets
that containers and services hand over as files.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from config.masking import mask_secrets
from config.settings import ENVIRONMENT_PREFIX, TOKEN_VARIABLES, Settings, SettingsError

FILE_VARIABLE = "CHIP_CONFIG"
DEFAULT_FILE = Path("chip.yaml")
VALUE_FILE = "_FILE"
# Only a wrong value of these types is repeated in an error. A section, a list or a text may hold a secret.
_SHOWN_TYPES = (int, float, bool, int | None, float | None)


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as start-up prints it: dotted key, value (secrets masked) and where it came from."""

    key: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings and, for every key that is not a default, its source."""

    settings: Settings
    sources: dict[str, str]

    def lines(self) -> list[SettingLine]:
        """Return a line for each setting, in the order of declaration."""
        return [
            SettingLine(key, mask_secrets(str(value)), self.sources.get(key, "default"))
            for key, value in _leaves(self.settings)
        ]


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> LoadedSettings:
    """Merge environment over file over defaults. Raises `SettingsError`.

    `file` defaults to $CHIP_CONFIG, then to chip.yaml in the working folder if there is one.
    """
    environment = os.environ if environment is None else environment
    path = file or _named_file(environment)
    from_file = _read_file(path) if path else {}
    from_environment = _read_environment(environment)
    sources = dict.fromkeys(_keys(from_file), str(path)) | dict.fromkeys(_keys(from_environment), "environment")
    for values, file_of_value in _read_value_files(environment):
        from_environment = _merge(from_environment, values)
        sources |= dict.fromkeys(_keys(values), str(file_of_value))
    try:
        return LoadedSettings(Settings(**_merge(from_file, from_environment)), sources)
    except ValidationError as error:
        raise SettingsError(_explain(error, sources)) from error


def _named_file(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(FILE_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        # PyYAML's message quotes the file, which may hold tokens.
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark is not None else ""
        told = getattr(error, "problem", None) or type(error).__name__
        raise SettingsError(f"The settings file {path} is not valid YAML{place}: {told}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"The settings file {path} must hold keys and values, such as 'company: Acme'.")
    return content


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    chosen = {key: value for key, value in environment.items() if key.startswith(ENVIRONMENT_PREFIX) and value}
    chosen = {name: value for name, value in chosen.items() if name != FILE_VARIABLE and not name.endswith(VALUE_FILE)}
    for name in chosen:
        _require_known(name)
    source = EnvSettingsSource(Settings)
    source.env_vars = {key.lower(): value for key, value in chosen.items()}
    values: dict[str, Any] = source()
    for name, key in TOKEN_VARIABLES.items():
        if value := environment.get(name):
            values.setdefault("slack", {}).setdefault(key, value)
    return values


def _read_value_files(environment: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield the value of each variable that names a file, as `_read_environment` returns values, and that file."""
    for variable, place in environment.items():
        name = variable.removesuffix(VALUE_FILE)
        is_ours = name.startswith(ENVIRONMENT_PREFIX) or name in TOKEN_VARIABLES
        if not place or name == variable or not is_ours:
            continue
        if environment.get(name):
            raise SettingsError(f"Both {name} and {variable} are set. Set one of them.")
        yield _read_environment({name: _read_value(variable, Path(place))}), Path(place)


def _read_value(variable: str, file: Path) -> str:
    try:
        value = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file that {variable} names cannot be read: {error}") from error
    if not value:
        raise SettingsError(f"The file {file}, which {variable} names, is empty. Write the value into it.")
    return value


def _require_known(name: str) -> None:
    section: type[BaseModel] = Settings
    for part in name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"):
        field = section.model_fields.get(part)
        if field is None:
            known = ", ".join(sorted(section.model_fields))
            raise SettingsError(f"The environment variable {name} names no setting ('{part}' is none of: {known}).")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            section = field.annotation


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _leaves(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    sentences = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        where = sources.get(key) or next((source for name, source in sources.items() if name.startswith(key)), "")
        place = f" (from {where})" if where else ""
        if problem["type"] == "extra_forbidden":
            sentences.append(f"Unknown setting '{key}'{place}. {_name_known(problem['loc'])}")
        else:
            sentences.append(f"Setting '{key}'{place}: {problem['msg']}{_show_input(problem)}.")
    return "\n".join(sentences)


def _name_known(place: tuple[int | str, ...]) -> str:
    """Return the nearest known setting, and all that exist where the unknown one was written."""
    section = _find_annotation(place[:-1]) if len(place) > 1 else Settings
    known = sorted(getattr(section, "model_fields", {}))
    near = get_close_matches(str(place[-1]), known, n=1)
    meant = f"Did you mean '{near[0]}'? " if near else ""
    return f"{meant}Known here: {', '.join(known)}."


def _show_input(problem: ErrorDetails) -> str:
    """Return the given value, unless it may be a secret, even one meant for another setting."""
    given, annotation = problem["input"], _find_annotation(problem["loc"])
    if annotation not in _SHOWN_TYPES or not isinstance(given, str | int | float):
        return ""
    return f"; got {mask_secrets(repr(given))}"


def _find_annotation(place: tuple[int | str, ...]) -> Any:
    section: Any = Settings
    for part in place:
        fields = getattr(section, "model_fields", {})
        if part not in fields:
            return section if section is not Settings else None
        section = fields[part].annotation
    return section
