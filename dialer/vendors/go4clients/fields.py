"""The fields of an object as programs send them: names in any case, whole numbers as digits, blank for absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Fields:
    """An object's fields, found by their exact name, else without regard to case."""

    __slots__ = ("_lowered", "_sent")

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._sent = sent
        self._lowered = {name.lower(): value for name, value in sent.items()}

    def get(self, *names: str) -> Any:
        """Return the first of several names that was sent with a value; None for null, blank text or nothing."""
        for name in names:
            value = self._sent[name] if name in self._sent else self._lowered.get(name.lower())
            if value is not None and not (isinstance(value, str) and not value.strip()):
                return value
        return None

    def has(self, name: str) -> bool:
        """Tell whether a field was sent with a value."""
        return self.get(name) is not None


def as_whole(value: object) -> int | None:
    """Return a whole number, given as one or in digits; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def as_digits(value: object) -> str | None:
    """Return a text without blanks around it, or a whole number as text; None for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return None
