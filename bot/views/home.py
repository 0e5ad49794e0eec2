"""The Home tab: for everybody what Chip knows and their own data, for admins how it is doing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import blocks, wording
from bot.views.blocks import Block, build_button, build_context, build_section, plain_text
from bot.views.learning_view import DECIDE
from feedback.corrections import Correction
from feedback.events import Role
from feedback.measures import Measures
from feedback.questions import PopularQuestion
from feedback.replies import Reply

EXPORT = "home_export"
TRAINING = "home_training"
FORGET = "home_forget"
RETRAIN = "home_retrain"
ROLLBACK = "home_rollback"
PAUSE = "home_pause"
REFRESH = "home_refresh"

_TOPICS = 12
_QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A correction that waits, with the reply that it is about."""

    correction: Correction
    reply: Reply


@dataclass(frozen=True, slots=True)
class Dashboard:
    """How Chip is doing, over the last days. `base` and `adapter` name what serves; times are in UTC."""

    measures: Measures
    tickets: int
    unanswered: Sequence[PopularQuestion]
    waiting: Sequence[Waiting]
    base: str
    adapter: str | None
    is_training: bool
    next_retrain: datetime | None
    last_retrain: str
    learning: str
    is_paused: bool
    now: datetime
    days: int


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What one person's Home shows. `dashboard` is for admins."""

    role: Role
    documents: int
    topics: Sequence[str]
    asked_often: Sequence[PopularQuestion]
    may_train: bool
    dashboard: Dashboard | None


def build_home(facts: HomeFacts) -> Block:
    """Return the Home view: the dashboard first, where there is one."""
    shown = _dashboard(facts.dashboard) if facts.dashboard else []
    return {"type": "home", "blocks": [*shown, *_knowledge(facts), *_data(facts)]}


def _knowledge(facts: HomeFacts) -> list[Block]:
    topics = list(facts.topics)[:_TOPICS]
    more = len(facts.topics) - len(topics)
    listed = escape_mrkdwn(", ".join(topics)) + (wording.HOME_MORE.format(count=more) if more else "")
    shown = [
        _header(wording.HOME_TITLE),
        build_section(wording.HOME),
        build_section(wording.HOME_KNOWS.format(count=facts.documents, topics=listed or "–")),
    ]
    if facts.asked_often:
        shown.append(build_section(_list(wording.HOME_ASKED, facts.asked_often)))
    return shown


def _data(facts: HomeFacts) -> list[Block]:
    choice = wording.HOME_TRAINED if facts.may_train else wording.HOME_NOT_TRAINED
    toggle = wording.HOME_STOP_TRAINING if facts.may_train else wording.HOME_ALLOW_TRAINING
    forget = build_button(wording.HOME_FORGET, FORGET, "me", "danger")
    forget["confirm"] = _confirm(wording.HOME_FORGET, wording.HOME_FORGET_SURE, wording.HOME_FORGET_YES)
    buttons = [
        build_button(toggle, TRAINING, "off" if facts.may_train else "on"),
        build_button(wording.HOME_EXPORT, EXPORT, "me"),
        forget,
    ]
    return [
        {"type": "divider"},
        _header(wording.HOME_DATA),
        build_section(f"{wording.HOME_KEEPS} {choice}"),
        {"type": "actions", "block_id": "home_data", "elements": buttons},
    ]


def _dashboard(board: Dashboard) -> list[Block]:
    fields = [
        {"type": "mrkdwn", "text": f"*{name}*\n{escape_mrkdwn(shorten(value, 300))}"} for name, value in _figures(board)
    ]
    shown: list[Block] = [
        _header(wording.BOARD_TITLE.format(days=board.days)),
        *({"type": "section", "fields": fields[at : at + 10]} for at in range(0, len(fields), 10)),
        {"type": "actions", "block_id": "home_admin", "elements": _buttons(board)},
    ]
    if board.is_paused:
        shown.insert(1, build_section(wording.BOARD_PAUSED))
    if board.unanswered:
        shown.append(build_section(_list(wording.STATS_UNANSWERED, board.unanswered)))
    for one in board.waiting:
        card = blocks.build_correction_card(
            one.correction.id, one.correction.person, one.reply.question, one.reply.shown, one.correction.text
        )
        shown += card
    shown.append(build_context(wording.BOARD_AS_OF.format(time=f"{board.now:%Y-%m-%d %H:%M} UTC")))
    return [*shown, {"type": "divider"}]


def _figures(board: Dashboard) -> list[tuple[str, str]]:
    figures = board.measures
    satisfied = "no votes yet"
    if figures.satisfaction is not None:
        satisfied = f"{figures.satisfaction:.0%} ({figures.up} up, {figures.down} down)"
    deflected = "–"
    if figures.replies:
        deflected = f"{1 - figures.escalations / figures.replies:.0%} of {figures.replies} needed no person"
    withheld = "–"
    if figures.sentences:
        withheld = f"{figures.withheld} of {figures.sentences} ({figures.withheld / figures.sentences:.1%})"
    speed = "–" if figures.median_first_text_ms is None else f"{figures.median_first_text_ms / 1000:.1f} s"
    training = "running now" if board.is_training else wording.BOARD_NO_RETRAIN
    if board.next_retrain is not None and not board.is_training:
        training = f"{board.next_retrain:%Y-%m-%d %H:%M} UTC"
    return [
        ("Satisfaction", satisfied),
        ("Deflection", deflected),
        ("Without an answer", f"{figures.refused} of {figures.replies}"),
        ("Sentences left out as unsupported", withheld),
        ("Waiting for a person", str(board.tickets)),
        ("Corrections to review", str(figures.pending)),
        ("Model in use", f"{board.adapter or 'no adapter'} on {board.base}"),
        ("Time to the first text", speed),
        ("Next look at training", training),
        ("Last training", board.last_retrain),
        ("Learning", board.learning),
    ]


def _buttons(board: Dashboard) -> list[Block]:
    rollback = build_button(wording.BOARD_ROLLBACK, ROLLBACK, "previous")
    rollback["confirm"] = _confirm(wording.BOARD_ROLLBACK, wording.BOARD_ROLLBACK_SURE, wording.BOARD_ROLLBACK)
    pause = wording.BOARD_RESUME if board.is_paused else wording.BOARD_PAUSE
    return [
        build_button(wording.BOARD_RETRAIN, RETRAIN, "now", "primary"),
        rollback,
        build_button(pause, PAUSE, "off" if board.is_paused else "on"),
        build_button(wording.BOARD_LEARNING_BUTTON, DECIDE, "now"),
        build_button(wording.BOARD_REFRESH, REFRESH, "now"),
    ]


def _header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text)}


def _list(title: str, asked: Sequence[PopularQuestion]) -> str:
    lines = [f"• {escape_mrkdwn(shorten(one.question, 150))} ({one.times} ×)" for one in asked[:_QUESTIONS]]
    return "\n".join([f"*{title}*", *lines])


def _confirm(title: str, text: str, confirm: str) -> Block:
    return {
        "title": plain_text(title),
        "text": plain_text(text),
        "confirm": plain_text(confirm[:30]),
        "deny": plain_text("Cancel"),
    }
