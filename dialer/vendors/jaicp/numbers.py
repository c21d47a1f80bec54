"""Reads phone numbers as the vendor writes them: international, with or without a plus, as text or as an integer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from campaigns import phones, refusals
from campaigns.models import Campaign
from campaigns.phones import Destination
from dialer.vendors.jaicp import errors

_ORNAMENTS = str.maketrans("", "", " \t\u00a0-().")
# As long as the ledger keeps a number as it was given.
_LONGEST = 254


@dataclass(frozen=True, slots=True)
class Plan:
    """How a campaign's numbers are read: the account's country, and its national prefixes.

    `national` are rules such as "8XXXXXXXXXX" to "7XXXXXXXXXX": for numbers of that length which begin so.
    """

    country: str
    national: Mapping[str, str]

    def read(self, phone: object) -> tuple[str, Destination]:
        """Return a number as it was given, and where it leads. Raises Fault: missing, of a wrong kind, no number."""
        if phone is None:
            raise errors.invalid("phone is missing.")
        if isinstance(phone, bool) or not isinstance(phone, str | int):
            raise errors.wrong("phone", "a string or an integer")
        if isinstance(phone, int) and phone < 0:
            raise errors.bad_phone(str(phone))
        written = str(phone)
        digits = written if written.isdigit() else written.translate(_ORNAMENTS).removeprefix("+")
        if not (digits.isdigit() and digits.isascii() and 7 <= len(digits) <= 15) or len(written) > _LONGEST:
            raise errors.bad_phone(written[: errors.MOST_ECHOED])
        try:
            return written, phones.lenient(self._international(digits), self.country)
        except refusals.InvalidNumber as refusal:
            raise errors.bad_phone(written) from refusal

    def _international(self, digits: str) -> str:
        for pattern, wanted in self.national.items():
            prefix = pattern.rstrip("X")
            if len(digits) == len(pattern) and digits.startswith(prefix):
                return f"+{wanted.rstrip('X')}{digits[len(prefix) :]}"
        # 00 is what a plus is dialled as.
        return digits if digits.startswith("00") else f"+{digits}"


def plan_of(campaign: Campaign) -> Plan:
    """Return how a campaign's numbers are read: its own national prefixes, else those of the settings."""
    own = campaign.extra.get("national_prefixes")
    rules = own if isinstance(own, dict) else settings.JAICP["national_prefixes"]
    return Plan(country=campaign.account.country, national={str(k): str(v) for k, v in rules.items()})


def bare(destination: str) -> str:
    """Return a number as the vendor reports it: bare digits."""
    return destination.removeprefix("+")
