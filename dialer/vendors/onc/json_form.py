"""The contract's values as JSON. Reading raises Malformed, naming the path of what is wrong."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from dialer.vendors.base import Malformed
from dialer.vendors.onc import values
from dialer.vendors.onc.shapes import Kind, ListOf, Shape, Type, unset

INT_RANGE = range(-(2**31), 2**31)


def read(kind: Type, value: Any, path: str) -> Any:
    """Return a JSON value as what the contract says it is; null is what .NET makes of a member that is missing."""
    if value is None:
        return unset(kind)
    if isinstance(kind, Shape):
        return read_members(kind.members, value, path)
    if isinstance(kind, ListOf):
        if not isinstance(value, list):
            raise Malformed(f"{path}: a list is wanted.")
        return [read(kind.item, item, f"{path}[{index}]") for index, item in enumerate(value)]
    return _read_plain(kind, value, path)


def read_members(members: tuple[tuple[str, Type], ...], value: Any, path: str = "") -> dict[str, Any]:
    """Return the members of a JSON object; their names may be in any case, other names are ignored."""
    if not isinstance(value, dict):
        raise Malformed(f"{path or 'The body'}: an object is wanted.")
    found = {key.lower(): item for key, item in value.items()}
    prefix = f"{path}." if path else ""
    return {name: read(kind, found.get(name.lower()), f"{prefix}{name}") for name, kind in members}


def _read_plain(kind: Kind, value: Any, path: str) -> Any:
    if kind is Kind.INT:
        if isinstance(value, int) and not isinstance(value, bool) and value in INT_RANGE:
            return value
    elif kind is Kind.BOOL:
        if isinstance(value, bool):
            return value
    elif isinstance(value, str):
        try:
            return _READERS[kind](value)
        except Malformed as error:
            raise Malformed(f"{path}: {error}.") from error
    raise Malformed(f"{path}: {kind.value} is wanted.")


def _blank_is_null(reader: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: reader(text.strip()) if text.strip() else None


_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.STRING: str,
    Kind.GUID: lambda text: values.guid(text.strip()),
    Kind.MOMENT: lambda text: values.moment(text.strip()),
    Kind.DATE: _blank_is_null(values.date),
    Kind.TIME: _blank_is_null(values.time),
}


def write(value: Any) -> Any:
    """Return a value of the contract as JSON has it."""
    if isinstance(value, dict):
        return {name: write(item) for name, item in value.items()}
    if isinstance(value, list):
        return [write(item) for item in value]
    for kind, writer in _WRITERS.items():
        if isinstance(value, kind):
            return writer(value)
    return value


# A datetime is a date to Python, so it stands first.
_WRITERS: dict[type, Callable[[Any], str]] = {
    dt.datetime: values.moment_text,
    dt.date: dt.date.isoformat,
    dt.timedelta: values.clock_text,
    uuid.UUID: str,
}
