"""The documents say what there is, all of it and nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from config import carriers

ROOT = Path(__file__).resolve().parents[1]
APPS = ("config", "dialer", "reports", "campaigns")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
VENDORS = sorted(path.parent.name for path in (ROOT / "dialer" / "vendors").glob("*/__init__.py"))
READERS = {f"env.{kind}" for kind in ("text", "flag", "number", "words", "choice", "database")}
# They run before or beside config.env: what a user sets is not read there.
BESIDE = {"bootstrap.py", "env.py", "processes.py", "celery.py", "wsgi.py"}


def _sources() -> list[Path]:
    return [path for app in APPS for path in (ROOT / app).rglob("*.py")]


def _variables() -> set[str]:
    """Return every environment variable that is read."""
    read = set()
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in READERS
                and isinstance(node.args[0], ast.Constant)
            ):
                read.add(node.args[0].value)
    for named in carriers.GATEWAYS.values():
        for variable, (_, options) in named.items():
            read |= {variable, *options.values()}
    return read


def _commands() -> set[str]:
    return {
        path.stem
        for app in APPS
        for path in (ROOT / app / "management" / "commands").glob("*.py")
        if not path.stem.startswith("_")
    }


def _listed(page: str) -> list[str]:
    """Return the first word in code of each row of a page's tables."""
    return re.findall(r"^\| `([^\s`]+)", (ROOT / "docs" / page).read_text(), re.M)


def test_every_variable_is_listed_once_and_no_other():
    listed = _listed("settings.md")

    assert sorted(listed) == sorted(_variables())
    assert len(_variables()) > 15


def test_every_command_is_listed_once_and_no_other():
    # Rows of options begin with theirs.
    listed = [word for word in _listed("commands.md") if not word.startswith("-")]

    assert sorted(listed) == sorted(_commands())
    assert "up" in listed


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_reads_the_environment_past_its_reader(path):
    if path.parent == ROOT / "config" and path.name in BESIDE:
        return
    text = path.read_text()

    assert "os.environ" not in text
    assert "getenv" not in text


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_a_page_with_a_curl_line(vendor):
    text = (ROOT / "docs" / "vendors" / f"{vendor}.md").read_text()

    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    assert any("curl " in block for block in blocks)


def test_the_readme_has_the_two_commands_and_a_curl_line_for_each_api():
    text = (ROOT / "README.md").read_text()

    assert "\npython3 manage.py up\n" in text
    assert "\npython3 manage.py test\n" in text
    for name in ("Native", "Go4clients", "SENDService", "JAICP", "Voicenter", "ONC"):
        assert re.search(rf"^# {name}.*\ncurl ", text, re.M), name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())

    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_every_page_is_reached_from_the_index():
    text = (ROOT / "docs" / "index.md").read_text()
    reached = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)#\s]+)", text)}

    lost = [
        str(page.relative_to(ROOT))
        for page in PAGES
        if page.is_relative_to(ROOT / "docs")
        and page.name != "index.md"
        and page not in reached
        and page.parent not in reached
    ]
    assert lost == []
