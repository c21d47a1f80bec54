"""The shape of the code, held: arrows, sizes, names, clocks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from importlinter.application import use_cases
from importlinter.configuration import configure

ROOT = Path(__file__).resolve().parents[1]
# From the bottom up; a foreign key is an arrow too.
LEVELS = {"campaigns": 0, "reports": 1, "dialer": 2, "config": 3}
FRAMEWORKS = {"auth", "contenttypes", "sessions", "admin"}
SOURCES = sorted(
    path.relative_to(ROOT) for app in LEVELS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
TESTS = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py"))
# They run before Django, on Pythons too old for a __future__ import.
BEFORE_DJANGO = {Path("config/bootstrap.py"), Path("manage.py")}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc", "tools", "base_utils"}
BANNED_WORDS = ("TODO", "FIXME", "NotImplementedError")
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_NESTING = 300, 40, 3
# A file of tests is a list of cases.
MAX_TEST_FILE_LINES = 600
VENDORS = sorted(path for path in (ROOT / "dialer" / "vendors").iterdir() if (path / "__init__.py").exists())
# What every vendor's directory has, as a module or a package.
VENDOR_NAMES = {"auth", "errors", "statuses", "urls", "views"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def _functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, Function))


def test_imports_follow_the_arrows(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)

    # Not by its command: that one switches all other loggers off.
    configure()
    kept = use_cases.lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True)

    assert kept, capsys.readouterr().out


def test_foreign_keys_follow_the_arrows():
    upward = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in apps.get_models()
        if model._meta.app_label in LEVELS
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and field.related_model._meta.app_label not in FRAMEWORKS
        and LEVELS[field.related_model._meta.app_label] > LEVELS[model._meta.app_label]
    ]

    assert upward == []


def test_nobody_below_sees_the_rows_above():
    """A reverse accessor is an arrow upward: rows of another app hide theirs."""
    seen = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in LEVELS
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and field.related_model._meta.app_label in LEVELS.keys() - {model._meta.app_label}
        and not field.remote_field.hidden
    ]

    assert seen == []


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=str)
def test_files_and_functions_stay_small(path):
    lines = len((ROOT / path).read_text().splitlines())
    assert lines <= (MAX_TEST_FILE_LINES if path in TESTS else MAX_FILE_LINES)

    long = [node.name for node in _functions(path) if node.end_lineno - node.lineno >= MAX_FUNCTION_LINES]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_nesting_stays_flat(path):
    deep = [node.name for node in _functions(path) if _depth(node.body) > MAX_NESTING]

    assert deep == []


def _depth(body: list[ast.stmt]) -> int:
    """Return how many blocks stand in one another; an elif is no deeper than its if."""
    return max((_depth_of(node) for node in body), default=0)


def _depth_of(node: ast.AST) -> int:
    if isinstance(node, Function | ast.ClassDef):
        return 0
    if isinstance(node, ast.Match):
        return 1 + max(_depth(case.body) for case in node.cases)
    if isinstance(node, ast.If):
        chained = node.orelse[0] if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) else None
        rest = _depth_of(chained) if chained else 1 + _depth(node.orelse)
        return max(1 + _depth(node.body), rest)
    if isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar):
        blocks = [node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])]
        blocks += [handler.body for handler in getattr(node, "handlers", [])]
        return 1 + max(map(_depth, blocks))
    return 0


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_import_of_our_own_hides_in_a_function(path):
    """Where one is needed, an arrow is about to turn. Only AppConfig.ready may: it is what it is for."""
    hidden = [
        f"{node.name}: {ast.unparse(inner)}"
        for node in _functions(path)
        if not (path.name == "apps.py" and node.name == "ready")
        for inner in ast.walk(node)
        if _imports(inner) & LEVELS.keys()
    ]

    assert hidden == []


def _imports(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {str(node.module).partition(".")[0]}
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return set()


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=str)
def test_a_module_is_named_for_what_it_is(path):
    assert not BANNED_NAMES & {part.removesuffix(".py") for part in path.parts}


@pytest.mark.parametrize("path", [path for path in SOURCES if path not in BEFORE_DJANGO], ids=str)
def test_annotations_are_never_evaluated(path):
    tree = _tree(path)
    code = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]

    only_imports = path.name == "__init__.py" and all(isinstance(node, ast.ImportFrom | ast.Assign) for node in code)
    assert only_imports or ast.unparse(code[0]) == "from __future__ import annotations"


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_nothing_is_left_for_later(path):
    text = (ROOT / path).read_text()

    assert [word for word in BANNED_WORDS if word in text] == []


# Views, tasks and commands read the clock, and what is about the wall itself: sessions, heartbeats, the clock's anchor.
CLOCK_READERS = (
    "campaigns/api/",
    "campaigns/admin",
    "reports/api",
    "reports/admin",
    "reports/dashboard",
    "dialer/api",
    "dialer/admin",
    "dialer/tasks.py",
    "dialer/clock.py",
    "dialer/credentials.py",
    "dialer/heartbeats.py",
    "dialer/keys.py",
    "dialer/repeats.py",
    "dialer/vendors/",
    "config/",
)


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if not str(path).startswith(CLOCK_READERS) and "management" not in path.parts],
    ids=str,
)
def test_the_moment_is_an_argument(path):
    read = [
        ast.unparse(node)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "utcnow", "today", "localdate"}
        and ast.unparse(node.func.value) in {"timezone", "dt.datetime", "datetime", "dt.date", "clock"}
    ]

    assert read == []


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda path: path.name)
def test_every_vendor_has_the_same_files(vendor):
    there = {path.stem for path in vendor.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert sorted(VENDOR_NAMES - there) == []


def test_there_are_sources_to_look_at():
    assert len(SOURCES) > 60
    assert len(VENDORS) >= 2
