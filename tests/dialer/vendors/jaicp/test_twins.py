"""Requests that come at the same moment with the same key: acceptance case 48, on threads that really are parallel."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client

from campaigns.models import Call
from dialer.models import IdempotenceKey
from tests.dialer.vendors.jaicp.conftest import A, B, Crm

TWINS = 20


@pytest.fixture
def shared(transactional_db, tmp_path):
    """A database that threads can share: PostgreSQL as it is; SQLite's in memory is copied into a file."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    kept = connections["default"]
    copy = sqlite3.connect(tmp_path / "twins.sqlite3")
    kept.connection.backup(copy)
    copy.close()
    name = kept.settings_dict["NAME"]
    kept.settings_dict["NAME"] = str(tmp_path / "twins.sqlite3")
    del connections["default"]
    yield
    connections["default"].close()
    kept.settings_dict["NAME"] = name
    connections["default"] = kept


def at_once(crm: Crm, requests: list[tuple[str, str, str]]) -> list[tuple[int, bytes]]:
    """Return the answers to requests (path, body, key), all sent at the same moment."""
    gate = threading.Barrier(len(requests))

    def send(request: tuple[str, str, str]) -> tuple[int, bytes]:
        path, body, key = request
        client = Client(raise_request_exception=False)
        headers = {"Idempotence-Key": key} if key else {}
        gate.wait()
        try:
            answer = client.post(path, body, content_type="application/json", headers=headers)
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


@pytest.mark.django_db(transaction=True)
def test_case_48_parallel_twins_are_one_job(world, shared):
    crm = Crm(world)
    body = json.dumps([{"phone": A}, {"phone": B}])
    answers = at_once(crm, [(crm.path("addPhones"), body, "twin")] * TWINS)

    assert {status for status, _ in answers} == {200}
    assert len({content for _, content in answers}) == 1
    assert Call.objects.count() == 2
    assert IdempotenceKey.objects.get().body == answers[0][1].decode().replace(",", ", ")


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_with_keys_of_their_own_are_all_served(world, shared):
    crm = Crm(world)
    body = json.dumps([{"phone": A}])
    answers = at_once(crm, [(crm.path("addPhones"), body, f"key {n}") for n in range(TWINS)])

    assert len({json.loads(content)[0] for _, content in answers}) == TWINS
    assert Call.objects.count() == TWINS


@pytest.mark.django_db(transaction=True)
def test_parallel_repeats_within_the_window_are_one_job(world, shared, settings):
    settings.JAICP = {**settings.JAICP, "crm_duplicate_window_hours": 24}
    crm = Crm(world)
    answers = at_once(crm, [(crm.path("addPhone", "crmCalls"), json.dumps({"phone": A}), "")] * TWINS)

    assert sorted(status for status, _ in answers) == [200] + [400] * (TWINS - 1)
    assert Call.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_steering_with_one_key_moves_once(world, shared):
    crm = Crm(world)
    answers = at_once(crm, [(crm.path("control/pause"), "", "p1")] * TWINS)

    assert answers == [(200, b"")] * TWINS
    crm.campaign.refresh_from_db()
    assert crm.campaign.state == "paused"
