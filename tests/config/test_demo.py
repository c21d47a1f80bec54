"""What the first run sets up: it must work at once, and every printed line must do what it says."""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlsplit

import pytest

from campaigns.models import Account, Call, CallAttempt, Campaign, User
from campaigns.states import CallState, CampaignState
from config import demo, first_run

ADDRESS = "http://localhost:8000"


@pytest.fixture
def opened(world):
    return demo.open_demo(now=world.now)


def test_the_demo_campaign_runs_at_once_and_to_its_end(world, opened):
    world.run(minutes=1)
    assert CallAttempt.objects.filter(campaign=opened.campaign).count() >= 20

    world.run(minutes=15)

    calls = Call.objects.filter(campaign=opened.campaign)
    assert calls.count() == 40
    assert set(calls.exclude(number__endswith="503").values_list("state", flat=True)) == {CallState.DONE}
    assert len(set(calls.values_list("outcome", flat=True))) >= 5
    assert calls.filter(attempts_made__gt=1).exists()


def test_nobody_is_called_by_the_demo_whatever_carriers_there_are(world, opened, settings):
    settings.CARRIERS = {"simulator": settings.CARRIERS["simulator"]}

    world.run(minutes=1)

    assert set(CallAttempt.objects.values_list("carrier", flat=True)) == {"simulator"}


def _sent(world, line: str):
    """Send what a curl line says; only the options that the lines use are known."""
    words = shlex.split(line)
    assert words[:2] == ["curl", "-s"]
    headers, url, body = {}, "", ""
    rest = iter(words[2:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        else:
            url = word
    assert url.startswith(ADDRESS)
    return world.client.post(urlsplit(url).path, body, content_type=headers.pop("Content-Type"), headers=headers)


# How each API says yes.
YES = {
    "Native": lambda answer: answer.status_code == 201,
    "Go4clients": lambda answer: answer.json()["success"] is True,
    "SENDService": lambda answer: answer.status_code == 200,
    "JAICP": lambda answer: len(answer.json()) == 1,
    "Voicenter": lambda answer: answer.json()["ErrorCode"] == 0,
    "ONC": lambda answer: answer.json()["OpenAPISessionResult"]["SessionId"],
}


@pytest.mark.parametrize("name", YES)
def test_each_curl_line_is_answered_with_yes(world, opened, name):
    calls = Call.objects.filter(account_id=opened.secrets["account"])
    before = calls.count()

    answer = _sent(world, demo.curl_lines(ADDRESS, opened, now=world.now)[name])

    assert answer.status_code in {200, 201}, answer.content
    assert YES[name](answer)
    assert calls.count() == before + (name != "ONC")


def test_every_api_has_its_line(world, opened):
    assert set(demo.curl_lines(ADDRESS, opened, now=world.now)) == set(YES)


def test_the_first_run_shows_an_administrator_who_can_sign_in(world):
    lines = first_run.set_up(address=ADDRESS, with_demo=True, now=world.now)

    shown = dict(line.split(maxsplit=1) for line in lines if line.startswith(("  User", "  Password", "  Admin")))
    assert shown["Admin"] == f"{ADDRESS}/admin/"
    assert world.client.login(username=shown["User"], password=shown["Password"])
    assert User.objects.get(username=shown["User"]).is_superuser
    assert Campaign.objects.get(account__name=demo.ACCOUNT).state == CampaignState.RUNNING
    assert sum(line.startswith("  curl -s ") for line in lines) == len(YES)


def test_later_runs_make_nothing_and_show_no_secret(world):
    first_run.set_up(address=ADDRESS, with_demo=True, now=world.now)
    there = (User.objects.count(), Account.objects.count(), Call.objects.count())

    lines = first_run.set_up(address=ADDRESS, with_demo=True, now=world.now)

    assert lines == [
        f"Set-up was done before. Sign in at {ADDRESS}/admin/ (forgotten: python3 manage.py changepassword)."
    ]
    assert (User.objects.count(), Account.objects.count(), Call.objects.count()) == there


def test_without_the_demo_there_is_no_account(world):
    lines = first_run.set_up(address=ADDRESS, with_demo=False, now=world.now)

    assert not Account.objects.filter(name=demo.ACCOUNT).exists()
    assert "create_account" in lines[-2]
    assert json.dumps(lines).count("curl") == 0
