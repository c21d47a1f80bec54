"""The coverage page says what is routed, each operation has a curl that works, and each setting is explained."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings

from dialer.vendors.go4clients import errors, steering, urls
from tests.dialer.vendors.go4clients.conftest import env

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "vendors" / "go4clients.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| ([A-Z, ]+) \| `(/[^`]+)` \| `(\w+)` \| yes \|$", PAGE, re.MULTILINE)
CURLS = dict(re.findall(r"^# (\w+)\n(curl .+)$", PAGE, re.MULTILINE))


def test_every_route_is_a_row_with_its_verbs():
    rows = {(key, path, verbs) for _, verbs, path, key in ROWS}
    routed = {
        (key, "/" + settings.GO4CLIENTS["paths"][key], ", ".join(verb.upper() for verb in door.http_method_names))
        for key, door in urls.DOORS.items()
    }
    assert rows == routed
    # Beside them: by the shape of the body, and nothing.
    assert len(urls.urlpatterns) == len(rows) + 2
    assert set(settings.GO4CLIENTS["paths"]) == set(urls.DOORS)


def test_every_operation_has_a_curl():
    assert set(CURLS) == urls.DOORS.keys() - {"steer"} | set(steering.MOVES)


@pytest.mark.parametrize("name", sorted(CURLS))
def test_the_curls_work(customer, campaign, name):
    values = {"HOST": "", "ID": str(campaign.pk), "UUID": str(campaign.uuid)}
    values |= {"APIKEY": customer.headers["Apikey"], "APISECRET": customer.headers["Apisecret"]}
    if name == "start":
        customer.steer(campaign.uuid, "stop")
    line = re.sub(r"\$([A-Z]+)", lambda found: values[found[1]], CURLS[name])
    words = shlex.split(line)
    path = next(word for word in words if word.startswith("/"))
    pairs = list(itertools.pairwise(words))
    headers = dict(value.split(": ", 1) for flag, value in pairs if flag == "-H")
    body = next((value for flag, value in pairs if flag == "-d"), "")
    verb = next((value for flag, value in pairs if flag == "-X"), "POST" if body else "GET")
    content_type = headers.pop("Content-Type", "")
    response = customer.send(verb, path, body.encode(), content_type=content_type, headers=headers)
    env(response, response.json()["code"])
    assert response.json()["success"] is True


def test_every_setting_is_explained():
    for key in settings.GO4CLIENTS:
        assert f"| `{key}` |" in PAGE


def test_every_code_is_explained_once():
    listed = re.findall(r"^\| ((?:OTP|VOICE)-(?:SUC|ERR)-\d+) \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(errors.Code)


def test_every_acceptance_case_of_the_contract_has_a_test():
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert {int(number) for number in re.findall(r"def test_case_(\d\d)_", sources)} == set(range(1, 46))
