"""What happens before Django is imported, on a machine that lacks something."""

from __future__ import annotations

import ast
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)
# A Django of three files, which says what it was asked to do.
DJANGO = {
    "django/__init__.py": "",
    "django/db.py": "class OperationalError(Exception): pass\nclass ProgrammingError(Exception): pass\n",
    "django/core/__init__.py": "",
    "django/core/exceptions.py": "class ImproperlyConfigured(Exception): pass\n",
    "django/core/management.py": "def execute_from_command_line(argv): print('started', *argv[1:])\n",
}


@pytest.fixture
def machine(tmp_path):
    """A folder with manage.py, one requirement, and an index that has it."""
    return Machine(tmp_path)


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "trunkline"
        (self.folder / "config").mkdir(parents=True)
        for name in ("manage.py", "config/__init__.py", "config/bootstrap.py"):
            shutil.copy(ROOT / name, self.folder / name)
        self.index = folder / "index"
        self.index.mkdir()
        digest = _wheel(self.index / "django-5.2-py3-none-any.whl")
        self.require(f"django==5.2 \\\n    --hash=sha256:{digest}\n")

    def require(self, text: str) -> None:
        (self.folder / "requirements.txt").write_text(text)

    def make_environment(self) -> None:
        venv.create(self.folder / ".venv", with_pip=False)

    def run(self, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        wanted = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
        }
        command = [BASE_PYTHON, "manage.py", *argv]
        return subprocess.run(
            command, cwd=self.folder, env=wanted | environment, capture_output=True, text=True, check=False, timeout=60
        )


def _wheel(path: Path) -> str:
    """Write a wheel of DJANGO, and return its SHA-256."""
    meta = {
        "django-5.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: Django\nVersion: 5.2\n",
        "django-5.2.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files = DJANGO | meta
    record = "".join(f"{name},sha256={_record_hash(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in (files | {"django-5.2.dist-info/RECORD": record}).items():
            wheel.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def test_it_installs_into_its_own_environment_and_goes_on_there(machine):
    machine.make_environment()

    first = machine.run("up", "--port", "8123")
    second = machine.run("up", "--port", "8123")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == "started up --port 8123"
    assert second.stdout == "started up --port 8123\n"


def test_it_makes_its_own_environment_even_where_ensurepip_is_missing(machine):
    # As on a Debian without python3-venv.
    (machine.index / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")

    done = machine.run("up", PYTHONPATH=str(machine.index))

    assert done.stdout.splitlines()[-1] == "started up"
    assert (machine.folder / ".venv" / "bin" / "python").exists()


def test_other_commands_go_on_in_the_environment_that_up_made(machine):
    machine.make_environment()
    machine.run("up")

    assert machine.run("create_account", "Acme").stdout == "started create_account Acme\n"


def test_other_commands_say_what_to_run_first(machine):
    done = machine.run("migrate")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Trunkline's packages are not installed yet. Run this first: python3 manage.py up\n"


def test_a_changed_requirement_is_installed(machine):
    machine.make_environment()
    machine.run("up")
    machine.require("django==6.0 --hash=sha256:" + "0" * 64 + "\n")

    done = machine.run("up")

    assert done.returncode == 1
    assert "does not have what requirements.txt names" in done.stderr


def test_what_a_killed_installation_left_is_installed_again(machine):
    machine.make_environment()
    machine.run("up")
    broken = next((machine.folder / ".venv").rglob("django/core/management.py"))
    broken.write_text("half of a fi")
    (machine.folder / ".venv" / "trunkline-installing").touch()

    done = machine.run("up")

    assert done.stdout.splitlines()[-1] == "started up"
    assert machine.run("up").stdout == "started up\n"


def test_a_package_that_is_not_the_named_one_is_refused(machine):
    machine.make_environment()
    machine.require("django==5.2 --hash=sha256:" + "0" * 64 + "\n")

    done = machine.run("up")

    assert done.returncode == 1
    assert "is not the one that requirements.txt names" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_index_that_cannot_be_reached_is_named(machine):
    machine.make_environment()

    done = machine.run("up", PIP_NO_INDEX="", PIP_FIND_LINKS="", PIP_INDEX_URL="http://127.0.0.1:1/", PIP_RETRIES="0")

    assert done.returncode == 1
    assert done.stderr.startswith("The package index ")
    assert "Check the network" in done.stderr


def test_a_folder_that_cannot_be_written_is_named(machine):
    (machine.folder / ".venv").touch()

    done = machine.run("up")

    assert done.returncode == 1
    assert str(machine.folder / ".venv") in done.stderr
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("command", ["up", "test", "migrate"])
def test_a_python_that_is_too_old_is_told_so(command):
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from config import bootstrap; "
        f"bootstrap.OLDEST = (9, 1); bootstrap.prepare(['manage.py', {command!r}])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Trunkline needs Python 9.1 or newer; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["manage.py", "config/__init__.py", "config/bootstrap.py"])
def test_an_old_python_can_read_it(name):
    tree = ast.parse((ROOT / name).read_text(), feature_version=(3, 6))

    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert futures == []


def test_only_the_standard_library_is_imported_before_django():
    imported = set()
    for name in ("manage.py", "config/bootstrap.py"):
        for node in ast.parse((ROOT / name).read_text()).body:
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])

    assert imported - set(sys.stdlib_module_names) == {"config"}
    assert (ROOT / "config" / "__init__.py").read_text() == ""
