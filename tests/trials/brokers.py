"""Brokers of a trial's own: never the machine's, so they may be killed, flushed and thrown away."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import redis
from kombu import Connection, Queue

from tests.trials.processes import Part

QUEUE = "celery"


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis:
    """A Redis that keeps nothing on the disk: to kill it is to lose every message."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.part = Part("broker", [*command, "--dir", str(folder)], {}, folder, cwd=folder)

    def answers(self) -> bool:
        """Tell whether it takes clients."""
        try:
            with redis.Redis(port=self.port, socket_connect_timeout=1, socket_timeout=1) as client:
                return bool(client.ping())
        except (OSError, redis.RedisError):
            return False

    def flush(self) -> None:
        """Lose every message, and all else that it knows."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def lose_disk(self) -> None:
        """Nothing is on it."""


class RabbitMQ:
    """A node with a name, ports and folders of its own; its durable queues outlive it."""

    name = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        self.port, distribution = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.file.level = error\n")
        self.mnesia = folder / "mnesia"
        environment = {
            "RABBITMQ_NODENAME": f"trial{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(self.mnesia),
            "RABBITMQ_LOG_BASE": str(folder / "rabbitmq"),
            "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "HOME": str(folder),
        }
        self.part = Part("broker", [_program("rabbitmq-server")], environment, folder, cwd=folder)

    def answers(self) -> bool:
        """Tell whether it takes clients."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                connection.settimeout(1)
                return bool(connection.recv(1))
        except OSError:
            return False

    def flush(self) -> None:
        """Lose every message that waits."""
        with Connection(self.url) as connection:
            Queue(QUEUE)(connection).purge()

    def lose_disk(self) -> None:
        """Forget all messages, queues and users, while it is dead."""
        shutil.rmtree(self.mnesia, ignore_errors=True)


Broker = Redis | RabbitMQ
BROKERS: dict[str, type[Redis] | type[RabbitMQ]] = {"redis": Redis, "rabbitmq": RabbitMQ}


def _program(name: str) -> str:
    """Return a program of RabbitMQ's; Debian's wrappers change to a user who may not write to a trial's folder."""
    inner = Path("/usr/lib/rabbitmq/bin") / name
    return str(inner) if inner.exists() else shutil.which(name) or name
