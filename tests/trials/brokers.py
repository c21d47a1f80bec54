"""Brokers of a trial's own: never the machine's, so they may be killed, flushed and thrown away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import redis

from tests.trials.processes import Part

QUEUES = ("celery", "tenfold")


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
        self.part = Part("broker", [*command, "--dir", str(folder)], {}, folder)

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


class RabbitMQ:
    """A node with a name, ports and folders of its own; its durable queues outlive it."""

    name = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        self.port, distribution = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        (folder / "plugins").write_text("[].\n")
        self.environment = {
            "RABBITMQ_NODENAME": f"trial{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "rabbitmq"),
            "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "HOME": str(folder),
        }
        self.part = Part("broker", [_program("rabbitmq-server")], self.environment, folder)

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
        for queue in QUEUES:
            command = [_program("rabbitmqctl"), "-n", self.environment["RABBITMQ_NODENAME"], "purge_queue", queue]
            subprocess.run(command, env=os.environ | self.environment, capture_output=True, check=False, timeout=60)


Broker = Redis | RabbitMQ
BROKERS: dict[str, type[Redis] | type[RabbitMQ]] = {"redis": Redis, "rabbitmq": RabbitMQ}


def _program(name: str) -> str:
    """Return a program of RabbitMQ's; Debian's wrappers change to a user who may not write to a trial's folder."""
    inner = Path("/usr/lib/rabbitmq/bin") / name
    return str(inner) if inner.exists() else shutil.which(name) or name
