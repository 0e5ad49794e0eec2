"""The marks that Chip's messages carry in Slack, by which a call whose answer was lost, or a later process, finds them.

Their metadata names the question, and the reply where it is one. Every whole message in a thread is marked, so that
one without a mark, or with that of a message that grows by updates, is what a kill cut off. Knows nothing of when
messages are posted.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from bot.slack_errors import SLACK_ERRORS, Unsettled, is_passing, is_unsure, name_error

logger = logging.getLogger(__name__)

REPLY = "chip_reply"
NOTE = "chip_note"
BEGUN = "chip_begun"

SETTLING_SECONDS = 0.5  # until what Slack may still be doing can be seen
LATEST = 100  # messages of a channel among which one that was just posted is looked for
DONE_TWICE = frozenset({"chat.postMessage", "chat.startStream", "chat.appendStream"})


def mark_reply(reply_id: str, question: str) -> dict[str, Any]:
    """Return the metadata of an answer's last part. `question` is the question's key."""
    return {"event_type": REPLY, "event_payload": {"id": reply_id, "question": question}}


def mark_outcome(question: str) -> dict[str, Any]:
    """Return the metadata of a sentence that stands in an answer's place: busy, too long, failed."""
    return {"event_type": REPLY, "event_payload": {"question": question}}


def mark_begun() -> dict[str, Any]:
    """Return the metadata of an answer's part that grows by updates; its last part gets the reply's at the end."""
    return {"event_type": BEGUN, "event_payload": {}}


def is_begun(message: Mapping[str, Any]) -> bool:
    """Whether a message of `conversations.replies` is a part that grew by updates, and not the last one."""
    return bool((message.get("metadata") or {}).get("event_type") == BEGUN)


def is_marked(message: Mapping[str, Any]) -> bool:
    """Whether a message of `conversations.replies` was posted whole."""
    return bool(message.get("metadata")) and not is_begun(message)


def is_about(message: Mapping[str, Any], question: str) -> bool:
    """Whether a message of `conversations.replies` ends the answer to this question."""
    metadata = message.get("metadata") or {}
    return metadata.get("event_type") == REPLY and metadata.get("event_payload", {}).get("question") == question


def find_own_messages(
    client: WebClient, bot_user: str, channel: str, thread_ts: str, oldest: str = "0"
) -> list[Mapping[str, Any]]:
    """Return what Chip posted in a thread after the ts `oldest`. Raises one of `SLACK_ERRORS`."""
    return [message for message in read_thread(client, channel, thread_ts, oldest) if message.get("user") == bot_user]


def read_thread(client: WebClient, channel: str, thread_ts: str, oldest: str = "0") -> list[Mapping[str, Any]]:
    """Return the messages of a thread after the ts `oldest`, with their marks. Raises one of `SLACK_ERRORS`."""
    found: list[Mapping[str, Any]] = []
    cursor = ""
    while True:
        page = client.conversations_replies(
            channel=channel, ts=thread_ts, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor
        )
        found += page["messages"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return found


class MarkingClient(WebClient):
    """The Web API client, which marks every message that it posts, and posts it once.

    Where Slack's word is lost, the message is looked for by its mark before it is posted again.
    """

    def chat_postMessage(self, **arguments: Any) -> SlackResponse:  # noqa: N802  # the name in slack_sdk
        """Post as `WebClient` does. Raises `Unsettled` where Slack may have posted and cannot be asked for now."""
        metadata = arguments.get("metadata") or {"event_type": NOTE, "event_payload": {}}
        post = secrets.token_hex(8)
        arguments["metadata"] = {**metadata, "event_payload": {**metadata["event_payload"], "post": post}}
        for is_last in (False, True):
            try:
                return super().chat_postMessage(**arguments)
            except SLACK_ERRORS as error:
                posted = self._find_post(arguments, post, error) if is_unsure(error) else None
                if posted is not None:
                    return posted
                if is_last or not is_unsure(error):
                    raise
        raise AssertionError

    def chat_update(self, **arguments: Any) -> SlackResponse:
        """Update as `WebClient` does, and once more where Slack's word is lost, which changes nothing."""
        return _do_surely(lambda: super(MarkingClient, self).chat_update(**arguments))

    def chat_stopStream(self, **arguments: Any) -> SlackResponse:  # noqa: N802  # the name in slack_sdk
        """End a stream as `WebClient` does, and once more where Slack's word is lost, refused if it was done."""
        return _do_surely(lambda: super(MarkingClient, self).chat_stopStream(**arguments))

    def _find_post(self, arguments: Mapping[str, Any], post: str, error: Exception) -> SlackResponse | None:
        """Return what Slack would have told of a message that it posted; None where it did not."""
        time.sleep(SETTLING_SECONDS)
        channel, thread_ts = arguments["channel"], arguments.get("thread_ts")
        try:
            if thread_ts:
                messages = read_thread(self, channel, thread_ts)
            else:
                page = self.conversations_history(channel=channel, include_all_metadata=True, limit=LATEST)
                messages = page["messages"]
        except SLACK_ERRORS as refusal:
            if not is_passing(refusal):  # it never tells
                raise error from refusal
            raise Unsettled(f"{channel} cannot be read: {name_error(refusal)}") from error
        for message in messages:
            if (message.get("metadata") or {}).get("event_payload", {}).get("post") == post:
                logger.info("what was posted in %s is there, though Slack said %s", channel, name_error(error))
                told = {"ok": True, "channel": channel, "ts": message["ts"], "message": message}
                return SlackResponse(
                    client=self,
                    http_verb="POST",
                    api_url="chat.postMessage",
                    req_args={},
                    data=told,
                    headers={},
                    status_code=200,
                )
        return None


def _do_surely(call: Callable[[], SlackResponse]) -> SlackResponse:
    try:
        return call()
    except SLACK_ERRORS as error:
        if not is_unsure(error):
            raise
    return call()


class ConnectionRetry(ConnectionErrorRetryHandler):
    """Calls again when the line broke, but for what would be done twice by that: there, only what was never sent."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if request.url.rpartition("/")[2] in DONE_TWICE and not isinstance(error, URLError):
            return False
        return super()._can_retry(state=state, request=request, response=response, error=error)
