"""The coverage page says what is served: its table, its statuses, its settings and its samples."""

from __future__ import annotations

import io
import logging
import re
import shlex
from itertools import pairwise

from django.conf import settings

from config import logs
from dialer.vendors.sendservice import urls, views
from dialer.vendors.sendservice.statuses import Status
from tests.dialer.vendors.sendservice.conftest import ROOT

PAGE = (settings.BASE_DIR / "docs" / "vendors" / "sendservice.md").read_text()
ROWS = re.findall(r"^\| (GET|POST) \| /(\S+) \| (yes|no) \|", PAGE, re.MULTILINE)


def served() -> set[tuple[str, str]]:
    verbs = ("get", "post", "put", "patch", "delete")
    return {(verb.upper(), route) for route, view in urls.ROUTES.items() for verb in verbs if hasattr(view, verb)}


def test_every_route_stands_in_the_table_and_nothing_else():
    assert {(verb, path) for verb, path, supported in ROWS if supported == "yes"} == served()
    defined = {view for view in vars(views).values() if isinstance(view, type) and issubclass(view, views.Door)}
    assert set(urls.ROUTES.values()) == defined - {views.Door, views.Unknown}


def test_what_is_not_supported_is_not_served(clinic):
    unserved = [(verb, path) for verb, path, supported in ROWS if supported == "no"]

    assert len(unserved) == 2
    for verb, path in unserved:
        assert clinic.world.client.generic(verb, "/" + path).status_code == 404


def test_every_status_and_setting_is_explained():
    names = re.findall(r'"(SENDSERVICE_\w+)"', (settings.BASE_DIR / "config" / "settings.py").read_text())

    assert re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.M) == [(str(int(row)), row.name) for row in Status]
    assert len(names) == 4
    assert sorted(re.findall(r"^\| `(SENDSERVICE_\w+)`", PAGE, re.M)) == sorted(names)


def test_every_sample_works_and_every_route_has_one(clinic):
    text = PAGE.split("### A working line for each")[1].split("```")[1].replace("\\\n", " ")
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("curl")]
    first = clinic.sent(clinic.x())["Id"]
    shown = set()
    for words in lines:
        options = dict(pairwise(words))
        url = next(word for word in words if word.startswith("$B")).replace("$B/1", f"$B/{first}")
        body = (
            options.get("-d", "").replace("s3cret", clinic.user["password"]).replace("send1", clinic.user["username"])
        )
        headers = {"Authorization": clinic.basic} if "-u" in options else {}
        guid = re.compile(r"2f7c1f54[0-9a-f-]+")
        answer = clinic.world.client.generic(
            options.get("-X", "GET"),
            guid.sub(clinic.guid, url.replace("$B", ROOT.rstrip("/"))),
            guid.sub(clinic.guid, body),
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == 200, (words, answer.content)
        parts = url.partition("?")[0].split("/")[1:]
        route = "/".join([urls.ROOT, *["{id}", "{Status}"][: len(parts)]])
        shown.add((options.get("-X", "GET"), route))

    assert shown == served()


def test_a_guid_in_the_url_reaches_no_log(clinic):
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(logs.WithoutSecrets())
    logger = logging.getLogger("tests.log")
    logger.addHandler(handler)
    try:
        logger.warning('"GET %s?CodeRequests=a&guid=%s&Type=CR"', ROOT, clinic.guid)
    finally:
        logger.removeHandler(handler)

    assert written.getvalue() == f'"GET {ROOT}?CodeRequests=a&guid=…&Type=CR"\n'
