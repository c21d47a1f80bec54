"""Reads destinations: phone numbers to E.164 with the zones they may be in, and email addresses."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import phonenumbers
from phonenumbers import timezone as phone_zones

from campaigns import refusals
from campaigns.phones import plans
from campaigns.states import Channel, ZoneSource

# Numbers that bill the caller heavily and belong to no country: never dialled, whatever an account allows.
DENIED_PREFIXES = ("+808", "+870", "+878", "+881", "+882", "+883", "+888", "+979")
EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\".]+(\.[^@\s<>,;\".]+)+")
# Ornaments between digits, and the marks of writing direction that a copied number brings along.
_MARKS = "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DROPPED = str.maketrans("", "", " \t\u00a0\u2007\u2009\u202f-‐‑‒–.()/" + _MARKS)
_SCIENTIFIC = re.compile(r"\s*[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+\s*")
_PLAIN = re.compile(r"\+?\d+", re.ASCII)
# What `cleaned` would not change.
_CLEAN = re.compile(r"\+\d+|(?!00)\d+", re.ASCII)
_TWO = "two numbers in one cell"
# Members of enumerations are slow to look up, and this one is wanted for every number.
_OF_NUMBER = ZoneSource.NUMBER
_INNER = str.maketrans("", "", " -.()")
_LENIENT = re.compile(r"\d{7,15}")


class Destination(NamedTuple):
    """Where a call goes: what the carrier is given, the zones it may be in (joined by commas), and whence."""

    address: str
    zones: str = ""
    source: ZoneSource = ZoneSource.ACCOUNT


def is_country(code: str) -> bool:
    """Tell whether numbers can be read for this two-letter country."""
    return code in phonenumbers.SUPPORTED_REGIONS


def is_prefix(value: object) -> bool:
    """Tell "+" or "+" with up to 15 digits."""
    return isinstance(value, str) and re.fullmatch(r"\+\d{0,15}", value, re.ASCII) is not None


def may_dial(address: str, allowed: list[str]) -> bool:
    """Tell whether an account's allowed prefixes cover a number, and no rule denies it to everybody."""
    return address.startswith(tuple(allowed)) and not address.startswith(DENIED_PREFIXES)


def cleaned(text: str) -> str:
    """Return a number as typed without its ornaments: ASCII digits, at most one leading plus.

    Digits of other scripts become ASCII, `tel:` goes, a leading 00 becomes a plus.
    """
    if not text.isascii():
        text = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)
        text = text.replace("\uff0b", "+")
    text = text.strip().translate(_DROPPED)
    if text[:4].lower() == "tel:":
        text = text[4:]
    return "+" + text[2:] if text.startswith("00") else text


def normalise(text: str, country: str) -> Destination:
    """Read a phone number as E.164, one without a country code as the country's.

    Raises InvalidNumber with the reason: empty, scientific notation, two numbers, letters, too short, too long.
    """
    number = text
    if not _CLEAN.fullmatch(text):
        number = cleaned(text)
        if not _PLAIN.fullmatch(number):
            raise refusals.InvalidNumber(_fault(text, number), field="number")
    found = plans.of_international(number) if number[0] == "+" else plans.of_national(number, country)
    if found is None:
        return _by_library(text, number, country)
    if found.zones is None:
        return Destination(found.number, *zones_of(phonenumbers.parse(found.number)))
    return Destination(found.number, found.zones, _OF_NUMBER)


def by_library(number: str, country: str) -> Destination:
    """Read a number, cleaned, as phonenumbers does. Raises InvalidNumber with the reason."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException as error:
        raise refusals.InvalidNumber(_PARSE_FAULTS.get(error.error_type, "no phone number"), field="number") from error
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    if verdict != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise refusals.InvalidNumber(_VERDICTS.get(verdict, "no phone number"), field="number")
    return Destination(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), *zones_of(parsed))


def lenient(text: str, country: str) -> Destination:
    """Read a number as most vendors do: any 7 to 15 digits after the ornaments are dropped.

    What the numbering plans know is normalised by them; other digits are kept, with no zone of their own.
    Raises InvalidNumber.
    """
    try:
        return normalise(text, country)
    except refusals.InvalidNumber:
        digits = cleaned(text).removeprefix("+")
        if not _LENIENT.fullmatch(digits) or not digits.isascii():
            raise
        return Destination("+" + digits)


def zones_of(parsed: phonenumbers.PhoneNumber) -> tuple[str, ZoneSource]:
    """Return the zones a number may be in, joined by commas, and where they came from."""
    found = [name for name in phone_zones.time_zones_for_number(parsed) if name != "Etc/Unknown"]
    if not found:
        found = [n for n in phone_zones.time_zones_for_geographical_number(parsed) if n != "Etc/Unknown"]
    return (",".join(found), ZoneSource.NUMBER) if found else ("", ZoneSource.ACCOUNT)


def read(text: str, channel: str, country: str) -> Destination:
    """Read a destination of any channel. Raises InvalidNumber."""
    if channel != Channel.EMAIL:
        return normalise(text, country)
    address = text.strip()
    if len(address) > 254 or not EMAIL.fullmatch(address):
        raise refusals.InvalidNumber("no email address", field="number")
    return Destination(address.lower())


def _by_library(text: str, number: str, country: str) -> Destination:
    try:
        return by_library(number, country)
    except refusals.InvalidNumber as refusal:
        # A slash is an ornament, so two numbers may come here as one that is too long.
        if _are_two(text):
            raise refusals.InvalidNumber(_TWO, field="number") from refusal
        raise


def _are_two(text: str) -> bool:
    return re.search(r"\d{6,}.*[;,/|&+ ].*\d{6,}", text.translate(_INNER)) is not None


def _fault(text: str, number: str) -> str:
    if not number:
        return "empty"
    if _SCIENTIFIC.fullmatch(text):
        return f"{text.strip()!r} is in scientific notation: the spreadsheet has lost digits; format the cells as text"
    if _are_two(text):
        return _TWO
    if any(c.isalpha() for c in text):
        return "letters in the number"
    return "no phone number"


_PARSE_FAULTS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "no phone number",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "too short",
    phonenumbers.NumberParseException.TOO_LONG: "too long",
}
_VERDICTS = {
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.ValidationResult.TOO_SHORT: "too short",
    phonenumbers.ValidationResult.TOO_LONG: "too long",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too short: the area code is missing",
    phonenumbers.ValidationResult.INVALID_LENGTH: "not a length that numbers of its country have",
}
