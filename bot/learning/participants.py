"""Finds the names of a conversation's people in Slack, so that training data can mask them.

Knows nothing of how a name is masked.
"""

from collections.abc import Callable, Sequence

from bot.slack.directory import Directory
from feedback import conversation
from feedback.database import Database
from feedback.replies import Reply


def build_find_names(db: Database, directory: Directory, bot_user: str) -> Callable[[Reply, str], Sequence[str]]:
    """Return a function that finds the names of a reply's asker, a teacher and everybody in its thread except Chip."""

    def find_names(reply: Reply, teacher: str) -> Sequence[str]:
        wrote = conversation.find_people(db, reply.team, reply.channel, reply.thread_ts)
        people = sorted({reply.asker, teacher, *wrote} - {bot_user, ""})
        return list(dict.fromkeys(name for person in people for name in directory.names(person)))

    return find_names
