"""`manage.py up`: everything in one process tree, ready to be used."""

from __future__ import annotations

import argparse
import errno
import http.client
import os
import socket
import sys
import tempfile
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import DatabaseError, connection, connections

from config import env, first_run, programs
from config.processes import Tree
from dialer import clock


class Command(BaseCommand):
    help = "Migrate, set up what is missing, and run web server, worker and beat until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
        parser.add_argument("--port", default=8000, type=_port, help="the port to listen on (default: %(default)s)")
        parser.add_argument("--no-demo", action="store_true", help="make no demo account and campaign on the first run")

    def handle(self, *args: Any, host: str, port: int, no_demo: bool, **options: Any) -> None:
        """Look before leaping, prepare, run."""
        check_folder()
        check_port(host, port)
        self._prepare_database()
        call_command("collectstatic", interactive=False, verbosity=0)
        address = programs.address_of(host, port)
        for line in first_run.set_up(address=address, with_demo=not no_demo, now=clock.now()):
            self.stdout.write(line)
        if host in programs.WILDCARDS and not env.text("ALLOWED_HOSTS"):
            self.stdout.write(f"It answers to {', '.join(settings.ALLOWED_HOSTS)}; for other names set ALLOWED_HOSTS.")
        self.stdout.flush()
        # No child may share a connection of ours.
        connections.close_all()
        herald = Herald(self, host, port, address)
        Tree(programs.all_of(host, port), folder=str(settings.BASE_DIR), say=herald.say).run(herald.look)

    def _prepare_database(self) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            where = connection.settings_dict
            name = f"{where['NAME']} at {where['HOST']}" if where["HOST"] else where["NAME"]
            raise CommandError(f"The database {name} cannot be used: {str(error).strip()}") from error


class Herald:
    """Says once that the web server answers: a port is open long before its processes are."""

    def __init__(self, command: Command, host: str, port: int, address: str) -> None:
        self.command = command
        self.where = (programs.reachable(host), port)
        self.address = address
        self.announced = False

    def say(self, sentence: str) -> None:
        """Tell the console."""
        self.command.stdout.write(sentence)
        self.command.stdout.flush()

    def look(self) -> None:
        """Announce the address as soon as somebody answers there."""
        if self.announced:
            return
        asked = http.client.HTTPConnection(*self.where, timeout=0.5)
        try:
            asked.request("GET", "/readyz")
            asked.getresponse()
        except (OSError, http.client.HTTPException):
            return
        finally:
            asked.close()
        self.announced = True
        self.say(f"Trunkline runs at {self.address}/ — Ctrl-C ends it.")


def check_folder() -> None:
    """Refuse to start where the folder for data cannot be written. Raises CommandError."""
    try:
        for folder in (settings.VAR_DIR, settings.VAR_DIR / "queue", settings.VAR_DIR / "queue-control"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.VAR_DIR) as probe:
            probe.write(b"\0" * 65_536)
    except OSError as error:
        raise CommandError(
            f"{settings.VAR_DIR} cannot be written ({error.strerror}). "
            + (
                "Free some space on its disk."
                if error.errno in {errno.ENOSPC, errno.EDQUOT}
                else "Let this user write there, or name another folder in TRUNKLINE_VAR."
            )
        ) from error


def check_port(host: str, port: int) -> None:
    """Refuse to start where nobody can listen on the port. Raises CommandError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, where = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except socket.gaierror as error:
        raise CommandError(f"--host {host!r} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        raise CommandError(_why_no_port(host, port, error)) from error


def _why_no_port(host: str, port: int, error: OSError) -> str:
    command = f"{os.path.basename(sys.executable)} manage.py up --port {port + 1 if port < 65_535 else 8000}"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. End that one, or use another port: {command}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Port {port} is not open to this user. Ports from 1024 are: python3 manage.py up --port 8000"
    return f"Nobody can listen on {host} port {port}: {error.strerror}. Use an address of this machine in --host."


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; a number from 1 to 65535 is wanted")
    return int(text)
