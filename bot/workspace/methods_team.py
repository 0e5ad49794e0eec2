"""Owns the methods about the app, people and groups: auth.test, users.*, usergroups.*, team.info, bots.info.

Knows nothing of HTTP.
"""

from __future__ import annotations

from bot.workspace.api_call import Answer, Call, Method, paginate
from bot.workspace.errors import SlackError
from bot.workspace.people import APP_ID, BOT_ID, BOT_USER_ID, Person, UserGroup, build_user


def test_api(call: Call) -> Answer:
    if call.find_text("error"):
        raise SlackError(call.text("error"))
    return {"args": dict(call.arguments)}


def test_auth(call: Call) -> Answer:
    team = call.workspace.directory.team
    return {
        "url": f"{call.workspace.base_url}/",
        "team": team.name,
        "user": "chip",
        "team_id": team.id,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def exchange_code(call: Call) -> Answer:
    """The last step of OAuth. A code is what `issue_code` returned; it works once."""
    if call.text("code") not in call.workspace.oauth_codes:
        raise SlackError("invalid_code")
    call.workspace.oauth_codes.discard(call.text("code"))
    token, granted = next((name, token) for name, token in call.workspace.tokens.items() if token.kind == "bot")
    team = call.workspace.directory.team
    return {
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(sorted(granted.scopes)),
        "bot_user_id": BOT_USER_ID,
        "app_id": APP_ID,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "authed_user": {"id": next(p.id for p in call.workspace.directory.people.values() if p.role == "admin")},
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Answer:
    ticket = call.workspace.sockets.issue_ticket()
    address = call.workspace.base_url.replace("http://", "ws://")
    return {"url": f"{address}/link/?ticket={ticket}&app_id={APP_ID}"}


def user_info(call: Call) -> Answer:
    return {"user": _show_person(call, call.person(), with_email="users:read.email" in call.token.scopes)}


def list_users(call: Call) -> Answer:
    with_email = "users:read.email" in call.token.scopes
    people, cursor = paginate(list(call.workspace.directory.people.values()), call)
    members = [_show_person(call, person, with_email=with_email) for person in people]
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


def look_up_by_email(call: Call) -> Answer:
    email = call.text("email").lower()
    person = next((p for p in call.workspace.directory.people.values() if p.email == email and email), None)
    if person is None:
        raise SlackError("users_not_found")
    return {"user": _show_person(call, person, with_email=True)}


def list_groups(call: Call) -> Answer:
    groups = [_build_group(group) for group in call.workspace.directory.groups.values()]
    if not call.flag("include_users"):
        groups = [{key: value for key, value in group.items() if key != "users"} for group in groups]
    return {"usergroups": groups}


def list_group_users(call: Call) -> Answer:
    group = call.workspace.directory.groups.get(call.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def team_info(call: Call) -> Answer:
    team = call.workspace.directory.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}


def bot_info(call: Call) -> Answer:
    if call.find_text("bot") not in (None, BOT_ID):
        raise SlackError("bot_not_found")
    return {"bot": {"id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER_ID, "name": "Chip", "deleted": False}}


def _show_person(call: Call, person: Person, *, with_email: bool) -> Answer:
    return build_user(person, with_email=with_email, team_id=call.workspace.directory.team.id)


def _build_group(group: UserGroup) -> Answer:
    shape: Answer = {"id": group.id, "handle": group.handle, "name": group.name, "is_usergroup": True}
    return shape | {"user_count": len(group.members), "users": list(group.members)}


TEAM_METHODS = {
    "oauth.v2.access": Method(exchange_code, token_kind="any"),
    "api.test": Method(test_api, token_kind="any"),
    "auth.test": Method(test_auth),
    "apps.connections.open": Method(open_connection, "connections:write", "app"),
    "users.info": Method(user_info, "users:read"),
    "users.list": Method(list_users, "users:read"),
    "users.lookupByEmail": Method(look_up_by_email, "users:read.email"),
    "usergroups.list": Method(list_groups, "usergroups:read"),
    "usergroups.users.list": Method(list_group_users, "usergroups:read"),
    "team.info": Method(team_info, "team:read"),
    "bots.info": Method(bot_info, "users:read"),
}
