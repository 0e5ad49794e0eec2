"""What a head says of who may read a document: no word widens it by accident, and none loses the document."""

from datetime import date

import pytest

from retrieval.passage import Audience
from retrieval.reading.documents import Document, RejectedError, RemarkKind, Rules, build_document
from retrieval.reading.markup.markdown import read_markdown

STRANGE, DOUBTFUL = RemarkKind.STRANGE_AUDIENCE, RemarkKind.DOUBTFUL_AUDIENCE
CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF
BOARD = Audience("group:S0123ABCD")


def build(head: str, default: Audience = CUSTOMER, mark: str = "---") -> Document:
    return build_document(read_markdown(f"{mark}\n{head}\n{mark}\nThe valve opens at 4 bar.\n"), "a.md", Rules(default))


@pytest.mark.parametrize("default", [Audience.PUBLIC, CUSTOMER, STAFF, BOARD])
@pytest.mark.parametrize(
    "value", ["ITPro", "Admin", "developer", "End User", "[Admin, ITPro]", "Admin|ITPro", "{a: b}", "42", "everybody"]
)
def test_somebody_elses_audience_is_as_good_as_none(value: str, default: Audience) -> None:
    document = build(f"title: Valves\naudience: {value}", default)
    assert document.audience is default
    assert [remark.kind for remark in document.remarks] == [STRANGE]
    assert "4 bar" in document.text


@pytest.mark.parametrize(
    "value",
    [
        *("custmer", "Staf", "costumers", "publc", "internal", "Internal use only", "private", "Confidential", "HR"),
        *("employees", "[customer, staff]", "customer, ITPro", "not for customers", "{internal: true}", "privat"),
    ],
)
def test_a_word_that_may_mean_staff_is_for_staff(value: str) -> None:
    assert build(f"audience: {value}").audience is STAFF
    assert [remark.kind for remark in build(f"audience: {value}").remarks] == [DOUBTFUL]
    assert build(f"audience: {value}", BOARD).audience is BOARD  # staff would be more people


@pytest.mark.parametrize(
    ("head", "audience"),
    [
        ("Audience: staff", STAFF),
        ("audiance: staff", STAFF),
        ("audiences: [staff]", STAFF),
        ("params:\n  audience: staff", STAFF),
        ("audience:\n  - staff", STAFF),
        ("audience: Customer", CUSTOMER),
        ("audience:", CUSTOMER),
        ("audience: []", CUSTOMER),
    ],
)
def test_chips_own_words_are_found_however_the_field_is_written(head: str, audience: Audience) -> None:
    document = build(head)
    assert (document.audience, document.remarks) == (audience, ())


@pytest.mark.parametrize("value", ["group:oops!", "[group:S0123ABCD, group:S0123ABCE]", "[group:S0123ABCD, staff]"])
def test_a_user_group_that_nobody_is_in_is_refused(value: str) -> None:
    with pytest.raises(RejectedError):
        build(f"audience: {value}")


@pytest.mark.parametrize(
    "field",
    ["draft: true", "published: false", "hidden: yes", "unlisted: true", "status: draft", "visibility: Internal"],
)
def test_what_is_not_published_is_for_staff(field: str) -> None:
    document = build(f"audience: customer\n{field}")
    assert document.audience is STAFF
    assert [remark.kind for remark in document.remarks] == [RemarkKind.WITHHELD]


@pytest.mark.parametrize(
    "field", ["draft: false", "published: true", "hidden: false", "status: published", "published: 2026-03-01"]
)
def test_what_is_published_is_for_its_readers(field: str) -> None:
    assert build(field).audience is CUSTOMER
    assert build(field).remarks == ()


@pytest.mark.parametrize(
    ("mark", "head"),
    [
        ("---", "title: [x\naudience: staff"),
        ("---", "title: [x\n'audience': staff"),
        ("---", "title: [x\naudience:staff"),
        ("---", "title: [x\naudience:\n  - staff"),
        ("---", "title: [x\naudience: customer\naudience: staff"),
        ("---", "title: [x\naudience: internal"),
        ("+++", "title = [x\naudience = 'staff'"),
    ],
)
def test_a_broken_head_loses_no_text_and_gains_no_reader(mark: str, head: str) -> None:
    document = build(head, mark=mark)
    assert document.audience is STAFF
    assert document.remarks[0].kind is RemarkKind.BROKEN_HEAD
    assert "4 bar" in document.text


def test_a_head_without_an_end_is_read_and_its_text_kept() -> None:
    text = "---\ntitle: Valves\naudience: staff\nThe valve opens at 4 bar.\n\nIt shuts at 6.\n"
    document = build_document(read_markdown(text), "a.md", Rules(CUSTOMER))
    assert (document.title, document.audience) == ("Valves", STAFF)
    assert "4 bar" in document.text
    assert "shuts at 6" in document.text


@pytest.mark.parametrize(
    ("field", "day"),
    [
        ("ms.date: 06/12/2023", date(2023, 6, 12)),
        ("ms.date: 2023-06-12", date(2023, 6, 12)),
        ("lastUpdated: 2023-06-12", date(2023, 6, 12)),
        ("updated: soon", None),
        ("updated: [2023-06-12]", None),
        ("updated: 2023-13-45", None),
    ],
)
def test_a_date_that_cannot_be_read_loses_no_document(field: str, day: date | None) -> None:
    document = build(field)
    assert document.updated == day
    assert [remark.kind for remark in document.remarks] == ([] if day else [RemarkKind.STRANGE_DATE])


def test_the_source_decides_over_texts_that_strangers_write() -> None:
    part = read_markdown("---\naudience: ITPro\ndraft: true\n---\nText.")
    document = build_document(part, "a.md", Rules(CUSTOMER, is_fixed=True))
    assert (document.audience, document.remarks) == (CUSTOMER, ())
