"""A PostgreSQL of a trial's own, which may be stopped hard: made in a folder, gone with it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql")
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 60
shared_buffers = 128MB
fsync = on
"""


def url(port: int, database: str) -> str:
    """Return the URL of a database on the loopback."""
    return f"postgres://postgres:postgres@127.0.0.1:{port}/{database}"


class Cluster:
    """A server on a port of the loopback. PostgreSQL refuses to run as root: then it runs as `postgres`."""

    def __init__(self, port: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="trial-postgres-"))
        self.data, self.said = self.folder / "data", self.folder / "log"
        self.port = port
        self.programs = sorted(PROGRAMS.glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
        self.as_user: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.as_user = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", self.data, "-U", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(port=self.port, folder=self.folder))

    def start(self) -> None:
        """Start it; comes back when it takes connections."""
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", self.data, "-l", self.said)

    def stop(self) -> None:
        """Stop it as a power failure would: no checkpoint, no farewell."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-w", "-D", self.data)

    def end(self) -> None:
        """Stop it and leave nothing."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def _run(self, program: str, *words: str | Path) -> None:
        # A server that was started keeps what it inherited open: a pipe to it would never end.
        said = subprocess.run(
            [*self.as_user, str(self.programs / program), *map(str, words)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if said.returncode:
            told = self.said.read_text()[-2000:] if self.said.exists() else ""
            raise RuntimeError(f"{program} ended with {said.returncode}. {told}")
