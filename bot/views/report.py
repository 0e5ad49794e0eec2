"""Builds a retrain's report as admins read it in Slack. Pure: from the report's figures to text and blocks."""

from collections.abc import Mapping, Sequence

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import blocks, wording
from bot.views.retrain_plot import find_right
from retrain.canary.log import DEFAULT_SHARE
from retrain.curate import NO_CONSENT
from retrain.judging.slices import KINDS
from retrain.proof import Proof
from retrain.report import RetrainReport, Scores

SERVE, TRY = "serve_adapter", "try_adapter"
LONGEST = 240  # characters of an answer in the report
_VERDICTS = {"better": "Better", "worse": "Worse", "changed": "Changed"}
_HEADLINES = {
    "promoted": "The training passed its test: {adapter} answers from now on.",
    "on trial": "The training passed its test: {adapter} answers a share of the new conversations first.",
    "refused": "The training was not good enough: {champion} keeps answering.",
    "not judged": "The training could not be judged: {champion} keeps answering until an admin decides.",
    "nothing to learn": "There was nothing to learn yet; nothing changed.",
}
# What a dataset consists of, in the singular and the plural. The base's own answers keep it from forgetting.
_SOURCES = {
    "correction": ("correction", "corrections"),
    "like": ("liked answer", "liked answers"),
    "dislike": ("answer that was found wrong", "answers that were found wrong"),
    "import": ("imported answer", "imported answers"),
    "replay": (
        "answer asked again, so that it is not forgotten",
        "answers asked again, so that they are not forgotten",
    ),
}
_TEACHERS = {"customer": ("customer", "customers"), "staff": ("agent", "agents"), "admin": ("admin", "admins")}


def build_rows(report: RetrainReport) -> tuple[str, list[tuple[str, str]]]:
    """Return the headline and the figures, as names and values."""
    champion = report.champion_id or wording.BASE_NAME.format(base=report.base_id)
    headline = _HEADLINES[report.outcome].format(adapter=report.adapter_id, champion=champion)
    return headline, [("Why", " ".join(report.reasons)), *_figures(report)]


def build_report(report: RetrainReport, missing: Sequence[tuple[str, str]] = ()) -> tuple[str, list[blocks.Block]]:
    """Return the notification text and the blocks. `missing` are rows about what the documents lack.

    What people asked is left out: a channel keeps what it is told.
    """
    headline, rows = build_rows(report)
    fields = blocks.build_fields(headline, [*rows, *missing])
    choice = [_offer_choice(report.adapter_id)] if report.outcome == "not judged" and report.adapter_id else []
    return headline, [*fields, *_show_changes(report), *choice, blocks.build_context(_small_print(report))]


def build_offer(text: str, adapter_id: str) -> list[blocks.Block]:
    """Return a text with the button that lets an adapter answer everybody."""
    return [blocks.build_section(text), {"type": "actions", "elements": [_build_serve_button(adapter_id, text)]}]


def _offer_choice(adapter_id: str) -> blocks.Block:
    """Return the buttons that let an adapter answer everybody, or some people first."""
    some = wording.TRIAL_BUTTON.format(share=DEFAULT_SHARE)
    trial = blocks.build_button(some, TRY, adapter_id) | {"confirm": _confirm("Try it", wording.TRIAL_SURE)}
    return {"type": "actions", "elements": [_build_serve_button(adapter_id, wording.SERVE_SURE), trial]}


def _build_serve_button(adapter_id: str, sure: str) -> blocks.Block:
    button = blocks.build_button(wording.SERVE_BUTTON, SERVE, adapter_id)
    return button | {"confirm": _confirm(wording.SERVE_BUTTON, sure)}


def _confirm(title: str, text: str) -> blocks.Block:
    return {
        "title": blocks.plain_text(title),
        "text": blocks.plain_text(shorten(text, 290)),
        "confirm": blocks.plain_text(title),
        "deny": blocks.plain_text("Not yet"),
    }


def list_changes(report: RetrainReport) -> list[tuple[str, str, str]]:
    """Return some questions with their answers before and after: the verdict and the question, and both answers."""
    return [
        (f"{_VERDICTS[change.verdict]}: {change.question}", _cut(change.before), _cut(change.after))
        for change in report.changes
    ]


def _cut(answer: str) -> str:
    return shorten(answer, LONGEST) or wording.REPORT_NO_ANSWER


def _show_changes(report: RetrainReport) -> list[blocks.Block]:
    pieces = [
        f"*{escape_mrkdwn(question)}*\n> {_quote(before)}\n→\n> {_quote(after)}"
        for question, before, after in list_changes(report.without_people())
    ]
    head = [blocks.build_section(f"*{wording.REPORT_CHANGES}*")] if pieces else []
    return [*head, *(blocks.build_section(piece) for piece in pieces)]


def _quote(text: str) -> str:
    return escape_mrkdwn(" ".join(text.split()))


def _figures(report: RetrainReport) -> list[tuple[str, str]]:
    rows = []
    if report.lessons:
        rows.append(("Learned from", word_sources(report.lessons) + _word_teachers(report)))
    if report.dropped:
        rows.append(("Left out", ", ".join(f"{count} × {reason}" for reason, count in report.dropped.items())))
    if NO_CONSENT in (report.dropped or {}):
        rows.append(("What to do", wording.REPORT_NO_CONSENT))
    if report.before and report.after:
        rows.append(
            ("Lessons said as taught", _change(report.before, report.after, "said", "lessons") + _word_sample(report))
        )
        if report.after.heldout:
            right = _change(report.before, report.after, "heldout_right", "heldout")
            rows.append(("What nobody taught it, right", right + _word_bounds(report)))
            rows.append(("Asked", _word_questions(report)))
    if report.not_judged and report.outcome != "promoted":
        rows.append(("Too few questions to tell whether it", "; ".join(report.not_judged)))
    if people := _word_people(report):
        rows.append(("How people are spoken of, in lessons and with swapped copies", people))
    return [*rows, *_list_costs(report)]


def _list_costs(report: RetrainReport) -> list[tuple[str, str]]:
    """Return what the training took and what went along with it."""
    rows = []
    if report.seconds:
        rows.append(("Took", f"{report.seconds['total']:.0f} s{_word_cost(report)}"))
    if report.swap_ms is not None:
        rows.append(("Swapped in", f"{report.swap_ms:.0f} ms, no reply was interrupted"))
    if report.cleared:
        rows.append(
            ("Cleared away", wording.count(report.cleared, "old adapter or data set", "old adapters and data sets"))
        )
    return rows


def word_sources(lessons: Mapping[str, int]) -> str:
    """Say how many lessons of each source there are."""
    return ", ".join(wording.count(many, *_SOURCES.get(source, (source, source))) for source, many in lessons.items())


def _word_teachers(report: RetrainReport) -> str:
    """Say how many people taught it, by what they are here; "" where nobody did."""
    told = [wording.count(many, *_TEACHERS.get(role, (role, role))) for role, many in (report.teachers or {}).items()]
    return f"; taught by {' and '.join(told)}" if told else ""


def _word_cost(report: RetrainReport) -> str:
    used = report.training or {}
    if "processor_seconds" not in used:
        return ""
    return (
        f", of which the training itself used {used['processor_seconds']:.0f} s of processor time and at most "
        f"{used['peak_megabytes']:,.0f} MB of memory"
    )


def _word_sample(report: RetrainReport) -> str:
    """Say that only some lessons were asked again, and that time was over before all were learned."""
    used, asked = report.training or {}, report.after.lessons if report.after else 0
    sample = f"; {report.taught:,} were taught, and so many of them were asked" if report.taught > asked else ""
    if used.get("stopped") != "time":
        return sample
    return f"{sample}; its time was over when {used.get('memorised')} of {used.get('lessons')} were sure"


def _word_bounds(report: RetrainReport) -> str:
    """Say how large the gain is and may be, and how many questions would show it, in points of a hundred."""
    if report.gain is None or report.gain_bounds is None:
        return ""
    low, high = (max(-1.0, min(1.0, bound)) * 100 for bound in report.gain_bounds)
    said = f" ({report.gain * 100:+.0f} points; surely between {low:+.0f} and {high:+.0f})"
    return said + (f". About {report.needed} questions show such a gain" if low <= 0 and report.needed else "")


def _word_questions(report: RetrainReport) -> str:
    told = ", ".join(f"{many} {KINDS.get(kind, kind)}" for kind, many in (report.kinds or {}).items())
    return told + (f"; {report.reused} of them were asked by earlier trainings" if report.reused else "")


def _word_people(report: RetrainReport) -> str:
    lessons, rows = (dict((report.people or {}).get(name) or {}) for name in ("lessons", "rows"))
    return ", ".join(f"{name} {lessons.get(name, 0)} → {many}" for name, many in rows.items() if many)


def _change(before: Scores, after: Scores, what: str, of: str) -> str:
    return f"{getattr(before, what)} → {getattr(after, what)} of {getattr(after, of)}"


def _small_print(report: RetrainReport) -> str:
    dataset = f" · dataset {report.dataset_hash[:12]}" if report.dataset_hash else ""
    back = " · `/chip rollback` goes back" if report.outcome == "promoted" else ""
    return f"Run {report.run_id} by {report.trigger}{dataset}{back}"


def describe_plot(report: RetrainReport) -> str:
    """Say what the picture of a report shows, for who cannot see it."""
    told = [f"{part.name} {part.before} → {part.after} of {part.of}" for part in find_right(report)]
    return f"{wording.REPORT_PLOT}, right: {', '.join(told)}."


def word_proof(proof: Proof) -> str:
    """Say what the search for a forgotten person's words found."""
    said = wording.FORGOTTEN_LEFT if proof.found else wording.FORGOTTEN_PROVED
    serving = wording.FORGOTTEN_SERVING.format(adapter=proof.serving) if proof.serving else ""
    return said.format(files=proof.files, id=proof.id, count=len(proof.found)) + serving
