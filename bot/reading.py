"""Reads the configured folder while Chip serves: start-up waits only if the index is still empty.

Knows nothing of Slack.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from bot.core import Core
from bot.progress import ingest_documents
from retrieval.reading.documents import StoppedError

logger = logging.getLogger(__name__)

FIRST_SECONDS = 30.0
"""How long start-up waits for an empty index, so that the first question finds something."""


@contextmanager
def read_in_background(core: Core, say: Callable[[str], None], stop: threading.Event) -> Iterator[None]:
    """Index what changed in the configured folder, in the background. What cannot be read is named and left out.

    When the block ends, reading stops; the next start continues it. `stop` cuts the wait for the first documents short.
    """
    is_empty = not core.knowledge.holdings.count().documents
    ended = threading.Event()
    thread = threading.Thread(target=_read_folder, args=(core, say, ended), name="chip-documents")
    thread.start()
    try:
        if is_empty:
            _wait(ended, stop)
        yield
    finally:
        core.knowledge.stop_reading()
        thread.join()


def _wait(ended: threading.Event, stop: threading.Event) -> None:
    for _ in range(int(FIRST_SECONDS * 10)):
        if stop.is_set() or ended.wait(0.1):
            return


def _read_folder(core: Core, say: Callable[[str], None], ended: threading.Event) -> None:
    try:
        ingest_documents(core.knowledge, core.settings.knowledge.folder, Console(stderr=True, highlight=False))
        core.suggest()
    except StoppedError:
        say("Reading the documents was stopped; the next start goes on.")
    except OSError as error:
        say(f"The documents cannot be read: {error} What is indexed of them is served.")
    except Exception:
        logger.exception("reading the documents failed")
        say("The documents cannot be read; the log says why. What is indexed of them is served.")
    finally:
        ended.set()
