"""The coverage page says what is served: every method, every path, every code."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import resolve

from dialer.vendors.onc import views
from dialer.vendors.onc.errors import Code
from dialer.vendors.onc.methods import METHODS
from dialer.vendors.onc.shapes import Kind

PAGE = (Path(__file__).parents[4] / "docs" / "vendors" / "onc.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_method_is_listed_and_nothing_else():
    table = rows("Methods")
    assert [row[0] for row in table] == list(METHODS)
    for name, json_path, soap_name, supported, codes in table:
        assert json_path == f"`POST /onc/{name}`"
        assert soap_name == f"`{name}`"
        assert supported == "yes"
        match = resolve(f"/onc/{name}")
        assert (match.func.view_class, match.kwargs) == (views.JsonMethod, {"method": name})
        assert ("4" in re.split(", ", codes)) == METHODS[name].writes
        assert (codes == "null on error") == (METHODS[name].result is not Kind.INT and "Session" not in name)


def test_both_soap_paths_are_named_and_served():
    for path in ("/onc/soap", "/onc/OutboundNotificationCampaigns.svc"):
        assert f"`{path}`" in PAGE
        assert resolve(path).func.view_class is views.Soap


def test_every_code_is_listed():
    assert [(int(row[0]), row[1]) for row in rows("Codes")] == [(int(code), code.name) for code in Code]
