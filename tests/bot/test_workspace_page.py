"""The page of the local workspace in a real browser, against the real server and a small Bolt app in Chip's place."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect, sync_playwright

from bot.workspace.server import LocalWorkspace
from tests.bot.workspace.conftest import MANIFEST, PATIENT, BoltApp
from tests.chromium import CHROMIUM, FLAGS

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt-get install chromium)"),
]

INJECTION = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
ANSWER = ("The **M2** runs for ", "nine hours.\n\n- cold shortens it\n- see [the sheet](https://example.com/m2)")
SOURCES = {"type": "context", "elements": [{"type": "mrkdwn", "text": "Sources: <https://example.com/m2|data sheet>"}]}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


THUMBS = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": plain("Good answer"), "value": "up"},
            "negative_button": {"text": plain("Bad answer"), "value": "down"},
        }
    ],
}
CORRECTION = {
    "type": "modal",
    "callback_id": "correction",
    "title": plain("Correct Chip"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "text",
            "label": plain("What should it have said?"),
            "element": {"type": "plain_text_input", "action_id": "written", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "proof",
            "label": plain("Proof"),
            "element": {"type": "file_input", "action_id": "files"},
            "optional": True,
        },
    ],
}


class Answerer:
    """Answers as Chip does: a status, a streamed text that waits for `go_on`, thumbs, a modal, a slash command."""

    def __init__(self, bolt: BoltApp) -> None:
        self.client = bolt.client
        self.go_on = threading.Event()
        self.corrections: list[str] = []
        self.files: list[dict[str, Any]] = []
        bolt.app.event("app_mention")(self.answer)
        bolt.app.event("message")(lambda: None)
        bolt.app.event("reaction_added")(lambda: None)
        bolt.app.event("reaction_removed")(lambda: None)
        bolt.app.action("feedback")(self.open_correction)
        bolt.app.view("correction")(self.take_correction)
        bolt.app.command("/chip")(lambda ack: ack("*Nothing* to report"))

    def answer(self, event: dict[str, Any]) -> None:
        channel, thread = event["channel"], event["ts"]
        self.client.assistant_threads_setStatus(channel_id=channel, thread_ts=thread, status="is reading…")
        to = {"recipient_user_id": event["user"], "recipient_team_id": "T0LOCAL"}
        stream = self.client.chat_startStream(channel=channel, thread_ts=thread, markdown_text=ANSWER[0], **to)
        assert self.go_on.wait(PATIENCE_MS / 1000)
        self.client.chat_appendStream(channel=channel, ts=stream["ts"], markdown_text=ANSWER[1])
        self.client.chat_stopStream(channel=channel, ts=stream["ts"], blocks=[SOURCES, THUMBS])

    def open_correction(self, ack: Callable[[], None], body: dict[str, Any]) -> None:
        ack()
        if body["actions"][0]["value"] == "down":
            self.client.views_open(trigger_id=body["trigger_id"], view=CORRECTION)

    def take_correction(self, ack: Callable[..., None], view: dict[str, Any]) -> None:
        written = view["state"]["values"]["text"]["written"]["value"]
        if len(written) < 10:
            ack(response_action="errors", errors={"text": "Please write a whole sentence."})
            return
        self.corrections.append(written)
        self.files += view["state"]["values"]["proof"]["files"]["files"]
        ack()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """One browser for all tests; what a page remembers is apart for each, as each workspace has a port of its own."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        context = running.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        yield context
        running.close()


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace(manifest=MANIFEST, delivery=PATIENT) as running:
        yield running


@pytest.fixture
def answerer(workspace: LocalWorkspace) -> Iterator[Answerer]:
    bolt = BoltApp(workspace)
    answering = Answerer(bolt)
    bolt.connect()
    yield answering
    answering.go_on.set()
    bolt.close()


@pytest.fixture
def open_page(browser: BrowserContext, workspace: LocalWorkspace) -> Iterator[Callable[..., Page]]:
    """Opens the page as somebody; at the end no page may have failed."""
    pages: list[Page] = []
    failures: list[str] = []

    def open_one(user: str, channel: str = "C0HELP", width: int = 1280) -> Page:
        pages.append(browser.new_page())
        page = pages[-1]
        page.on("pageerror", lambda error: failures.append(str(error)))
        if width != 1280:
            page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{workspace.url}/#user={user}&channel={channel}")
        expect(page.locator(".welcome")).to_be_attached()
        return page

    yield open_one
    for page in pages:
        page.close()
    assert failures == []


def say(page: Page, text: str) -> None:
    box = page.locator("#composer textarea")
    box.fill(text)
    box.press("Enter")


def choose(page: Page, entry: str) -> None:
    """Picks an entry of the last message's menu."""
    page.locator("#messages .message").last.hover()
    page.get_by_role("button", name="More actions").last.click()
    page.get_by_role("menuitem", name=entry).click()


def ask(page: Page, answerer: Answerer) -> None:
    """Asks in #help and waits for the finished answer in the thread."""
    answerer.go_on.set()
    say(page, "@Chip how long does the M2 run?")
    expect(page.locator("#thread .thumbs")).to_be_visible()


def test_an_answer_streams_into_the_thread_that_opens_by_itself(
    open_page: Callable[..., Page], answerer: Answerer
) -> None:
    page = open_page("U0CLEO")
    say(page, "@Chip how long does the M2 run?")
    answer = page.locator("#thread .message").nth(1)
    expect(answer.locator(".content")).to_have_text(ANSWER[0].strip().replace("*", ""))
    expect(answer.locator(".caret")).to_be_visible()
    answerer.go_on.set()
    expect(answer.locator("li")).to_have_text(["cold shortens it", "see the sheet"])
    expect(answer.locator(".caret")).to_have_count(0)
    expect(answer.get_by_role("link", name="data sheet")).to_have_attribute("href", "https://example.com/m2")
    expect(page.locator("#messages .replies")).to_contain_text("1 reply")
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()


def test_the_second_questions_answer_takes_the_panel_unless_somebody_writes_there(
    open_page: Callable[..., Page], answerer: Answerer
) -> None:
    page = open_page("U0CLEO")
    ask(page, answerer)
    say(page, "@Chip and the M3?")
    expect(page.locator("#thread .message").first).to_contain_text("and the M3?")
    page.locator("#thread-composer textarea").fill("I am writing here")
    say(page, "@Chip and the M4?")
    expect(page.locator("#messages .replies")).to_have_count(3)
    expect(page.locator("#thread .message").first).to_contain_text("and the M3?")


def test_the_examples_stay_after_the_first_message_and_at_the_box(
    open_page: Callable[..., Page], answerer: Answerer
) -> None:
    page = open_page("U0CLEO")
    example = page.locator(".try-button").first
    question = example.inner_text().removeprefix("Ask:").strip()
    answerer.go_on.set()
    example.click()
    expect(page.locator("#thread .message").first).to_contain_text(question)
    expect(example).to_be_attached()
    page.get_by_role("button", name="Try a question").click()
    page.get_by_role("menuitem", name=question).click()
    expect(page.locator("#messages .replies")).to_have_count(2)


def test_control_k_goes_to_a_channel_and_becomes_somebody(open_page: Callable[..., Page]) -> None:
    page = open_page("U0CLEO")
    expect(page.locator("#composer textarea")).to_be_focused()

    def jump(words: str) -> None:
        page.keyboard.press("Control+k")
        page.get_by_role("searchbox", name="Go to").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("dialog")).to_have_count(0)

    jump("direct")
    expect(page.locator("#title")).to_have_text("Chip")
    jump("be ada")
    expect(page.get_by_role("radio", checked=True)).to_contain_text("Ada")
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Go to").fill("no such place")
    expect(page.locator("dialog")).to_contain_text("Nothing is called that.")
    page.keyboard.press("Escape")
    jump("chip-admin")
    expect(page.locator("#title")).to_have_text("chip-admin")


def test_the_question_mark_opens_the_help_but_not_while_somebody_writes(open_page: Callable[..., Page]) -> None:
    page = open_page("U0CLEO")
    page.locator("#composer textarea").press("?")
    expect(page.locator("#composer textarea")).to_have_value("?")
    page.locator("#help-button").click()
    expect(page.get_by_role("dialog", name="Help")).to_contain_text("What you can do here")
    page.keyboard.press("Escape")
    page.locator("#messages").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()


def test_the_page_is_dark_where_the_system_is(browser: BrowserContext, workspace: LocalWorkspace) -> None:
    def brightness(scheme: Literal["light", "dark"]) -> int:
        assert browser.browser is not None
        context = browser.browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{workspace.url}/#user=U0CLEO&channel=C0HELP")
        expect(page.locator(".welcome")).to_be_attached()
        color = page.evaluate("getComputedStyle(document.getElementById('main')).backgroundColor")
        context.close()
        return sum(int(part) for part in re.findall(r"\d+", color)[:3])

    assert brightness("dark") < 200 < brightness("light")


def test_a_browser_that_keeps_nothing_shows_the_page_all_the_same(
    browser: BrowserContext, workspace: LocalWorkspace, answerer: Answerer
) -> None:
    assert browser.browser is not None
    forgetful = browser.browser.new_context()
    denied = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })"
    forgetful.add_init_script(denied)
    page = forgetful.new_page()
    page.goto(f"{workspace.url}/#user=U0CLEO&channel=C0HELP")
    expect(page.locator(".welcome")).to_be_attached()
    ask(page, answerer)
    forgetful.close()


def test_a_thumbs_down_asks_what_it_should_have_said(open_page: Callable[..., Page], answerer: Answerer) -> None:
    page = open_page("U0CLEO")
    ask(page, answerer)
    page.get_by_role("button", name="Bad answer").click()
    dialog = page.get_by_role("dialog", name="Correct Chip")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert").first).to_have_text("Please fill this in.")
    box = dialog.get_by_role("textbox", name="What should it have said?")
    box.fill("short")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("Please write a whole sentence.")).to_be_visible()
    expect(box).to_have_value("short")
    box.fill("It runs for nine hours.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    assert answerer.corrections == ["It runs for nine hours."]
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "false")


def test_files_are_chosen_for_a_form_and_a_bad_one_is_removed(
    open_page: Callable[..., Page], workspace: LocalWorkspace, answerer: Answerer
) -> None:
    page = open_page("U0CLEO")
    ask(page, answerer)
    page.get_by_role("button", name="Bad answer").click()
    dialog = page.get_by_role("dialog", name="Correct Chip")
    dialog.get_by_role("textbox", name="What should it have said?").fill("It runs for nine hours.")
    page.route("**/ui/upload?*name=huge*", lambda route: route.fulfill(status=400, json={"message": "Too large."}))
    dialog.get_by_role("group", name="Proof").get_by_label("Choose files").set_input_files(
        [FilePayload(name=name, mimeType="text/csv", buffer=b"a,b") for name in ("proof.csv", "huge.csv")]
    )
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("huge.csv could not be stored.")).to_be_visible()
    dialog.get_by_role("listitem").filter(has_text="huge.csv: Too large.").get_by_role("button").click()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    (file,) = answerer.files
    assert (file["name"], workspace.inside(lambda inner: inner.files.get(file["id"]).content)) == ("proof.csv", b"a,b")


def test_a_reaction_is_counted_with_those_of_others_and_taken_back(
    open_page: Callable[..., Page], answerer: Answerer, workspace: LocalWorkspace
) -> None:
    page, sam = open_page("U0CLEO"), workspace.visit("U0SAM")
    ask(page, answerer)
    question = page.locator("#messages .message")
    question.hover()
    question.get_by_role("button", name="Add a reaction").click()
    page.get_by_role("radio", name="Skin tone 4").click()
    page.get_by_role("searchbox", name="Search emoji").fill("thumbsdown")
    page.keyboard.press("Enter")
    pill = page.locator("#messages .reaction").first
    expect(pill).to_have_text("👎🏽1")
    expect(pill).to_have_attribute("aria-pressed", "true")
    [root] = sam.messages("C0HELP")
    assert root["reactions"] == [{"name": "-1::skin-tone-4", "count": 1, "users": ["U0CLEO"]}]
    sam.react("C0HELP", root["ts"], "-1::skin-tone-4")
    expect(pill).to_have_text("👎🏽2")
    pill.click()
    expect(pill).to_have_text("👎🏽1")
    expect(pill).to_have_attribute("aria-pressed", "false")
    assert sam.messages("C0HELP")[0]["reactions"][0]["users"] == ["U0SAM"]


@pytest.mark.usefixtures("answerer")
def test_what_one_person_sees_alone_stays_with_them_when_the_person_is_switched(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("U0ADA")
    page.locator("#composer textarea").press_sequentially("/ch")
    expect(page.get_by_role("option").first).to_contain_text("/chip")
    say(page, "/chip status")
    expect(page.locator(".ephemeral")).to_contain_text("Only visible to you")
    expect(page.locator(".ephemeral strong")).to_have_text("Nothing")
    expect(page.locator(".entry-name")).to_have_text(["help", "support-team", "chip-admin", "Chip", "Chip’s Home"])
    page.get_by_role("radio", name="Cleo").click()
    expect(page.locator(".entry-name")).to_have_text(["help", "Chip", "Chip’s Home"])
    expect(page.locator(".ephemeral")).to_have_count(0)
    assert "user=U0CLEO" in page.url


def test_markup_in_a_message_is_text_and_never_runs(
    open_page: Callable[..., Page], workspace: LocalWorkspace, answerer: Answerer
) -> None:
    page = open_page("U0CLEO")
    say(page, INJECTION)
    answerer.client.chat_postMessage(channel="C0HELP", text=INJECTION + " <javascript:alert(1)|mrkdwn link>")
    answerer.client.chat_postMessage(channel="C0HELP", markdown_text=INJECTION + " [md link](javascript:alert(1))")
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(INJECTION[:140])},
        {"type": "markdown", "text": f"| {INJECTION} |\n|---|"},
    ]
    answerer.client.chat_postMessage(channel="C0HELP", text="blocks", blocks=blocks)
    shown = page.locator("#messages .message .content")
    expect(shown).to_have_count(4)
    for index in range(4):
        expect(shown.nth(index)).to_contain_text("<img src=x onerror=")
    expect(page.locator("#messages .content").locator("img, script, a")).to_have_count(0)
    assert page.evaluate("window.broken") is None
    assert len(workspace.messages("C0HELP")) == 4


@pytest.mark.usefixtures("answerer")
def test_a_person_edits_and_deletes_their_own_message(
    open_page: Callable[..., Page], workspace: LocalWorkspace
) -> None:
    page = open_page("U0CLEO")
    box = page.locator("#composer textarea")
    box.fill("a < b")
    box.press("Shift+Enter")
    page.keyboard.type("second line")
    box.press("Enter")
    shown = page.locator("#messages .message .content")
    expect(shown).to_have_text("a < bsecond line")
    choose(page, "Edit message")
    expect(page.get_by_role("textbox", name="Edit message")).to_have_value("a < b\nsecond line")
    page.get_by_role("textbox", name="Edit message").fill("better")
    page.keyboard.press("Enter")
    expect(shown).to_have_text("better (edited)")
    assert [m["text"] for m in workspace.visit("U0SAM").messages("C0HELP")] == ["better"]
    choose(page, "Delete message")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(shown).to_have_count(0)
    assert workspace.visit("U0SAM").messages("C0HELP") == []


def test_news_in_another_channel_is_marked_until_it_is_read(open_page: Callable[..., Page], answerer: Answerer) -> None:
    answerer.client.chat_postMessage(channel="C0STAFF", text="Cleo needs a person")
    page = open_page("U0SAM")
    entry = page.get_by_role("button", name="support-team")
    expect(entry.locator(".entry-count")).to_have_text("1")
    entry.click()
    expect(entry.locator(".entry-count")).to_have_count(0)
    page.get_by_role("button", name="help", exact=True).click()
    answerer.client.chat_postMessage(channel="C0STAFF", text="Cleo still needs a person")
    expect(entry.locator(".entry-count")).to_have_text("1")
    entry.click()
    expect(page.locator(".divider-new")).to_be_visible()
    expect(entry.locator(".entry-count")).to_have_count(0)


def test_a_picture_that_loads_late_leaves_the_reader_at_the_newest_message(
    open_page: Callable[..., Page], answerer: Answerer
) -> None:
    page = open_page("U0CLEO")
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="400"/>'
    for number in range(15):
        answerer.client.chat_postMessage(channel="C0HELP", text=f"message {number}")
    expect(page.locator("#messages .message")).to_have_count(15)
    page.route("**/files/**", lambda route: route.fulfill(body=picture, content_type="image/svg+xml"))
    for _ in range(3):
        answerer.client.files_upload_v2(channel="C0HELP", content=picture, filename="plot.png", title="Plot")
    expect(page.locator("#messages img[alt=Plot]")).to_have_count(3)
    page.wait_for_function("[...document.querySelectorAll('#messages img[alt=Plot]')].at(-1).naturalHeight > 0")
    expect(page.locator("#messages .message").last).to_be_in_viewport(ratio=0.9)
    expect(page.locator(".jump").first).to_be_hidden()


def test_a_narrow_page_shows_the_thread_over_the_channel(open_page: Callable[..., Page], answerer: Answerer) -> None:
    page = open_page("U0CLEO", width=420)
    answerer.go_on.set()
    say(page, "@Chip how long does the M2 run?")
    expect(page.locator("#thread .thumbs")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    assert page.locator("#thread").evaluate("thread => thread.getBoundingClientRect().width") == 420


def test_the_page_says_that_the_connection_is_lost_and_catches_up_when_it_is_back(browser: BrowserContext) -> None:
    first = LocalWorkspace(manifest=MANIFEST)
    first.start()
    page = browser.new_page()
    page.goto(f"{first.url}/#user=U0SAM&channel=C0HELP")
    expect(page.locator(".welcome")).to_be_visible()
    first.stop()
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    say(page, "is anybody there?")
    expect(page.locator(".toast-error").first).to_be_visible()  # a lost connection may be told as well
    expect(page.locator("#composer textarea")).to_have_value("is anybody there?")
    with LocalWorkspace(port=int(first.url.rpartition(":")[2]), manifest=MANIFEST) as second:
        second.visit("U0CLEO").post("C0HELP", "I am back")
        expect(page.locator("#messages .content")).to_have_text("I am back")
        expect(page.get_by_text("Reconnecting…")).to_be_hidden()
        page.close()
