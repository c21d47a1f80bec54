"""The embedded broker: kombu's folder of files, with messages that appear whole and damaged ones passed over.

kombu's own opens a message's file before it writes to it, and its reader ends the worker over a file that is empty:
one that was listed in between, or that a power cut left so.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Reads and writes the files of a folder, one for each message, the oldest name first."""

    # kombu's own classes do not agree on the names.
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        # The reader knows no name that begins with a dot.
        draft = folder / f".{name}"
        draft.write_text(json.dumps(payload), encoding="utf-8")
        draft.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".taken-{name}"
            with contextlib.suppress(FileNotFoundError):
                (folder / name).rename(taken)
                if message := _read(taken):
                    return message
        raise Empty


class Transport(filesystem.Transport):
    """What the setting BROKER_TRANSPORT names."""

    Channel = Channel


def _read(file: Path) -> dict[str, Any]:
    """Return a message and remove its file; nothing where it is damaged."""
    raw = file.read_bytes()
    file.unlink()
    try:
        found: dict[str, Any] = json.loads(raw)
    except ValueError:
        logger.warning("A damaged message of %d bytes was passed over; its wake-up comes again.", len(raw))
        return {}
    return found
