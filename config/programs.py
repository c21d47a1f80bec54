"""Which programs make up a running Trunkline, and how each is called."""

from __future__ import annotations

import sys

from django.conf import settings

from config import env
from config.processes import Program

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def all_of(host: str, port: int) -> list[Program]:
    """Return the programs: web and worker; beat rides in the worker where the broker is the embedded one."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        # Exactly one worker: of two, each would bring its own beat.
        return [web(host, port), _celery("worker", "worker", "-P", "threads", "-c", "4", "-B", *QUIET)]
    return [web(host, port), _celery("worker", "worker", "-P", "prefork", "-c", "2", *QUIET), _celery("beat", "beat")]


QUIET = ("--without-gossip", "--without-mingle")


def web(host: str, port: int) -> Program:
    """Return the web server: few processes, several threads each."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = {
        "--bind": where,
        "--worker-class": "gthread",
        "--workers": "2",
        "--threads": "4",
        "--graceful-timeout": "5",
        "--timeout": "60",
        "--log-level": "warning",
    }
    flat = [part for option in options.items() for part in option]
    command = [sys.executable, "-m", "gunicorn", *flat, "--no-control-socket", "config.wsgi:application"]
    return Program("web", command, environment=_hosts(host))


def address_of(host: str, port: int) -> str:
    """Return the address at which a browser on this machine finds the web server."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def reachable(host: str) -> str:
    """Return an address by which a server that listens on this host is reached from this machine."""
    return WILDCARDS.get(host, host)


def _celery(name: str, *command: str) -> Program:
    return Program(name, [sys.executable, "-m", "celery", "-q", "-A", "config.celery", *command])


def _hosts(host: str) -> dict[str, str]:
    """Return what lets the server be called by the address that it listens on, unless somebody named the hosts."""
    name = f"[{host}]" if ":" in host else host
    if env.text("ALLOWED_HOSTS") or host in WILDCARDS or name in settings.ALLOWED_HOSTS:
        return {}
    return {"ALLOWED_HOSTS": ",".join([*settings.ALLOWED_HOSTS, name])}
