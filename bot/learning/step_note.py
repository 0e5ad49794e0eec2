"""Keeps one message in the admin channel that says how far a retrain is. Knows nothing of training."""

import logging
import time
from collections.abc import Callable

from slack_sdk import WebClient

from bot.slack.errors import SLACK_ERRORS, name_error
from bot.views import wording

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0  # well within Slack's limit on changing messages


class StepNote:
    """Posts the note at a retrain's first step, and changes it at most every few seconds."""

    def __init__(self, client: WebClient, channel: str | None, timer: Callable[[], float] = time.monotonic) -> None:
        self._client, self._channel, self._timer = client, channel, timer
        self._ts: str | None = None
        self._told_at = 0.0
        self._said = ""

    def show(self, step: str) -> None:
        """Show the progress; "" means that the retrain has ended.

        If Slack refuses, nothing is shown: the report comes anyway.
        """
        if self._channel is None or (not step and self._ts is None):
            return
        if step and (step == self._said or (self._ts and self._timer() - self._told_at < EVERY_SECONDS)):
            return
        text = wording.RETRAIN_STEP.format(step=step) if step else wording.RETRAIN_OVER
        try:
            self._put(self._channel, text)
        except SLACK_ERRORS as error:
            logger.info("the step of the training cannot be shown: %s", name_error(error))
        self._told_at, self._said = self._timer(), step
        if not step:
            self._ts = None

    def _put(self, channel: str, text: str) -> None:
        if self._ts is None:
            self._ts = str(self._client.chat_postMessage(channel=channel, text=text)["ts"])
        else:
            self._client.chat_update(channel=channel, ts=self._ts, text=text)
