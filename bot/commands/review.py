"""The review's window as it moves on: which item it shows next, or that nothing waits any more."""

import logging

from bot.learning.review import FIRST, Item, Kind, Place, Queue
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.text import escape_mrkdwn
from bot.views import review_view, wording
from bot.views.blocks import Block

logger = logging.getLogger(__name__)


def open_queue(services: Services) -> Queue:
    """Return the queue of the workspace."""
    return Queue(services.db, services.directory.team, services.prepare_lesson, services.learning.engine.base_id)


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
    item, count = queue.find_next(after), queue.count()
    if item is None:
        skipped = after != FIRST and count > 0
        text = wording.REVIEW_END.format(waiting=count) if skipped else wording.REVIEW_NOTHING
        return review_view.build_sentence(text, notice)
    documents = queue.look_up(item)
    return review_view.build_item(
        state={"kind": item.kind.value, "id": item.id, "place": item.place},
        why=_tell_why(item),
        question=item.question,
        said=item.said,
        text=item.text,
        lines=documents.lines,
        support=documents.support,
        waiting=wording.REVIEW_WAITING.format(waiting=wording.count(count, "item waits", "items wait")),
        notice=notice,
    )


def _tell_why(item: Item) -> str:
    if item.kind is Kind.CORRECTION:
        return wording.REVIEW_CORRECTION.format(person=item.person, role=item.role)
    return wording.REVIEW_IMPORTED.format(source=escape_mrkdwn(item.source))
