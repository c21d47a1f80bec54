"""The embedded broker, through kombu."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from kombu import Connection

from config import queue

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def broker(tmp_path):
    options = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
        "polling_interval": 0.0001,
    }
    with Connection("filesystem://localhost/", transport=queue.Transport, transport_options=options) as connection:
        # kombu remembers for the whole process which queues it has declared, but these folders are new each time.
        connection.folder, connection.name = tmp_path, f"q{uuid.uuid4().hex}"
        yield connection


def test_messages_come_in_the_order_of_sending(broker):
    with broker.SimpleQueue(broker.name) as simple:
        for n in range(3):
            simple.put({"n": n})
            time.sleep(0.002)
        got = [simple.get(timeout=1).payload["n"] for _ in range(3)]

    assert got == [0, 1, 2]
    assert list(broker.folder.glob("*.msg")) == []


@pytest.mark.parametrize("damaged", [b"", b'{"body": "aGFs', b"\xff\xfe"])
def test_a_damaged_message_is_passed_over(broker, caplog, damaged):
    with broker.SimpleQueue(broker.name) as simple:
        (broker.folder / f"0_x.{broker.name}.msg").write_bytes(damaged)
        simple.put({"n": 1})
        got = simple.get(timeout=1).payload

    assert got == {"n": 1}
    assert "damaged message" in caplog.text
    assert not (broker.folder / f"0_x.{broker.name}.msg").exists()


WRITER = """
import sys
from kombu import Connection
from config import queue
folder, name, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "/control"}
with Connection("filesystem://localhost/", transport=queue.Transport, transport_options=options) as connection:
    with connection.SimpleQueue(name) as simple:
        for _ in range(count):
            simple.put({"text": "x" * size})
"""


def test_a_reader_never_sees_half_a_message(broker, caplog):
    """Another process writes messages of megabytes while this one reads as fast as it can."""
    count, size = 20, 3_000_000
    command = [sys.executable, "-c", WRITER, str(broker.folder), broker.name, str(count), str(size)]

    with subprocess.Popen(command, cwd=ROOT) as writer, broker.SimpleQueue(broker.name) as simple:
        got = [len(simple.get(timeout=30).payload["text"]) for _ in range(count)]

    assert writer.returncode == 0
    assert got == [size] * count
    assert caplog.text == ""


def test_queues_do_not_mix(broker):
    with broker.SimpleQueue(f"{broker.name}-1") as one, broker.SimpleQueue(f"{broker.name}-2") as two:
        one.put("for one")

        with pytest.raises(two.Empty):
            two.get(timeout=0.05)
        assert one.get(timeout=1).payload == "for one"
