"""The fields of a request: found without regard to case, and read as the kinds that the contract knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dialer.vendors import base
from dialer.vendors.voicenter import errors

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}

WHOLE_RANGE = 2_147_483_647


class Layouts(dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]]):
    """For the names of an item: the same in lower case, and those of custom data. Items of one batch look alike."""

    def __missing__(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        lowered = tuple(name.lower() for name in names)
        found = (lowered, tuple(name for name in names if name[:4].lower() == "var_"))
        self[names] = found
        return found


class Fields:
    """What was sent. Blank and null count as not sent where a number or a flag is wanted."""

    __slots__ = ("_values", "_variables")

    def __init__(self, sent: Mapping[str, Any], layouts: Layouts | None = None) -> None:
        lowered, variables = (Layouts() if layouts is None else layouts)[tuple(sent)]
        self._values = dict(zip(lowered, sent.values(), strict=True))
        # Custom data at the top level; its names keep their case.
        self._variables = {name: sent[name] for name in variables} if variables else None

    def raw(self, name: str) -> Any:
        """Return the field as it was sent; None where it was not."""
        return self._values.get(name.lower())

    def text(self, name: str, *, most: int) -> str | None:
        """Return a text without blanks around it, or None where it was not sent. Raises Fault."""
        value = self._values.get(name.lower())
        if value is None:
            return None
        found = as_text(value)
        if found is None or len(found) > most:
            raise errors.wrong(name, f"a text of at most {most} characters")
        return found

    def whole(self, name: str, *, least: int = 0, most: int = WHOLE_RANGE) -> int | None:
        """Return a whole number, given as one or in digits, or None where it was not sent. Raises Fault."""
        value = self._values.get(name.lower())
        if value is None or value == "":
            return None
        found = as_whole(value)
        if found is None or not least <= found <= most:
            raise errors.wrong(name, f"a whole number from {least} to {most}")
        return found

    def coefficient(self, name: str) -> Decimal | None:
        """Return a number above 0 of at most two decimals, or None where it was not sent. Raises Fault."""
        value = self._values.get(name.lower())
        if value is None or value == "":
            return None
        written = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
        found = Decimal(written) if _NUMBER.fullmatch(written) else Decimal(0)
        if not 0 < found < 1000 or found != found.quantize(Decimal("0.01")):
            raise errors.wrong(name, "a number above 0 and below 1000 with at most two decimals")
        return found

    def flag(self, name: str) -> bool | None:
        """Return true or false, given as such, as a word, or as 1 or 0; None where it was not sent. Raises Fault."""
        value = self._values.get(name.lower())
        if value is None or value == "":
            return None
        found = value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())
        if found is None:
            raise errors.wrong(name, "true or false")
        return found

    def mapping(self, name: str) -> dict[str, Any] | None:
        """Return an object, given as one or as JSON in a text, or None where it was not sent. Raises Fault."""
        value = self._values.get(name.lower())
        if value is None or value == "":
            return None
        found = _parsed(value) if isinstance(value, str) else value
        if not isinstance(found, dict):
            raise errors.wrong(name, "an object")
        return found

    def custom_data(self) -> dict[str, Any] | None:
        """Return CustomData with the top-level var_ fields merged in; None where neither was sent. Raises Fault."""
        found = self.mapping("CustomData")
        if not self._variables:
            return found
        return {**(found or {}), **self._variables}


def as_text(value: Any) -> str | None:
    """Return a text, or a whole number as its digits; None for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def as_whole(value: Any) -> int | None:
    """Return a whole number, given as one or in digits; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def _parsed(text: str) -> Any:
    try:
        return base.read_json(text.encode())
    except base.Malformed:
        return None
