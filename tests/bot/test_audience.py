"""Who is staff, and where staff passages may be used; asked of a real workspace."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.audience import Directory, role_of
from bot.wiring import build_client
from bot.workspace.people import Channel
from bot.workspace.server import LocalWorkspace
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
