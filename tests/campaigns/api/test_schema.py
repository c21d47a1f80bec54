"""The API's description of itself, and requests made from it by the hundred."""

from __future__ import annotations

import collections
import io

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from config.wsgi import application

CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]
EXAMPLES = 8


def test_the_description_is_valid_and_nothing_is_left_to_guesses():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


@pytest.fixture
def one_connection(ours):
    """Keep the test's connection, with its transaction, over requests that come past Django's own test client.

    That client connects the signals again, so it must have done its work before.
    """
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_whatever_the_description_allows_is_answered_as_it_says(world, ours):
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 35
    answered = collections.Counter()
    for operation in operations:
        _try(operation, world.secrets["api_key"], ours, answered)
    # Not only refusals were seen.
    assert answered[200] > 50
    assert answered[201] > 5
    assert answered[400] > 50


def _try(operation, key, ours, answered):
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case):
        _point_at(case, ours)
        response = case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
        answered[response.status_code] += 1

    check()


def _point_at(case, ours):
    """Let a request name rows that exist, where it would name any number."""
    route = case.path.removeprefix("/api/v1/").partition("/")[0]
    for name in ("id", "attempt"):
        if name in case.path_parameters:
            case.path_parameters[name] = ours[route]
    if isinstance(case.body, dict) and "campaign" in case.body:
        case.body["campaign"] = ours["campaigns"]
    case.query.pop("account", None)
