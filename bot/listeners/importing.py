"""Handles Home's form for `chip import`: fetches files, imports one after another, tells the admin the result."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from bot.learning.uploads import UploadOrder
from bot.listeners.failures import guard
from bot.listeners.whispers import open_view_or_tell, whisper
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.files import NotShownError, clean_name, fetch_file
from bot.slack.text import escape_mrkdwn
from bot.views import home, import_view, wording
from bot.views.import_view import LARGEST_BYTES, MEGABYTE
from feedback.events import Role
from feedback.history.message import HistoryError
from feedback.history.roles import StaffHints

logger = logging.getLogger(__name__)

Body = dict[str, Any]
File = Mapping[str, Any]

PROGRESS_SECONDS = 3.0
"""So often the progress of a file is told at most. A file that is read faster has none."""


def register(app: App, services: Services) -> None:
    """Listen to Home's button and to the form."""

    @app.action(import_view.OPEN)
    def handle_open(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open(services, body))()

    @app.view(import_view.IMPORT_VIEW)
    def handle_form(ack: Ack, body: Body) -> None:
        form = import_view.read_view(body["view"]["state"]["values"])
        if not form.files:
            ack(response_action="errors", errors={import_view.FILES: wording.IMPORT_NO_FILES})
            return
        names = [clean_name(file) for file in form.files]
        ack(response_action="update", view=import_view.build_begun(names))
        services.import_pool.submit(body["trigger_id"], guard(services, body, lambda: _begin(services, body, form)))


def _open(services: Services, body: Body) -> None:
    if services.directory.role(body["user"]["id"]) is Role.ADMIN:
        open_view_or_tell(services, body, import_view.build_view())
    else:
        whisper(services, body, wording.ADMINS_ONLY_HERE)


def _begin(services: Services, body: Body, form: import_view.ImportForm) -> None:
    """Queue the files, each as a job of its own: what fails in one does not touch the others."""
    person = body["user"]["id"]
    if services.directory.role(person) is not Role.ADMIN:
        whisper(services, body, wording.ADMINS_ONLY_HERE)
        return
    channel = services.client.conversations_open(users=person)["channel"]["id"]
    order = UploadOrder(person, form.used_as, StaffHints.build(form.domains, form.staff))
    for file in form.files:
        job = _Job(services, channel, file, order)
        services.import_pool.submit(body["trigger_id"], guard(services, body, job.run))


@dataclass(frozen=True, slots=True)
class _Job:
    """The import of one file. `channel` is the admin's direct messages."""

    services: Services
    channel: str
    file: File
    order: UploadOrder

    def run(self) -> None:
        """Import the file and tell the result."""
        name = clean_name(self.file)
        progress = _Progress(self.services, self.channel, escape_mrkdwn(name))
        try:
            content = _fetch(self.services, self.file)
            report = self.services.uploads.take(name, content, self.order, progress.tell)
        except (_Refused, HistoryError) as error:
            text = wording.IMPORT_FAILED.format(name=escape_mrkdwn(name), reason=escape_mrkdwn(str(error)))
            blocks = None
        else:
            text, blocks = import_view.build_report(report, self.order.used_as, home.REVIEW)
        finally:
            progress.end()
        self.services.client.chat_postMessage(channel=self.channel, text=text, blocks=blocks)


class _Refused(Exception):
    """A file that is not fetched; the message says why, and what to do."""


def _fetch(services: Services, file: File) -> bytes:
    size = file.get("size")
    if isinstance(size, int) and size > LARGEST_BYTES:
        raise _Refused(wording.IMPORT_TOO_LARGE.format(size=size / MEGABYTE, most=LARGEST_BYTES // MEGABYTE))
    try:
        return fetch_file(services.client, file, LARGEST_BYTES)
    except NotShownError as error:
        raise _Refused(wording.IMPORT_NOT_SHOWN.format(reason=error)) from error


class _Progress:
    """Shows how far a file is in one message, which is posted only if the import takes longer than a moment."""

    def __init__(self, services: Services, channel: str, name: str) -> None:
        self._services = services
        self._channel = channel
        self._name = name
        self._told_at = time.monotonic()
        self._ts = ""

    def tell(self, step: str, done: int, total: int) -> None:
        if time.monotonic() - self._told_at < PROGRESS_SECONDS:
            return
        count = f": {done:,} of {total:,}" if total else f": {done:,}" if done else ""
        self._show(wording.IMPORT_STEP.format(name=self._name, step=escape_mrkdwn(step) + count))
        self._told_at = time.monotonic()

    def end(self) -> None:
        if self._ts:
            self._show(wording.IMPORT_OVER.format(name=self._name))

    def _show(self, text: str) -> None:
        """Post or change the message. An import goes on without it."""
        client = self._services.client
        try:
            if self._ts:
                client.chat_update(channel=self._channel, ts=self._ts, text=text)
            else:
                self._ts = str(client.chat_postMessage(channel=self._channel, text=text)["ts"])
        except SLACK_ERRORS as error:
            logger.info("the progress of an import is not shown: %s", name_error(error))
