"""Who is staff, and where staff passages may be used; asked of a real workspace."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.slack import directory as audience
from bot.slack.client import build_client
from bot.slack.directory import Directory, role_of
from bot.workspace.people import Channel, Person
from bot.workspace.server import LocalWorkspace
from bot.workspace.workspace import Workspace
from feedback.events import Role
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience

TEAM = "T0LOCAL"
MEMBER = {"id": "U1", "team_id": TEAM}


@pytest.mark.parametrize(
    ("profile", "role"),
    [
        ({}, Role.CUSTOMER),
        (MEMBER, Role.STAFF),
        (MEMBER | {"is_restricted": True}, Role.CUSTOMER),
        (MEMBER | {"is_ultra_restricted": True}, Role.CUSTOMER),
        (MEMBER | {"is_stranger": True}, Role.CUSTOMER),
        (MEMBER | {"team_id": "T2"}, Role.CUSTOMER),
        (MEMBER | {"is_bot": True}, Role.CUSTOMER),
        (MEMBER | {"is_admin": True}, Role.ADMIN),
        (MEMBER | {"is_owner": True}, Role.ADMIN),
        (MEMBER | {"id": "U7"}, Role.ADMIN),
        (MEMBER | {"id": "U7", "is_restricted": True}, Role.CUSTOMER),
    ],
)
def test_only_full_members_of_this_team_are_staff(profile: dict[str, object], role: Role) -> None:
    assert role_of(profile, team=TEAM, admins=frozenset({"U7"})) is role


@pytest.fixture(scope="module")
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def build(workspace: LocalWorkspace, *staff_channels: str, clock: Clock | None = None) -> Directory:
    client = build_client(workspace.bot_token, workspace.api_url)
    return Directory(client, team=TEAM, staff_channels=staff_channels, admins=(), clock=clock or Clock())


def test_an_unknown_person_and_an_unknown_channel_are_not_staff(workspace: LocalWorkspace) -> None:
    directory = build(workspace, "support-team", "C0NOWHERE")
    assert directory.role("U0NOBODY") is Role.CUSTOMER
    assert directory.scope("U0SAM", "C0NOWHERE") == CUSTOMER_SCOPE


@pytest.mark.parametrize("name", ["support-team", "#support-team", "C0STAFF"])
def test_a_staff_channel_may_be_set_by_name_or_id(workspace: LocalWorkspace, name: str) -> None:
    directory = build(workspace, name)
    assert directory.scope("U0SAM", "C0STAFF") == STAFF_SCOPE
    assert directory.scope("U0CLEO", "C0STAFF") == CUSTOMER_SCOPE
    assert directory.scope("U0SAM", "C0HELP") == CUSTOMER_SCOPE


def test_a_channel_without_a_name_is_no_staff_channel(workspace: LocalWorkspace) -> None:
    assert build(workspace).scope("U0SAM", "C0HELP") == CUSTOMER_SCOPE
    assert build(workspace).scope("U0SAM", "D0SAM") == STAFF_SCOPE


def test_slack_is_asked_once_an_hour_for_each_person(workspace: LocalWorkspace) -> None:
    clock = Clock()
    directory = build(workspace, clock=clock)
    before = len(workspace.calls("users.info"))
    for minutes in (0, 30, 59):
        clock.now = Clock().now + timedelta(minutes=minutes)
        directory.role("U0ADA")
    assert len(workspace.calls("users.info")) == before + 1
    clock.now += timedelta(minutes=2)
    assert directory.role("U0ADA") is Role.ADMIN
    assert len(workspace.calls("users.info")) == before + 2


def test_a_failure_to_ask_is_not_remembered(workspace: LocalWorkspace) -> None:
    directory = build(workspace)
    workspace.faults.fail("users.info", "fatal_error")
    assert directory.role("U0SAM") is Role.CUSTOMER
    assert directory.role("U0SAM") is Role.STAFF


def test_a_channel_shared_with_another_company_is_never_a_staff_channel(workspace: LocalWorkspace) -> None:
    directory = build(workspace, "C0SHARED", "shared")
    shared = {"id": "C0SHARED", "name": "shared", "is_ext_shared": True}
    workspace.inside(lambda w: w.directory.add_channel(Channel("C0SHARED", "shared", frozenset({"U0SAM", "U0CHIP"}))))
    assert directory.scope("U0SAM", "C0SHARED") == STAFF_SCOPE
    directory._remembered["C0SHARED"] = (Clock().now, shared)  # the workspace knows no other companies
    assert directory.scope("U0SAM", "C0SHARED") == CUSTOMER_SCOPE


def add_channel(workspace: LocalWorkspace, identity: str, *members: str) -> None:
    everybody = frozenset({*members, "U0CHIP"})
    workspace.inside(lambda w: w.directory.add_channel(Channel(identity, identity.lower(), everybody)))


def add_people(workspace: LocalWorkspace, *people: Person) -> None:
    for person in people:
        workspace.inside(partial(_add, person))


def _add(person: Person, workspace: Workspace) -> None:
    workspace.directory.add_person(person)


def test_staff_get_customer_passages_where_a_guest_a_stranger_or_somebody_unknown_is_a_member(
    workspace: LocalWorkspace,
) -> None:
    add_people(workspace, Person("U0EVE", "eve", "Eve", "admin", "#888888", team_id="T0THEIRS"))
    for identity, other in (("C0GUEST", "U0CLEO"), ("C0EVE", "U0EVE"), ("C0GONE", "U0GONE")):
        add_channel(workspace, identity, "U0SAM", other)
        assert build(workspace, identity).scope("U0SAM", identity) == CUSTOMER_SCOPE
    add_channel(workspace, "C0BOTH", "U0SAM", "U0ADA")
    assert build(workspace, "C0BOTH").scope("U0SAM", "C0BOTH") == STAFF_SCOPE


def test_members_that_slack_does_not_show_may_be_guests_and_are_asked_for_again(workspace: LocalWorkspace) -> None:
    directory = build(workspace, "C0STAFF")
    workspace.faults.fail("conversations.members", "missing_scope")
    assert directory.scope("U0SAM", "C0STAFF") == CUSTOMER_SCOPE
    assert directory.scope("U0SAM", "C0STAFF") == STAFF_SCOPE


def test_members_are_remembered_for_five_minutes_and_asked_for_only_where_they_decide(
    workspace: LocalWorkspace,
) -> None:
    clock = Clock()
    directory = build(workspace, "C0STAFF", clock=clock)
    before = len(workspace.calls("conversations.members"))
    directory.scope("U0SAM", "C0HELP")
    directory.scope("U0CLEO", "C0STAFF")
    directory.scope("U0SAM", "D0SAM")
    assert len(workspace.calls("conversations.members")) == before
    for minutes, calls in ((0, 1), (4, 1), (6, 2)):
        clock.now = Clock().now + timedelta(minutes=minutes)
        assert directory.scope("U0SAM", "C0STAFF") == STAFF_SCOPE
        assert len(workspace.calls("conversations.members")) == before + calls


def test_a_change_that_comes_while_members_are_fetched_is_not_overlooked(
    workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_channel(workspace, "C0RACE", "U0SAM")
    directory = build(workspace, "C0RACE")
    fetch = directory._client.conversations_members

    def fetch_before_a_guest_joins(**arguments: Any) -> Any:
        found = fetch(**arguments)
        add_channel(workspace, "C0RACE", "U0SAM", "U0CLEO")
        directory.forget("C0RACE")
        return found

    monkeypatch.setattr(directory._client, "conversations_members", fetch_before_a_guest_joins)
    directory.scope("U0SAM", "C0RACE")
    assert directory.scope("U0SAM", "C0RACE") == CUSTOMER_SCOPE


def test_a_large_channels_people_are_looked_up_together_and_all_pages_of_members_count(
    workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [Person(f"U9{n:03}", f"p{n}", f"P {n}", "agent", "#888888") for n in range(30)]
    add_people(workspace, *crowd, Person("U9ZED", "zed", "Zed", "customer", "#888888"))
    names = [person.id for person in crowd]
    add_channel(workspace, "C0CROWD", *names)
    add_channel(workspace, "C0MORE", *names, "U9ZED")
    monkeypatch.setattr(audience, "_PAGE", 10)
    directory = build(workspace, "C0CROWD", "C0MORE")
    before = len(workspace.calls("users.info"))
    assert directory.scope(names[0], "C0CROWD") == STAFF_SCOPE
    assert len(workspace.calls("users.info")) == before + 1
    assert directory.scope(names[0], "C0MORE") == CUSTOMER_SCOPE
    monkeypatch.setattr(audience, "_MOST_PAGES", 2)
    directory.forget("C0CROWD")
    assert directory.scope(names[0], "C0CROWD") == CUSTOMER_SCOPE


def test_names_are_those_that_slack_shows(workspace: LocalWorkspace) -> None:
    assert set(build(workspace).names("U0SAM")) == {"Sam", "sam"}
    assert build(workspace).names("U0NOBODY") == ()


def test_a_user_groups_documents_are_read_by_its_members_alone_and_only_where_nobody_else_reads(
    workspace: LocalWorkspace,
) -> None:
    support, admins, nobody = (Audience(f"group:{name}") for name in ("S0STAFF", "S0ADMINS", "S0NOBODY"))
    client = build_client(workspace.bot_token, workspace.api_url)
    directory = Directory(
        client,
        team=TEAM,
        staff_channels=("C0STAFF",),
        admins=(),
        clock=Clock(),
        groups=lambda: frozenset({support, admins, nobody}),
    )
    assert directory.scope("U0SAM", "D0SAM").audiences == STAFF_SCOPE.audiences | {support}
    assert directory.scope("U0ADA", None).audiences == STAFF_SCOPE.audiences | {support, admins}
    assert directory.scope("U0CLEO", "D0CLEO") == CUSTOMER_SCOPE
    assert directory.scope("U0SAM", "C0STAFF") == STAFF_SCOPE
    assert directory.scope("U0SAM", "C0HELP") == CUSTOMER_SCOPE
