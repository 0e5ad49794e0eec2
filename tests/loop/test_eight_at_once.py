"""Eight people ask at the same moment, and each sees an answer grow while the other seven grow too.

Nothing is played: the shipped model, its engine with eight slots, the real Slack protocol. All get the same verified
answer of several sentences, so that its length is known. The page shows it in eight frames, each of another person.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from bot.core import Core, make_id, now_utc
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Generation, GenerationRequest, Lane
from bot.engine.sampling import Sampling
from bot.transport.gateway import Gateway
from bot.wiring import connect
from bot.workspace.people import BOT_USER_ID, CHANNELS, PEOPLE, Channel, Directory, Person
from bot.workspace.server import LocalWorkspace
from bot.workspace.workspace import ApiCall
from config.settings import Settings
from feedback.database import open_database
from retrain.adapter import Adapter
from retrain.bases.base import load_base
from retrain.bases.shelf import DEFAULT, SHIPPED
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, Audience, VerifiedAnswer
from retrieval.retrieved import Retrieved
from tests.chromium import CHROMIUM, FLAGS
from tests.loop.conftest import DOCUMENTS, SECRET
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

COUNT = 8
QUESTION = "How do I change the blades of the Tansy 4?"
SENTENCES = (
    "Switch the robot off and wait until the blades stand still.",
    "Lift the robot by its handle and turn it over on a soft cloth.",
    "Loosen the three screws with the key from the box.",
    "Put the new blades on and tighten the screws by hand.",
)

FRAMES = "".join(
    f'<iframe src="/#user=U0P{n}&channel=D0P{n}" style="width: 960px; height: 560px; border: 1px solid #999"></iframe>'
    for n in range(COUNT)
)
WALL = f'<body style="margin: 0; display: flex; flex-wrap: wrap; width: 3848px">{FRAMES}</body>'
LOOK_OFTEN = """() => {
  window.mostAtOnce = 0;
  const streams = (frame) => frame.contentDocument.querySelector(".message.streaming") !== null;
  setInterval(() => {
    window.mostAtOnce = Math.max(window.mostAtOnce, [...document.querySelectorAll("iframe")].filter(streams).length);
  }, 10);
}"""


# The model is made to say the whole answer, which it would else be free to end.
WHOLE = Sampling(grammar=f'root ::= "[1] {" ".join(SENTENCES)}"\n')


class Together:
    """The engine, entered by eight at the same moment: whoever comes first waits for the others."""

    def __init__(self, engine: LlamaEngine) -> None:
        self._engine = engine
        self._everybody = threading.Barrier(COUNT, timeout=PATIENCE_SECONDS)

    @property
    def base_id(self) -> str:
        return self._engine.base_id

    @property
    def reads_passages(self) -> bool:
        return self._engine.reads_passages

    def submit(self, request: GenerationRequest) -> Generation:
        self._everybody.wait()
        return self._engine.submit(replace(request, sampling=WHOLE))

    def use_adapter(self, adapter: Adapter | None, lane: Lane = Lane.LIVE) -> float:
        return self._engine.use_adapter(adapter, lane)

    def adapter_id(self, lane: Lane = Lane.LIVE) -> str | None:
        return self._engine.adapter_id(lane)

    def close(self) -> None:
        self._engine.close()


@pytest.fixture
def core(chip_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name, text in DOCUMENTS.items():
        (documents / name).write_text(text, encoding="utf-8")
    knowledge = Knowledge(tmp_path / "index", load_embedder(), default_audience=Audience.STAFF)
    knowledge.ingest(documents)
    find = knowledge.find_evidence

    def find_to_be_generated(*arguments: Any, **options: Any) -> Retrieved:
        return replace(find(*arguments, **options), is_verified=False)  # what is verified is recited, not generated

    monkeypatch.setattr(knowledge, "find_evidence", find_to_be_generated)
    settings = chip_settings.engine.model_copy(
        update={"slots": COUNT, "draft_tokens": 0}
    )  # guesses would end it sooner
    engine = Together(LlamaEngine(load_base(SHIPPED[DEFAULT]), settings))
    db = open_database(chip_settings.database_url, clock=now_utc, new_id=make_id)
    yield Core(chip_settings, db, knowledge, engine)
    engine.close()
    db.close()
    knowledge.close()


@pytest.fixture
def workspace(core: Core) -> Iterator[LocalWorkspace]:
    people = [Person(f"U0P{n}", f"person{n}", f"Person {n}", "customer", "#d1495b") for n in range(COUNT)]
    rooms = [Channel(f"D0P{n}", "", frozenset({f"U0P{n}", BOT_USER_ID}), is_im=True) for n in range(COUNT)]
    with (
        LocalWorkspace(directory=Directory((*PEOPLE, *people), (*CHANNELS, *rooms))) as workspace,
        connect(
            core,
            bot_token=workspace.bot_token,
            app_token=workspace.app_token,
            signing_secret=SECRET,
            base_url=workspace.api_url,
            on_open=lambda gateway: deliver_to(workspace, gateway),
        ),
    ):
        workspace.wait_for(workspace.is_connected)
        core.knowledge.set_verified(
            [build_answer(core.knowledge)]
        )  # connecting has learned what the database holds: nothing
        yield workspace


def deliver_to(workspace: LocalWorkspace, gateway: Gateway) -> None:
    if gateway.request_url is not None:
        workspace.deliver_to(gateway.request_url, SECRET)


def build_answer(knowledge: Knowledge) -> VerifiedAnswer:
    passage = next(iter(knowledge.passages(CUSTOMER_SCOPE)))
    text, now = " ".join(SENTENCES), datetime.now(UTC)
    return VerifiedAnswer("V1", QUESTION, text, "U0SAM", now, Audience.CUSTOMER, (passage.id,))


def test_eight_answers_grow_side_by_side(workspace: LocalWorkspace) -> None:
    asked = {f"D0P{n}": workspace.visit(f"U0P{n}").post(f"D0P{n}", QUESTION) for n in range(COUNT)}
    for n, (room, ts) in enumerate(asked.items()):
        done = workspace.visit(f"U0P{n}").wait_for_message(
            room, lambda message: "bot_id" in message and not message["streaming"], ts, timeout_seconds=PATIENCE_SECONDS
        )
        assert all(sentence in str(done) for sentence in SENTENCES), done

    calls = workspace.calls()
    starts, ends = (find(calls, f"chat.{name}Stream") for name in ("start", "stop"))
    assert len(starts) == len(ends) == COUNT
    at_once = [place - sum(end < start for end in ends) for place, start in enumerate(starts, start=1)]
    assert max(at_once) >= COUNT - 2  # on a busy machine one may have been said before the last began
    rooms = [calls[place].arguments["channel"] for place in find(calls, "chat.appendStream")]
    assert len(rooms) >= COUNT * (len(SENTENCES) - 1)  # sentence by sentence
    turns = sum(before != after for before, after in itertools.pairwise(rooms))
    assert turns >= COUNT * (len(SENTENCES) - 2)  # nobody's answer is said in one go


def find(calls: list[ApiCall], method: str) -> list[int]:
    return [place for place, call in enumerate(calls) if call.method == method]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt-get install chromium)")
def test_the_page_shows_eight_answers_that_stream_at_the_same_time(workspace: LocalWorkspace) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 3848, "height": 1124}, reduced_motion="reduce")
        page.route(f"{workspace.url}/wall", lambda route: route.fulfill(body=WALL, content_type="text/html"))
        page.goto(f"{workspace.url}/wall")
        for frame in page.frames[1:]:
            expect(frame.locator(".welcome")).to_be_attached()
        boxes = [frame.locator("#composer textarea") for frame in page.frames[1:]]
        for box in boxes:
            box.fill(QUESTION)
        page.evaluate(LOOK_OFTEN)
        for frame in page.frames[1:]:
            frame.locator("#composer").get_by_role("button", name="Send").click()
        for frame in page.frames[1:]:
            expect(frame.locator("#thread .thumbs")).to_be_visible(timeout=60_000)
            expect(frame.locator("#thread")).to_contain_text(SENTENCES[-1])
        assert page.evaluate("window.mostAtOnce") >= COUNT - 2
        browser.close()
