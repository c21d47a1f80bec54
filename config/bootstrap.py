"""Makes sure that this Python and its packages will do, before anything else is imported.

Standard library only, and no syntax newer than Python 3.6, so that an old Python can still read why it will not do.
`up` and `test` install what they need: into the active virtual environment, or into .venv beside manage.py.
"""

import errno
import importlib.util
import os
import re
import subprocess
import sys
from typing import NoReturn

OLDEST = (3, 11)
BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REQUIREMENTS = {"up": "requirements.txt", "test": "requirements-dev.txt"}
# A file that stands in the virtual environment while pip works: what a killed pip left behind cannot be trusted.
MARK = "trunkline-installing"
# An environment variable that tells the re-executed process that its packages were installed a moment ago.
INSTALLED = "TRUNKLINE_INSTALLED"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
# What pip says, by what it means; the first that is found is told.
FAULTS = (
    ("No space left on device", "The disk is full. Free some space (about 500 MB are needed) and run this again."),
    ("Disk quota exceeded", "The disk quota is used up. Free some space (about 500 MB are needed) and run this again."),
    ("DO NOT MATCH THE HASHES", "A downloaded package is not the one that {file} names. Nothing of it was installed."),
    ("Permission denied", "{prefix} cannot be written. Let this user write there, and run this again."),
    ("Read-only file system", "{prefix} is on a read-only file system."),
    (
        "(Temporary failure in name resolution|Failed to establish a new connection|Network is unreachable|Connection"
        " (refused|reset|timed out)|Max retries exceeded|ReadTimeoutError|ConnectTimeoutError|ProxyError|SSLError)",
        "The package index cannot be reached. Check the network (or PIP_INDEX_URL and proxies), and run this again.",
    ),
    (
        "(Could not find a version|No matching distribution)",
        "The package index does not have what {file} names, or it cannot be reached. Check the network (or"
        " PIP_INDEX_URL), and run this again.",
    ),
    ("No module named pip", "This Python has no pip. Install it (Debian: apt-get install python3-pip), and try again."),
)


def prepare(argv: "list[str]") -> None:
    """Return where the command can run at once; else install or re-execute, or exit with a sentence that says why."""
    if sys.version_info < OLDEST:
        _leave(_too_old())
    requirements = REQUIREMENTS.get(argv[1] if len(argv) > 1 else "")
    if not os.path.exists(_mark()) and not _lacking(requirements or REQUIREMENTS["up"]):
        os.environ.pop(INSTALLED, None)
        return
    if sys.prefix == sys.base_prefix:
        _enter_own_environment(argv, may_make=requirements is not None)
    if requirements is None:
        if importlib.util.find_spec("django") is None:
            _leave("Trunkline's packages are not installed yet. Run this first: python3 manage.py up")
        return
    if os.environ.pop(INSTALLED, None):
        _leave(f"pip reported success, but {requirements} is still not satisfied in {sys.prefix}.")
    _install(requirements)
    os.environ[INSTALLED] = "1"
    _execute(sys.executable, argv)


def _lacking(requirements: str) -> "list[str]":
    """Return the pinned packages of a file that are missing, or there in another version."""
    from importlib import metadata

    # Reversed: of two on the path, the first is the one that is imported.
    there = {_canonical(found.metadata["Name"]): found.version for found in reversed(list(metadata.distributions()))}
    with open(os.path.join(BASE_DIR, requirements), encoding="utf-8") as lines:
        pins = [found.groups() for found in map(PIN.match, lines) if found]
    return [name for name, version in pins if there.get(_canonical(name)) != version]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _enter_own_environment(argv: "list[str]", may_make: bool) -> None:
    """Go on in .venv beside manage.py, made if it is not there; return where it is not and may not be made."""
    folder = os.path.join(BASE_DIR, ".venv")
    python = os.path.join(folder, "bin", "python")
    # A link to a Python that was removed since does not count as there.
    if not os.path.exists(python):
        if not may_make:
            return
        _make_environment(folder)
    _execute(python, argv)


def _make_environment(folder: str) -> None:
    _say(f"Making a virtual environment in {folder}")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        _leave(_unwritable(folder, error))
    command = [sys.executable, "-m", "venv", "--clear", folder]
    if importlib.util.find_spec("ensurepip") is None:
        # Debian without python3-venv: the pip outside installs into the environment.
        command.insert(-1, "--without-pip")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        said = done.stdout.decode(errors="replace")
        _leave(_reason(said, folder, "") or "The virtual environment cannot be made:\n" + _tail(said))


def _install(requirements: str) -> None:
    """Install a requirement file into the environment that runs this."""
    pip = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is None:
        pip = [getattr(sys, "_base_executable", sys.executable), "-m", "pip", "--python", sys.executable]
    options = ["--require-hashes", "--no-input", "--disable-pip-version-check", "--quiet", "--retries", "2"]
    if os.path.exists(_mark()):
        options.append("--force-reinstall")
    _say(f"Installing {requirements} into {sys.prefix}; this takes a minute or two, once")
    try:
        with open(_mark(), "w", encoding="ascii"):
            pass
    except OSError as error:
        _leave(_unwritable(sys.prefix, error))
    command = [*pip, "install", *options, "-r", os.path.join(BASE_DIR, requirements)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        said = done.stdout.decode(errors="replace")
        _leave(_reason(said, sys.prefix, requirements) or f"pip cannot install {requirements}:\n{_tail(said)}")
    os.remove(_mark())


def _mark() -> str:
    return os.path.join(sys.prefix, MARK)


def _reason(said: str, prefix: str, requirements: str) -> str:
    """Return what a failing tool's words mean, or nothing where they are not known."""
    for sign, meaning in FAULTS:
        if re.search(sign, said):
            return meaning.format(file=requirements, prefix=prefix)
    return ""


def _unwritable(folder: str, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FAULTS[0][1]
    return (
        f"{folder} cannot be written ({error.strerror}). Let this user write there, or run Trunkline in"
        " a virtual environment that it may write."
    )


def _tail(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-10:])


def _too_old() -> str:
    wanted = ".".join(map(str, OLDEST))
    found = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Trunkline needs Python {wanted} or newer; {sys.executable} is Python {found}."
        f" With a newer one: python{wanted} manage.py up"
    )


def _execute(python: str, argv: "list[str]") -> NoReturn:
    sys.stdout.flush()
    os.execv(python, [python, *argv])


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _leave(sentence: str) -> NoReturn:
    sys.exit(sentence)
