"""A row as it stands in a file."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """The cells of a row and the physical line it starts on; `fault` where the row itself is broken."""

    line: int
    cells: list[str]
    fault: str = ""
