"""Builds the Home tab: for everybody what Chip knows and their own data, for admins how it is doing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import wording
from bot.views.blocks import Block, build_button, build_context, build_section, plain_text
from bot.views.import_view import OPEN as IMPORT
from bot.views.learning_view import DECIDE
from feedback.events import Role
from feedback.measures import Measures, find_interval
from feedback.questions import PopularQuestion

EXPORT = "home_export"
TRAINING = "home_training"
FORGET = "home_forget"
RETRAIN = "home_retrain"
ROLLBACK = "home_rollback"
PAUSE = "home_pause"
REFRESH = "home_refresh"
REVIEW = "home_review"

_TOPICS = 8
_FEW_VOTES = 20
_QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class Dashboard:
    """How Chip is doing, over the last days and over as many days `before`.

    `base` and `adapter` name what serves, `trial` says how the adapter on trial does, and `watch`
    what the weekly test and the looks for drift found. Times are in UTC.
    """

    measures: Measures
    before: Measures
    tickets: int
    pending: int
    unanswered: Sequence[PopularQuestion]
    base: str
    adapter: str | None
    training: str
    next_retrain: datetime | None
    last_retrain: str
    learning: str
    trial: Sequence[tuple[str, str]]
    watch: Sequence[tuple[str, str]]
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
    suggested: Sequence[str]
    may_train: bool
    dashboard: Dashboard | None


def build_home(facts: HomeFacts) -> Block:
    """Return the Home view. The dashboard comes first if there is one."""
    shown = _dashboard(facts.dashboard) if facts.dashboard else []
    return {"type": "home", "blocks": [*shown, *_knowledge(facts), *_data(facts)]}


def _knowledge(facts: HomeFacts) -> list[Block]:
    topics = _sample(facts.topics)
    more = len(facts.topics) - len(topics)
    listed = escape_mrkdwn(", ".join(topics)) + (wording.HOME_MORE.format(count=more) if more else "")
    shown = [
        _header(wording.HOME_TITLE),
        build_section(wording.HOME),
        build_section(wording.HOME_KNOWS.format(count=facts.documents, topics=listed or "–")),
    ]
    if facts.suggested:
        asked = "\n".join(f"• {escape_mrkdwn(question)}" for question in facts.suggested)
        shown.append(build_section(f"*{wording.HOME_TRY}*\n{asked}"))
    if facts.asked_often:
        shown.append(build_section(_list_questions(wording.HOME_ASKED, facts.asked_often)))
    return shown


def _sample(topics: Sequence[str]) -> list[str]:
    """Return a few topics from the whole list, not the first of the alphabet."""
    return list(topics)[:: -(-len(topics) // _TOPICS) or 1]


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
    shown: list[Block] = [
        _header(wording.BOARD_TITLE.format(days=board.days)),
        *([_fields(_lead(board))] if board.measures.replies else [build_section(wording.BOARD_NOBODY)]),
        build_context(wording.BOARD_MORE),
        _fields(_figures(board)),
        *([_fields(board.trial)] if board.trial else []),
        *([_fields(board.watch)] if board.watch else []),
        {"type": "actions", "block_id": "home_admin", "elements": _buttons(board)},
    ]
    if board.is_paused:
        shown.insert(1, build_section(wording.BOARD_PAUSED))
    if board.unanswered:
        shown.append(build_section(_list_questions(wording.STATS_UNANSWERED, board.unanswered)))
    shown.append(build_context(wording.BOARD_AS_OF.format(time=f"{board.now:%Y-%m-%d %H:%M} UTC")))
    return [*shown, {"type": "divider"}]


def _fields(rows: Sequence[tuple[str, str]]) -> Block:
    fields = [{"type": "mrkdwn", "text": f"*{name}*\n{escape_mrkdwn(shorten(value, 300))}"} for name, value in rows]
    return {"type": "section", "fields": fields[:10]}


def _lead(board: Dashboard) -> list[tuple[str, str]]:
    """Return the three figures that matter, each next to that of the days before."""
    now, before = board.measures, board.before
    answered = f"{_tell_answered(now)} ({now.answered} of {now.replies})"
    earlier = f"; before: {_tell_answered(before)}" if before.replies else ""
    return [
        ("Questions", f"{now.replies}; {before.replies or 'none'} in the {board.days} days before"),
        ("Answered", f"{answered}{earlier}"),
        ("Satisfaction", _tell_satisfaction(now, before)),
    ]


def _tell_answered(figures: Measures) -> str:
    return f"{figures.answered / figures.replies:.0%}"


def _tell_satisfaction(now: Measures, before: Measures) -> str:
    """Return a share if there are votes enough for one; otherwise the votes, and the range of the share."""
    votes = now.up + now.down
    if now.satisfaction is None:
        return "no votes yet"
    low, high = find_interval(now.up, votes)
    if votes < _FEW_VOTES:
        return f"{now.up} up, {now.down} down: too few to say (between {low:.0%} and {high:.0%})"
    earlier = f"; before: {before.satisfaction:.0%}" if before.satisfaction is not None else ""
    return f"{now.satisfaction:.0%} of {votes} votes (between {low:.0%} and {high:.0%}){earlier}"


def _figures(board: Dashboard) -> list[tuple[str, str]]:
    figures = board.measures
    deflected = "–"
    if figures.replies:
        deflected = f"{1 - figures.escalations / figures.replies:.0%} of {figures.replies} needed no person"
    withheld = "–"
    if figures.sentences:
        withheld = f"{figures.withheld} of {figures.sentences} ({figures.withheld / figures.sentences:.1%})"
    speed = "–" if figures.median_first_text_ms is None else f"{figures.median_first_text_ms / 1000:.1f} s"
    training = board.training or wording.BOARD_NO_RETRAIN
    if board.next_retrain is not None and not board.training:
        training = f"{board.next_retrain:%Y-%m-%d %H:%M} UTC"
    return [
        ("Without a person", deflected),
        ("Without an answer", f"{figures.refused} of {figures.replies}"),
        ("Sentences left out, since no document says so", withheld),
        ("Waiting for a person", str(board.tickets)),
        ("Corrections to review", str(board.pending)),
        ("Model in use", f"{board.adapter} on {board.base}" if board.adapter else f"{board.base}, nothing learned yet"),
        ("Time to the first text", speed),
        ("Next training", training),
        ("Last training", board.last_retrain),
        ("Learning", board.learning),
    ]


def _buttons(board: Dashboard) -> list[Block]:
    rollback = build_button(wording.BOARD_ROLLBACK, ROLLBACK, "previous")
    rollback["confirm"] = _confirm(wording.BOARD_ROLLBACK, wording.BOARD_ROLLBACK_SURE, wording.BOARD_ROLLBACK)
    pause = wording.BOARD_RESUME if board.is_paused else wording.BOARD_PAUSE
    retrain = [] if board.training else [build_button(wording.BOARD_RETRAIN, RETRAIN, "now", "primary")]
    return [
        *retrain,
        rollback,
        build_button(pause, PAUSE, "off" if board.is_paused else "on"),
        build_button(wording.BOARD_LEARNING_BUTTON, DECIDE, "now"),
        build_button(wording.BOARD_REVIEW, REVIEW, "home"),
        build_button(wording.BOARD_IMPORT, IMPORT, "home"),
        build_button(wording.BOARD_REFRESH, REFRESH, "now"),
    ]


def _header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text)}


def _list_questions(title: str, asked: Sequence[PopularQuestion]) -> str:
    lines = [f"• {escape_mrkdwn(shorten(one.question, 150))} ({one.times} ×)" for one in asked[:_QUESTIONS]]
    return "\n".join([f"*{title}*", *lines])


def _confirm(title: str, text: str, confirm: str) -> Block:
    return {
        "title": plain_text(title),
        "text": plain_text(text),
        "confirm": plain_text(confirm[:30]),
        "deny": plain_text("Cancel"),
    }
