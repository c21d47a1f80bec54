"""The coverage page says what is served: its table, its errors, its settings and its samples."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

from dialer.vendors.jaicp import doors, errors, urls, views

PAGE = (settings.BASE_DIR / "docs" / "vendors" / "jaicp.md").read_text()
ROW = re.compile(r"^\| (GET|POST) \| /(\S+) \| (yes|no) \|", re.MULTILINE)
ROWS = ROW.findall(PAGE)


def served() -> set[tuple[str, str]]:
    return {
        (verb.upper(), route)
        for route, view in urls.ROUTES.items()
        for verb in view.http_method_names
        if hasattr(view, verb)
    }


def test_every_route_stands_in_the_table_and_nothing_else():
    assert {(verb, path) for verb, path, supported in ROWS if supported == "yes"} == served()


def test_what_is_not_supported_is_not_served(crm):
    for verb, path, supported in ROWS:
        if supported == "no":
            answer = crm.world.client.generic(verb, "/" + path.replace("{token}", crm.token))
            assert answer.status_code == 404


def test_every_view_has_a_route():
    defined = {view for view in vars(views).values() if isinstance(view, type) and issubclass(view, doors.Door)}

    assert set(urls.ROUTES.values()) == defined - {doors.Door}


def test_every_code_and_setting_is_explained():
    codes = [*errors.TYPED, *errors.UNNAMED.values(), errors.INVALID_REQUEST, errors.INTERNAL_ERROR]
    names = re.findall(r'"(JAICP_\w+)"', (settings.BASE_DIR / "config" / "settings.py").read_text())

    assert len(names) == 3
    assert [name for name in codes + names if f"`{name}" not in PAGE] == []


def samples() -> list[list[str]]:
    text = PAGE.split("### A working line for each")[1].split("```")[1].replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if line.startswith("curl")]


def sent(crm, words: list[str]):
    """Send what a curl line would send."""
    arguments = iter(words[1:])
    verb, url, kind, headers, data = "GET", "", "application/x-www-form-urlencoded", {}, []
    for word in arguments:
        if word == "-X":
            verb = next(arguments)
        elif word == "-H":
            name, _, value = next(arguments).partition(": ")
            headers |= {name: value}
        elif word == "-d":
            data.append(next(arguments))
        else:
            url = word.replace("$C", crm.path()).replace("$R", crm.path(root="crmCalls"))
    kind = headers.pop("Content-Type", kind)
    return verb, url, crm.world.client.generic(verb, url, "&".join(data), content_type=kind, headers=headers)


def test_every_sample_works_and_every_route_has_one(crm):
    shown = set()
    for words in samples():
        verb, url, answer = sent(crm, words)
        assert answer.status_code == 200, (words, answer.content)
        route = urlsplit(url).path.lstrip("/").replace(crm.token, "{token}")
        shown.add((verb, re.sub(r"/control/\w+$", "/control/{action}", route)))

    assert shown == served()


@pytest.mark.parametrize("path", ["/api/callsx/campaign/T", "/api/call/campaign/T/status", "/api/crm"])
def test_paths_of_others_are_left_to_them(path):
    try:
        found = resolve(path)
    except Resolver404:
        return
    assert found.func.__module__ != "dialer.vendors.jaicp.doors"
