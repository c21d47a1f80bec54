"""What can be wrong with a whole file, and with one row of it."""

from __future__ import annotations


class NotImported(Exception):
    """Nothing of the file can be taken; the message tells a person what is wrong and what is wanted."""


class Misfit(Exception):
    """One row cannot be taken. `kind` groups such rows in a report, `field` is to blame, `reason` tells why.

    `channel` and `destination` say whom it was to reach, where that could be read.
    """

    def __init__(self, kind: str, field: str, reason: str = "") -> None:
        super().__init__(reason or kind)
        self.kind = kind
        self.field = field
        self.reason = reason or kind
        self.channel = ""
        self.destination = ""
