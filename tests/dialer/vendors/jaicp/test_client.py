"""A customer's CRM as it is: a plain script over HTTP that knows the vendor's documents and nothing of the server."""

from __future__ import annotations

import uuid

import pytest
import requests

from tests.dialer.vendors.jaicp.conftest import Crm


class CallsApi:
    """What a CRM has written against https://app.jaicp.com; only the host is another."""

    def __init__(self, host: str, token: str) -> None:
        self.calls = f"{host}/api/calls/campaign/{token}"
        self.crm = f"{host}/api/crmCalls/campaign/{token}"
        self.session = requests.Session()

    def push(self, contacts: list[dict]) -> list[str]:
        answer = self.session.post(
            f"{self.calls}/addPhones", json=contacts, headers={"Idempotence-Key": str(uuid.uuid4())}, timeout=10
        )
        answer.raise_for_status()
        return answer.json()

    def report(self, **wanted) -> list[dict]:
        answer = self.session.post(f"{self.calls}/callJob/getReport", json=wanted, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def cancel(self, **wanted) -> list[str]:
        answer = self.session.post(f"{self.calls}/callJob/cancel", json=wanted, timeout=10)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def api(live_server, world):
    found = CallsApi(live_server.url, Crm(world).token)
    yield found
    found.session.close()


def test_the_sample_of_the_vendors_page(api):
    # The page's own two samples: numbers as integers, the key as a header and as a parameter, an unescaped plus.
    headers = {"Idempotence-Key": "d5f41bd4-ddc3-4dba-8b8e-f6ac39e8c3e3"}
    sample = [
        {
            "phone": 16500000001,
            "gmtZone": "-05:00",
            "payload": {"name": "Ann"},
            "allowedDays": ["mon", "tue"],
            "allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]},
            "maxAttempts": 3,
            "retryIntervalInMinutes": 30,
            "dialerPriority": 2,
        }
    ]
    first = requests.post(f"{api.calls}/addPhones", json=sample, headers=headers, timeout=10)
    again = requests.post(f"{api.calls}/addPhones", json=sample, headers=headers, timeout=10)
    assert first.status_code == 200
    assert again.text == first.text
    single = f"{api.calls}/addPhone?phone=16500000000&gmtZone=+03:00&name=Alex&Idempotence-Key=51b5"
    pk = requests.get(single, timeout=10).json()
    assert requests.get(single, timeout=10).json() == pk
    assert [row["phone"] for row in api.report(ids=[*first.json(), pk])] == ["16500000001", "16500000000"]


def test_a_nightly_run_of_a_crm(api):
    contacts = [{"phone": f"+3906123{n:04}", "payload": {"contract": n}} for n in range(50)]
    ids = api.push(contacts)
    assert len(ids) == 50

    names = {row["callJobId"]: row["phone"] for row in api.report(ids=ids)}
    assert [names[pk] for pk in ids] == [contact["phone"].lstrip("+") for contact in contacts]
    form = requests.post(f"{api.crm}/addPhone", data={"phone": "+39061239999", "order": "17"}, timeout=10)
    assert form.headers["Content-Type"] == "application/json"
    assert api.cancel(phones=["39061239999"], ids=ids[:2]) == [*ids[:2], form.json()]
    assert api.cancel(phones=["39061239999"], ids=ids[:2]) == []
    assert {row["jobStatus"] for row in api.report(ids=ids[:2])} == {"cancelledByUser"}


def test_steering_and_reading(api):
    assert requests.get(f"{api.calls}/status", timeout=10).json() == "inProgress"
    paused = requests.post(f"{api.calls}/control/pause", timeout=10)
    assert (paused.status_code, paused.content) == (200, b"")
    assert requests.get(f"{api.calls}/", timeout=10).json()["status"] == "paused"
    again = requests.post(f"{api.calls}/control/pause", timeout=10)
    assert (again.status_code, again.json()["error"]) == (400, "invalid.call.task.state")
    assert requests.post(f"{api.calls}/control/stop", timeout=10).status_code == 200
    late = requests.post(f"{api.calls}/addPhones", json=[{"phone": "16500000000"}], timeout=10)
    assert (late.status_code, late.json()["state"]) == (400, "FINISHED")


def test_what_goes_wrong(api):
    refused = requests.post(f"{api.calls}/addPhones", json=[{"phone": "abc"}], timeout=10)
    assert (refused.status_code, refused.json()["type"], refused.json()["phone"]) == (400, "phone.bad.format", "abc")
    unknown = requests.post(f"{api.calls}x/addPhones", json=[{"phone": "16500000000"}], timeout=10)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "invalid.token")
    empty = requests.post(f"{api.calls}/addPhones", timeout=10)
    assert (empty.status_code, empty.json()["type"]) == (400, "invalid.request")
