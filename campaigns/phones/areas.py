"""Finds the time zones of a number by its first digits, as phonenumbers finds them by all of them.

The library gives a number that is known to be of no place (a mobile in most countries, a free number) all the zones
of its country, and any other those of the longest prefix that it has zones for. Which of the two a number is, most
numbering plans decide in a few digits; where they do not within `_LONGEST`, the library is asked.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.tzdata import TIMEZONE_DATA

from campaigns.phones import patterns

_SHORTEST, _LONGEST = 2, 7
_MOST_KNOWN = 200_000
# Kinds of number that are of no place, in the order in which the library tries them.
_PLACELESS = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")


class Areas:
    """The zones of a calling code's national numbers, learnt as they come."""

    def __init__(self, code: str) -> None:
        self._code = code
        regions = phonenumbers.region_codes_for_country_code(int(code))
        found = (PhoneMetadata.metadata_for_region_or_calling_code(int(code), region) for region in regions)
        self._plans = [plan for plan in found if plan is not None]
        self._has_mobile_places = is_number_type_geographical(PhoneNumberType.MOBILE, int(code))
        self._prefixes = [prefix for prefix in TIMEZONE_DATA if prefix.startswith(code)]
        self._known: dict[tuple[int, str], str] = {}

    def zones(self, national: str) -> str | None:
        """Return the zones of a national number, joined by commas; None where only the library can tell."""
        length, known = len(national), self._known
        for width in range(_SHORTEST, min(_LONGEST, length) + 1):
            key = (length, national[:width])
            found = known.get(key)
            if found is None:
                found = self._learn(key)
            if found:
                return found
        return None

    def _learn(self, key: tuple[int, str]) -> str:
        """Return the zones of all numbers of a length that start so, blank where that does not decide them."""
        length, start = key
        try:
            is_placeless = self._is_placeless(start, length)
        except patterns.Unknown:
            is_placeless = None
        found = ""
        if is_placeless:
            found = _zones(self._code)
        elif is_placeless is False and not self._has_longer_prefix(self._code + start):
            found = _zones(self._code + start)
        if len(self._known) < _MOST_KNOWN:
            self._known[key] = found
        return found

    def _has_longer_prefix(self, start: str) -> bool:
        return any(len(prefix) > len(start) and prefix.startswith(start) for prefix in self._prefixes)

    def _is_placeless(self, start: str, length: int) -> bool | None:
        """Tell whether numbers are known to be of no place; None where not all or none of them are."""
        for plan in self._plans:
            owned = self._owns(plan, start, length)
            if owned is None:
                return None
            if owned:
                kind = self._kind(plan, start, length)
                return None if kind is None else kind == "placeless"
        return False

    def _owns(self, plan: PhoneMetadata, start: str, length: int) -> bool | None:
        """Tell whether numbers are of a region, the first of a code's regions that owns them being theirs."""
        if len(self._plans) == 1:
            return True
        if plan.leading_digits is not None:
            return patterns.verdict(rf"(?:{plan.leading_digits})\d{{0,17}}", start, length)
        kind = self._kind(plan, start, length)
        return None if kind is None else kind != "unknown"

    def _kind(self, plan: PhoneMetadata, start: str, length: int) -> str | None:
        """Return "place", "placeless" or "unknown"; None where they differ."""

        def matches(desc: PhoneNumberDesc | None) -> bool | None:
            return _matches(desc, start, length)

        if not (general := matches(plan.general_desc)):
            return None if general is None else "unknown"
        for name in _PLACELESS:
            if (found := matches(getattr(plan, name))) is not False:
                return "placeless" if found else None
        if (fixed := matches(plan.fixed_line)) is not False:
            return "place" if fixed else None
        if plan.same_mobile_and_fixed_line_pattern or (mobile := matches(plan.mobile)) is False:
            return "unknown"
        if mobile is None:
            return None
        return "place" if self._has_mobile_places else "placeless"


def _matches(desc: PhoneNumberDesc | None, start: str, length: int) -> bool | None:
    if desc is None or not desc.national_number_pattern:
        return False
    if desc.possible_length and length not in desc.possible_length:
        return False
    return patterns.verdict(desc.national_number_pattern, start, length)


def _zones(start: str) -> str:
    """Return the zones of the longest known prefix; blank where that is none, or says that it is not known."""
    for width in range(len(start), 0, -1):
        names = TIMEZONE_DATA.get(start[:width])
        if names is not None:
            return ",".join(name for name in names if name != "Etc/Unknown")
    return ""
