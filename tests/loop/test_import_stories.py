"""An admin uploads in Home what the company already has, and is told what became of it."""

import io
import threading
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest

from bot.listeners import importing
from bot.views import home, import_view, wording
from bot.workspace.visitor import Visitor
from bot.workspace.workspace import Workspace
from feedback.events import Role
from feedback.history.imports import Import, Use, list_imports, list_proposals
from feedback.inbox import find_unfinished
from tests.loop.conftest import ADA, ONLY_SOCKET, SAM, Chip
from tests.loop.reviewing import text_of
from tests.loop.test_home_stories import open_home

pytestmark = ONLY_SOCKET

QUESTION = "How often must the filter of the Moss 2 be changed?"
ANSWER = "Change it every 6 months, or when the red light shows."
FAQ = f'Question,Answer\n"{QUESTION}","{ANSWER}"\n'.encode()
CHAT = f"""ticket,author,name,message
1,eva@home.example,Eva Long,"{QUESTION} Call me at +44 20 7946 0958."
1,tom@acme.com,Tom Miller,{ANSWER}
2,eva@home.example,Eva Long,Thanks for the help!
""".encode()
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00"


def open_form(chip: Chip) -> Visitor:
    """Press the button of Home, and return the admin whose window is open."""
    ada = chip.workspace.visit(ADA)
    assert ada.click_in_view(open_home(chip, ADA), import_view.OPEN)
    ada.wait_for_view()
    chip.settle()
    return ada


def submit(chip: Chip, ada: Visitor, files: Sequence[str], used_as: Use = Use.REVIEW, **more: str) -> dict[str, str]:
    """Submit the form with uploaded files, and wait until all are dealt with."""
    errors = ada.submit_view({import_view.FILES: list(files), "import_use": used_as.value, **more})
    chip.settle()
    return errors


def upload(chip: Chip, files: dict[str, bytes], used_as: Use = Use.REVIEW, **more: str) -> str:
    """Upload and submit files; return everything that Chip told the admin."""
    ada = open_form(chip)
    ids = [ada.upload(name, content) for name, content in files.items()]
    assert submit(chip, ada, ids, used_as, **more) == {}
    return "\n".join(chip.said("D0ADA"))


def find_import(chip: Chip) -> Import:
    (one,) = list_imports(chip.core.db)
    return one


def zip_of(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_an_uploaded_file_waits_for_review_and_the_admin_gets_the_report(chip: Chip) -> None:
    ada = open_form(chip)

    assert submit(chip, ada, [ada.upload("our faq (2).csv", FAQ)]) == {}

    assert "our faq (2).csv" in text_of(ada.view())
    told = chip.wait_for_said("D0ADA", "1 new questions with answers from our faq (2).csv")
    one = find_import(chip)
    assert (one.by, one.source, one.used_as, one.pairs) == (ADA, "our faq (2).csv", Use.REVIEW, 1)
    assert [(pair.question, pair.answer) for pair in list_proposals(chip.core.db, limit=9)] == [(QUESTION, ANSWER)]
    assert f"chip import use {one.id}" in text_of({"blocks": told.blocks})
    assert list((chip.core.settings.data / "import").iterdir()) == []

    ada.close_view()
    assert ada.click(chip.show(ADA, told), "D0ADA", home.REVIEW)
    chip.workspace.wait_for(lambda: QUESTION in text_of(ada.view()))
    chip.settle()


@pytest.mark.parametrize("used_as", list(Use))
def test_the_answers_become_what_the_admin_chose(chip: Chip, used_as: Use) -> None:
    upload(chip, {"faq.csv": FAQ}, used_as)
    assert find_import(chip).used_as is used_as


def test_what_the_admin_says_about_staff_decides_and_nobodys_number_is_kept(chip: Chip) -> None:
    said = upload(chip, {"chat.csv": CHAT}, import_domains="ACME.com, acme.example")

    assert "Staff is who was named as staff" in said
    assert wording.IMPORT_LEFT_OUT in said
    (pair,) = list_proposals(chip.core.db, limit=9)
    assert (pair.audience, "7946" in pair.question) == ("customer", False)


def test_bad_files_are_named_and_the_rest_goes_on(chip: Chip) -> None:
    files = {"cat.png": PICTURE, "cut.zip": zip_of({"faq.csv": FAQ})[:-30], "<b>&.csv": b"sku,price\n1,2\n"}

    said = upload(chip, {**files, "all.zip": zip_of({"faq.csv": FAQ, "cat.png": PICTURE})})

    for name in ("cat.png", "cut.zip", "&lt;b&gt;&amp;.csv"):
        assert f"I did not import *{name}*: Nothing could be read." in said
    assert "1 new questions with answers from all.zip" in said
    assert "*Not read*\\ncat.png: " in said


def test_what_is_too_large_or_gone_is_refused_with_another_way_and_the_rest_goes_on(chip: Chip) -> None:
    def announce(workspace: Workspace) -> str:
        return workspace.files.announce("years.mbox", 2_000_000_000).id

    ada = open_form(chip)
    files = [chip.workspace.inside(announce), ada.upload("faq.csv", FAQ)]
    submit(chip, ada, files)

    said = "\n".join(chip.said("D0ADA"))
    assert "I did not import *years.mbox*: it has 1,907 MB" in said
    assert "`chip import FILE` on my machine takes it" in said
    assert find_import(chip).source == "faq.csv"


def test_a_file_that_slack_does_not_hand_out_is_named_and_the_next_one_is_imported(chip: Chip) -> None:
    chip.workspace.faults.fail("files", "service_unavailable", status=503, times=1)
    said = upload(chip, {"chat.csv": CHAT, "faq.csv": FAQ})
    assert "I did not import *chat.csv*: Slack answers 503." in said
    assert find_import(chip).source == "faq.csv"


def test_the_same_file_adds_nothing_the_second_time(chip: Chip) -> None:
    said = upload(chip, {"faq.csv": FAQ, "copy.csv": FAQ})
    assert "copy.csv was imported before" in said
    assert find_import(chip).pairs == 1


def test_progress_is_told_in_one_message(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PROGRESS_SECONDS", 0.0)
    upload(chip, {"faq.csv": FAQ})
    shown = [call.arguments["text"] for call in chip.workspace.calls("chat.update")]
    assert any("Reading faq.csv: 1" in text for text in shown)
    assert [text for text in chip.said("D0ADA") if "Importing" in text] == []
    assert wording.IMPORT_OVER.format(name="faq.csv") in "\n".join(chip.said("D0ADA"))


def test_a_form_without_a_file_is_not_accepted(chip: Chip) -> None:
    assert list(submit(chip, open_form(chip), [])) == [import_view.FILES]


def test_only_admins_import(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wording.BOARD_IMPORT not in text_of(open_home(chip, SAM))
    ada = open_form(chip)
    assert chip.services is not None
    monkeypatch.setattr(type(chip.services.directory), "role", lambda *_: Role.STAFF)  # since the window opened

    submit(chip, ada, [ada.upload("faq.csv", FAQ)])

    assert wording.ADMINS_ONLY_HERE in "\n".join(chip.said("D0ADA"))
    assert list_imports(chip.core.db) == []


def test_a_form_stays_in_the_inbox_until_its_last_file_is_imported(chip: Chip) -> None:
    """So that a restart takes it up."""
    assert chip.services is not None
    waits, goes_on = threading.Event(), threading.Event()
    ada = open_form(chip)
    files = [ada.upload("faq.csv", FAQ), ada.upload("chat.csv", CHAT)]
    take = type(chip.services.uploads).take

    def take_slowly(uploads: Any, name: str, *rest: Any) -> Any:
        if name == "chat.csv":
            waits.set()
            assert goes_on.wait(10)
        return take(uploads, name, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(chip.services.uploads), "take", take_slowly)
        ada.submit_view({import_view.FILES: files, "import_use": Use.REVIEW.value})
        assert waits.wait(10)
        chip.workspace.wait_for(chip.workspace.is_idle)
        unfinished = [event.kind for event in find_unfinished(chip.core.db)]
        goes_on.set()
        chip.settle()

    assert unfinished == ["view_submission"]
    assert len(list_imports(chip.core.db)) == 2


def test_a_form_that_a_stop_cut_off_is_taken_up_at_the_next_start(chip: Chip) -> None:
    assert chip.services is not None
    ada = open_form(chip)
    chip.services.import_pool.close()  # as a stop does first, with files waiting
    ada.submit_view({import_view.FILES: [ada.upload("faq.csv", FAQ)], "import_use": Use.REVIEW.value})
    chip.workspace.wait_for(chip.workspace.is_idle)
    chip.stop()
    assert list_imports(chip.core.db) == []

    chip.start()
    chip.wait_for_said("D0ADA", "1 new questions with answers from faq.csv")
    chip.settle()
