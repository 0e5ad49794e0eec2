"""What admins decide for a channel, and what Chip then answers there, to whom and where."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from bot.commands.admins import PAUSED
from bot.engine.port import EngineError
from bot.workspace.workspace import Workspace
from feedback import switches
from feedback.channel_rules import AnswerIn, ChannelRules, Listen, Quiet
from feedback.events import Role
from tests.loop.conftest import ADA, CLEO, HELP, SAM, STAFF, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
CREDIT = "What goodwill credit may support agents grant for a late delivery?"
ALWAYS = Quiet(time(0, 0), time(23, 59))


def rule(chip: Chip, channel: str, **rules: object) -> None:
    assert chip.services is not None
    chip.services.rules.set(channel, ChannelRules(**rules), by=ADA)  # type: ignore[arg-type]  # fields as they are named


def test_where_every_question_is_answered_a_question_needs_no_mention(chip: Chip) -> None:
    rule(chip, HELP, listen=Listen.EVERY)
    chip.workspace.visit(CLEO).post(HELP, "Good morning everybody")
    assert "55 minutes" in chip.ask(CLEO, RUNTIME, HELP)["markdown"]
    chip.settle()
    assert len(chip.engine.requests) == 1


def test_where_only_mentions_are_answered_a_follow_up_is_not(chip: Chip) -> None:
    rule(chip, HELP, listen=Listen.MENTION)
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.workspace.visit(CLEO).post(HELP, "And how long does it charge?", first["thread_ts"])
    chip.settle()
    assert len(chip.engine.requests) == 1


def test_an_answer_to_the_asker_alone_is_seen_by_nobody_else_and_can_be_voted_on(chip: Chip) -> None:
    rule(chip, HELP, answer_in=AnswerIn.EPHEMERAL)
    chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")

    said = chip.wait_for_said(HELP, "55 minutes")
    assert said.ephemeral_to == CLEO
    assert "feedback_buttons" in str(said.blocks)
    assert chip.workspace.calls("chat.startStream") == []
    assert chip.workspace.statuses() == {}


def test_a_long_answer_to_the_asker_alone_comes_in_several_messages(chip: Chip) -> None:
    rule(chip, HELP, answer_in=AnswerIn.EPHEMERAL)
    chip.engine.queue.append("\n".join(f"Line {number} {'x' * 900}" for number in range(20)))
    chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")

    chip.wait_for_said(HELP, "feedback_buttons")
    chip.settle()
    shown = [message for message in chip.workspace.messages(HELP) if message.bot_id]
    assert [message.ephemeral_to for message in shown] == [CLEO] * 3
    assert ["feedback_buttons" in str(message.blocks) for message in shown] == [False, False, True]
    said = "\n".join(message.blocks[0]["text"] for message in shown)
    assert [f"Line {number} " in said for number in range(20)] == [True] * 20
    assert chip.reply_at(HELP, {"ts": shown[0].ts}) == chip.reply_at(HELP, {"ts": shown[2].ts})


def test_in_quiet_hours_only_a_mention_is_answered_and_to_its_writer_alone(chip: Chip) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    rule(chip, HELP, listen=Listen.EVERY, quiet=ALWAYS)
    cleo = chip.workspace.visit(CLEO)
    cleo.post(HELP, RUNTIME)
    cleo.post(HELP, "And charging?", first["thread_ts"])
    chip.settle()
    assert len(chip.engine.requests) == 1

    cleo.post(HELP, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: [m for m in chip.workspace.messages(HELP) if m.ephemeral_to == CLEO])


@pytest.mark.parametrize("harm", ["paused", "failed"])
def test_what_chip_says_in_the_place_of_a_private_answer_is_private_too(chip: Chip, harm: str) -> None:
    rule(chip, HELP, answer_in=AnswerIn.EPHEMERAL)
    if harm == "paused":
        switches.set_switch(chip.core.db, TEAM, PAUSED, "on", by=ADA)
    else:
        chip.engine.queue.append(EngineError("gone"))
    chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")

    told = chip.workspace.wait_for(lambda: [m for m in chip.workspace.messages(HELP) if m.bot_id])
    chip.settle()
    assert [message.ephemeral_to for message in told] == [CLEO]


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (23, True), (3, True), (7, False)])
def test_quiet_hours_may_go_over_midnight(hour: int, quiet: bool) -> None:
    assert Quiet(time(22, 0), time(7, 0)).holds(datetime(2026, 1, 1, hour, tzinfo=UTC).time()) is quiet


def test_a_channel_marked_for_customers_gives_staff_no_staff_passage_and_one_marked_for_staff_does(chip: Chip) -> None:
    rule(chip, STAFF, audience="customer")
    rule(chip, HELP, audience="staff")
    chip.ask(SAM, f"@Chip {CREDIT}", STAFF)
    for change in (chip.workspace.remove, chip.workspace.invite):  # what an admin marked holds while no guest is there
        change(CLEO, HELP)
        chip.settle()
        chip.ask(SAM, f"@Chip {CREDIT}", HELP)
    chip.ask(CLEO, f"@Chip {CREDIT}", HELP)

    (request,) = chip.engine.requests  # pages are offered to all others, without the model
    assert "45 euros" in request.messages[-1].content
    assert ["45 euros" in said for said in chip.said(HELP) if "not sure" in said or "45 euros" in said] == [
        True,
        False,
        False,
    ]
    assert not any("45 euros" in said for said in chip.said(STAFF))


def test_other_bots_are_answered_only_where_the_rules_say_so(chip: Chip) -> None:
    post = {"type": "message", "subtype": "bot_message", "bot_id": "B0OTHER", "text": f"<@U0CHIP> {RUNTIME}"}
    assert chip.services is not None
    root = chip.workspace.visit(CLEO).post(HELP, "a place for the thread")
    for number, answers_bots in enumerate((False, True)):
        rule(chip, HELP, answers_bots=answers_bots)
        event = post | {"channel": HELP, "channel_type": "channel", "ts": root, "event_ts": root}
        chip.workspace.inside(
            lambda workspace, event=event: workspace.push_event(event)  # type: ignore[misc]  # bound at once
        )
        chip.settle()
        assert len(chip.engine.requests) == number
    assert any("55 minutes" in said for said in chip.said(HELP))


def test_another_bot_is_answered_in_the_thread_where_people_are_answered_alone(chip: Chip) -> None:
    rule(chip, HELP, answers_bots=True, answer_in=AnswerIn.EPHEMERAL)
    root = chip.workspace.visit(CLEO).post(HELP, "a place for the thread")
    post = {"type": "message", "subtype": "bot_message", "bot_id": "B0OTHER", "text": f"<@U0CHIP> {RUNTIME}"}
    event = post | {"channel": HELP, "channel_type": "channel", "ts": root, "event_ts": root}
    chip.workspace.inside(lambda workspace: workspace.push_event(event))

    said = chip.wait_for_said(HELP, "55 minutes")
    assert (said.thread_ts, said.ephemeral_to) == (root, None)


def test_rules_outlast_a_restart(chip: Chip) -> None:
    rule(chip, HELP, listen=Listen.MENTION, quiet=Quiet(time(22, 0), time(7, 30)), answers_bots=True)
    chip.stop()
    chip.start()
    assert chip.services is not None
    assert chip.services.rules.all() == {
        HELP: ChannelRules(Listen.MENTION, None, Quiet(time(22, 0), time(7, 30)), AnswerIn.THREAD, True)
    }


def test_members_of_the_admins_group_are_admins_until_they_leave_it(chip: Chip) -> None:
    assert chip.services is not None
    directory = chip.services.directory
    directory._admin_group = "support"
    assert directory.role(SAM) is Role.ADMIN
    assert directory.role(CLEO) is Role.CUSTOMER
    asked = len(chip.workspace.calls("usergroups.users.list"))

    def leave(workspace: Workspace) -> None:
        group = workspace.directory.groups["S0STAFF"]
        workspace.directory.groups["S0STAFF"] = replace(group, members=("U0ADA",))
        change = {"type": "subteam_members_changed", "subteam_id": "S0STAFF", "event_ts": workspace.timeline.next_ts()}
        workspace.push_event(change)

    chip.workspace.inside(leave)
    chip.workspace.wait_for(lambda: directory.role(SAM) is Role.STAFF)
    assert len(chip.workspace.calls("usergroups.users.list")) == asked + 1


def test_a_workflow_is_answered_where_other_bots_are_and_by_what_the_channel_listens_to(chip: Chip) -> None:
    asked = (RUNTIME, f"<@U0CHIP> {RUNTIME}")
    answered = {(Listen.EVERY, True): [0, 1], (Listen.EVERY, False): [], (Listen.FOLLOW_UPS, True): [1]}
    for (listen, answers_bots), expected in answered.items():
        rule(chip, HELP, listen=listen, answers_bots=answers_bots)
        roots = [post_as_workflow(chip, text) for text in asked]
        chip.settle()
        said = {m.thread_ts for m in chip.workspace.messages(HELP) if m.bot_id and m.thread_ts}
        assert [number for number, root in enumerate(roots) if root in said] == expected


def post_as_workflow(chip: Chip, text: str) -> str:
    """Post as a workflow does, which Slack delivers with its own bot and no person; return the ts."""
    root = chip.workspace.visit(CLEO).post(HELP, "a place for the thread")
    profile = {"id": "B0FLOW", "app_id": "A0FLOW", "name": "Intake", "is_workflow_bot": True, "team_id": TEAM}
    event: dict[str, Any] = {
        "type": "message",
        "subtype": "bot_message",
        "text": text,
        "username": "Intake",
        "workflow_id": "Wf0FLOW",
    }
    event |= {"bot_id": "B0FLOW", "app_id": "A0FLOW", "bot_profile": profile}
    place = {"channel": HELP, "channel_type": "channel", "ts": root, "event_ts": root}
    chip.workspace.inside(lambda workspace: workspace.push_event(event | place))
    return root
