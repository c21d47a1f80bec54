"""The contract's values as XML of the DataContractSerializer. Reading raises Malformed.

Written: members in the order of their shape, null ones left out, an empty list as an empty element. Read: members in
any order, by their local names; what is absent, nil or empty is null, but an empty text is a text.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

from lxml import etree

from dialer.vendors.base import Malformed
from dialer.vendors.onc import values
from dialer.vendors.onc.shapes import Kind, ListOf, Shape, Type, unset

DATA = "http://schemas.datacontract.org/2004/07/OutboundNotifications"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
INT_RANGE = range(-(2**31), 2**31)
_BOOLS = {"true": True, "1": True, "false": False, "0": False}
_INT = re.compile(r"[+-]?[0-9]{1,20}")
# What XML 1.0 cannot hold at all, though other doors take it.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


def read(kind: Type, element: etree._Element | None) -> Any:
    """Return an element's value as what the contract says it is."""
    if element is None or element.get(NIL) in {"true", "1"}:
        return unset(kind)
    if isinstance(kind, Shape):
        return read_members(kind.members, element) if len(element) else None
    if isinstance(kind, ListOf):
        return [read(kind.item, item) for item in element]
    if len(element):
        raise Malformed(f"{local_name(element)}: {kind.value} is wanted, not elements.")
    return _read_plain(kind, element)


def read_members(members: tuple[tuple[str, Type], ...], element: etree._Element) -> dict[str, Any]:
    """Return the members of an object by their local names; of two with one name the first is taken."""
    found: dict[str, etree._Element] = {}
    for child in element:
        found.setdefault(local_name(child), child)
    return {name: read(kind, found.get(name)) for name, kind in members}


def _read_plain(kind: Kind, element: etree._Element) -> Any:
    text = element.text or ""
    if kind is Kind.STRING:
        return text
    text = text.strip()
    if not text:
        return unset(kind)
    try:
        return _READERS[kind](text)
    except (Malformed, KeyError, ValueError) as error:
        raise Malformed(f"{local_name(element)}: {text[:60]!r} is not {kind.value}.") from error


def _int(text: str) -> int:
    if not _INT.fullmatch(text) or int(text) not in INT_RANGE:
        raise ValueError(text)
    return int(text)


_READERS = {
    Kind.INT: _int,
    Kind.BOOL: _BOOLS.__getitem__,
    Kind.GUID: values.guid,
    Kind.MOMENT: values.moment,
    Kind.DATE: values.date,
    Kind.TIME: values.time,
}


def write(kind: Type, element: etree._Element, value: Any) -> None:
    """Fill an element with a value; the value itself must not be null."""
    if isinstance(kind, Shape):
        for name, member in kind.members:
            if value[name] is not None:
                write(member, etree.SubElement(element, f"{{{DATA}}}{name}"), value[name])
    elif isinstance(kind, ListOf):
        name = f"{{{DATA}}}{kind.item.name}" if isinstance(kind.item, Shape) else f"{{{ARRAYS}}}guid"
        for item in value:
            write(kind.item, etree.SubElement(element, name), item)
    else:
        element.text = _text(value)


def namespace(kind: Type) -> str:
    """Return the namespace in which the content of a value is written, or blank where it is plain."""
    if isinstance(kind, ListOf) and isinstance(kind.item, Kind):
        return ARRAYS
    return "" if isinstance(kind, Kind) else DATA


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return values.moment_text(value)
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, dt.timedelta):
        return values.duration_text(value)
    if isinstance(value, uuid.UUID | int):
        return str(value)
    return writable(str(value))


def writable(text: str) -> str:
    """Return a text with what XML cannot hold replaced."""
    return _UNWRITABLE.sub("\ufffd", text)
