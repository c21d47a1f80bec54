"""A customer's script as they are written: plain `requests` over a real socket, with a body in its GETs."""

from __future__ import annotations

import datetime as dt

import pytest
import requests
from django.core.files.base import ContentFile

from campaigns.models import Account, Call
from campaigns.operations import prompts
from dialer import clock, credentials, playing


class InstantCall:
    """What a clinic's appointment system has in its cupboard."""

    def __init__(self, base: str, secrets: dict[str, str]) -> None:
        self.url = f"{base}/MultiChannelAPI/Api/instantCall/"
        self.user = {"username": secrets["username"], "password": secrets["password"]}
        self.guid = secrets["guid"]
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, **fields):
        response = self.session.post(self.url, json={"User": self.user, **fields}, timeout=10, allow_redirects=False)
        response.raise_for_status()
        return response.json()

    def by_codes(self, *codes: str):
        body = {"Type": "CR", "Guid": self.guid, "CodeRequests": codes}
        response = self.session.get(self.url, json=body, timeout=10)
        response.raise_for_status()
        return response.json()["InstantCalls"]

    def by_id(self, request: int, status: str = ""):
        auth = (self.user["username"], self.user["password"])
        response = self.session.get(f"{self.url}{request}/{status}".rstrip("/"), auth=auth, timeout=10)
        response.raise_for_status()
        return response.json()["InstantCalls"]


@pytest.fixture
def account(live_server, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return credentials.open_account(name="Clinic", country="IT", timezone="Europe/Rome")


@pytest.fixture
def vendor(live_server, account):
    made = InstantCall(live_server.url, account["sendservice"])
    yield made
    made.session.close()


def test_a_clinic_reminds_its_patients(vendor, account):
    owner = Account.objects.get(pk=account["account"])
    prompts.store_prompt(account=owner, name="Reminder", extension=200938, file=ContentFile(b"RIFF", "a.wav"))
    now = clock.now()
    sent = vendor.send(
        StartDate=now.isoformat(),
        EndDate=(now + dt.timedelta(hours=8)).isoformat(),
        Type=0,
        Extension=200938,
        CallerId="390451234567",
        InstantCalls=[
            {"NumberToCall": "00390612345211", "CodeRequest": "visit-1"},
            {"NumberToCall": "00390612345486", "CodeRequest": "visit-2"},
            {"NumberToCall": "call me"},
        ],
    )
    assert [call["Status"] for call in sent["InstantCalls"]] == ["NotCalled", "NotCalled", "Forbidden"]
    assert [call["Status"] for call in vendor.by_codes("visit-1", "visit-2")] == ["NotCalled", "NotCalled"]

    playing.play(now=now, until=now + dt.timedelta(minutes=5))

    answered, busy = vendor.by_codes("visit-1", "visit-2", "visit-3")
    assert (answered["Status"], answered["InputDigits"], busy["Status"]) == ("Success", 1, "Failed")
    assert [call["Status"] for call in vendor.by_id(sent["Id"])] == ["Success", "Failed", "Forbidden"]
    assert vendor.by_id(sent["Id"], "success") == [answered]


def test_a_wrong_password_is_seen_as_such(vendor):
    vendor.user["password"] = "guessed"

    with pytest.raises(requests.HTTPError) as told:
        vendor.send(NumberToCall="00390612345211")

    assert told.value.response.status_code == 401
    assert told.value.response.json() == {"Message": "Authorization has been denied for this request."}
    assert not Call.objects.exists()
