"""The Web API client: marks each message and posts it at most once, even if Slack's response never arrives.

Knows nothing of what is posted.
"""

import logging
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from bot.slack.errors import SLACK_ERRORS, Unsettled, is_passing, is_unsure, name_error
from bot.slack.marks import NOTE, read_thread

logger = logging.getLogger(__name__)

SETTLING_SECONDS = 0.5  # by then, what Slack was still doing can be seen
LATEST = 100  # messages of a channel that are searched for one that was just posted
DONE_TWICE = frozenset({"chat.postMessage", "chat.startStream", "chat.appendStream", "files.completeUploadExternal"})
UNKNOWN_METHOD = "unknown_method"
RETRIES_WHEN_LIMITED = 3


def build_client(token: str, base_url: str) -> WebClient:
    """Return the Web API client, which tries again when the connection breaks or Slack limits its rate."""
    handlers = [ConnectionRetry(), RateLimitErrorRetryHandler(max_retry_count=RETRIES_WHEN_LIMITED)]
    return MarkingClient(token=token, base_url=base_url, retry_handlers=handlers, ssl=load_certificates())


@cache
def load_certificates() -> ssl.SSLContext:
    """Return the one TLS context of all clients. Loading one takes 30 ms of computing, which each call would repeat."""
    return ssl.create_default_context()


class MarkingClient(WebClient):
    """Marks every message that it posts. If a response is lost, it looks for the message before it posts again.

    A method that Slack does not know is called once; later calls raise the same error without a request.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Build as `WebClient` does."""
        super().__init__(*arguments, **named)
        self._unknown: dict[str, SlackApiError] = {}  # by method

    def api_call(self, api_method: str, **named: Any) -> SlackResponse:
        """Call as `WebClient` does."""
        if api_method in self._unknown:
            raise self._unknown[api_method]
        try:
            return super().api_call(api_method, **named)
        except SlackApiError as error:
            if name_error(error) == UNKNOWN_METHOD:
                self._unknown[api_method] = error
                logger.warning("Slack does not know %s here; Chip does without it", api_method)
            raise

    def chat_postMessage(self, **arguments: Any) -> SlackResponse:  # noqa: N802  # the name in slack_sdk
        """Post as `WebClient` does. Raises `Unsettled` if Slack may have posted and cannot be asked now."""
        metadata = arguments.get("metadata") or {"event_type": NOTE, "event_payload": {}}
        post = secrets.token_hex(8)
        arguments["metadata"] = {**metadata, "event_payload": {**metadata["event_payload"], "post": post}}
        return _do_surely(lambda: self._post_or_find(arguments, post))

    def chat_update(self, **arguments: Any) -> SlackResponse:
        """Update as `WebClient` does. If the response is lost, update once more, which changes nothing."""
        return _do_surely(lambda: super(MarkingClient, self).chat_update(**arguments))

    def chat_stopStream(self, **arguments: Any) -> SlackResponse:  # noqa: N802  # the name in slack_sdk
        """End a stream as `WebClient` does.

        If the response is lost, end it once more; Slack refuses if it already ended.
        """
        return _do_surely(lambda: super(MarkingClient, self).chat_stopStream(**arguments))

    def files_completeUploadExternal(self, **arguments: Any) -> SlackResponse:  # noqa: N802  # the name in slack_sdk
        """Share uploads as `WebClient` does. Raises `Unsettled` if Slack may have shared them."""
        try:
            return super().files_completeUploadExternal(**arguments)
        except SLACK_ERRORS as error:
            if not is_unsure(error):
                raise
            raise Unsettled(f"files may have been shared: {name_error(error)}") from error

    def _post_or_find(self, arguments: Mapping[str, Any], post: str) -> SlackResponse:
        """Post. If the response is lost, find the message and return the response that Slack would have given."""
        try:
            return super().chat_postMessage(**arguments)
        except SLACK_ERRORS as error:
            posted = self._find_post(arguments, post, error) if is_unsure(error) else None
            if posted is None:
                raise
            return posted

    def _find_post(self, arguments: Mapping[str, Any], post: str, error: Exception) -> SlackResponse | None:
        """Return the response that Slack would have given for a message that it posted; None if it did not post it."""
        time.sleep(SETTLING_SECONDS)
        channel, thread_ts = arguments["channel"], arguments.get("thread_ts")
        try:
            if thread_ts:
                messages = read_thread(self, channel, thread_ts)
            else:
                page = self.conversations_history(channel=channel, include_all_metadata=True, limit=LATEST)
                messages = page["messages"]
        except SLACK_ERRORS as refusal:
            if not is_passing(refusal):  # it will never tell
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


class ConnectionRetry(ConnectionErrorRetryHandler):
    """Calls again when the connection broke. What would take effect twice is called again only if it was never sent."""

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


def _do_surely(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Call, and call once more if the response is lost."""
    try:
        return call()
    except SLACK_ERRORS as error:
        if not is_unsure(error):
            raise
    return call()
