"""Builds the window in which admins upload what the company already has, and the message with the result. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import wording
from bot.views.blocks import Block, build_button, build_context, build_section, plain_text
from bot.views.imports import describe_import, describe_use
from feedback.history.importing import ImportReport
from feedback.history.imports import Use

OPEN = "home_import"
IMPORT_VIEW = "import"
FILES = "import_files"
LARGEST_BYTES = 10 * 2**20
"""Slack's own limit for a file in a form."""
MEGABYTE = 2**20

_INPUT = "chosen"
_USED_AS = "import_use"
_DOMAINS = "import_domains"
_STAFF = "import_staff"
_MOST_FILES = 10
_MOST_ROWS = 40  # a message holds 50 blocks
_VALUE_CHARACTERS = 500
_LABELS = {
    Use.REVIEW: wording.IMPORT_REVIEW,
    Use.TRAINING: wording.IMPORT_TRAINING,
    Use.HELD_OUT: wording.IMPORT_HELD_OUT,
    Use.ALL: wording.IMPORT_ALL,
}


@dataclass(frozen=True, slots=True)
class ImportForm:
    """What an admin entered. `files` are as Slack lists them."""

    files: Sequence[Mapping[str, Any]]
    used_as: Use
    domains: Sequence[str]
    staff: Sequence[str]


def build_view() -> Block:
    """Return the window."""
    uses = [{"text": plain_text(label), "value": use.value} for use, label in _LABELS.items()]
    upload = {"type": "file_input", "action_id": _INPUT, "max_files": _MOST_FILES}
    chosen = {"type": "radio_buttons", "action_id": _INPUT, "options": uses, "initial_option": uses[0]}
    hint = wording.IMPORT_FILES_HINT.format(count=_MOST_FILES, size=LARGEST_BYTES // MEGABYTE)
    return {
        "type": "modal",
        "callback_id": IMPORT_VIEW,
        "title": plain_text(wording.IMPORT_TITLE),
        "submit": plain_text(wording.IMPORT_TITLE),
        "close": plain_text("Cancel"),
        "blocks": [
            build_section(wording.IMPORT_ABOUT),
            _build_input(FILES, wording.IMPORT_FILES, upload, hint),
            _build_input(_USED_AS, wording.IMPORT_USE, chosen),
            _build_line(_DOMAINS, wording.IMPORT_DOMAINS, wording.IMPORT_DOMAINS_HINT),
            _build_line(_STAFF, wording.IMPORT_STAFF, wording.IMPORT_STAFF_HINT),
        ],
    }


def read_view(values: Mapping[str, Any]) -> ImportForm:
    """Return what was entered in the window."""
    return ImportForm(
        files=values[FILES][_INPUT].get("files") or [],
        used_as=Use(values[_USED_AS][_INPUT]["selected_option"]["value"]),
        domains=_split(values[_DOMAINS][_INPUT].get("value")),
        staff=_split(values[_STAFF][_INPUT].get("value")),
    )


def build_begun(names: Sequence[str]) -> Block:
    """Return the window after it was submitted."""
    return {
        "type": "modal",
        "title": plain_text(wording.IMPORT_TITLE),
        "close": plain_text("Close"),
        "blocks": [build_section(wording.IMPORT_BEGUN.format(names=escape_mrkdwn(", ".join(names))))],
    }


def build_report(report: ImportReport, used_as: Use, review_action: str) -> tuple[str, list[Block]]:
    """Return the text and the blocks of the message with the result."""
    headline, rows, dropped = describe_import(report)
    shown = [build_section(f"*{escape_mrkdwn(headline)}*")]
    shown += [build_section(f"*{name}*\n{_escape(value)}") for name, value in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        shown.append(build_section(wording.IMPORT_MORE_ROWS.format(count=len(rows) - _MOST_ROWS)))
    if dropped:
        lines = [f"• {_escape(reason)}: {count:,} ×{_show_example(example)}" for reason, count, example in dropped]
        shown.append(build_section("\n".join([f"*{wording.IMPORT_LEFT_OUT}*", *lines])))
    if report.was_imported:
        return escape_mrkdwn(headline), shown
    shown.append(build_context(escape_mrkdwn(describe_use(used_as, report.import_id))))
    if report.new and used_as in (Use.REVIEW, Use.ALL):
        button = build_button(wording.BOARD_REVIEW, review_action, "import")
        shown.append({"type": "actions", "elements": [button]})
    return escape_mrkdwn(headline), shown


def _show_example(example: str) -> str:
    return f" ({_escape(example)})" if example else ""


def _escape(text: str) -> str:
    return escape_mrkdwn(shorten(text, _VALUE_CHARACTERS))


def _split(entered: str | None) -> list[str]:
    return [part.strip() for part in (entered or "").split(",") if part.strip()]


def _build_line(block_id: str, label: str, hint: str) -> Block:
    element = {"type": "plain_text_input", "action_id": _INPUT, "max_length": 500}
    return _build_input(block_id, label, element, hint) | {"optional": True}


def _build_input(block_id: str, label: str, element: Block, hint: str = "") -> Block:
    block = {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}
    return block | ({"hint": plain_text(hint)} if hint else {})
