"""The coverage page says what is routed, each method has a curl that works, and each setting is explained."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from campaigns import refusals
from dialer.vendors.voicenter import errors, urls
from tests.dialer.vendors.voicenter.conftest import ROOT

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "vendors" / "voicenter.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\w+) \| ([A-Z, ]+) \| ([\w, ]+) \| (yes|no) \|$", PAGE, re.MULTILINE)
CURLS = dict(re.findall(r"^# (\w+)\n(curl .+)$", PAGE, re.MULTILINE))


def test_every_route_is_a_row_with_its_verbs():
    rows = {(method, verbs) for method, verbs, _, supported in ROWS if supported == "yes"}
    routed = {
        (method, ", ".join(verb.upper() for verb in view.http_method_names)) for method, view in urls.METHODS.items()
    }
    assert rows == routed
    assert len(urls.urlpatterns) == len(rows) + 1


def test_a_method_takes_forms_where_its_row_says_so(customer):
    for method, _, bodies, _ in ROWS:
        assert (customer.form(method).status_code == 415) is (bodies == "JSON")


@pytest.mark.parametrize("method", sorted(urls.METHODS))
def test_every_method_has_a_curl_that_works(customer, method):
    customer.add()
    words = shlex.split(CURLS[method].replace("$HOST", "").replace("$CODE", customer.code).replace("$A", customer.a))
    path = next(word for word in words if word.startswith(ROOT))
    assert path.removeprefix(ROOT).partition("?")[0] == method
    data = [value for flag, value in itertools.pairwise(words) if flag == "-d"]
    if not data:
        response = customer.world.client.get(path)
    else:
        # As curl does: a form, unless a header says otherwise.
        is_json = "Content-Type: application/json" in words
        kind = "application/json" if is_json else "application/x-www-form-urlencoded"
        response = customer.world.client.post(path, "&".join(data), content_type=kind)
    assert response.status_code == 200
    assert response.json()["ErrorCode"] == 0
    if data and is_json:
        json.loads(data[0])


def test_every_setting_is_explained():
    for key in django_settings.VOICENTER:
        assert f"| `{key}` |" in PAGE


def test_every_error_code_is_explained():
    listed = {int(code) for code in re.findall(r"^\| (-?\d) \| [\d, ]+ \|", PAGE, re.MULTILINE)}
    assert listed == set(errors.Code)


def test_every_refusal_of_the_ledger_has_a_code():
    known = {kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, refusals.Refused)}
    assert set(errors.CATALOGUE) == known - {refusals.Refused}
    for kind in known:
        fault = errors.of_refusal(kind("What was wrong."))
        assert fault.code in set(errors.Code) - {errors.Code.OK, errors.Code.DENIED}
        assert fault.description


def test_every_acceptance_case_of_the_contract_has_a_test():
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert {int(number) for number in re.findall(r"def test_case_(\d\d)_", sources)} == set(range(1, 60))
