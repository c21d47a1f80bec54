"""Reads the fields of an object that was sent: names in any case and spacing, values of several kinds.

A reader of one field returns its value or None where it was not sent, and raises Wrong for what it cannot be.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{0,7}))?)?\s?([Zz]|[+-]\d{2}:?\d{2})?", re.ASCII
)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)


class Wrong(Exception):
    """A field is missing or of the wrong kind; the message says what is right."""


class Fields:
    """An object as it was sent. Null counts as not sent."""

    __slots__ = ("_values",)

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._values = {name.replace(" ", "").lower(): value for name, value in sent.items()}

    def has(self, name: str) -> bool:
        """Tell whether a field was sent with anything but null."""
        return self.raw(name) is not None

    def raw(self, name: str) -> Any:
        """Return a field as it was sent; None where it was not."""
        return self._values.get(name.lower())

    def over(self, defaults: Fields) -> Fields:
        """Return these fields, with the defaults in place of those not sent."""
        merged = Fields({})
        merged._values = defaults._values | {name: value for name, value in self if value is not None}
        return merged

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._values.items())

    def text(self, name: str, *, most: int) -> str | None:
        """Return a text. Raises Wrong."""
        value = self.raw(name)
        if value is None or (isinstance(value, str) and len(value) <= most):
            return value
        raise Wrong(f"{name} must be a text of at most {most} characters.")

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """Return a whole number, given as one or in digits. Raises Wrong."""
        value = self.raw(name)
        if value is None:
            return None
        found = _as_whole(value)
        if found is None or not least <= found <= most:
            raise Wrong(f"{name} must be a whole number from {least} to {most}.")
        return found

    def moment(self, name: str, zone: dt.tzinfo) -> dt.datetime:
        """Return a moment in the account's zone, in which it is read too if it has no offset. Raises Wrong."""
        value = self.raw(name)
        found = _as_moment(value, zone) if isinstance(value, str) else None
        if found is None:
            problem = "is required" if value is None else "is no date"
            raise Wrong(f"{name} {problem}; one such as 2031-05-01T09:00:00.000+02:00 is wanted.")
        return found


def _as_whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value.strip()) else None


def _as_moment(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        return None
    day, minute, second, fraction, offset = found.groups()
    # Python reads six digits of a fraction; the framework writes seven.
    written = f"{day}T{minute}:{second or '00'}.{(fraction or '')[:6]:0<6}{(offset or '').upper()}"
    try:
        moment = dt.datetime.fromisoformat(written)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        # Through UTC, so that what cannot be stored is found here.
        return aware.astimezone(dt.UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def shown(moment: dt.datetime) -> str:
    """Return a moment as the vendor writes it."""
    return moment.isoformat(timespec="milliseconds")
