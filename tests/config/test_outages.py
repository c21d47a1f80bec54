"""While the database cannot be used every door says so in its own form, and asks to be tried again."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError

from campaigns import outages
from config import logs
from dialer import tasks
from tests.outages import Unreachable

TOKEN = "8.17.1b131df1bAYxokdz"
SESSION = {"accountId": "1", "username": "nobody", "password": "nothing"}
SENDER = {"InstantCalls": [], "User": {"username": "a", "password": "b"}}
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<OpenAPISession xmlns="http://tempuri.org/"><accountId>1</accountId><username>a</username><password>b</password>'
    "</OpenAPISession></s:Body></s:Envelope>"
)
SENTENCE = outages.SENTENCE
# By door: the request, and what must stand in the answer.
DOORS = {
    "native": ("POST", "/api/v1/calls/bulk/", {"campaign": 1, "calls": []}, {"title": "Service Unavailable"}),
    "native reading": ("GET", "/api/v1/campaigns/", None, {"type": "urn:trunkline:problem:unavailable"}),
    "go4clients": (
        "POST",
        "/TelintelSms/apiotp/voice/campaign",
        {"name": "A"},
        {"code": "OTP-ERR-004", "success": False, "description": SENTENCE},
    ),
    "jaicp": ("GET", f"/api/calls/campaign/{TOKEN}/status", None, {"error": "internal.error", "message": SENTENCE}),
    "jaicp crm": (
        "GET",
        f"/api/crmCalls/campaign/{TOKEN}/addPhone?phone=16500000000",
        None,
        {"type": "internal.error"},
    ),
    "sendservice": ("POST", "/MultiChannelAPI/Api/instantCall", SENDER, {"Message": SENTENCE}),
    "voicenter": (
        "POST",
        "/ForwardDialer/Dialer/GetCampaignDetails",
        {"Campaign": "123456"},
        {"ErrorCode": 3, "Description": SENTENCE},
    ),
    "onc": ("POST", "/onc/OpenAPISession", SESSION, {"Message": SENTENCE}),
}
HEADERS = {
    "Authorization": "Bearer tk_something",
    "Apikey": "key",
    "Apisecret": "secret",
}


@pytest.fixture
def outage(django_db_blocker, tmp_path, client):
    """A client of a server whose database is away."""
    client.raise_request_exception = False
    with django_db_blocker.unblock(), Unreachable(tmp_path):
        yield client


@pytest.mark.parametrize("door", DOORS)
def test_each_door_says_it_in_its_own_form(outage, door):
    method, path, body, wanted = DOORS[door]

    answer = outage.generic(
        method, path, json.dumps(body) if body else "", content_type="application/json", headers=HEADERS
    )

    assert (answer.status_code, answer["Retry-After"]) == (503, "5"), answer.content
    assert wanted.items() <= answer.json().items()


def test_soap_says_it_as_a_fault(outage):
    answer = outage.post("/onc/soap", ENVELOPE, content_type="text/xml")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"InternalServiceFault" in answer.content


@pytest.mark.parametrize("path", ["/admin/", "/admin/campaigns/campaign/", "/admin/login/?next=/admin/"])
def test_people_see_a_page_that_asks_again(outage, path):
    outage.cookies[settings.SESSION_COOKIE_NAME] = "k3" * 16

    answer = outage.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b'http-equiv="refresh"' in answer.content


def test_tasks_outlive_it_and_say_so_in_a_line(outage, caplog):
    tasks.tick()
    tasks.place(attempt_ids=[1])
    tasks.build_reports()

    assert [record.message.split(":")[0] for record in caplog.records] == [
        "The tick waits for the database",
        "Placing waits for the database",
        "The report builder waits for the database",
    ]
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_the_log_has_a_line_and_no_traceback(kind):
    written = written_of(kind("server closed the connection\n\tThis probably means that it ended."))

    assert written == "Service Unavailable: /admin/: server closed the connection\n"


def test_other_errors_keep_their_traceback():
    assert written_of(ZeroDivisionError("odd")) == "Service Unavailable: /admin/\nZeroDivisionError: odd\n"


def written_of(error: Exception) -> str:
    """Return what a handler with the filter writes of an error."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(logs.BriefOutages())
    record = logging.LogRecord(
        "django.request", logging.ERROR, "x", 1, "%s: %s", ("Service Unavailable", "/admin/"), None
    )
    record.exc_info = (type(error), error, None)
    handler.handle(record)
    return written.getvalue()


def test_the_handler_has_the_filter():
    assert "brief_outages" in settings.LOGGING["handlers"]["stderr"]["filters"]
