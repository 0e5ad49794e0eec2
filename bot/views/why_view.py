"""Builds the window that says why Chip answered so: in full for staff, the cited documents for customers. Pure."""

from collections.abc import Iterable, Sequence

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import wording
from bot.views.blocks import Block, build_context, build_fields, build_section, plain_text
from bot.views.lineage_view import word_lessons, word_served, word_verdict
from retrain.data.nearest import NearLesson
from retrain.explanation import Explanation, Offered

WHY_SHORTCUT = "why_answer"
WHY_VIEW = "why"

_LINE, _MOST = 200, 8


def build_loading() -> Block:
    """Return the window before anything is looked up: it has to open within three seconds."""
    return _build_window([build_section(wording.WHY_LOADING)])


def build_short(explanation: Explanation) -> Block:
    """Return the window for a customer: the cited documents."""
    cited = [escape_mrkdwn(one.heading) for one in explanation.offered if one.is_cited]
    if explanation.reply.refused:
        return _build_window([build_section(wording.WHY_NOTHING)])
    if not cited:
        return _build_window([build_section(wording.WHY_UNCITED)])
    return _build_window([build_section("\n".join([wording.WHY_FROM, *(f"• {heading}" for heading in cited)]))])


def build_full(explanation: Explanation) -> Block:
    """Return the window for staff."""
    reply, lineage = explanation.reply, explanation.lineage
    rows = [(wording.WHY_SPOKE, _word_speaker(explanation))]
    if lineage is not None and lineage.adapter is not None:
        rows += [
            (wording.WHY_LEARNED, word_lessons(lineage)),
            (wording.WHY_VERDICT, f"{word_verdict(lineage)}; {word_served(lineage)}"),
        ]
    nearest = _list_lessons(explanation.nearest) if lineage is not None else []
    return _build_window(
        [
            *build_fields(shorten(reply.question or "–", _LINE), [("How sure", _word_sureness(explanation)), *rows]),
            build_section("\n".join([f"*{wording.WHY_OFFERED}*", *_list_offered(explanation.offered)])),
            build_context(wording.WHY_OFFERED_HINT),
            *nearest,
        ]
    )


def _word_sureness(explanation: Explanation) -> str:
    reply = explanation.reply
    if explanation.is_verified:
        return wording.WHY_APPROVED
    if reply.confidence is None:
        return wording.WHY_UNKNOWN
    return wording.WHY_SURE.format(percent=f"{reply.confidence:.0%}", match=reply.match)


def _word_speaker(explanation: Explanation) -> str:
    reply, lineage = explanation.reply, explanation.lineage
    if explanation.is_verified:
        return wording.WHY_RECITED
    if lineage is None:
        return wording.WHY_BASE.format(base=reply.base_id)
    gone = "" if lineage.adapter else f"; {wording.LINEAGE_GONE.format(adapter=lineage.adapter_id)}"
    return wording.WHY_ADAPTER.format(adapter=reply.adapter_id, base=reply.base_id) + gone


def _list_offered(offered: Sequence[Offered]) -> Iterable[str]:
    if not offered:
        return [wording.WHY_UNKNOWN]
    shown = [one for number, one in enumerate(offered) if number < _MOST or one.is_cited]
    more = len(offered) - len(shown)
    return [*map(_word_offered, shown), *([wording.WHY_MORE.format(count=more)] if more else [])]


def _word_offered(one: Offered) -> str:
    near = "" if one.similarity is None else f" – {one.similarity:.2f}"
    heading = escape_mrkdwn(shorten(one.heading, _LINE)) if one.is_readable else f"_{wording.WHY_HIDDEN}_"
    return f"• {'✓ ' if one.is_cited else ''}{heading}{near}"


def _list_lessons(nearest: Sequence[NearLesson]) -> list[Block]:
    told = [
        f"• {_quote(one.lesson.question)} → {_quote(one.lesson.target)} ({one.lesson.source}, {one.likeness:.2f})"
        for one in nearest
    ] or [wording.WHY_NO_LESSONS]
    return [build_section("\n".join([f"*{wording.WHY_NEAREST}*", *told]))]


def _quote(text: str) -> str:
    return f"“{escape_mrkdwn(shorten(' '.join(text.split()), _LINE))}”"


def _build_window(shown: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": WHY_VIEW,
        "title": plain_text(wording.WHY),
        "close": plain_text("Close"),
        "blocks": shown,
    }
