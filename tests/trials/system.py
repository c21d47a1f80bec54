"""A whole Trunkline as users run it grown: web, workers, beats and a listener, with the witness for its carrier."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.trials.brokers import Broker, free_port
from tests.trials.processes import Keeper, Part, kill, wait_for

LEASE_SECONDS = 5
WORKERS, BEATS, CHILDREN = 2, 2, 2
# How long a broker, and then all the rest, may take to start on a busy machine.
START_SECONDS = 240.0
VICTIMS = ("worker child", "worker parent", "beat", "web", "listener")


@dataclass(slots=True)
class System:
    """The processes, where they are found, and what has been killed of them."""

    keeper: Keeper
    broker: Broker
    url: str
    witness_url: str
    log: Path
    killed: list[tuple[float, str]] = field(default_factory=list)

    def part(self, name: str) -> Part:
        return self.keeper.parts[name]

    def kill_one(self, what: str, dice: random.Random) -> str:
        """kill -9 one process of a kind; return which it was. Waits for one to be there."""
        found: list[int] = []
        wait_for(f"a {what} to kill", lambda: found.extend(self._pids(what)) or found, seconds=30)
        pid = dice.choice(found)
        kill(pid)
        self.killed.append((time.time(), what))
        return f"{what} {pid}"

    def _pids(self, what: str) -> list[int]:
        parts = [part for name, part in self.keeper.parts.items() if name.startswith(what.split()[0])]
        if what == "worker child":
            return [pid for part in parts for pid in part.children()]
        own = [pid for part in parts if (pid := part.pid()) is not None]
        # Of the web, the server as well as the processes that answer.
        return own + ([pid for part in parts for pid in part.children()] if what == "web" else [])

    def deliver_tenfold(self) -> None:
        """From now on the broker delivers every message ten times: the workers read what a repeater puts out."""
        for name in [name for name in self.keeper.parts if name.startswith("worker")]:
            worker = self.part(name)
            self.keeper.hold(worker)
            worker.command[worker.command.index("-Q") + 1] = "tenfold"
            self.keeper.let_go(worker)
        program = [sys.executable, "-m", "tests.trials.witness.repeater"]
        self.keeper.add(Part("repeater", program, self.part("worker1").environment, self.log.parent))

    def wait_until_well(self, seconds: float) -> float:
        """Wait until the system says that it is well; return how long that took."""
        return wait_for("the system is well", self._is_well, seconds=seconds)

    def _is_well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


def start(
    folder: Path,
    broker: Broker,
    *,
    seed: str,
    congestion: float,
    scale: float = 0.1,
    database_port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> System:
    """Start all of it on the database of this process; comes back when it is well.

    `scale` is how long a callee's second takes; `database_port` is that of a proxy before the database; `environment`
    is laid over what the processes get.
    """
    keeper = Keeper()
    log, port, witness_port = folder / "witness.jsonl", free_port(), free_port()
    witness_url = f"http://127.0.0.1:{witness_port}"
    theirs = _environment(folder, broker, witness_url, database_url(connection, database_port))
    theirs |= environment or {}
    witness = ["--log", str(log), "--port", str(witness_port), "--seed", seed, "--congestion", str(congestion)]
    witness += ["--scale", str(scale)]
    system = System(keeper, broker, f"http://127.0.0.1:{port}", witness_url, log)
    try:
        keeper.add(broker.part)
        wait_for("the broker answers", broker.answers, seconds=START_SECONDS)
        for name, words in _programs(folder, port, witness).items():
            keeper.add(Part(name, [sys.executable, *words], theirs, folder))
        system.wait_until_well(START_SECONDS)
    except TimeoutError as error:
        said = keeper.told()
        keeper.end()
        raise TimeoutError(f"{error}\n{said}") from error
    return system


def _programs(folder: Path, port: int, witness: list[str]) -> dict[str, list[str]]:
    programs = {
        "witness": ["-m", "tests.trials.witness", *witness],
        "listener": ["-m", "tests.trials.witness.listener"],
        "web": ["-m", "gunicorn", *_WEB, "--bind", f"127.0.0.1:{port}", "config.wsgi:application"],
    }
    for n in range(1, WORKERS + 1):
        programs[f"worker{n}"] = [*_CELERY, "worker", "-n", f"w{n}@trial", "-Q", "celery", *_WORKER]
    for n in range(1, BEATS + 1):
        programs[f"beat{n}"] = [*_CELERY, "beat", "-s", str(folder / f"beat{n}"), "--pidfile="]
    return programs


def _environment(folder: Path, broker: Broker, witness_url: str, database: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.trials.settings",
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker.url,
        "ATTEMPT_LEASE_SECONDS": str(LEASE_SECONDS),
        "WITNESS_URL": witness_url,
        "TRUNKLINE_VAR": str(folder / "var"),
        "LOG_LEVEL": "WARNING",
    }


_WEB = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "5"]
_WEB += ["--timeout", "60", "--log-level", "warning", "--no-control-socket"]
_CELERY = ["-m", "celery", "-q", "-A", "config.celery"]
_WORKER = ["-P", "prefork", "-c", str(CHILDREN), "--without-gossip", "--without-mingle"]


def database_url(of: BaseDatabaseWrapper, port: int | None = None) -> str:
    """Return the URL of the database that this process works on, for others; `port` is that of a proxy before it."""
    told = of.settings_dict
    who = f"{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{port or told['PORT'] or 5432}"
    return f"postgres://{who}/{told['NAME']}"


class Watch:
    """Watches, from a connection of its own, when the ledger learns of the ends of attempts that a fault has met."""

    SECONDS = 0.2
    OPEN = "SELECT key::text FROM campaigns_callattempt WHERE state <> 'ended'"

    def __init__(self, url: str) -> None:
        self.url = url
        # By key: when the first fault met it, and when it was seen to have ended.
        self.met: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self._faults: list[float] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def fault(self) -> None:
        """Note that something has just been broken: all attempts that are open now are watched."""
        self._faults.append(time.time())

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.is_set():
            # The database may be what is being hurt.
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as own:
                while not self._is_over.wait(self.SECONDS):
                    self._look({row[0] for row in own.execute(self.OPEN)})

    def _look(self, is_open: set[str]) -> None:
        now = time.time()
        for key in self.met.keys() - self.ended.keys() - is_open:
            self.ended[key] = now
        if self._faults:
            at = self._faults[0]
            self._faults.clear()
            self.met |= dict.fromkeys(is_open - self.met.keys(), at)
