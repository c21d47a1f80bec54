"""The ranges of the contract, and calling hours as the ledger keeps them. Everything here raises Failure."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import urlsplit

from campaigns import hours, phones
from dialer.vendors.onc import errors
from dialer.vendors.onc.shapes import Info

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
# What clients send for "always" (.NET's smallest and largest date) lies outside of what a zone can be applied to.
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(9998, 12, 31)
_CALLER_ID = re.compile(r"\+?\d{3,15}", re.ASCII)
_DESTINATION = re.compile(r"\+?\d{7,15}", re.ASCII)


def is_blank(text: str | None) -> bool:
    """Tell null, empty and white space."""
    return text is None or not text.strip()


def required(info: Info, member: str, most: int) -> str:
    """Return a text that must be there, without the white space around it."""
    text = (info[member] or "").strip()
    if not text:
        raise errors.invalid(f"{member} is missing.")
    return longest(text, member, most)


def longest(text: str | None, member: str, most: int) -> str:
    """Return a text of at most so many characters; null is blank."""
    if text is not None and len(text) > most:
        raise errors.invalid(f"{member} has {len(text)} characters; {most} are the most.")
    return text or ""


def whole(info: Info, member: str, low: int, high: int, *, unset: int | None = None) -> int:
    """Return a number of a range; with `unset`, 0 stands for that."""
    number = int(info[member])
    if number == 0 and unset is not None:
        return unset
    if not low <= number <= high:
        raise errors.invalid(f"{member} is {number}; {low} to {high} are allowed.")
    return number


def caller_id(text: str | None) -> str:
    """Return a caller's number as the ledger keeps it: 3 to 15 digits after its ornaments are dropped."""
    if text is None or is_blank(text):
        return ""
    number = phones.cleaned(text)
    if not _CALLER_ID.fullmatch(number):
        raise errors.invalid(f"CallingNumber {text[:40]!r} is no number of 3 to 15 digits.")
    return number


def sender_address(text: str | None) -> str:
    """Return an email address, which must be one."""
    address = (text or "").strip()
    if len(address) > 254 or not phones.EMAIL.fullmatch(address):
        raise errors.invalid(f"FromEmail {address[:40]!r} is no email address.")
    return address


def endpoint(text: str | None) -> None:
    """Refuse what is no http or https URL; blank is none."""
    if text is None or is_blank(text):
        return
    longest(text, "ProgressWSEndpoint", 2000)
    try:
        parts = urlsplit(text.strip())
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine:
        raise errors.invalid(f"ProgressWSEndpoint {text[:40]!r} is no http or https address.")


def phone(text: str, country: str) -> phones.Destination:
    """Read a phone number of 7 to 15 digits. Raises InvalidNumber beside Failure."""
    if not _DESTINATION.fullmatch(phones.cleaned(text)):
        raise errors.invalid(f"Destination {text[:40]!r} is no phone number of 7 to 15 digits.")
    return phones.lenient(text, country)


def hours_of(info: Info, zone_name: str) -> dict[str, Any]:
    """Return the ledger's `starts_at`, `ends_at` and `windows` for the four members that say when a campaign runs."""
    first, last = info["ActiveFromDate"], info["ActiveToDate"]
    if first and last and last < first:
        raise errors.invalid("ActiveToDate comes before ActiveFromDate.")
    opens, shuts = _time(info, "ActiveFromTime"), _time(info, "ActiveToTime")
    # A window over midnight belongs to the day it starts on: it opens with the first day, and outlasts the last.
    over_midnight = bool(shuts is not None and (opens or dt.timedelta()) > shuts)
    zone = hours.zone(zone_name)
    return {
        "starts_at": _moment(first, zone, opens if over_midnight else None) if first else None,
        "ends_at": _moment(last, zone, DAY + (shuts if over_midnight and shuts else dt.timedelta())) if last else None,
        "windows": _windows(opens or dt.timedelta(), DAY if shuts is None else shuts),
    }


def _time(info: Info, member: str) -> dt.timedelta | None:
    time: dt.timedelta | None = info[member]
    if time is not None and not dt.timedelta() <= time < DAY:
        raise errors.invalid(f"{member} is no time of a day.")
    return time


def _moment(day: dt.date, zone: dt.tzinfo, after_midnight: dt.timedelta | None) -> dt.datetime:
    clamped = min(max(day, FIRST_DAY), LAST_DAY)
    wall = dt.datetime.combine(clamped, dt.time()) + (after_midnight or dt.timedelta())
    return wall.replace(tzinfo=zone).astimezone(dt.UTC)


def _windows(opens: dt.timedelta, shuts: dt.timedelta) -> list[dict[str, str]]:
    """Return the daily window, narrowed to whole minutes, which is what the ledger's windows go by; none: all day."""
    if opens == shuts or (not opens and shuts == DAY):
        return []
    start, end = -(-opens // MINUTE), shuts // MINUTE
    empty = start >= end if opens < shuts else (start, end) == (DAY // MINUTE, 0)
    if empty:
        raise errors.invalid("ActiveFromTime and ActiveToTime have no whole minute between them.")
    return [{"start": _clock(start), "end": _clock(end)}]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
