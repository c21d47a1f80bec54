"""Who may do what: every route and verb that the router has, by everybody who may come.

The routes are read from the router, so that a new one without a row here fails. Another account's id answers exactly
as one that nobody has, and changes nothing.
"""

from __future__ import annotations

import json
import re

import pytest
from django.apps import apps
from django.db import transaction

from config.api import router
from dialer import credentials
from dialer.models import Credential
from tests.campaigns.api.client import Native

UNKNOWN = 987_654_321
SAFE = {"GET"}
FLOW = {"steps": [{"do": "hangup"}]}

# What is sent to each action that reads a body; CAMPAIGN stands for the id of the campaign.
BODIES = {
    "campaigns-create": {"name": "Dues", "caller_id": "390612345678"},
    "campaigns-partial_update": {"name": "Changed"},
    "campaigns-copy": {"name": "Copied"},
    "members-create": {"campaign": "CAMPAIGN", "code": "SIP9"},
    "members-partial_update": {"display_name": "Changed"},
    "contacts-create": {"campaign": "CAMPAIGN", "first_name": "Anna"},
    "contacts-partial_update": {"first_name": "Changed"},
    "calls-create": {"campaign": "CAMPAIGN", "number": "+390612323486"},
    "calls-bulk": {"campaign": "CAMPAIGN", "calls": [{"number": "+390612323486"}]},
    "calls-partial_update": {"priority": 9},
    "suppressions-create": {"campaign": "CAMPAIGN", "destination": "+390612323999"},
    "prompts-create": {"name": "Menu", "flow": FLOW},
    "prompts-partial_update": {"name": "Changed"},
}
NO_BODY = {
    *("campaigns-start", "campaigns-pause", "campaigns-resume", "campaigns-finish", "calls-cancel"),
    *("attempts-hangup", "carriers-reset"),
}
# What the state of the one row made for each forbids, not the caller.
CONFLICTS = {"campaigns-start", "campaigns-resume", "attempts-hangup", "prompts-audio"}
# What no account may do, but the platform's staff.
PLATFORM = {"carriers-reset"}


def _routes():
    for pattern in router.urls:
        basename = pattern.name.rpartition("-")[0] if pattern.name.count("-") else pattern.name
        for method, action in pattern.callback.actions.items():
            path = re.sub(r"\(\?P<pk>[^)]+\)", "PK", pattern.pattern.regex.pattern)
            path = path.removeprefix("^").removesuffix("\\Z").removesuffix("$").removesuffix("/?") + "/"
            yield path, method.upper(), f"{basename}-{action}"


ROUTES = list(_routes())


def _body(name, campaign):
    if name in NO_BODY:
        return None
    return json.loads(json.dumps(BODIES[name]).replace('"CAMPAIGN"', str(campaign)))


def _send(key, path, method, name, ids, pk=None):
    route = path.partition("/")[0]
    path = path.replace("PK", "voice" if route == "carriers" else str(ids[route] if pk is None else pk))
    return Native(key).send(method, path, None if method in {"GET", "DELETE"} else _body(name, ids["campaigns"]))


def _everything():
    """Return all rows that an API could have changed, but for the note of when a key was used."""
    models = [model for label in ("campaigns", "reports") for model in apps.get_app_config(label).get_models()]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_every_kind_of_row_has_its_routes():
    assert {path.partition("/")[0] for path, _, _ in ROUTES} == {
        *("campaigns", "members", "contacts", "calls", "attempts", "suppressions", "prompts", "reports", "carriers")
    }
    assert len(ROUTES) > 35


def test_one_s_own_rows_are_served(world, ours):
    for path, method, name in ROUTES:
        with transaction.atomic():
            status = _send(world.secrets["api_key"], path, method, name, ours).status_code
            transaction.set_rollback(True)
        refused = {404, 409} if name in CONFLICTS else {403} if name in PLATFORM else set()
        assert status in (refused or {200, 201, 204}), (method, path)


@pytest.mark.parametrize("key", [None, "tk_nonsense", "revoked"])
def test_nobody_without_a_good_key_is_told_anything(world, ours, key):
    if key == "revoked":
        key = credentials.issue_key(account=world.account)
        Credential.objects.filter(identifier=credentials.digest(key)).update(is_active=False)
    before = _everything()
    for path, method, name in ROUTES:
        assert _send(key, path, method, name, ours).status_code == 401, (method, path)
    assert _everything() == before


def test_a_key_that_only_reads_changes_nothing(world, ours):
    before = _everything()
    reader = credentials.issue_key(account=world.account, can_write=False)
    for path, method, name in ROUTES:
        status = _send(reader, path, method, name, ours).status_code
        served = 404 if name in CONFLICTS else 200
        assert status == (served if method in SAFE else 403), (method, path)
    assert _everything() == before


def test_another_account_s_rows_are_as_unknown_ones(world, ours):
    other = world.other_account()["api_key"]
    before = _everything()
    for path, method, name in ROUTES:
        if "PK" not in path or name in PLATFORM:
            continue
        answer = _send(other, path, method, name, ours)
        unknown = _send(other, path, method, name, ours, pk=UNKNOWN)
        assert answer.status_code == unknown.status_code == 404, (method, path)
        assert answer.content == unknown.content
    assert _everything() == before


def test_another_account_s_campaign_takes_nothing_and_is_as_an_unknown_one(world, ours):
    other = world.other_account()["api_key"]
    before = _everything()
    tried = [route for route in ROUTES if "CAMPAIGN" in json.dumps(BODIES.get(route[2], ""))]
    assert len(tried) == 5
    for path, method, name in tried:
        answer = _send(other, path, method, name, ours)
        unknown = _send(other, path, method, name, ours | {"campaigns": UNKNOWN})
        assert answer.status_code == unknown.status_code == 400, (method, path)
        assert answer.content.replace(b" %d." % ours["campaigns"], b"") == unknown.content.replace(
            b" %d." % UNKNOWN, b""
        )
    assert _everything() == before


def test_another_account_s_rows_are_in_no_list(world, ours):
    other = Native(world.other_account()["api_key"])
    lists = [path for path, method, name in ROUTES if name.endswith("-list") and name != "carriers-list"]
    assert len(lists) == 8
    for path in lists:
        assert other.all(path) == []
        if path not in {"campaigns/", "prompts/"}:
            assert other.all(path, campaign=ours["campaigns"]) == []
