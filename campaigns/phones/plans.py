"""Judges numbers that are written plainly by tables, as phonenumbers would judge them, ten times as fast.

Whatever the tables cannot decide for certain they leave to the library: None is no refusal. The tables are made
from the library's own metadata (phonenumbers 9), a country at a time, when its first number comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.tzdata import TIMEZONE_DATA

from campaigns.phones.areas import Areas

_LONGEST = 17
Matcher = Callable[..., "re.Match[str] | None"]


class Found(NamedTuple):
    """A number in E.164 and the zones it may be in; None where the library has to find them."""

    number: str
    zones: str | None


class _Plan(NamedTuple):
    """How the numbers of a calling code look."""

    code: str
    starts: int
    lengths: frozenset[int]
    prefix: Matcher | None
    zones: str | None
    areas: Areas | None

    def zones_of(self, national: str) -> str | None:
        """Return the zones of a national number; None where only the library can tell."""
        if self.zones is not None or self.areas is None:
            return self.zones
        return self.areas.zones(national)


class _Home(NamedTuple):
    """How people of a country write its own numbers."""

    code: str
    lengths: frozenset[int]
    exits: Matcher
    prefix: Matcher | None
    is_plain: bool
    general: Matcher


def of_international(number: str) -> Found | None:
    """Judge a plus and ASCII digits; None where only the library can."""
    plan = _PLANS[number[1:4]]
    if plan is None or len(number) - plan.starts not in plan.lengths:
        return None
    if plan.prefix is not None:
        match = plan.prefix(number, plan.starts)
        if match is not None and (match.end() > plan.starts or match.lastindex):
            return None
    return Found(number, plan.zones or plan.zones_of(number[plan.starts :]))


def of_national(digits: str, country: str) -> Found | None:
    """Judge ASCII digits as somebody in a country writes them; None where only the library can."""
    home = _HOMES[country]
    if home is None or home.exits(digits):
        return None
    if digits.startswith(home.code) and not (len(digits) in home.lengths and home.general(digits)):
        return None
    match = home.prefix(digits) if home.prefix is not None else None
    if match is not None and (match.end() or match.lastindex):
        rest = digits[match.end() :]
        if not home.is_plain or len(rest) not in home.lengths:
            return None
        if home.general(rest) or not home.general(digits):
            digits = rest
    plan = _PLANS[(home.code + "00")[:3]]
    if plan is None or len(digits) not in plan.lengths:
        return None
    return Found(f"+{home.code}{digits}", plan.zones_of(digits))


class _Plans(dict[str, _Plan | None]):
    """Plans by the first three digits of a number; calling codes are prefixes of one to three."""

    def __missing__(self, start: str) -> _Plan | None:
        codes = (start[:width] for width in range(1, len(start) + 1))
        code = next((code for code in codes if int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), None)
        plan = _plan(code) if code is not None and not start.startswith("0") else None
        self[start] = plan
        return plan


class _Homes(dict[str, _Home | None]):
    """The ways of writing of countries, by their two letters."""

    def __missing__(self, country: str) -> _Home | None:
        home = _home(country) if country in phonenumbers.SUPPORTED_REGIONS else None
        self[country] = home
        return home


def _plan(code: str) -> _Plan:
    number = int(code)
    region = phonenumbers.region_code_for_country_code(number)
    data = PhoneMetadata.metadata_for_region_or_calling_code(number, region)
    assert data is not None
    zones = {names for prefix, names in TIMEZONE_DATA.items() if prefix.startswith(code)}
    has_all = code in TIMEZONE_DATA
    one = ",".join(zones.pop()) if has_all and len(zones) == 1 else None
    return _Plan(
        code=code,
        starts=len(code) + 1,
        lengths=_lengths(data),
        prefix=_prefix(data),
        zones=None if one == "Etc/Unknown" else one,
        areas=Areas(code) if has_all and one is None else None,
    )


def _home(country: str) -> _Home:
    data = PhoneMetadata.metadata_for_region(country)
    assert data is not None
    assert data.general_desc is not None
    prefix = _prefix(data)
    return _Home(
        code=str(data.country_code),
        lengths=_lengths(data),
        exits=re.compile(data.international_prefix or "NonMatch").match,
        prefix=prefix,
        is_plain=prefix is not None and "(" not in (data.national_prefix_for_parsing or ""),
        general=re.compile(data.general_desc.national_number_pattern or "NonMatch").fullmatch,
    )


def _prefix(data: PhoneMetadata) -> Matcher | None:
    pattern = data.national_prefix_for_parsing
    return re.compile(pattern).match if pattern else None


def _lengths(data: PhoneMetadata) -> frozenset[int]:
    """Return the lengths of national numbers that the library calls possible."""
    assert data.general_desc is not None
    local = data.general_desc.possible_length_local_only
    return frozenset(n for n in data.general_desc.possible_length if 2 <= n <= _LONGEST and n not in local)


_PLANS = _Plans()
_HOMES = _Homes()
