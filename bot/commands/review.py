"""The review's window as it moves on: which item it shows next, or that nothing waits any more."""

import logging

from bot.learning.participants import build_find_names
from bot.learning.proposing import Proposer
from bot.learning.review import FIRST, Item, Kind, Place, Queue
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.text import escape_mrkdwn, shorten
from bot.views import review_view, wording
from bot.views.blocks import Block
from feedback import corrections, decisions, proposals, replies
from feedback.history.imports import UnknownPair, find_pair
from retrieval.asked.gestures import Gesture

logger = logging.getLogger(__name__)


def open_queue(services: Services) -> Queue:
    """Return the queue of the workspace."""
    return Queue(
        services.db,
        services.directory.team,
        services.prepare_lesson,
        services.learning.engine.base_id,
        build_proposer(services).generalise_waiting,
        services.doubts.list_items,
    )


def build_proposer(services: Services) -> Proposer:
    """Return what proposes in the workspace."""
    return Proposer(
        db=services.db,
        team=services.directory.team,
        bot_user=services.bot_user,
        prepare=services.prepare_lesson,
        encode=services.knowledge.encode,
        wants_person=lambda text: services.knowledge.find_gesture(text) is Gesture.WANTS_PERSON,
        find_role=services.directory.role,
        find_names=build_find_names(services.db, services.directory, services.bot_user),
        read_names=services.read_names,
        clock=services.clock,
    )


def show_next(services: Services, view_id: str, after: Place, notice: str = "") -> None:
    """Show the item behind a place in the window; `notice` says what became of the one before."""
    show(services, view_id, build_next(open_queue(services), after, notice))


def show(services: Services, view_id: str, view: Block) -> None:
    """Put a view into the window. A person may have closed it meanwhile."""
    try:
        services.client.views_update(view_id=view_id, view=view)
    except SLACK_ERRORS as error:
        logger.info("the review's window %s is not updated: %s", view_id, name_error(error))


def build_next(queue: Queue, after: Place, notice: str = "") -> Block:
    """Return the view of the item behind a place, or the sentence that there is none."""
    item, count = queue.find_next(after)
    if item is None:
        skipped = after != FIRST and count > 0
        text = wording.REVIEW_END.format(waiting=count) if skipped else wording.REVIEW_NOTHING
        return review_view.build_sentence(text, notice)
    return build_view(queue, item, count, notice)


def build_view(queue: Queue, item: Item, count: int, notice: str = "") -> Block:
    """Return the view of one item; `count` wait in all."""
    documents = queue.look_up(item)
    return review_view.build_item(
        state={"kind": item.kind.value, "id": item.id, "place": item.place},
        why=_tell_why(item),
        question=item.question,
        said=item.said,
        text=item.text,
        others=item.others,
        lines=documents.lines,
        support=documents.support,
        waiting=wording.REVIEW_WAITING.format(waiting=wording.count(count, "item waits", "items wait")),
        buttons=_BUTTONS.get(item.kind, (wording.REVIEW_APPROVE, wording.REVIEW_REJECT)),
        notice=notice,
    )


_WHY = {
    Kind.CORRECTION: wording.REVIEW_CORRECTION,
    Kind.TICKET: wording.REVIEW_TICKET,
    Kind.THREAD: wording.REVIEW_THREAD,
    Kind.DOCUMENTS: wording.REVIEW_DISLIKED,
    Kind.IMPORTED: wording.REVIEW_IMPORTED,
    Kind.DISPUTED: wording.REVIEW_DISPUTED,
    Kind.CROWD: wording.REVIEW_CROWD,
    Kind.DENIED: wording.REVIEW_DENIED,
    Kind.OUTDATED: wording.REVIEW_OUTDATED,
}
_BUTTONS = {
    Kind.CROWD: (wording.REVIEW_COUNT, wording.REVIEW_LEAVE_OUT),
    Kind.DISPUTED: (wording.REVIEW_APPROVE, wording.REVIEW_WRONG),
    Kind.DENIED: (wording.REVIEW_KEEP, wording.REVIEW_WITHDRAW),
    Kind.OUTDATED: (wording.REVIEW_KEEP, wording.REVIEW_WITHDRAW),
}
_OUTCOMES = {"approved": "approved", "changed": "changed and approved", "rejected": "rejected"}
LISTED = 20


def list_decisions(services: Services) -> str:
    """Return who decided what lately, a line for each."""
    db, team = services.db, services.directory.team
    lines = []
    for one in decisions.list_decisions(db, team, LISTED):
        question = _find_question(services, one) or wording.REVIEW_FORGOTTEN
        quoted = escape_mrkdwn(shorten(question, 100))
        outcome = _OUTCOMES[one.outcome]
        lines.append(f"• {one.at:%Y-%m-%d %H:%M} UTC <@{one.by}> {outcome} ({one.kind}): {quoted}")
    return "\n".join([wording.REVIEW_LOG, *lines]) if lines else wording.REVIEW_LOG_EMPTY


def _find_question(services: Services, one: decisions.Decision) -> str:
    """Return the question that a decision was about; "" where it is forgotten."""
    if one.kind == Kind.IMPORTED:
        try:
            return find_pair(services.db, int(one.item)).question
        except UnknownPair:
            return ""
    if one.kind == Kind.CROWD:
        return wording.REVIEW_CROWD_OF.format(crowd=one.item)
    proposed = proposals.find_proposals(services.db, [one.item]).get(one.item)
    found = corrections.find_correction(services.db, one.item)
    reply = replies.find_reply(services.db, found.reply_id if found else one.item)
    asked = (reply.query or reply.question) if reply else ""
    return proposed.question if proposed else asked


def _tell_why(item: Item) -> str:
    about = f"<@{item.person}>" if item.person else wording.REVIEW_SEVERAL
    why = _WHY[item.kind].format(
        person=item.person, role=item.role, source=escape_mrkdwn(item.source), about=about, **item.counts
    )
    return f"{why} {wording.REVIEW_ALIKE.format(count=len(item.alike))}" if item.alike else why
