from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
def test_a_flag_is_set_by_any_yes(monkeypatch, value):
    monkeypatch.setenv("TRUNKLINE_X", value)

    assert env.flag("TRUNKLINE_X") is True


@pytest.mark.parametrize("value", ["0", "false", "No", "off"])
def test_a_flag_is_unset_by_any_no(monkeypatch, value):
    monkeypatch.setenv("TRUNKLINE_X", value)

    assert env.flag("TRUNKLINE_X", default=True) is False


def test_what_is_not_set_has_its_default(monkeypatch):
    monkeypatch.setenv("TRUNKLINE_X", "")

    assert env.flag("TRUNKLINE_X", default=True) is True
    assert env.number("TRUNKLINE_X", 2.5) == 2.5
    assert env.words("TRUNKLINE_X", "a, b") == []
    assert env.choice("TRUNKLINE_X", "INFO", ("DEBUG", "INFO")) == "INFO"


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (env.flag, "maybe", "TRUNKLINE_X is 'maybe'; it takes true or false"),
        (lambda name: env.number(name, 1), "many", "TRUNKLINE_X is 'many'; it takes a number"),
        (lambda name: env.choice(name, "A", ("A", "B")), "c", "TRUNKLINE_X is 'C'; it takes one of A, B"),
        (lambda name: env.database(name, ""), "mysql://x", "TRUNKLINE_X begins with 'mysql'; it takes sqlite or"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(monkeypatch, read, value, said):
    monkeypatch.setenv("TRUNKLINE_X", value)

    with pytest.raises(ImproperlyConfigured, match=said):
        read("TRUNKLINE_X")


def test_a_value_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("TRUNKLINE_X_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("TRUNKLINE_X", "from the variable")

    assert env.text("TRUNKLINE_X") == "from the file"


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TRUNKLINE_X_FILE", str(tmp_path / "missing"))

    with pytest.raises(ImproperlyConfigured, match=r"TRUNKLINE_X_FILE names .*missing"):
        env.text("TRUNKLINE_X")


def test_a_database_is_read_from_its_url(monkeypatch):
    monkeypatch.setenv("TRUNKLINE_X", "postgres://user:p%40ss@host:5433/name")

    found = env.database("TRUNKLINE_X", "")

    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("user", "p@ss", "host", 5433)


def test_a_secret_is_kept_for_its_owner_alone(tmp_path):
    kept = env.kept_secret(tmp_path / "var" / "secret")

    assert len(kept) >= 60
    assert env.kept_secret(tmp_path / "var" / "secret") == kept
    assert stat.S_IMODE((tmp_path / "var" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_of_many_that_start_at_once_all_read_the_same_secret(tmp_path):
    script = "import sys, pathlib; from config import env; print(env.kept_secret(pathlib.Path(sys.argv[1])))"

    def start(n: int) -> str:
        command = [sys.executable, "-c", script, str(tmp_path / "secret")]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "var").touch()

    with pytest.raises(ImproperlyConfigured, match=r"var cannot be written or read \(.*TRUNKLINE_VAR"):
        env.kept_secret(tmp_path / "var" / "secret")
