"""A customer's back end that speaks as the contract says: X is a single call, B the example of two."""

from __future__ import annotations

import base64
import json

import pytest
from django.core.files.base import ContentFile

from campaigns.models import Account, Call, CallAttempt, Intake
from campaigns.operations import prompts

ROOT = "/MultiChannelAPI/Api/instantCall/"
AUDIO, IVR = 200938, 200939
CODE = "1d0f6c1e-5a55-4f0e-8a3e-0c8d2f3f9a01"
ANSWERS, PRESSES_1, BUSY = "00390612345200", "00390612345211", "00390612345486"
MENU = {"do": "detect", "options": [{"key": "1", "id": "YES", "steps": [{"do": "hangup"}]}]}
WINDOW = {"StartDate": "2031-03-03T11:00:00.000+01:00", "EndDate": "2031-03-03T20:00:00.000+01:00"}


class Clinic:
    """Speaks for one account; its base is the moment at which the world stands."""

    def __init__(self, world, secrets=None) -> None:
        self.world = world
        self.secrets = secrets or world.secrets
        self.account = Account.objects.get(pk=self.secrets["account"])
        own = self.secrets["sendservice"]
        self.user = {"username": own["username"], "password": own["password"]}
        self.guid = own["guid"]
        pair = f"{own['username']}:{own['password']}".encode()
        self.basic = "Basic " + base64.b64encode(pair).decode()
        prompts.store_prompt(account=self.account, name="Tone", extension=AUDIO, file=ContentFile(b"RIFF", "a.wav"))
        steps = [{"do": "say", "text": "Welcome."}, MENU]
        prompts.store_prompt(account=self.account, name="Menu", extension=IVR, flow={"steps": steps})

    def another(self) -> Clinic:
        return Clinic(self.world, self.world.other_account())

    def x(self, without=(), **fields) -> dict:
        """Return X with fields changed, and without some."""
        single = {
            "User": self.user,
            **WINDOW,
            "Type": 0,
            "Extension": AUDIO,
            "NumberToCall": ANSWERS,
            "CallerId": "390451234567",
            "CodeRequest": CODE,
        }
        return {name: value for name, value in single.items() if name not in without} | fields

    def b(self, *calls: dict, without=(), **fields) -> dict:
        """Return B, the two calls of the contract's example, or others."""
        spoken = {"Type": 3, "TextToSpeech": "Buongiorno, la sua visita.", "LanguageCode": "it-IT-F1", "MaxRetries": 0}
        two = ({"NumberToCall": ANSWERS, "CodeRequest": CODE}, {"NumberToCall": BUSY, **spoken})
        shared = {"MaxRetries": 2, "MinutesBetweenRetries": 30, "InstantCalls": list(calls or two)}
        return self.x(without=("NumberToCall", "CodeRequest", *without), **shared | fields)

    def post(self, body, content_type="application/json", path=ROOT):
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.world.client.post(path, raw, content_type=content_type)

    def sent(self, body) -> dict:
        """Return the answer to calls that must be taken."""
        answer = self.post(body)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def get(self, path="", body=None, query="", basic=True):
        raw = "" if body is None else json.dumps(body)
        headers = {"Authorization": self.basic} if basic else {}
        url = ROOT + path + (f"?{query}" if query else "")
        return self.world.client.generic("GET", url, raw, content_type="application/json", headers=headers)

    def calls(self, request: int, status: str = "") -> list[dict]:
        answer = self.get(f"{request}/{status}" if status else str(request))
        assert answer.status_code == 200, answer.content
        return answer.json()["InstantCalls"]

    def call(self, request: int) -> dict:
        (found,) = self.calls(request)
        return found

    def finished(self, **fields) -> dict:
        """Return what became of X once nothing is left to do."""
        pk = self.sent(self.x(**fields))["Id"]
        self.world.run_until_idle()
        return self.call(pk)


def refused(answer, status: int = 400, *fields: str) -> dict:
    """Check a refusal's shape and the fields it names, and return its body."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    body = answer.json()
    assert isinstance(body["Message"], str)
    assert body["Message"]
    assert sorted(body.get("ModelState", {})) == sorted(fields)
    return body


def check_nothing_is_stored() -> None:
    assert not Call.objects.exists()
    assert not Intake.objects.exists()
    assert not CallAttempt.objects.exists()


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def clinic(world, own_media):
    return Clinic(world)
